"""`Plan`: everything a person decides about an allocation. Defaults are ordinary, none of them is a law of any city."""

from dataclasses import dataclass, field
from enum import StrEnum

from agents.core.allocation.adjustment import Adjustment


class AllocationError(Exception):
    """The allocation cannot be made as it is asked for. Says why in Chinese and English; no patient's data."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} | {en}")
        self.zh, self.en = zh, en


class Measure(StrEnum):
    """What money is counted: basic cost (total − 丙), total cost, or payments of the funds."""

    BASIC = "basic"
    TOTAL = "total"
    FUND = "fund"


class Mix(StrEnum):
    """By which groups the case mix is adjusted. AUTO: those that cover more of a department's cases."""

    AUTO = "auto"
    DRG = "drg"
    DIP = "dip"
    OFF = "off"


class Forecast(StrEnum):
    """How many cases are expected: as many as in the last base year, or the weighted mean of the base years."""

    LAST = "last"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Trim:
    """Which cases of a year are outliers: the cheapest and dearest shares, and those far from the median.

    low_bp, high_bp: shares of the number of cases, basis points, rounded down to whole cases; at most a quarter each.
    median_times_bp: dearer than so many times the median, or cheaper than the median divided by it; 0: not asked.
    At least twice, so that the middle of a department's cases always stays.
    """

    low_bp: int = 100
    high_bp: int = 100
    median_times_bp: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.low_bp <= 2_500 and 0 <= self.high_bp <= 2_500):
            raise AllocationError("剔除比例须在 0 % 至 25 % 之间。", "Trimmed shares must lie between 0 and 25 %.")
        if self.median_times_bp and self.median_times_bp < 20_000:
            raise AllocationError("中位数倍数须不小于 2。", "The multiple of the median must be at least 2.")


@dataclass(frozen=True, slots=True)
class Pot:
    """A total (总额) that departments share: the hospital's budget of a kind of visit. Empty: any care, any insurance.

    id: its entry in the book; empty where it was given by hand.
    """

    amount_fen: int
    measure: Measure
    care_type: str = ""
    insurance_type: str = ""
    id: str = ""

    def covers(self, care_type: str, insurance_type: str) -> bool:
        """Whether visits of this kind are paid from it."""
        return self.care_type in {"", care_type} and self.insurance_type in {"", insurance_type}

    @property
    def specificity(self) -> tuple[bool, bool]:
        """The higher one is asked first: a care type outweighs an insurance type, as everywhere in the book."""
        return bool(self.care_type), bool(self.insurance_type)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is allocated, and how.

    weights: of the three years before `year`, oldest first (equal; 1:2:7 as DIP scores are made). quota_measure: what
    quotas count; budget_measure: what budgets count where no pot says so. limit_bp: no department's quota changes more
    than this against its last quota, unless an adjustment says so. min_cases: a department with fewer in the base
    years keeps its last quota, or takes a mean; min_year_cases: a year with fewer does not count. by_insurance: an
    insurance type with min_cases of a department gets a quota of its own. mix_coverage_bp: share of each year's cases
    that must have a weight. Empty care_types, insurance_types: all.
    """

    hospital: str
    year: int
    weights: tuple[int, int, int] = (1, 1, 1)
    trim: Trim = Trim()
    quota_measure: Measure = Measure.BASIC
    budget_measure: Measure = Measure.BASIC
    mix: Mix = Mix.AUTO
    mix_coverage_bp: int = 9_000
    growth_bp: int = 0
    forecast: Forecast = Forecast.LAST
    case_growth_bp: int = 0
    limit_bp: int | None = None
    min_cases: int = 30
    min_year_cases: int = 10
    by_insurance: bool = False
    with_uninsured: bool = False
    care_types: tuple[str, ...] = ()
    insurance_types: tuple[str, ...] = ()
    pots: tuple[Pot, ...] = ()
    adjustments: tuple[Adjustment, ...] = field(default=())

    def __post_init__(self) -> None:
        if len(self.weights) != 3 or min(self.weights) < 0 or not sum(self.weights):
            raise AllocationError(
                "年份权重须为三个非负整数，且不全为零。", "Weights must be three whole numbers, not all of them zero."
            )
        if self.quota_measure is Measure.FUND:
            raise AllocationError(
                "人次定额只能按基本医疗费用或总费用计。", "A visit quota counts basic or total cost, not payments."
            )
        if self.growth_bp <= -10_000 or self.case_growth_bp < -10_000:
            raise AllocationError("增长率须大于 −100 %。", "Growth must be more than −100 %.")
        if self.limit_bp is not None and not 0 <= self.limit_bp <= 10_000:
            raise AllocationError("涨跌限幅须在 0 % 至 100 % 之间。", "The limit must lie between 0 and 100 %.")

    @property
    def base_years(self) -> tuple[int, int, int]:
        """The three years before, oldest first."""
        return self.year - 3, self.year - 2, self.year - 1

    def weight_of(self, year: int) -> int:
        """The weight of a base year."""
        return self.weights[year - self.year + 3]

    def pot_of(self, care_type: str, insurance_type: str) -> Pot | None:
        """The most specific total that visits of this kind are paid from."""
        fitting = [pot for pot in self.pots if pot.covers(care_type, insurance_type)]
        return max(fitting, key=lambda pot: pot.specificity, default=None)
