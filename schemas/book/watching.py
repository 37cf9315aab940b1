"""Quotas (人次定额) and thresholds: what is watched on a visit, a department, the hospital."""

import itertools
import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas import units
from schemas.alerts import LEVEL_RANK, Level, Rule
from schemas.book.entry import BookEntry, Part, Yuan, both
from schemas.reasons import RejectError

#: Rules whose `at` and `clear_margin` count basis points, yuan (read to fen), days, hours, or single things.
BP_RULES = frozenset({
    Rule.VISIT_QUOTA, Rule.DRUG_RATIO, Rule.MATERIAL_RATIO, Rule.SELF_PAY_RATIO, Rule.PAYMENT_STANDARD,
    Rule.CAP_REACHED, Rule.DEPARTMENT_QUOTA, Rule.DEPARTMENT_DRUG_RATIO, Rule.DEPARTMENT_MATERIAL_RATIO,
    Rule.DEPARTMENT_BUDGET, Rule.HOSPITAL_BUDGET,
})  # fmt: skip
FEN_RULES = frozenset({
    Rule.CASE_COST, Rule.VALUABLE_DRUG, Rule.CONSUMABLE, Rule.PREDICTED_LOSS, Rule.SETTLEMENT_DIFFERENCE,
})  # fmt: skip
DAY_RULES = frozenset({Rule.LENGTH_OF_STAY})
HOUR_RULES = frozenset({Rule.COVERAGE_MISSING})
COUNT_RULES = frozenset({Rule.TRANSFER})
_UNITS = (
    (BP_RULES, ("基点，8000 即 80%", "basis points: 8000 is 80 %")),
    (DAY_RULES, ("天", "days")),
    (HOUR_RULES, ("小时", "hours")),
    (COUNT_RULES, ("次", "times")),
)
_WHOLE = re.compile(r"-?\d+\Z", re.ASCII)


class Quota(BookEntry):
    """人次定额: the per-visit quota. `basis`: `basic` = total − 丙 (基本医疗费用), `total` = everything."""

    quota: Annotated[Yuan, Field(gt=0)]
    basis: Literal["basic", "total"] = "basic"

    @property
    def subject(self) -> str:
        """One quota a scope."""
        return "quota"


class ThresholdLevel(Part):
    """One step: the colour, and the value (in the unit of the rule) from which it holds."""

    level: Level
    at: str | int


class Threshold(BookEntry):
    """When a rule raises, escalates and clears.

    A level holds from `at` upwards; it is left only below `at − clear_margin`, so that a value at the edge does not
    flicker. `min_total`: ratios say nothing below this total; budget rules, below this budget to date. Rules of items
    (valuable_drug, consumable) also watch items flagged in the catalogue whatever their price.
    """

    rule: Rule
    levels: Annotated[tuple[ThresholdLevel, ...], Field(min_length=1)]
    clear_margin: str | int = 0
    min_total: Yuan = 0
    #: drug_ratio rules: count 中药饮片 among the drugs (the public-hospital figure does not).
    with_herbal: bool = False

    @property
    def subject(self) -> str:
        """One threshold a rule."""
        return self.rule

    def in_unit(self, value: str | int) -> int:
        """A level's or margin's value as an integer of the rule's unit (bp, fen, days, count). Raises ValueError."""
        if self.rule in FEN_RULES:
            try:
                return units.parse_fen(str(value), "at")
            except RejectError as error:
                raise ValueError(
                    both(f'“{value}”不是金额（元），应如 "6000.00"', f'{value!r} is not yuan, such as "6000.00"')
                ) from error
        if isinstance(value, str) and not _WHOLE.match(value):
            zh, en = next(words for rules, words in _UNITS if self.rule in rules)
            raise ValueError(both(f"“{value}”应为整数（{zh}）", f"{value!r} is not a whole number of {en}"))
        return int(value)

    @property
    def steps(self) -> tuple[tuple[int, Level], ...]:
        """(value, level), ascending."""
        return tuple(sorted((self.in_unit(step.at), step.level) for step in self.levels))

    @model_validator(mode="after")
    def _ordered(self) -> "Threshold":
        steps = self.steps
        if any(later[0] == earlier[0] for earlier, later in itertools.pairwise(steps)):
            raise ValueError(both("有两级在同一个值上", "two levels at the same value"))
        if any(LEVEL_RANK[later[1]] <= LEVEL_RANK[earlier[1]] for earlier, later in itertools.pairwise(steps)):
            raise ValueError(
                both("值越大，级别须越重（notice < yellow < red < purple）", "levels must grow worse as values grow")
            )
        if steps[0][0] <= 0:
            raise ValueError(
                both("级别的值须大于零，否则永远成立", "a level must lie above zero, or it would always hold")
            )
        if not 0 <= self.in_unit(self.clear_margin) < steps[0][0]:
            raise ValueError(
                both(
                    "clear_margin 须小于最低一级的值（且不为负），否则永远解除不了",
                    "clear_margin must be less than the lowest level, or that would never be left",
                )
            )
        return self
