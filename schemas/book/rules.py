"""The rule library (两库) in the book: rules with grade, phase, period, parameters; settings; exemptions; scenes.

A rule's logic is its kind (agents/core/rules/kinds); its content are knowledge points (schemas/book/points.py). Names
of the attributes follow the national 释义: 规则编码, 名称, 分类, 运行结果类型, 时间区间, 监管环节 (DOMAIN 2.6).
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.book.entry import BookEntry, Part


class Grade(StrEnum):
    """运行结果类型: 明确违规 (blocks), 可疑 (suggests), 线索 (goes to the insurance office)."""

    VIOLATION = "violation"
    SUSPICION = "suspicion"
    LEAD = "lead"


GRADE_NAMES = {
    Grade.VIOLATION: ("明确违规", "violation"),
    Grade.SUSPICION: ("可疑", "suspicion"),
    Grade.LEAD: ("线索", "lead"),
}


class Phase(StrEnum):
    """监管环节: when an order is placed (事前), on every charge (事中), on the ended visit and on patients (事后)."""

    ORDER = "order"
    CHARGE = "charge"
    REVIEW = "review"


class Period(StrEnum):
    """时间区间: what is looked at together."""

    LINE = "line"
    PRESCRIPTION = "prescription"
    DAY = "day"
    VISIT = "visit"
    DAYS = "days"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class RuleCategory(StrEnum):
    """一级分类; `detector`: a detector of behaviour beside the national classes (DOMAIN 6.2)."""

    POLICY = "policy"
    MANAGEMENT = "management"
    MEDICAL = "medical"
    DETECTOR = "detector"


class RuleState(StrEnum):
    """How far a rule is: drafts are not run; a rule in shadow is run and counted, but shown to nobody at work."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SHADOW = "shadow"
    ACTIVE = "active"
    RETIRED = "retired"


#: A parameter as written: a number, a text (decimal, share, code), a switch, or a list of texts. The kind reads it.
Parameter = bool | int | str | tuple[str, ...]


class Rule(Part):
    """One rule.

    number: 1–88 of the national classes of 2025, 0 for others. code: the national code; where none is published, one of
    ours (`KF…`).
    needs: inputs that the events do not carry (stock_ledger, settlement_list, medical_record …); without them the rule
    is listed as not checked. exemptions: ids of the book's exemptions. behaviour: vola_bhvr_type.
    """

    code: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9-]+$")]
    number: Annotated[int, Field(ge=0, le=88)] = 0
    name_zh: str
    name_en: str
    category: RuleCategory
    kind: str
    grade: Grade
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    period: Period
    scenes: tuple[Annotated[int, Field(ge=1, le=15)], ...] = ()
    state: RuleState = RuleState.ACTIVE
    definition_zh: str = ""
    definition_en: str = ""
    clause_zh: str
    clause_en: str = ""
    source: Annotated[str, Field(min_length=1)]
    advice_zh: str = ""
    advice_en: str = ""
    behaviour: str = ""
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    exemptions: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class RuleSetting(BookEntry):
    """What a region, hospital or department changes about a rule, or about all rules of a scene.

    Exactly one of `rule` (code) and `scene` (1–15). Only what is said is changed; `reason` says why.
    """

    rule: str = ""
    scene: Annotated[int, Field(ge=0, le=15)] = 0
    state: RuleState | None = None
    grade: Grade | None = None
    phases: tuple[Phase, ...] | None = None
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    reason: str = ""

    @property
    def subject(self) -> str:
        """One setting a rule, or a scene."""
        return self.rule or f"scene {self.scene}"


class Exemption(BookEntry):
    """Visits that rules naming it do not count: chemotherapy cycles, dialysis, emergencies, transfers.

    Any of the lists that is filled must match (lists are alternatives): diagnoses and procedures by code prefix or
    range (`C00-C97`), care types, discharge ways, items by code.
    """

    name_zh: str
    name_en: str
    diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    care_types: tuple[str, ...] = ()
    discharge_ways: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """An exemption is known by its id alone."""
        return self.id


class Scene(Part):
    """One of the fifteen scenes (15 类场景, DOMAIN 6.1): a group of rules that is switched and counted together."""

    number: Annotated[int, Field(ge=1, le=15)]
    name_zh: str
    name_en: str
    is_on: bool = True


class Prescriber(Part):
    """A row of the hospital's table of prescribers: what a doctor may prescribe (处方权).

    antibiotic_level: 0 none, 1 非限制使用级, 2 限制使用级, 3 特殊使用级. speciality: as rules name it.

    """

    doctor: Annotated[str, Field(min_length=1)]
    hospital: str = ""
    name: str = ""
    grade: str = ""
    speciality: str = ""
    antibiotic_level: Annotated[int, Field(ge=0, le=3)] = 0
    may_narcotic: bool = False
    may_oncology: bool = False
    person_no: str = ""
