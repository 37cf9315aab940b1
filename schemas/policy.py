"""The shape of a hospital's policy files: quotas, thresholds, flagged items. Data with source, scope and dates.

The most specific valid entry wins: a named department outweighs a care type, which outweighs an insurance type, which
outweighs a hospital, which outweighs a region. Two equally specific entries that overlap in time are an error.
Reading files is done in agents/policies.py; this module only says what is right.
"""

import itertools
from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from schemas import units
from schemas.alerts import LEVEL_RANK, Level, Rule
from schemas.reasons import RejectError

#: Rules whose `at` and `clear_margin` count basis points, yuan (read to fen), or days.
BP_RULES = frozenset({
    Rule.VISIT_QUOTA, Rule.DRUG_RATIO, Rule.MATERIAL_RATIO, Rule.SELF_PAY_RATIO, Rule.DEPARTMENT_QUOTA,
    Rule.DEPARTMENT_DRUG_RATIO, Rule.DEPARTMENT_MATERIAL_RATIO,
})  # fmt: skip
FEN_RULES = frozenset({Rule.CASE_COST, Rule.VALUABLE_DRUG, Rule.CONSUMABLE})
DAY_RULES = frozenset({Rule.LENGTH_OF_STAY})
COUNT_RULES = frozenset({Rule.TRANSFER})


def _yuan(value: object, info: ValidationInfo) -> int:
    """Money in a policy file is written in yuan: `"12000.00"`, or a whole number of yuan."""
    field = info.field_name or "amount"
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{field} must be yuan, as text with at most two decimals or as a whole number")  # noqa: TRY004 - pydantic collects ValueError
    try:
        return units.parse_fen(str(value), field)
    except RejectError as error:
        raise ValueError(f"{field}: {error.detail or error.reason.name.lower()}") from error


Yuan = Annotated[int, BeforeValidator(_yuan)]


class Scope(BaseModel):
    """Whom an entry is for. Empty means any."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)
    region: str = ""
    hospital: str = ""
    insurance_type: str = ""
    care_type: str = ""
    department: str = ""

    @property
    def specificity(self) -> int:
        """Higher is more specific; no two different sets of named fields are equal."""
        named = (self.region, self.hospital, self.insurance_type, self.care_type, self.department)
        return sum(1 << place for place, value in enumerate(named) if value)


class PolicyEntry(BaseModel):
    """What every entry carries: who says so, for whom, from when to when (both days included)."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)
    id: Annotated[str, Field(min_length=1, max_length=100)]
    scope: Scope = Scope()
    effective_from: date = date(1970, 1, 1)
    effective_to: date = date(2099, 12, 31)
    source: Annotated[str, Field(min_length=1)]
    active: bool = True

    @model_validator(mode="after")
    def _dates(self) -> "PolicyEntry":
        if self.effective_from > self.effective_to:
            raise ValueError("effective_from is after effective_to")
        return self


class Quota(PolicyEntry):
    """人次定额: the per-visit quota. `basis`: `basic` = total − 丙 (基本医疗费用), `total` = everything."""

    quota: Annotated[Yuan, Field(gt=0)]
    basis: Annotated[str, Field(pattern="^(basic|total)$")] = "basic"


class ThresholdLevel(BaseModel):
    """One step: the colour, and the value (in the unit of the rule) from which it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    level: Level
    at: str | int


class Threshold(PolicyEntry):
    """When a rule raises, escalates and clears.

    A level holds from `at` upwards; it is left only below `at − clear_margin`, so that a value at the edge does not
    flicker. `min_total`: ratios say nothing below this total. `item_flag` rules (valuable_drug, consumable) also
    watch items flagged in the item list whatever their price.
    """

    rule: Rule
    levels: Annotated[tuple[ThresholdLevel, ...], Field(min_length=1)]
    clear_margin: str | int = 0
    min_total: Yuan = 0
    #: drug_ratio rules: count 中药饮片 among the drugs (the public-hospital figure does not).
    with_herbal: bool = False

    def in_unit(self, value: str | int) -> int:
        """A level's or margin's value as an integer of the rule's unit (bp, fen, days, count). Raises ValueError."""
        if self.rule in FEN_RULES:
            try:
                return units.parse_fen(str(value), "at")
            except RejectError as error:
                raise ValueError(f"{value!r} is not an amount in yuan") from error
        if isinstance(value, str) and not value.lstrip("-").isdigit():
            raise ValueError(
                f"{value!r} is not a whole number of {'basis points' if self.rule in BP_RULES else 'units'}"
            )
        return int(value)

    @property
    def steps(self) -> tuple[tuple[int, Level], ...]:
        """(value, level), ascending."""
        return tuple(sorted((self.in_unit(step.at), step.level) for step in self.levels))

    @model_validator(mode="after")
    def _ordered(self) -> "Threshold":
        steps = self.steps
        if any(later[0] == earlier[0] for earlier, later in itertools.pairwise(steps)):
            raise ValueError("two levels at the same value")
        if any(LEVEL_RANK[later[1]] <= LEVEL_RANK[earlier[1]] for earlier, later in itertools.pairwise(steps)):
            raise ValueError("levels must grow worse as values grow")
        if steps[0][0] <= 0:
            raise ValueError("a level must lie above zero, or it would always hold")
        if not 0 <= self.in_unit(self.clear_margin) < steps[0][0]:
            raise ValueError("clear_margin must be less than the lowest level, or that would never be left")
        return self


class ItemFlag(BaseModel):
    """What the hospital says about an item; found by item code or hospital item code."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)
    item_code: str = ""
    hospital_item_code: str = ""
    name: str = ""
    antibiotic: bool = False
    valuable: bool = False
    high_value: bool = False


class PolicyFile(BaseModel):
    """One policy book as read: everything in force at a hospital, under one version name."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)
    version: Annotated[str, Field(min_length=1, max_length=64)]
    name: str = ""
    quotas: tuple[Quota, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    items: str = ""

    def overlaps(self) -> list[tuple[str, int, str]]:
        """Each pair of equally specific entries valid on the same day: section, index of the later, a sentence."""
        found: list[tuple[str, int, str]] = []
        groups: dict[tuple[str, Scope], list[tuple[int, PolicyEntry]]] = {}
        for index, quota in enumerate(self.quotas):
            groups.setdefault(("quota", quota.scope), []).append((index, quota))
        for index, threshold in enumerate(self.thresholds):
            groups.setdefault((threshold.rule, threshold.scope), []).append((index, threshold))
        for (kind, _), entries in groups.items():
            section = "quotas" if kind == "quota" else "thresholds"
            active = [(index, entry) for index, entry in entries if entry.active]
            found.extend(
                (section, index, f"{earlier.id} and {later.id} have the same scope and overlap in time")
                for (_, earlier), (index, later) in itertools.combinations(active, 2)
                if later.effective_from <= earlier.effective_to and earlier.effective_from <= later.effective_to
            )
        return found
