"""What each kind of visit would get before the total is looked at: its quota, its expected cases, its limits.

In order: 1 the mean, or what stands in for it; 2 mix and growth; 3 the limit of change; 4 the manual factor.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from agents.core.allocation.adjustment import Adjustment, most_specific_adjustment
from agents.core.allocation.base import Base, MixAdjustment, base_of, mix_of
from agents.core.allocation.plan import AllocationError, Forecast, Plan, Pot
from agents.core.allocation.result import Method
from agents.core.allocation.rounding import rounded
from agents.core.allocation.sample import Case, Key, Sample

#: The quota (fen) that held for a kind of visit on the last day before the year; None: none, or of another measure.
LastQuota = Callable[[Key], int | None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One kind of visit before binding. Quotas in fen a visit; low, high: the limits of change, None without one.

    cases: expected in the year. ratio: budget money for each fen of quota; borrowed: it is the hospital's. fixed: the
    quota is not scaled.
    """

    key: Key
    base: Base
    method: Method
    mix: MixAdjustment | None
    proposed: int
    reference: int | None
    reference_is_quota: bool
    low: int | None
    high: int | None
    adjustment: Adjustment | None
    adjusted: int
    cases: int
    pot: Pot | None
    ratio: Fraction
    borrowed: bool

    @property
    def fixed(self) -> bool:
        """Whether a person fixed the quota itself."""
        return self.adjustment is not None and self.adjustment.quota is not None

    def budget(self, quota: int) -> Fraction:
        """Budget money (fen) of a quota."""
        return quota * self.cases * self.ratio


class Proposer:
    """Makes the proposals of one plan from one sample."""

    def __init__(self, sample: Sample, plan: Plan, last_quota: LastQuota) -> None:
        self._plan = plan
        self._last_quota = last_quota
        self._covered = {year: len(months) for year, months in sample.covered.items()}
        self._kinds = sample.by_kind(plan)
        self._bases = {key: base_of(cases, plan) for key, cases in self._kinds.items()}
        self._wider: dict[tuple[str, str], Base] = {}

    def proposals(self) -> list[Proposal]:
        """One for each kind of visit with history and each new department, by key. Raises AllocationError."""
        keys = set(self._bases)
        for adjustment in self._plan.adjustments:
            if not any(adjustment.concerns(*key) for key in self._bases):
                keys.add(_new_kind(adjustment))
        return [self._propose(key) for key in sorted(keys)]

    def _propose(self, key: Key) -> Proposal:
        plan = self._plan
        base = self._bases.get(key) or base_of({}, plan)
        adjustment = most_specific_adjustment(plan.adjustments, *key)
        last = self._last_quota(key)
        method, mean = self._mean(key, base, last, adjustment)
        mix = None
        if method is Method.MEAN:
            mix = mix_of(base, plan, adjustment.mix if adjustment else None)
        grown = (mix.mean if mix else mean) * (
            1 if method is Method.LAST else Fraction(10_000 + plan.growth_bp, 10_000)
        )
        proposed = rounded(grown)
        own = base.counting[-1].mean_fen if method is Method.MEAN else None
        reference = last if last is not None else own
        low, high = self._limits(reference, adjustment)
        adjusted = proposed
        if low is not None and high is not None:
            adjusted = min(max(adjusted, low), high)
        if adjustment is not None and adjustment.factor is not None:
            adjusted = rounded(Fraction(adjusted * adjustment.factor, 10_000))
        if adjustment is not None and adjustment.quota is not None:
            method, adjusted = Method.FIXED, adjustment.quota
        pot = plan.pot_of(key.care_type, key.insurance_type)
        ratio, borrowed = self._ratio(key, base, pot)
        return Proposal(
            key=key,
            base=base,
            method=method,
            mix=mix,
            proposed=proposed,
            reference=reference,
            reference_is_quota=last is not None,
            low=low,
            high=high,
            adjustment=adjustment,
            adjusted=adjusted,
            cases=self._expected(base, adjustment),
            pot=pot,
            ratio=ratio,
            borrowed=borrowed,
        )

    def _mean(self, key: Key, base: Base, last: int | None, adjustment: Adjustment | None) -> tuple[Method, Fraction]:
        """The mean a quota begins with, and where it comes from."""
        if base.mean is not None and base.cases >= self._plan.min_cases:
            return Method.MEAN, base.mean
        if last is not None:
            return Method.LAST, Fraction(last)
        if key.insurance_type:
            department = self._wider_base(key.department, key.care_type)
            if department.mean is not None and department.cases >= self._plan.min_cases:
                return Method.DEPARTMENT, department.mean
        hospital = self._wider_base("", key.care_type)
        if hospital.mean is not None:
            return Method.HOSPITAL, hospital.mean
        if adjustment is not None and adjustment.quota is not None:
            return Method.FIXED, Fraction(adjustment.quota)
        raise AllocationError(
            f"科室 {key.department} 的医疗类别 {key.care_type or '—'} 没有历史，也没有原定额：请在调整文件中写明定额。",
            f"Care type {key.care_type or '—'} of department {key.department} has neither history nor a last quota: "
            "state its quota in the adjustment file.",
        )

    def _wider_base(self, department: str, care_type: str) -> Base:
        """The base of all insurance types of a department, or (empty) of the whole hospital, for one care type."""
        if (department, care_type) not in self._wider:
            merged: dict[int, list[Case]] = {}
            for key, years in self._kinds.items():
                if key.care_type == care_type and department in {"", key.department}:
                    for year, cases in years.items():
                        merged.setdefault(year, []).extend(cases)
            self._wider[department, care_type] = base_of(_ascending(merged), self._plan)
        return self._wider[department, care_type]

    def _limits(self, reference: int | None, adjustment: Adjustment | None) -> tuple[int | None, int | None]:
        limit = self._plan.limit_bp
        if limit is None or reference is None or (adjustment is not None and adjustment.changes_quota):
            return None, None
        # Rounded inwards: what lies between them does not change by more than the limit.
        return -(-reference * (10_000 - limit) // 10_000), reference * (10_000 + limit) // 10_000

    def _ratio(self, key: Key, base: Base, pot: Pot | None) -> tuple[Fraction, bool]:
        measure = pot.measure if pot else self._plan.budget_measure
        own = base.ratio(measure, self._plan.quota_measure)
        if own is not None:
            return own, False
        wider = self._wider_base("", key.care_type).ratio(measure, self._plan.quota_measure)
        if wider is None:
            raise AllocationError(
                f"预算按基金支付计，但医疗类别 {key.care_type or '—'} 的历史中没有基金支付数据：请补充，"
                "或用 --care-type 只分配其他类别，或用 --total 与 --budget-basis 另给总额。",
                f"Budgets count fund payments, but the history of care type {key.care_type or '—'} has none: add them, "
                "narrow it to others with --care-type, or give a total of another kind with --total and "
                "--budget-basis.",
            )
        return wider, True

    def _expected(self, base: Base, adjustment: Adjustment | None) -> int:
        """Visits expected in the year. A base year of fewer than twelve months is scaled up to twelve."""
        if adjustment is not None and adjustment.cases is not None:
            return adjustment.cases
        years = [year for year in base.years if self._covered[year.year]]
        if not years:
            return 0
        whole = [Fraction(12 * year.cases, self._covered[year.year]) for year in years]
        weights = [self._plan.weight_of(year.year) for year in years]
        if self._plan.forecast is Forecast.LAST or not any(weights):
            forecast = whole[-1]
        else:
            forecast = sum((weight * cases for weight, cases in zip(weights, whole, strict=True)), Fraction()) / sum(
                weights
            )
        return rounded(forecast * (10_000 + self._plan.case_growth_bp) / 10_000)


def _new_kind(adjustment: Adjustment) -> Key:
    """The kind of visit that an adjustment without history is about. Raises AllocationError."""
    if not adjustment.care_type or adjustment.cases is None:
        raise AllocationError(
            f"调整文件中的科室 {adjustment.department} 没有历史：新科室须写明 care_type 与 cases（预计人次）。",
            f"Department {adjustment.department} of the adjustment file has no history: a new department must name its "
            "care_type and cases (expected visits).",
        )
    return Key(*adjustment.kind)


def _ascending(years: Mapping[int, list[Case]]) -> Mapping[int, Sequence[Case]]:
    return {year: sorted(cases) for year, cases in years.items()}


def of_pot(proposals: Iterable[Proposal], pot: Pot | None) -> list[Proposal]:
    """The proposals that a total pays for; None: those without one."""
    return [found for found in proposals if found.pot is pot]
