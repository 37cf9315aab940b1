"""`allocate`: from history to quotas and budgets whose sum is the total. The same rows in any order give the same."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from agents.core.allocation.base import Base
from agents.core.allocation.plan import AllocationError, Plan, Pot
from agents.core.allocation.proposal import LastQuota, Proposal, Proposer, of_pot
from agents.core.allocation.result import (
    Allocation,
    BudgetRow,
    Method,
    Note,
    NoteKind,
    PotRow,
    QuotaRow,
    YearRow,
)
from agents.core.allocation.rounding import rounded
from agents.core.allocation.sample import Key, LeftOut, Sample
from agents.core.allocation.season import EQUAL, season_of
from agents.core.allocation.sharing import Granted, Shared, share_out
from schemas.history import HistoryRow
from schemas.units import div_round

_ONE_E4 = 10_000


def allocate(rows: Iterable[HistoryRow], plan: Plan, last_quota: LastQuota) -> Allocation:
    """Propose the quotas and budgets of `plan.year`. Raises AllocationError where that cannot be done honestly."""
    sample = Sample(rows, plan)
    if not sample.count:
        raise _no_history(sample, plan)
    proposals = Proposer(sample, plan, last_quota).proposals()
    _check_fixed_budgets(proposals)
    used: list[Pot | None] = [pot for pot in plan.pots if of_pot(proposals, pot)]
    places: dict[Pot | None, int | None] = {pot: place for place, pot in enumerate(used)} | {None: None}
    shared = {pot: share_out(of_pot(proposals, pot), pot) for pot in [*used, None]}
    granted = {key: grant for found in shared.values() for key, grant in found.granted.items()}
    seasons = _Seasons(proposals, sample.covered, plan)
    return Allocation(
        hospital=plan.hospital,
        year=plan.year,
        base_years=plan.base_years,
        weights=plan.weights,
        quota_measure=plan.quota_measure,
        cases=sample.count,
        quotas=tuple(_quota_row(found, granted[found.key], places[found.pot], plan) for found in proposals),
        budgets=tuple(_budgets(proposals, granted, places, plan, seasons)),
        pots=tuple(_pot_row(pot, shared[pot], of_pot(proposals, pot), seasons) for pot in used if pot is not None),
        notes=tuple(_notes(sample, proposals, granted, shared, plan)),
    )


def _no_history(sample: Sample, plan: Plan) -> AllocationError:
    first, _, last = plan.base_years
    counts = "，".join(f"{why.value} {count}" for why, count in sorted(sample.left_out.items()))
    return AllocationError(
        f"{first}–{last} 年没有可用的就诊（医院 {plan.hospital}）。" + (f"未计入：{counts}。" if counts else ""),
        f"No visits of {first}–{last} to go by (hospital {plan.hospital})."
        + (f" Left out: {counts.replace('，', ', ')}." if counts else ""),
    )


def _check_fixed_budgets(proposals: Sequence[Proposal]) -> None:
    pots: dict[tuple[str, str, str], set[Pot | None]] = {}
    for found in proposals:
        if found.adjustment is not None and found.adjustment.budget is not None:
            pots.setdefault(found.adjustment.kind, set()).add(found.pot)
    for (department, *_), paying in pots.items():
        if len(paying) > 1:
            raise AllocationError(
                f"科室 {department} 的固定预算涉及一个以上总额：请在调整文件中写明 care_type 或 insurance_type。",
                f"The fixed budget of department {department} belongs to more than one total: name its care_type or "
                "insurance_type in the adjustment file.",
            )


def _quota_row(found: Proposal, grant: Granted, pot: int | None, plan: Plan) -> QuotaRow:
    base, mix, adjustment = found.base, found.mix, found.adjustment
    trimmed_count, trimmed_fen = base.trimmed
    kept, days = sum(year.kept for year in base.years), sum(year.days for year in base.years)
    change = None if not found.reference else div_round((grant.quota - found.reference) * 10_000, found.reference)
    return QuotaRow(
        department=found.key.department,
        care_type=found.key.care_type,
        insurance_type=found.key.insurance_type,
        method=found.method,
        years=_year_rows(found),
        cases=base.cases,
        trimmed_count=trimmed_count,
        trimmed_fen=trimmed_fen,
        mean_days_e4=div_round(days * 10_000, kept) if days else None,
        mean_fen=rounded(base.mean) if base.mean is not None else None,
        mix_system=mix.system.value if mix else "",
        mix_factor_e4=rounded(mix.mean / base.mean * _ONE_E4) if mix and base.mean else _ONE_E4,
        mix_expected_e4=mix.expected_e4 if mix else None,
        mix_unit_fen=mix.unit_fen if mix else None,
        growth_bp=0 if found.method in {Method.LAST, Method.FIXED} else plan.growth_bp,
        proposed_fen=found.proposed,
        reference_fen=found.reference,
        reference_is_quota=found.reference_is_quota,
        limited=grant.limited,
        factor_e4=adjustment.factor if adjustment and adjustment.factor is not None else _ONE_E4,
        adjusted_fen=found.adjusted,
        bound_e4=div_round(grant.quota * _ONE_E4, found.adjusted) if found.adjusted else _ONE_E4,
        quota_fen=grant.quota,
        change_bp=change,
        expected_cases=found.cases,
        measure=found.pot.measure if found.pot else plan.budget_measure,
        ratio_e4=rounded(found.ratio * _ONE_E4),
        budget_fen=grant.budget,
        pot=pot,
        reason=adjustment.reason if adjustment else "",
        who=adjustment.who if adjustment else "",
    )


def _year_rows(found: Proposal) -> tuple[YearRow, ...]:
    rows = []
    for year in found.base.years:
        group = year.grouped[found.mix.system] if found.mix else None
        weight = div_round(group.weight_e4, group.cases) if group and group.cases else None
        rows.append(
            YearRow(
                year.year,
                year.weight,
                year.cases,
                year.trimmed_low,
                year.trimmed_high,
                year.trimmed_fen,
                year.mean_fen,
                weight,
            )
        )
    return tuple(rows)


class _Seasons:
    """The seasons of any set of kinds: their own where they have cases enough, else the hospital's."""

    def __init__(self, proposals: Sequence[Proposal], covered: Mapping[int, set[int]], plan: Plan) -> None:
        self._covered = covered
        self._least = plan.min_cases
        self._hospital = season_of(_months(proposals), covered)

    def of(self, proposals: Sequence[Proposal]) -> tuple[tuple[int, ...], str]:
        """Shares of the months in basis points, and whose they are."""
        if sum(found.base.cases for found in proposals) >= self._least:
            own = season_of(_months(proposals), self._covered)
            if own is not None:
                return own, "department"
        return (self._hospital, "hospital") if self._hospital is not None else (EQUAL, "equal")


def _months(proposals: Iterable[Proposal]) -> dict[int, list[int]]:
    sums: dict[int, list[int]] = {}
    for found in proposals:
        for year in found.base.years:
            months = sums.setdefault(year.year, [0] * 12)
            for place, money in enumerate(year.months):
                months[place] += money
    return sums


def _budget_scope(found: Proposal, plan: Plan) -> tuple[str, str, str]:
    """Whom the budget is for: as narrow as the total, or what the plan was narrowed to; no narrower."""
    pot, key = found.pot, found.key
    return (
        key.department,
        key.care_type if plan.care_types or (pot and pot.care_type) else "",
        key.insurance_type if plan.insurance_types or (pot and pot.insurance_type) else "",
    )


def _budgets(
    proposals: Sequence[Proposal],
    granted: Mapping[Key, Granted],
    places: Mapping[Pot | None, int | None],
    plan: Plan,
    seasons: _Seasons,
) -> Iterable[BudgetRow]:
    groups: dict[tuple[str, str, str, int], list[Proposal]] = {}
    for found in proposals:
        place = places[found.pot]
        groups.setdefault((*_budget_scope(found, plan), -1 if place is None else place), []).append(found)
    for (department, care_type, insurance_type, _), group in sorted(groups.items()):
        months, months_from = seasons.of(group)
        pot = group[0].pot
        yield BudgetRow(
            department=department,
            care_type=care_type,
            insurance_type=insurance_type,
            measure=pot.measure if pot else plan.budget_measure,
            amount_fen=sum(granted[found.key].budget for found in group),
            months_bp=months,
            months_from=months_from,
            pot=places[pot],
        )


def _pot_row(pot: Pot, shared: Shared, proposals: Sequence[Proposal], seasons: _Seasons) -> PotRow:
    return PotRow(
        id=pot.id,
        care_type=pot.care_type,
        insurance_type=pot.insurance_type,
        measure=pot.measure,
        amount_fen=pot.amount_fen,
        wished_fen=shared.wished,
        fixed_fen=shared.fixed,
        sum_fen=sum(grant.budget for grant in shared.granted.values()),
        factor_e4=rounded(shared.factor * Fraction(_ONE_E4)),
        months_bp=seasons.of(proposals)[0],
    )


def _notes(
    sample: Sample,
    proposals: Sequence[Proposal],
    granted: Mapping[Key, Granted],
    shared: Mapping[Pot | None, Shared],
    plan: Plan,
) -> Iterable[Note]:
    for why in LeftOut:
        if count := sample.left_out.get(why):
            yield Note(NoteKind.LEFT_OUT, (count,), (why,))
    for year, months in sorted(sample.covered.items()):
        if not months:
            yield Note(NoteKind.NO_HISTORY_YEAR, (year,))
        elif len(months) < 12:
            missing = tuple(str(month) for month in range(1, 13) if month not in months)
            yield Note(NoteKind.INCOMPLETE_YEAR, (year, len(months)), missing)
    means = [found for found in proposals if found.method is Method.MEAN]
    if unmixed := sum(found.mix is None for found in means):
        yield Note(NoteKind.NO_MIX, (unmixed, len(means)))
    known = {year for year, months in sample.covered.items() if months and plan.weight_of(year)}
    if partial := sum(_lacks_a_year(found.base, known) for found in means):
        yield Note(NoteKind.PARTIAL_BASE, (partial, len(means)))
    if borrowed := sum(found.borrowed for found in proposals):
        yield Note(NoteKind.FUND_BORROWED, (borrowed,))
    if unbound := len(of_pot(proposals, None)):
        yield Note(NoteKind.UNBOUND, (unbound, len(proposals)))
    for pot in plan.pots:
        if pot not in shared:
            yield Note(NoteKind.UNUSED_TOTAL, (pot.amount_fen,), (pot.id,))
            continue
        if pot.id and ((plan.care_types and not pot.care_type) or (plan.insurance_types and not pot.insurance_type)):
            yield Note(NoteKind.WIDER_TOTAL, (pot.amount_fen,), (pot.id,))
        if shared[pot].released:
            yield Note(NoteKind.RELEASED, (pot.amount_fen,), (shared[pot].released, pot.id))
    without = sorted({found.key.department for found in proposals} - {
        found.key.department for found in proposals if granted[found.key].budget
    })  # fmt: skip
    if without:
        yield Note(NoteKind.NO_BUDGET, (len(without),), tuple(without))


def _lacks_a_year(base: Base, known: set[int]) -> bool:
    return any(year.year in known and not year.weight for year in base.years)
