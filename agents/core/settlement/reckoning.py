"""One stretch of a visit, reckoned under one set of terms.

In this order (DOMAIN 2.3):

1. the test limit moves within-scope cost of categories 03 and 04 to what is over limit;
2. a limit on the cost within scope cuts what is reckoned at all;
3. the deductible: of the n-th admission, or what is left of the year's;
4. the bands: f(before + rest) − f(before), where f sums each band's share, rounded to the fen;
5. limits on the fund's payment, then the year's cap of the pool;
6. the layers in their order, each on what is left in its buckets;
7. the hospital's part, the personal account, cash.

Where more was refunded than charged within scope, nothing is reckoned: the fund takes it back whole (identity 4).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from agents.core.case import Case
from agents.core.settlement.lines import LineSums
from agents.core.settlement.terms import WHOLE_E8, LayerPlan, Limit, Plan, Rate, Terms, limits_for
from schemas.ledger import LayerYear, PoolYear, YearToDate
from schemas.settlement import LAYER_FIELDS, Standing, Step, StepKind

LINES, TEST_LIMIT, SCOPE_LIMIT = str(StepKind.LINES), str(StepKind.TEST_LIMIT), str(StepKind.SCOPE_LIMIT)
DEDUCTIBLE, BAND, FUND_LIMIT = str(StepKind.DEDUCTIBLE), str(StepKind.BAND), str(StepKind.FUND_LIMIT)
CAP, TAKEN_BACK, LAYER = str(StepKind.CAP), str(StepKind.TAKEN_BACK), str(StepKind.LAYER)
HOSPITAL, ACCOUNT, CASH = str(StepKind.HOSPITAL), str(StepKind.ACCOUNT), str(StepKind.CASH)
HALF_E8 = WHOLE_E8 // 2
LAYER_COUNT = len(LAYER_FIELDS)
Add: TypeAlias = Callable[[Step], None]
NO_POOL, NO_LAYER, NO_YEAR = PoolYear(), LayerYear(), YearToDate(0)


class Figures(NamedTuple):
    """What a stretch comes to, fen; every figure may be added to that of another stretch. `base`: through the bands."""

    total: int
    full_self_pay: int
    over_limit: int
    first_self_pay: int
    within_scope: int
    deductible: int
    base: int
    basic_fund: int
    proportion: int
    over_cap: int
    over_disease_limit: int
    large_amount: int
    critical_illness: int
    civil_servant: int
    enterprise: int
    disabled: int
    assistance: int
    other_fund: int
    fund_total: int
    hospital_part: int
    patient_part: int
    account_paid: int
    cash_paid: int
    test_within: int
    test_over: int
    unmapped: int

    @property
    def layers(self) -> tuple[int, ...]:
        """What the layers paid, in the order of LAYER_FIELDS."""
        return self[11 : 11 + LAYER_COUNT]


class Carried(NamedTuple):
    """What the earlier years of a visit that is split at the year's end leave to the next: what is per visit goes on.

    standard: the deductible of the visit (None: not begun). layers: base and payment of each, by LAYER_FIELDS.
    """

    balance: int | None = None
    standard: int | None = None
    number: int = 0
    deductible: int = 0
    base: int = 0
    fund: int = 0
    tested: int = 0
    layers: tuple[tuple[int, int], ...] = ((0, 0),) * LAYER_COUNT


class Reckoned(NamedTuple):
    """One stretch reckoned. cap_used: the year's payments of the pool with it; layer_bases: by LAYER_FIELDS."""

    figures: Figures
    standing: str
    number: int = 0
    standard: int = 0
    cap_used: int = 0
    layer_bases: Sequence[int] = (0,) * LAYER_COUNT

    def carry(self, earlier: Carried) -> Carried:
        """What the next stretch goes on from."""
        if self.standing != Standing.SIMULATED:
            return earlier
        found = self.figures
        return Carried(
            None if earlier.balance is None else earlier.balance - found.account_paid,
            self.standard,
            self.number,
            earlier.deductible + found.deductible,
            earlier.base + found.base,
            earlier.fund + found.basic_fund,
            earlier.tested + found.test_within - found.test_over,
            tuple(
                (base + more, paid + gives)
                for (base, paid), more, gives in zip(earlier.layers, self.layer_bases, found.layers, strict=True)
            ),
        )


def reckon(
    case: Case,
    sums: LineSums,
    terms: Terms,
    year: YearToDate | None,
    carried: Carried,
    steps: list[Step],
    period: int = 0,
) -> Reckoned:
    """Reckon one stretch; its steps are added to `steps`."""
    plan = terms.plan(case.person_type, case.special_person, case.out_of_area)
    if terms.standing != Standing.SIMULATED or not plan.rates:
        return _self_paid(sums, terms, steps, period)
    before = year or NO_YEAR
    add, entry = steps.append, terms.benefit_id
    total, full, priced, first = sums.total, sums.full_self_pay, sums.over_limit, sums.first_self_pay
    within = sums.within_scope
    add(Step(LINES, total, (full, priced, first, within, sums.unmapped), entry, period))
    # 1
    test_over = 0
    if terms.test_limit is not None:
        tested = sums.test_within
        test_over = min(max(0, tested - max(0, terms.test_limit - carried.tested)), max(0, within))
        add(Step(TEST_LIMIT, test_over, (tested, terms.test_limit, carried.tested, within), entry, period))
        within -= test_over
    # 2–5
    pool = before.pools.get(terms.pool, NO_POOL)
    number = carried.number or (0 if case.is_outpatient else max(0, before.admissions) + 1)
    standard = _standard(terms, plan, number, carried)
    if within < 0:
        deductible = base = proportion = over_cap = over_disease = 0
        basic = within
        add(Step(TAKEN_BACK, basic, (within,), entry, period))
    else:
        limits = _limits(case, terms, plan) if plan.limits else ()
        reckoned = within
        for limit in limits:
            if not limit.is_fund:
                reckoned -= _over(
                    SCOPE_LIMIT, limit, reckoned, carried.deductible + carried.base, before, add, entry, period
                )
        over_disease = within - reckoned
        paid_before = max(0, pool.deductible_fen) if terms.is_deductible_yearly else carried.deductible
        deductible = min(reckoned, max(0, standard - paid_before))
        of_deductible = (number, standard, paid_before, reckoned, int(terms.is_deductible_yearly))
        add(Step(DEDUCTIBLE, deductible, of_deductible, entry, period))
        base = reckoned - deductible
        fund = _bands(terms, plan, pool, carried, deductible, base, steps, period)
        proportion = base - fund
        for limit in limits:
            if limit.is_fund:
                cut = _over(FUND_LIMIT, limit, fund, carried.fund, before, add, entry, period)
                over_disease += cut
                fund -= cut
        over_cap = 0
        if terms.cap is not None:
            used = max(0, pool.fund_fen)
            over_cap = max(0, fund - max(0, terms.cap - used))
            add(Step(CAP, over_cap, (fund, terms.cap, used), entry, period))
        basic = fund - over_cap
    # 6
    hospital = priced if terms.hospital_bears else 0
    over = priced + test_over - hospital
    left = [deductible, proportion, over_cap, over_disease, max(0, first), max(0, over), max(0, full)]
    paid, bases = [0] * LAYER_COUNT, [0] * LAYER_COUNT
    for layer in plan.layers:
        place = layer.place
        bases[place] = sum([left[bucket] for bucket in layer.base])
        if bases[place]:
            stated = before.layers.get(layer.kind, NO_LAYER)
            paid[place] = _layer(layer, bases[place], stated, carried.layers[place], add, period)
            _take(left, layer.base, paid[place])
    # 7
    fund_total = basic + sum(paid)
    patient = total - fund_total - hospital
    if hospital:
        add(Step(HOSPITAL, hospital, (), entry, period))
    account = 0
    if terms.account:
        eligible = min(sum([left[bucket] for bucket in terms.account]), max(0, patient))
        balance = carried.balance
        account = min(eligible, max(0, balance or 0)) if case.account_used else 0
        numbers = (eligible, -1 if balance is None else balance, int(case.account_used))
        add(Step(ACCOUNT, account, numbers, entry, period))
    add(Step(CASH, patient - account, (patient, account, 0), entry, period))
    figures = Figures._make((
        total, full, priced + test_over, first, within, deductible, base, basic, proportion, over_cap, over_disease,
        *paid, fund_total, hospital, patient, account, patient - account, sums.test_within, test_over, sums.unmapped,
    ))  # fmt: skip
    return Reckoned(figures, Standing.SIMULATED, number, standard, max(0, pool.fund_fen) + basic, bases)


def paid_by(rates: tuple[Rate, ...], low: int, high: int) -> list[tuple[Rate, int, int]]:
    """What the bands pay between two amounts: each band touched, the amount in it, what it gives (fen)."""
    found = []
    for rate in rates:
        start, end, share, _ = rate
        if high <= start:
            break
        if low >= end:
            continue
        bottom = low - start if low > start else 0
        top = min(high, end) - start
        gives = (top * share + HALF_E8) // WHOLE_E8
        if bottom:
            gives -= (bottom * share + HALF_E8) // WHOLE_E8
        found.append((rate, top - bottom, gives))
    return found


def used_of(limit: Limit, year: YearToDate) -> int:
    """What the year has used of a yearly limit: of every disease code that it is for."""
    if not limit.prefix:
        return max(0, year.limits.get(limit.key, 0))
    return max(0, sum(used for code, used in year.limits.items() if code.startswith(limit.prefix)))


def _self_paid(sums: LineSums, terms: Terms, steps: list[Step], period: int) -> Reckoned:
    """Without coverage or benefit there is neither catalogue nor scope: everything is full self-pay."""
    total = sums.total
    steps.append(Step(LINES, total, (total, 0, 0, 0, sums.unmapped), terms.benefit_id, period))
    steps.append(Step(CASH, total, (total, 0, 0), terms.benefit_id, period))
    nothing = (0,) * (LAYER_COUNT + 11)
    figures = Figures._make((total, total, *nothing, total, 0, total, 0, 0, sums.unmapped))
    standing = Standing.NO_BENEFIT if terms.standing == Standing.SIMULATED else terms.standing
    return Reckoned(figures, standing)


def _standard(terms: Terms, plan: Plan, number: int, carried: Carried) -> int:
    """起付标准: the visit's by the number of its admission, or the one of the year."""
    amounts = plan.deductibles
    if terms.is_deductible_yearly:
        return amounts[0]
    if carried.standard is not None:
        return carried.standard
    return amounts[min(max(number, 1), len(amounts)) - 1]


def _limits(case: Case, terms: Terms, plan: Plan) -> tuple[Limit, ...]:
    diseases = tuple(code for code in (case.disease_code, case.main_diagnosis) if code)
    return limits_for(plan.limits, diseases, case.procedures, terms.pool)


def _over(
    kind: str, limit: Limit, amount: int, used_in_visit: int, year: YearToDate, add: Add, entry: str, period: int
) -> int:
    """What lies over a limit."""
    used = used_of(limit, year) if limit.is_yearly else used_in_visit
    over = max(0, amount - max(0, limit.amount - used))
    key = limit.key if limit.is_yearly else ""
    add(Step(kind, over, (amount, limit.amount, used, int(limit.is_yearly)), entry, period, key))
    return over


def _bands(
    terms: Terms,
    plan: Plan,
    pool: PoolYear,
    carried: Carried,
    deductible: int,
    base: int,
    steps: list[Step],
    period: int,
) -> int:
    """What the bands give for the cost after the deductible."""
    if terms.is_band_yearly:
        low, deducted = max(0, pool.base_fen), max(0, pool.deductible_fen)
    else:
        low, deducted = carried.base, carried.deductible
    if terms.includes_deductible:
        low += deducted + deductible
    factor, less = plan.factor_bp, plan.less_bp
    fund = 0
    for rate, amount, gives in paid_by(plan.rates, low, low + base):
        fund += gives
        end = -1 if rate is plan.rates[-1] else rate.end
        numbers = (amount, rate.start, end, rate.share_bp, factor, less)
        steps.append(Step(BAND, gives, numbers, terms.benefit_id, period, plan.area))
    return fund


def _layer(layer: LayerPlan, base: int, year: LayerYear, carried: tuple[int, int], add: Add, period: int) -> int:
    """What one layer pays on its base."""
    base_before = max(0, year.base_fen) if layer.is_deductible_yearly else carried[0]
    paid_before = max(0, year.paid_fen) if layer.is_cap_yearly else carried[1]
    low, high, deductible = base_before, base_before + base, layer.deductible
    if layer.includes_deductible:
        low, high = max(low, deductible), max(high, deductible)
    else:
        low, high = max(0, low - deductible), max(0, high - deductible)
    found = paid_by(layer.rates, low, high)
    gives = sum([gives for _, _, gives in found])
    if layer.cap >= 0:
        gives = min(gives, max(0, layer.cap - paid_before))
    numbers = [base, base_before, deductible, paid_before, layer.cap]
    for rate, amount, paid in found:
        numbers += (amount, rate.share_bp, paid)
    add(Step(LAYER, gives, tuple(numbers), layer.entry_id, period, layer.kind))
    return gives


def _take(left: list[int], buckets: tuple[int, ...], amount: int) -> None:
    """Take a payment out of its buckets, in their order."""
    for bucket in buckets:
        taken = min(left[bucket], amount)
        left[bucket] -= taken
        amount -= taken
