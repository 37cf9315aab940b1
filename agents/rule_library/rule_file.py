"""A rule file: one rule, knowledge points that show it, and the cases that hold it to what it says.

A case is a visit in short form: what is not said takes the defaults below. `finds` is what the rule must find: `false`
nothing, `true` at least one hit, or a list of what each hit comes to (amount in yuan, ids of its violating lines).
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from schemas.book.entry import E4, Part, Yuan
from schemas.book.points import Point
from schemas.book.rules import Exemption, Prescriber, Rule, Scene

FOLDER = Path(__file__).parent
COMMON = FOLDER / "common.yaml"
FOLDERS = ("policy", "management", "medical", "detectors")


class Expected(Part):
    """What one hit comes to; what is not said is not looked at."""

    amount: Yuan | None = None
    lines: tuple[str, ...] | None = None


class CaseVisit(Part):
    """A visit in short form. Times are hospital time, `2026-03-02 09:00`. Other fields of an admission event: `more`.

    mode `outpatient` registers, `inpatient` admits. events: further admission events (transfer, leave, census …) as
    they are published, with `kind` and `occurred_at`.
    """

    id: str = ""
    mode: Annotated[str, Field(pattern="^(inpatient|outpatient)$")] = "inpatient"
    admitted: str = "2026-03-02 09:00"
    discharged: str = ""
    sex: str = "1"
    birth_date: str = "1980-01-01"
    insurance_type: str = "310"
    care_type: str = ""
    person_type: str = "1101"
    department: str = "D01"
    doctor: str = "DR1"
    ward: str = "W1"
    bed: str = "1"
    diagnoses: tuple[Any, ...] = ()
    procedures: tuple[Any, ...] = ()
    discharge_way: str = "1"
    more: dict[str, Any] = {}  # noqa: RUF012 - never changed
    events: tuple[dict[str, Any], ...] = ()


class CaseStay(Part):
    """A visit with its lines.

    `charges` and `orders` are events; `item`, `price` and `at` are short for item_code, unit_price and charged_at (or
    occurred_at). Ids are c1, c2 … and o1, o2 … where none is given. times: the same visit so many times over (of
    patients of their own), for rules over many. group, weight: its DRG. inputs: declared optional inputs.
    """

    patient: str = "P1"
    visit: CaseVisit = CaseVisit()
    charges: tuple[dict[str, Any], ...] = ()
    orders: tuple[dict[str, Any], ...] = ()
    inputs: dict[str, Any] = {}  # noqa: RUF012
    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    group: str = ""
    weight: E4 = 0


class RuleCase(CaseStay):
    """One case of a rule.

    check: orders that are being placed (order check; ids p1, p2 …); before: other visits of the patient; others: visits
    of other patients (for rules over many; a hit of any visit counts); tier, region: of the hospital; at: when it is
    looked at, instead of the last event's time; settlements: settlement events of the visit.
    """

    name: Annotated[str, Field(min_length=1)]
    finds: bool | tuple[Expected, ...]
    check: tuple[dict[str, Any], ...] | None = None
    before: tuple[CaseStay, ...] = ()
    others: tuple[CaseStay, ...] = ()
    prescribers: tuple[Prescriber, ...] = ()
    settlements: tuple[dict[str, Any], ...] = ()
    tier: str = "3"
    region: str = "330100"
    at: str = ""

    @property
    def is_positive(self) -> bool:
        """Whether the rule must find something."""
        return bool(self.finds)


class RuleFile(Part):
    """One rule, whole."""

    rule: Rule
    points: tuple[Point, ...] = ()
    cases: Annotated[tuple[RuleCase, ...], Field(min_length=1)]


class Common(Part):
    """What the rules that ship have in common: common.yaml."""

    scenes: tuple[Scene, ...] = ()
    exemptions: tuple[Exemption, ...] = ()


def read_rule_file(path: Path) -> RuleFile:
    """One rule file. Raises OSError, yaml.YAMLError, pydantic.ValidationError."""
    return RuleFile.model_validate(with_codes(_read(path)))


def with_codes(content: Any) -> Any:
    """The content of a rule file, its points naming the rule as points of a book do."""
    if isinstance(content, dict) and isinstance(content.get("rule"), dict):
        code = content["rule"].get("code", "")
        for point in content.get("points") or ():
            if isinstance(point, dict):
                point.setdefault("rule", code)
    return content


def shipped_files() -> list[Path]:
    """The rule files that ship, by number and name."""
    return [path for folder in FOLDERS for path in sorted((FOLDER / folder).glob("*.yaml"))]


def shipped_common() -> Common:
    """Scenes and exemptions that ship."""
    return Common.model_validate(_read(COMMON))


@cache
def shipped_rules() -> tuple[tuple[Path, RuleFile], ...]:
    """Every rule that ships, with its file; read once a process."""
    return tuple((path, read_rule_file(path)) for path in shipped_files())


def _read(path: Path) -> Any:
    from agents.book.yaml_file import load_yaml  # noqa: PLC0415 - agents.book reads rule files: it would come first

    return load_yaml(path.read_text(encoding="utf-8"))
