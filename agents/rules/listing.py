"""The rules of a book as they hold for a hospital on a day: settings applied, and which setting changed what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.book.folder import DEFAULT_FOLDER, read_folder
from agents.book.library import own_rules
from agents.core.policy import most_specific
from agents.core.rules.kind import Kind
from agents.core.rules.rulebook import RuleBook, active_rule
from agents.rule_library.rule_file import RuleFile, shipped_rules
from schemas.book import Book, Scope
from schemas.book.points import Point
from schemas.book.rules import Grade, Parameter, Phase, Rule, RuleSetting, RuleState

#: Rules beside the national classes come after them.
AFTER_NATIONAL = 1_000
RULE, SETTING, DEFAULT = "rule", "setting", "default"


@dataclass(frozen=True, slots=True)
class ParameterInForce:
    """One parameter: its value, and who says so: the rule, a setting (its id and reason), or the kind's default."""

    name: str
    value: Any
    origin: str
    setting: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ListedRule:
    """One rule as it holds. file: with its cases; None: a book that was published knows none."""

    rule: Rule
    kind: Kind[Any]
    grade: Grade
    phases: tuple[Phase, ...]
    state: RuleState
    is_scene_off: bool
    settings: tuple[RuleSetting, ...]
    parameters: tuple[ParameterInForce, ...]
    points: tuple[Point, ...]
    file: RuleFile | None


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules of a book, by number and code."""

    book: Book
    subject: Scope
    rules: tuple[ListedRule, ...]

    def find(self, name: str) -> list[ListedRule]:
        """The rule of this code, or those of this number: a national class may be several."""
        return [
            one
            for one in self.rules
            if name.upper() == one.rule.code.upper() or (name.isdigit() and int(name) == one.rule.number != 0)
        ]


def list_rules(folder: Path | None, day: int, hospital: str) -> RuleList:
    """The rules of a folder's book for a hospital on a day (days since 1970). Raises PolicyError.

    hospital: counts where the book does not list exactly one.
    """
    read = read_folder(folder or DEFAULT_FOLDER)
    book = read.book
    listed = [one.code for one in book.hospitals]
    code = listed[0] if len(listed) == 1 else hospital
    region = next((one.region for one in book.hospitals if one.code == code), book.region)
    subject = Scope(region=region, hospital=code)
    files = {file.rule.code: file for _, file in shipped_rules()}
    files |= {file.rule.code: file for _, file in own_rules(read.path).files}
    rulebook = RuleBook(book)
    points: dict[str, list[Point]] = {}
    for point in book.points:
        points.setdefault(point.rule, []).append(point)
    found = [
        _listed(rulebook, rule, subject, day, points.get(rule.code, []), files.get(rule.code)) for rule in book.rules
    ]
    found.sort(key=lambda one: (one.rule.number or AFTER_NATIONAL, one.rule.code))
    return RuleList(book, subject, tuple(found))


def _listed(
    rulebook: RuleBook, rule: Rule, subject: Scope, day: int, points: list[Point], file: RuleFile | None
) -> ListedRule:
    settings = tuple(settings_of(rulebook, rule, subject, day))
    kind = rulebook.kinds[rule.kind]
    active = active_rule(rule, kind, settings)
    return ListedRule(
        rule, kind, active.grade, active.phases, active.state,
        bool(rule.scenes) and rulebook.scenes_off.issuperset(rule.scenes), settings,
        tuple(_parameters(rule, kind, settings, active.parameters)), tuple(points), file,
    )  # fmt: skip


def settings_of(rulebook: RuleBook, rule: Rule, subject: Scope, day: int) -> Iterator[RuleSetting]:
    """The settings that hold for a rule, later ones over earlier ones: its scenes' first, then its own."""
    for name in (*(f"scene {scene}" for scene in rule.scenes), rule.code):
        winner = most_specific((one for one in rulebook.settings if one.subject == name), subject, day)
        if winner is not None:
            yield winner


def _parameters(
    rule: Rule, kind: Kind[Any], settings: tuple[RuleSetting, ...], read: Any
) -> Iterator[ParameterInForce]:
    written: Mapping[str, Parameter] = rule.parameters
    shown: dict[str, Any] = read.model_dump(mode="json")
    for name in kind.parameters.model_fields:
        by = next((one for one in reversed(settings) if name in one.parameters), None)
        if by is not None:
            yield ParameterInForce(name, by.parameters[name], SETTING, by.id, by.reason)
        elif name in written:
            yield ParameterInForce(name, written[name], RULE)
        else:
            yield ParameterInForce(name, shown[name], DEFAULT)
