"""Group tables, one row a line of a CSV: DIP 病种库, and the tables of the table-driven DRG grouper.

DOMAIN 2.4. Codes are 医保版 ICD-10 and ICD-9-CM-3; lists within a cell are separated by blanks or `|`.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from schemas.book.entry import E4, Part, Yuan

#: Codes of one cell.
Codes = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: tuple(value.replace("|", " ").split()) if isinstance(value, str) else value),
]


class DipGroup(Part):
    """One DIP group (病种): main diagnosis (prefix), operations it needs (all of them; none: conservative treatment).

    procedures are prefixes too. Alternatives are rows of their own with the same code.
    mean: 上年同级别次均费用 in the tiers of hospitals; `mean` where a tier has none. expected_days: its mean stay.
    kind: core 核心病种 or comprehensive 综合病种; `auxiliary`: coefficient of the row (CCI, age, …).
    """

    code: Annotated[str, Field(min_length=1)]
    name: str = ""
    kind: Annotated[str, Field(pattern="^(core|comprehensive)$")] = "core"
    diagnosis: Annotated[str, Field(min_length=1)]
    procedures: Codes = ()
    score: Annotated[E4, Field(gt=0)]
    mean: Annotated[Yuan, Field(gt=0)] | None = None
    mean_tier_1: Annotated[Yuan, Field(gt=0)] | None = None
    mean_tier_2: Annotated[Yuan, Field(gt=0)] | None = None
    mean_tier_3: Annotated[Yuan, Field(gt=0)] | None = None
    expected_days: Annotated[int, Field(ge=1)] | None = None
    auxiliary: Annotated[E4, Field(gt=0)] = 10_000
    source: str = ""

    def mean_of(self, tier: str) -> int | None:
        """The mean cost of hospitals of this tier, fen."""
        of_tier: int | None = getattr(self, f"mean_tier_{tier}", None)
        return of_tier if of_tier is not None else self.mean


class DrgRule(Part):
    """One ADRG: which main diagnoses and operations lead to it. Rules are tried in the order of the file.

    mdc: letter; `A` (先期分组) rules are tried before every other MDC whatever the diagnosis.
    section: surgery 外科, procedure 非手术室操作, medicine 内科, tried in this order. diagnoses, procedures: prefixes
    (any of them). procedures_too: one of these as well. other_diagnoses: one of the other diagnoses must begin so.
    sex: 1 or 2; ages at admission in days, both included.
    """

    mdc: Annotated[str, Field(pattern="^[A-Z]$")]
    adrg: Annotated[str, Field(min_length=3, max_length=3)]
    name: str = ""
    section: Annotated[str, Field(pattern="^(surgery|procedure|medicine)$")]
    diagnoses: Codes = ()
    procedures: Codes = ()
    procedures_too: Codes = ()
    other_diagnoses: Codes = ()
    sex: Annotated[str, Field(pattern="^[12]?$")] = ""
    min_age_days: int | None = None
    max_age_days: int | None = None


class DrgGroup(Part):
    """One DRG of an ADRG: complication level (1 MCC, 3 CC, 5 none, 9 not told apart), weight or points, mean, stay.

    discharge_ways, ages (days, both included): a group for these only, tried before the ADRG's groups without; another
    fourth character than 1, 3, 5, 9 is for such a group whatever the complications.
    """

    code: Annotated[str, Field(min_length=4, max_length=4)]
    name: str = ""
    weight: Annotated[E4, Field(gt=0)]
    points: Annotated[E4, Field(gt=0)] | None = None
    mean: Annotated[Yuan, Field(gt=0)] | None = None
    expected_days: Annotated[int, Field(ge=1)] | None = None
    source: str = ""
    discharge_ways: Codes = ()
    min_age_days: int | None = None
    max_age_days: int | None = None


class MdcRule(Part):
    """Which main diagnoses (prefixes) belong to an MDC, and the order in which MDCs are tried.

    Of MDCs with the same order the longest prefix wins. No diagnoses: any. max_age_days: at admission (newborns: 28).
    min_body_sites: so many different sites must be injured, the main diagnosis among them; a site is what `body_site`
    names (a row a site), and where it is empty each prefix of the row is one.
    """

    mdc: Annotated[str, Field(pattern="^[A-Z]$")]
    name: str = ""
    order: int
    diagnoses: Codes = ()
    sex: Annotated[str, Field(pattern="^[12]?$")] = ""
    max_age_days: int | None = None
    min_body_sites: int = 0
    body_site: str = ""


class Complication(Part):
    """One complication: the other diagnosis (prefix), MCC or CC, and main diagnoses with which it does not count."""

    diagnosis: Annotated[str, Field(min_length=1)]
    level: Annotated[str, Field(pattern="^(MCC|CC)$")]
    excluded_by: Codes = ()


class DrgTables(Part):
    """The tables of the table-driven grouper, or the name of an installed grouper of the CHS-DRG family.

    grouper: `tables`, or a module of the family (e.g. `chs_drg_11`), which then groups; weights stand in `groups`.
    Such a module is looked for in the package `drg_group` of the machine that groups (agents/grouper_adapter.py).
    """

    version: str = ""
    grouper: str = "tables"
    mdc: tuple[MdcRule, ...] = ()
    rules: tuple[DrgRule, ...] = ()
    groups: tuple[DrgGroup, ...] = ()
    complications: tuple[Complication, ...] = ()
