"""The base of a quota: each year's mean without outliers, their weighted mean, and what the case mix makes of it.

Formulas, m, S, n of the cases that stay, w the weight of the year:

- mean of a year: m = S ÷ n; base: M = Σ w·m ÷ Σ w, over the years that take part (DOMAIN 2.4: 1:2:7).
- cost of a unit of weight in a year: u = S* ÷ W*, of the cases that have a weight; over the years U = Σ w·u ÷ Σ w.
- mix adjusted: U × expected mean weight; without other word that of the last year. Its factor is (U × expected) ÷ M.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from agents.core.allocation.plan import Measure, Mix, Plan
from agents.core.allocation.rounding import rounded
from agents.core.allocation.sample import BASIC, DAYS, DIP, DRG, FUND, FUND_KNOWN, TOTAL, VALUE, Case
from agents.core.allocation.season import month_sums
from agents.core.allocation.trimming import trim_cases

_WEIGHT = {Mix.DRG: DRG, Mix.DIP: DIP}


@dataclass(frozen=True, slots=True)
class Grouped:
    """Of the cases of a year that stay: those with a weight in one system, their money (fen) and weights (1e-4)."""

    cases: int
    fen: int
    weight_e4: int


@dataclass(frozen=True, slots=True)
class YearBase:
    """One base year of one kind of visit. Money in fen; `cases` = kept + trimmed at either end.

    weight: as the plan says, 0 where the year has too few cases to take part. funded_*: of the kept cases, those whose
    fund payment is known. months: money of the kept cases by month (season.month_sums).
    """

    year: int
    weight: int
    cases: int
    kept: int
    kept_fen: int
    trimmed_low: int
    trimmed_high: int
    trimmed_fen: int
    total_fen: int
    basic_fen: int
    fund_fen: int
    funded_value_fen: int
    days: int
    months: tuple[int, ...]
    grouped: Mapping[Mix, Grouped]

    @property
    def mean_fen(self) -> int | None:
        """Mean of the cases that stay, rounded; None without cases."""
        return rounded(Fraction(self.kept_fen, self.kept)) if self.kept else None


@dataclass(frozen=True, slots=True)
class MixAdjustment:
    """What the case mix does: the system used, the share of cases it covers at least (bp), the expected mean weight.

    unit_fen: cost of one whole unit of weight. expected_e4: mean weight of a visit in 1e-4.
    """

    system: Mix
    coverage_bp: int
    unit_fen: int
    expected_e4: int
    mean: Fraction


@dataclass(frozen=True, slots=True)
class Base:
    """The base of one kind of visit. `mean` is None where it has no cases that count."""

    years: tuple[YearBase, ...]
    mean: Fraction | None

    @property
    def cases(self) -> int:
        """Cases of all base years."""
        return sum(year.cases for year in self.years)

    @property
    def trimmed(self) -> tuple[int, int]:
        """Cases and fen that were trimmed."""
        return sum(year.trimmed_low + year.trimmed_high for year in self.years), sum(
            year.trimmed_fen for year in self.years
        )

    @property
    def counting(self) -> tuple[YearBase, ...]:
        """The years that take part."""
        return tuple(year for year in self.years if year.weight)

    def ratio(self, measure: Measure, quota_measure: Measure) -> Fraction | None:
        """Money of a measure for each fen that quotas count; None where it is not known."""
        if measure is quota_measure:
            return Fraction(1)
        years = [year for year in self.years if year.kept]
        if measure is Measure.FUND:
            part, whole = sum(year.fund_fen for year in years), sum(year.funded_value_fen for year in years)
        else:
            part = sum(year.total_fen if measure is Measure.TOTAL else year.basic_fen for year in years)
            whole = sum(year.kept_fen for year in years)
        return Fraction(max(part, 0), whole) if whole else None


def base_of(cases: Mapping[int, Sequence[Case]], plan: Plan) -> Base:
    """The base of one kind of visit from its cases by year, each ascending."""
    enough = [year for year in plan.base_years if len(cases.get(year, ())) >= plan.min_year_cases]
    # A department with few cases in every year is thin anyway; its mean is shown, but not used.
    taking_part = enough or [year for year in plan.base_years if cases.get(year)]
    if not any(plan.weight_of(year) for year in taking_part):
        weights = dict.fromkeys(taking_part, 1)
    else:
        weights = {year: plan.weight_of(year) for year in taking_part}
    years = tuple(_year(year, cases.get(year, ()), weights.get(year, 0), plan) for year in plan.base_years)
    counting = [year for year in years if year.weight]
    return Base(years, _weighted([(year.weight, Fraction(year.kept_fen, year.kept)) for year in counting]))


def mix_of(base: Base, plan: Plan, expected_e4: int | None) -> MixAdjustment | None:
    """The adjustment for the case mix, None where too few cases have a weight in any system the plan allows.

    expected_e4: the mean weight a person expects; else the mean weight of the last year that takes part.
    """
    if base.mean is None or plan.mix is Mix.OFF:
        return None
    systems = [Mix.DRG, Mix.DIP] if plan.mix is Mix.AUTO else [plan.mix]
    covered = {system: _coverage_bp(base.counting, system) for system in systems}
    system = max(systems, key=lambda found: covered[found])  # of equal ones the first, DRG
    if covered[system] < max(1, plan.mix_coverage_bp):
        return None
    groups = [(year.weight, year.grouped[system]) for year in base.counting]
    unit = _weighted([(weight, Fraction(group.fen * 10_000, group.weight_e4)) for weight, group in groups])
    assert unit is not None
    latest = groups[-1][1]
    expected = Fraction(latest.weight_e4, latest.cases) if expected_e4 is None else Fraction(expected_e4)
    return MixAdjustment(system, covered[system], rounded(unit), rounded(expected), unit * expected / 10_000)


def _year(year: int, cases: Sequence[Case], weight: int, plan: Plan) -> YearBase:
    parts = trim_cases(cases, plan.trim)
    kept = parts.kept
    funded = [case for case in kept if case[FUND_KNOWN]]
    return YearBase(
        year=year,
        weight=weight,
        cases=len(cases),
        kept=len(kept),
        kept_fen=sum(case[VALUE] for case in kept),
        trimmed_low=len(parts.low),
        trimmed_high=len(parts.high),
        trimmed_fen=sum(case[VALUE] for case in (*parts.low, *parts.high)),
        total_fen=sum(case[TOTAL] for case in kept),
        basic_fen=sum(case[BASIC] for case in kept),
        fund_fen=sum(case[FUND] for case in funded),
        funded_value_fen=sum(case[VALUE] for case in funded),
        days=sum(case[DAYS] for case in kept),
        months=tuple(month_sums(kept)),
        grouped={system: _grouped(kept, place) for system, place in _WEIGHT.items()},
    )


def _grouped(cases: Sequence[Case], place: int) -> Grouped:
    found = [case for case in cases if case[place] > 0]
    return Grouped(len(found), sum(case[VALUE] for case in found), sum(case[place] for case in found))


def _coverage_bp(years: Sequence[YearBase], system: Mix) -> int:
    return min((year.grouped[system].cases * 10_000 // year.kept for year in years if year.kept), default=0)


def _weighted(parts: Sequence[tuple[int, Fraction]]) -> Fraction | None:
    whole = sum(weight for weight, _ in parts)
    return sum((weight * value for weight, value in parts), Fraction()) / whole if whole else None
