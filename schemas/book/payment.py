"""How the insurer pays the hospital (医院清算规则): methods with admission conditions and payment standards; budgets.

DOMAIN 1.2 B-02, 2.4. One `PaymentMethod` model a kind, told apart by `kind`. Sums in yuan, shares in per cent, scores,
weights and coefficients as decimals.
"""

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from schemas.book.entry import E4, BookEntry, Micro, Part, Share, Yuan, both

ONE_E4 = 10_000


class MethodKind(StrEnum):
    """支付方式; the national clr_way of each stands in the entry."""

    BY_ITEM = "by_item"
    VISIT_QUOTA = "visit_quota"
    SINGLE_DISEASE = "single_disease"
    GLOBAL_BUDGET = "global_budget"
    BED_DAY = "bed_day"
    CAPITATION = "capitation"
    DRG_RATE = "drg_rate"
    DRG_POINTS = "drg_points"
    DIP = "dip"


class Conditions(Part):
    """准入条件. Lists of code prefixes; empty: no condition. Every named condition must hold.

    diagnoses: the main diagnosis begins with one of them. procedures: one of the visit's operations does.
    without_diagnoses, without_procedures: no diagnosis, no operation may (变异退出). days: length of stay.
    """

    care_types: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    without_diagnoses: tuple[str, ...] = ()
    without_procedures: tuple[str, ...] = ()
    discharge_ways: tuple[str, ...] = ()
    min_days: Annotated[int, Field(ge=0)] | None = None
    max_days: Annotated[int, Field(ge=0)] | None = None
    min_total: Yuan | None = None
    max_total: Yuan | None = None


class Deviation(Part):
    """偏差规则: what is paid when cost ÷ the group's mean lies outside [low, high] (DIP specification, local).

    low, high, extreme: cost as a share of the mean (50%, 200%, 500%); absent: no such band. A cost exactly at a mark is
    still normal. The cost is what the method `covers`; a group without a mean is measured against its own standard.
    low_pays: `ratio`: standard × cost ÷ mean; `by_item`: the cost itself.
    high_pays: `excess`: standard × (cost ÷ mean − high + 1); `by_item`: standard + (cost − high × mean); `standard`.
    Beyond `extreme` the case goes to expert review; until then it counts as a high one.
    by_weight: the weight (DIP: score) of a group from which another `high` holds, ascending (heavier groups: 2, not 3).
    """

    low: Share | None = None
    high: Share | None = None
    extreme: Share | None = None
    low_pays: Literal["ratio", "by_item"] = "ratio"
    high_pays: Literal["excess", "by_item", "standard"] = "excess"
    by_weight: tuple["WeightedHigh", ...] = ()

    @model_validator(mode="after")
    def _ascending(self) -> "Deviation":
        marks = [mark for mark in (self.low, self.high, self.extreme) if mark is not None]
        if marks != sorted(set(marks)):
            raise ValueError(both("low、high、extreme 须依次增大", "low, high and extreme must ascend"))
        weights = [mark.weight for mark in self.by_weight]
        if weights != sorted(set(weights)):
            raise ValueError(both("by_weight 的 weight 须依次增大", "the weights of by_weight must ascend"))
        if self.by_weight and self.high is None:
            raise ValueError(both("写 by_weight 时须同时写 high", "by_weight needs a high for lighter groups"))
        return self


class WeightedHigh(Part):
    """From this weight on, the high band begins here."""

    weight: E4
    high: Share


Covers: TypeAlias = Literal["total", "basic", "within_scope"]


class Method(BookEntry):
    """What all methods have in common.

    covers: which cost the standard stands for; what it does not cover the patient pays apart.
    binding: the insurer has fixed this method for whom it admits; the others are shown for comparison only.
    clearing_way: clr_way / hi_paymtd.
    """

    name: str = ""
    clearing_way: str = ""
    conditions: Conditions = Conditions()
    covers: Covers = "basic"
    binding: bool = False

    @property
    def subject(self) -> str:
        """One method of a kind for each disease and operation it is for (by bed-day: and length of stay)."""
        kind, conditions = getattr(self, "kind", ""), self.conditions
        days = f"{conditions.min_days or ''}" if kind == MethodKind.BED_DAY else ""
        parts = (
            kind,
            getattr(self, "disease", ""),
            "/".join(conditions.diagnoses),
            "/".join(conditions.procedures),
            days,
        )
        return " ".join(filter(None, parts))


class ByItem(Method):
    """按项目: the hospital receives its cost; `expected_deduction`: share of the funds' part a review takes back.

    That is 扣款风险, DOMAIN 2.4.
    """

    kind: Literal[MethodKind.BY_ITEM]
    covers: Covers = "total"
    expected_deduction: Annotated[Share, Field(ge=0, le=10_000)] = 0


class VisitQuotaMethod(Method):
    """人次定额: the quota of the scope (quotas section, on its own basis), or `standard` for what the method covers.

    fourfold: a case beyond `fourfold_at` × quota is paid the quota, or the excess too (reviewed apart).
    low_cost_at: cases up to it (included) are reviewed as low-cost (DOMAIN 1.7).
    """

    kind: Literal[MethodKind.VISIT_QUOTA]
    standard: Annotated[Yuan, Field(gt=0)] | None = None
    fourfold_at: Annotated[Share, Field(gt=0)] = 40_000
    fourfold: Literal["quota", "excess_by_item"] = "quota"
    low_cost_at: Annotated[Yuan, Field(ge=0)] = 300_000


class SingleDisease(Method):
    """单病种: a fixed standard for a disease with its operation.

    Without `diagnoses` among the conditions it admits the visits whose disease_code is `disease`.
    """

    kind: Literal[MethodKind.SINGLE_DISEASE]
    disease: Annotated[str, Field(min_length=1)]
    standard: Annotated[Yuan, Field(gt=0)]


class GlobalBudget(Method):
    """总额控制: by item while the budget lasts; of what exceeds it the insurer bears `overrun_share`."""

    kind: Literal[MethodKind.GLOBAL_BUDGET]
    covers: Covers = "total"
    overrun_share: Annotated[Share, Field(ge=0, le=10_000)] = 0


class DayBand(Part):
    """From this day of the stay on (1 = the first), the standard of a day."""

    from_day: Annotated[int, Field(ge=1)] = 1
    standard: Annotated[Yuan, Field(gt=0)]


class BedDay(Method):
    """按床日: each day of the stay has its standard; later days may have lower ones."""

    kind: Literal[MethodKind.BED_DAY]
    bands: Annotated[tuple[DayBand, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _contiguous(self) -> "BedDay":
        days = [band.from_day for band in self.bands]
        if days[0] != 1 or days != sorted(set(days)):
            raise ValueError(both("各段须从第 1 天开始并依次增大", "bands must begin with day 1 and ascend"))
        return self


class Capitation(Method):
    """按人头: a yearly sum for each enrolled person; a single visit brings nothing more."""

    kind: Literal[MethodKind.CAPITATION]
    per_head_year: Annotated[Yuan, Field(gt=0)]


class DrgRate(Method):
    """DRG 费率法: weight × rate × hospital coefficient."""

    kind: Literal[MethodKind.DRG_RATE]
    rate: Annotated[Micro, Field(gt=0)]
    coefficient: Annotated[E4, Field(gt=0)] = ONE_E4
    deviation: Deviation = Deviation()


class DrgPoints(Method):
    """DRG 点数法: points = group's base points × hospital's coefficient; value of a point in yuan.

    point_value may be left out where `budget` ÷ `total_points` says it. Base points are the group's own `points`; where
    a group states none, its mean ÷ `mean_of_all` (全部病例次均费用) × 100, and without that its weight × 100.
    """

    kind: Literal[MethodKind.DRG_POINTS]
    point_value: Annotated[Micro, Field(gt=0)] | None = None
    budget: Annotated[Yuan, Field(gt=0)] | None = None
    total_points: Annotated[E4, Field(gt=0)] | None = None
    mean_of_all: Annotated[Yuan, Field(gt=0)] | None = None
    coefficient: Annotated[E4, Field(gt=0)] = ONE_E4
    deviation: Deviation = Deviation()

    @model_validator(mode="after")
    def _value(self) -> "DrgPoints":
        if self.point_value is None and (self.budget is None or self.total_points is None):
            raise ValueError(
                both(
                    "须写 point_value，或同时写 budget 与 total_points",
                    "either point_value, or budget and total_points",
                )
            )
        return self


class Dip(Method):
    """DIP: score × point value × hospital coefficient (× auxiliary coefficients of the group's rows)."""

    kind: Literal[MethodKind.DIP]
    point_value: Annotated[Micro, Field(gt=0)]
    coefficient: Annotated[E4, Field(gt=0)] = ONE_E4
    deviation: Deviation = Deviation()


PaymentMethod: TypeAlias = Annotated[
    ByItem | VisitQuotaMethod | SingleDisease | GlobalBudget | BedDay | Capitation | DrgRate | DrgPoints | Dip,
    Field(discriminator="kind"),
]


class Budget(BookEntry):
    """总额预算 of the hospital (scope without department) or of a department, for one year, with its months.

    basis: what is counted against it: `fund` (simulated fund payment), `total`, or `basic` cost.
    months: share of each month (they sum to 100 %); empty: twelve equal parts.
    """

    year: Annotated[int, Field(ge=1990, le=2100)]
    amount: Annotated[Yuan, Field(gt=0)]
    basis: Literal["fund", "total", "basic"] = "fund"
    months: tuple[Annotated[Share, Field(ge=0)], ...] = ()

    @property
    def subject(self) -> str:
        """One budget a year."""
        return f"budget {self.year}"

    @model_validator(mode="after")
    def _twelve(self) -> "Budget":
        if self.months and (len(self.months) != 12 or sum(self.months) != 10_000):
            raise ValueError(both("months 须为十二个比例，合计 100%", "months must be twelve shares that sum to 100 %"))
        return self


class Projection(BookEntry):
    """How cost at discharge is foreseen: expected length of stay (unless the group states one), and the recent pace.

    window_days: the daily cost is the mean of so many last days. tail_share: the pace of the days to come as a share
    of the recent one (late days of a stay are cheaper).
    """

    expected_days: Annotated[int, Field(ge=1, le=1000)]
    window_days: Annotated[int, Field(ge=1, le=60)] = 3
    tail_share: Annotated[Share, Field(ge=0, le=20_000)] = 10_000

    @property
    def subject(self) -> str:
        """One projection a scope."""
        return "projection"


class SpecialCase(BookEntry):
    """特例单议: when a visit under DRG or DIP is a candidate to be judged by itself; absent marks: never for that.

    Kinds: 医保办发〔2024〕9号 (long stay, high cost, complex or multidisciplinary; DRG ≤ 5 % of its discharges, DIP
    ≤ 5 ‰). The marks are local: the defaults are the 60 days of 庆阳 and the fivefold mean of the DIP specification
    (DOMAIN 2.4). long_stay_share: of the group's expected days. departments: how many the patient lay in.
    """

    long_stay_days: Annotated[int, Field(ge=1)] | None = 60
    long_stay_share: Annotated[Share, Field(gt=0)] | None = None
    high_cost_share: Annotated[Share, Field(gt=0)] | None = 50_000
    departments: Annotated[int, Field(ge=2)] | None = None
    drg_at_most: Annotated[Share, Field(gt=0, le=10_000)] = 500
    dip_at_most: Annotated[Share, Field(gt=0, le=10_000)] = 50

    @property
    def subject(self) -> str:
        """One rule a scope."""
        return "special_case"
