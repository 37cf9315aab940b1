"""What the hospital receives under each kind of payment method (DOMAIN 2.4). Fen.

A payer is what a method comes to for one visit's diagnoses, group and quota; it is compiled once and then only sees the
sums. `pay` is called for the sums now and for those at discharge.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from agents.core.payment.deviation import Marks, deviate
from agents.core.payment.ground import TOTAL, WITHIN_SCOPE, Ground
from schemas.book.payment import BedDay, ByItem, Capitation, GlobalBudget, VisitQuotaMethod
from schemas.prediction import Outlier
from schemas.units import div_round

WHOLE_BP = 10_000
NORMAL: str = Outlier.NORMAL
Numbers = Mapping[str, int]


class Payment(NamedTuple):
    """standard: the payment standard, None where a method has none. income: all the hospital receives.

    base: the standard before deviation rules and paid excess: what use is measured against.
    """

    standard: int | None
    income: int
    outlier: str
    rule: str
    numbers: dict[str, int]
    base: int = 0


class Payer(Protocol):
    """What a method brings for a visit with these sums."""

    def pay(self, ground: Ground, budget_left: int | None) -> Payment:
        """The payment. budget_left: what is left of the budget before this visit, where it is known."""


def beside(ground: Ground, covers: int) -> int:
    """What the patient pays apart, because the standard does not stand for it."""
    apart = ground.covered[TOTAL] - ground.covered[covers]
    # Above a price cap that the hospital bears itself there is nobody to pay; it lies outside within-scope cost only.
    return apart - ground.hospital if covers == WITHIN_SCOPE else apart


class ByItemPayer:
    """按项目: the whole cost, less what the hospital bears and what a review is expected to take back."""

    __slots__ = ("_share",)

    def __init__(self, method: ByItem) -> None:
        self._share = method.expected_deduction

    def pay(self, ground: Ground, _: int | None) -> Payment:
        """Total − hospital's part − funds' part × expected deduction."""
        less = div_round(max(0, ground.fund) * self._share, WHOLE_BP)
        numbers = {"fund_fen": ground.fund, "deduction_bp": self._share, "deduction_fen": less}
        return Payment(None, ground.covered[TOTAL] - ground.hospital - less, NORMAL, "", numbers)


class GlobalBudgetPayer:
    """总额控制, at the margin: of the funds' part that no longer fits into the budget the insurer bears a share."""

    __slots__ = ("_share",)

    def __init__(self, method: GlobalBudget) -> None:
        self._share = method.overrun_share

    def pay(self, ground: Ground, budget_left: int | None) -> Payment:
        """Total − hospital's part − over × (1 − overrun share); by item where nobody says what is left."""
        income = ground.covered[TOTAL] - ground.hospital
        if budget_left is None:
            return Payment(None, income, NORMAL, "", {"fund_fen": ground.fund})
        over = max(0, ground.fund - max(0, budget_left))
        less = over - div_round(over * self._share, WHOLE_BP)
        numbers = {
            "fund_fen": ground.fund, "budget_left_fen": budget_left, "over_budget_fen": over,
            "overrun_share_bp": self._share, "deduction_fen": less,
        }  # fmt: skip
        return Payment(None, income - less, NORMAL, "", numbers)


class QuotaPayer:
    """人次定额: the quota; beyond `fourfold_at` × quota the excess by item, where the book pays it."""

    __slots__ = ("_covers", "_fourfold", "_is_paid", "_low_cost", "_numbers", "_quota")

    def __init__(self, method: VisitQuotaMethod, quota: int, covers: int, *, is_outpatient: bool) -> None:
        self._quota, self._covers = quota, covers
        self._fourfold = div_round(quota * method.fourfold_at, WHOLE_BP)
        self._is_paid = method.fourfold == "excess_by_item"
        #: Low-cost cases are reviewed among the inpatients.
        self._low_cost = None if is_outpatient else method.low_cost_at
        self._numbers = {"quota_fen": quota, "fourfold_bp": method.fourfold_at}

    def pay(self, ground: Ground, _: int | None) -> Payment:
        """The quota, and what lies over fourfold where it is paid; the part over fourfold is named in any case."""
        covered = ground.covered[self._covers]
        over = max(0, covered - self._fourfold)
        numbers = self._numbers
        if over:
            numbers = {**numbers, "over_fourfold_fen": over}
        if self._low_cost is not None and 0 < covered <= self._low_cost:
            numbers = {**numbers, "low_cost_at_fen": self._low_cost, "low_cost": 1}
        standard = self._quota + (over if self._is_paid else 0)
        outlier = NORMAL
        if over:
            outlier = Outlier.EXTREME
        return Payment(standard, standard + beside(ground, self._covers), outlier, "", numbers, self._quota)


class FixedPayer:
    """单病种: a fixed standard."""

    __slots__ = ("_covers", "_numbers", "_standard")

    def __init__(self, standard: int, covers: int) -> None:
        self._standard, self._covers = standard, covers
        self._numbers = {"base_fen": standard}

    def pay(self, ground: Ground, _: int | None) -> Payment:
        """The standard, whatever the cost."""
        income = self._standard + beside(ground, self._covers)
        return Payment(self._standard, income, NORMAL, "", self._numbers, self._standard)


class BedDayPayer:
    """按床日: the standards of the days, by bands of the stay."""

    __slots__ = ("_bands", "_covers")

    def __init__(self, method: BedDay, covers: int) -> None:
        starts = [band.from_day for band in method.bands]
        ends = [*(start - 1 for start in starts[1:]), None]
        self._bands = [(start, end, band.standard) for start, end, band in zip(starts, ends, method.bands, strict=True)]
        self._covers = covers

    def pay(self, ground: Ground, _: int | None) -> Payment:
        """Σ days of the band × its standard; `days_n` and `day_fen_n` of the bands with days in them."""
        standard = 0
        numbers = {"days": ground.days}
        for number, (start, end, day_fen) in enumerate(self._bands, start=1):
            days = min(ground.days, end) - start + 1 if end is not None else ground.days - start + 1
            if days <= 0:
                break
            numbers[f"days_{number}"], numbers[f"day_fen_{number}"] = days, day_fen
            standard += days * day_fen
        return Payment(standard, standard + beside(ground, self._covers), NORMAL, "", numbers, standard)


class CapitationPayer:
    """按人头: the insurer has paid for the person; the visit brings what the patient pays, and nothing more."""

    __slots__ = ("_numbers",)

    def __init__(self, method: Capitation) -> None:
        self._numbers = {"per_head_year_fen": method.per_head_year}

    def pay(self, ground: Ground, _: int | None) -> Payment:
        """The patient's part."""
        return Payment(None, ground.patient, NORMAL, "", self._numbers)


class GroupPayer:
    """DRG and DIP: the group's standard, after the deviation rules.

    A running stay is not yet a cheap one: the rule for low cost is left to the sums at discharge.
    """

    __slots__ = ("_base", "_covers", "_marks", "_numbers", "_open_marks")

    def __init__(self, base: int, covers: int, marks: Marks, numbers: Numbers) -> None:
        self._base, self._covers, self._marks = base, covers, marks
        self._open_marks = marks._replace(low=None)
        self._numbers = {**numbers, "base_fen": base}

    def pay(self, ground: Ground, _: int | None) -> Payment:
        """The standard for this cost."""
        covered = ground.covered[self._covers]
        standard, outlier, rule = deviate(self._open_marks if ground.is_open else self._marks, self._base, covered)
        numbers = self._numbers
        if outlier != NORMAL:
            numbers = {**numbers, **self._marks.numbers}
        return Payment(standard, standard + beside(ground, self._covers), outlier, rule, numbers, self._base)
