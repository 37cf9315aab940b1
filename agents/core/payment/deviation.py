"""Deviation rules (偏差病例): what a group's standard becomes when cost lies far from the group's mean.

Sources: DOMAIN 2.4 (DIP specification; the marks are local). Below `low` of the mean the standard shrinks, above `high`
it grows, beyond `extreme` the case goes to expert review. A cost exactly at a mark is still inside it.
"""

from typing import NamedTuple

from schemas.book.payment import Deviation
from schemas.prediction import Outlier
from schemas.units import div_round

WHOLE_BP = 10_000


class Marks(NamedTuple):
    """A method's deviation rules as they hold for one group. reference: the mean the cost is measured against, fen."""

    reference: int
    low: int | None
    high: int | None
    extreme: int | None
    low_pays: str
    high_pays: str

    @property
    def numbers(self) -> dict[str, int]:
        """The marks' figures, for the arithmetic in words."""
        marks = {"low_bp": self.low, "high_bp": self.high, "extreme_bp": self.extreme}
        return {name: mark for name, mark in marks.items() if mark is not None}


def marks_of(rules: Deviation, reference: int, weight_e4: int) -> Marks:
    """The marks for a group of this mean (fen) and weight or score (1e-4)."""
    high = rules.high
    for step in rules.by_weight:
        if weight_e4 >= step.weight:
            high = step.high
    return Marks(reference, rules.low, high, rules.extreme, rules.low_pays, rules.high_pays)


class Deviated(NamedTuple):
    """The standard after the rules, fen; which band the cost lies in; which rule made the standard."""

    standard: int
    outlier: str
    rule: str = ""


def deviate(marks: Marks, standard: int, cost: int) -> Deviated:
    """Apply the rules to a standard for this cost (fen). Cost below zero counts as none."""
    mean, low, high, extreme = marks.reference, marks.low, marks.high, marks.extreme
    share = max(0, cost) * WHOLE_BP
    if low is not None and share < low * mean:
        if marks.low_pays == "by_item":
            return Deviated(max(0, cost), Outlier.LOW, "low_by_item")
        return Deviated(div_round(standard * max(0, cost), mean), Outlier.LOW, "low_ratio")
    outlier = Outlier.NORMAL
    if extreme is not None and share > extreme * mean:
        outlier = Outlier.EXTREME
    if high is None or share <= high * mean:
        return Deviated(standard, outlier)
    if outlier is Outlier.NORMAL:
        outlier = Outlier.HIGH
    if marks.high_pays == "by_item":
        return Deviated(standard + cost - div_round(high * mean, WHOLE_BP), outlier, "high_by_item")
    if marks.high_pays == "standard":
        return Deviated(standard, outlier, "high_standard")
    # standard × (cost ÷ mean − high + 1), rounded once
    grown = div_round(standard * (share - (high - WHOLE_BP) * mean), mean * WHOLE_BP)
    return Deviated(grown, outlier, "high_excess")
