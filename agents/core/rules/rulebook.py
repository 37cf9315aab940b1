"""The rule library compiled: which checks an item, a diagnosis or an operation makes run, under the settings in force.

250,000 knowledge points are indexed by code once; what is bound to a point is made when it is first needed. A check
that cannot fire is never touched.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from agents.core.policy import active, most_specific
from agents.core.rules.codes import WILDCARD, clinical_codes
from agents.core.rules.kind import ActiveRule, Bound, Kind, Trigger
from agents.core.rules.kinds import KINDS
from agents.core.rules.view import Facts
from schemas.book import Book, Scope
from schemas.book.points import Point, codes
from schemas.book.rules import Exemption, Parameter, Phase, Prescriber, Rule, RuleSetting, RuleState

#: Rules that run at all.
RUNNING = frozenset({RuleState.ACTIVE, RuleState.SHADOW})


class Check(NamedTuple):
    """One thing to check: a rule bound to what it is about. `key` is its identity within a visit."""

    key: tuple[str, str]
    bound: Bound[Any]
    #: Of EVERY_ITEM: the item.
    item: str = ""

    @property
    def kind(self) -> Kind[Any]:
        """Its logic."""
        return self.bound.active.kind


class Plan(NamedTuple):
    """What runs on a visit as it stands: the codes of its rules, what every item asks for, what the visit asks for."""

    codes: frozenset[str]
    every_item: tuple[Check, ...]
    of_visit: tuple[Check, ...]


class Index:
    """Codes → numbers of points. Whole codes in one dictionary; beginnings by length."""

    __slots__ = ("_lengths", "_prefixes", "_whole")

    def __init__(self) -> None:
        self._whole: dict[str, list[int]] = {}
        self._prefixes: dict[str, list[int]] = {}
        self._lengths: tuple[int, ...] = ()

    def add(self, cell: str, number: int) -> None:
        """A point is about these items."""
        if SEPARATOR not in cell and WILDCARD not in cell:  # nearly every row of a full library
            self._whole.setdefault(cell, []).append(number)
            return
        for code in codes(cell):
            if code.endswith(WILDCARD):
                self._add_prefix(code[:-1], number)
            else:
                self._whole.setdefault(code, []).append(number)

    def add_clinical(self, cell: str, number: int) -> None:
        """A point is about these diagnoses or operations."""
        for prefix in clinical_codes(cell).prefixes:
            self._add_prefix(prefix, number)

    def _add_prefix(self, prefix: str, number: int) -> None:
        self._prefixes.setdefault(prefix, []).append(number)
        self._lengths = tuple(sorted({*self._lengths, len(prefix)}))

    def numbers(self, code: str) -> Iterable[int]:
        """Points about this code."""
        yield from self._whole.get(code, ())
        for length in self._lengths:
            if length <= len(code):
                yield from self._prefixes.get(code[:length], ())


SEPARATOR = ";"


class RuleBook:
    """The library of a book. Immutable but for its caches. Raises ValueError for what check_rules would have told."""

    def __init__(self, book: Book, kinds: Mapping[str, Kind[Any]] = KINDS) -> None:
        self.book = book
        self.kinds = kinds
        self.rules: dict[str, Rule] = {rule.code: rule for rule in book.rules if rule.kind in kinds}
        self.points: tuple[Point, ...] = tuple(book.points)
        self.settings: list[RuleSetting] = active(book.rule_settings)
        self.exemptions: list[Exemption] = active(book.exemptions)
        self.scenes_off = frozenset(scene.number for scene in book.scenes if not scene.is_on)
        self.prescribers: dict[str, Prescriber] = {row.doctor: row for row in book.prescribers}
        self.names = _names(book)
        self.by_item, self.by_diagnosis, self.by_procedure = Index(), Index(), Index()
        #: (rule, group) → numbers of its points; (rule, "") → all points of a rule that takes them all.
        self.groups: dict[tuple[str, str], list[int]] = {}
        #: What each point is called within its rule.
        self.point_names: list[str] = []
        taken: dict[tuple[str, str], int] = {}
        for number, point in enumerate(self.points):
            name = point_name(point)
            times = taken[point.rule, name] = taken.get((point.rule, name), 0) + 1
            self.point_names.append(name if times == 1 else f"{name}#{times}")
            rule = self.rules.get(point.rule)
            if rule is not None:
                self._index(number, point, kinds[rule.kind])
        self._scoped: dict[tuple[Any, ...], ScopedRules] = {}
        self._resolved: dict[tuple[str, str, str, str, int], ScopedRules] = {}

    def _index(self, number: int, point: Point, kind: Kind[Any]) -> None:
        match kind.trigger:
            case Trigger.ITEM:
                self.by_item.add(point.item, number)
                if kind.watches_others and point.others:
                    self.by_item.add(point.others, number)
            case Trigger.GROUP:
                self.by_item.add(point.item, number)
                self.groups.setdefault((point.rule, point.group), []).append(number)
            case Trigger.DIAGNOSIS:
                self.by_diagnosis.add_clinical(point.diagnoses, number)
            case Trigger.PROCEDURE:
                self.by_procedure.add_clinical(point.procedures, number)
            case _:
                self.groups.setdefault((point.rule, ""), []).append(number)

    def scoped(self, facts: Facts, day: int) -> "ScopedRules":
        """The rules as they hold for a visit: settings of its region, hospital, department, care type, insurance."""
        key = (facts.hospital, facts.department, facts.care_type, facts.insurance_type, day)
        found = self._resolved.get(key)
        if found is None:
            if len(self._resolved) > MOST_SCOPES:
                self._resolved.clear()
            found = self._resolved[key] = self._resolve(facts, day)
        return found

    def _resolve(self, facts: Facts, day: int) -> "ScopedRules":
        subject = Scope(
            region=facts.region, hospital=facts.hospital, department=facts.department, care_type=facts.care_type,
            insurance_type=facts.insurance_type,
        )  # fmt: skip
        winners: dict[str, RuleSetting] = {}
        for name in dict.fromkeys(setting.subject for setting in self.settings):
            candidates = [setting for setting in self.settings if setting.subject == name]
            winner = most_specific(candidates, subject, day)
            if winner is not None:
                winners[name] = winner
        key = (facts.region, tuple(sorted((name, setting.id) for name, setting in winners.items())))
        found = self._scoped.get(key)
        if found is None:
            found = self._scoped[key] = ScopedRules(self, facts.region, self._rules_under(winners))
        return found

    def _rules_under(self, winners: Mapping[str, RuleSetting]) -> dict[str, ActiveRule]:
        found = {}
        for code, rule in self.rules.items():
            if rule.scenes and self.scenes_off.issuperset(rule.scenes):
                continue
            by_scene = [winners[name] for name in (f"scene {scene}" for scene in rule.scenes) if name in winners]
            settings = [*by_scene, *([winners[code]] if code in winners else [])]  # what names the rule comes last
            merged = active_rule(rule, self.kinds[rule.kind], settings)
            if merged.state in RUNNING:
                found[code] = merged
        return found


MOST_SCOPES = 20_000


def active_rule(rule: Rule, kind: Kind[Any], settings: Iterable[RuleSetting] = ()) -> ActiveRule:
    """The rule with settings applied, later ones over earlier ones. Raises pydantic.ValidationError."""
    parameters: dict[str, Parameter] = dict(rule.parameters)
    grade, phases, state = rule.grade, rule.phases, rule.state
    for setting in settings:
        parameters |= setting.parameters
        grade = setting.grade or grade
        phases = setting.phases or phases
        state = setting.state or state
    return ActiveRule(rule, kind, kind.parameters.model_validate(parameters), grade, phases, state)


def parameter_mistakes(rule: Rule, kind: Kind[Any], parameters: Mapping[str, Parameter]) -> list[tuple[str, str]]:
    """What is wrong with parameters of a rule: (name, pydantic's message)."""
    try:
        kind.parameters.model_validate({**rule.parameters, **parameters})
    except ValidationError as error:
        return [(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors(include_url=False)]
    return []


class ScopedRules:
    """The checks of a scope; made when first needed, then kept."""

    def __init__(self, book: RuleBook, region: str, rules: Mapping[str, ActiveRule]) -> None:
        self.book = book
        self.rules = rules
        self._region = region
        self._checks: dict[tuple[str, str], Check] = {}
        self._by_code: dict[str, tuple[Check, ...]] = {}
        self._plans: dict[tuple[tuple[Phase, ...], bool, frozenset[str]], Plan] = {}
        triggers: dict[Trigger, list[ActiveRule]] = {}
        for rule in rules.values():
            triggers.setdefault(rule.kind.trigger, []).append(rule)
        #: Rules that lean on inputs the events do not carry, with these.
        self.needing = tuple((code, active.rule.needs) for code, active in rules.items() if active.rule.needs)
        self._every_item = triggers.get(Trigger.EVERY_ITEM, [])
        self.of_visit: tuple[Check, ...] = tuple(
            Check((rule.rule.code, ""), Bound(rule)) for rule in triggers.get(Trigger.VISIT, ())
        ) + tuple(
            Check((rule.rule.code, ""), Bound(rule, None, self._points((rule.rule.code, ""))))
            for rule in triggers.get(Trigger.POINTS, ())
        )
        self.population: tuple[Check, ...] = tuple(
            Check((rule.rule.code, ""), Bound(rule, None, self._points((rule.rule.code, ""))))
            for rule in triggers.get(Trigger.POPULATION, ())
        )

    def plan(self, phases: tuple[Phase, ...], *, is_ended: bool, inputs: frozenset[str] = frozenset()) -> Plan:
        """What runs in these phases: rules at the end only when it has come, and where their inputs are at hand."""
        key = phases, is_ended, inputs
        found = self._plans.get(key)
        if found is None:
            running = frozenset(
                code
                for code, active in self.rules.items()
                if any(phase in phases for phase in active.phases)
                and (is_ended or not active.kind.at_end)
                and inputs.issuperset(active.rule.needs)
            )
            found = self._plans[key] = Plan(
                running,
                tuple(
                    Check((rule.rule.code, ""), self._plain(rule))
                    for rule in self._every_item
                    if rule.rule.code in running
                ),
                tuple(check for check in self.of_visit if check.key[0] in running),
            )
        return found

    def of_item(self, item: str, hospital_item: str = "") -> Iterable[Check]:
        """Checks that a line of this item makes run."""
        yield from self.of_code(item)
        if hospital_item:
            yield from self.of_code(hospital_item)
        for rule in self._every_item:
            yield Check((rule.rule.code, item), self._plain(rule), item)

    def of_diagnosis(self, code: str) -> Iterable[Check]:
        """Checks that a diagnosis makes run."""
        return self._of_numbers(self.book.by_diagnosis.numbers(code))

    def of_procedure(self, code: str) -> Iterable[Check]:
        """Checks that an operation makes run."""
        return self._of_numbers(self.book.by_procedure.numbers(code))

    def _plain(self, rule: ActiveRule) -> Bound[Any]:
        key = (rule.rule.code, "")
        found = self._checks.get(key)
        if found is None:
            found = self._checks[key] = Check(key, Bound(rule))
        return found.bound

    def of_code(self, code: str) -> tuple[Check, ...]:
        """Checks of points about this code."""
        found = self._by_code.get(code)
        if found is None:
            if len(self._by_code) > MOST_CODES:
                self._by_code.clear()
            found = self._by_code[code] = tuple(self._of_numbers(self.book.by_item.numbers(code)))
        return found

    def _of_numbers(self, numbers: Iterable[int]) -> Iterable[Check]:
        seen = set()
        for number in numbers:
            point = self.book.points[number]
            rule = self.rules.get(point.rule)
            if rule is None or not self._holds_here(point):
                continue
            in_group = rule.kind.trigger is Trigger.GROUP
            key = (point.rule, point.group if in_group else self.book.point_names[number])
            if key in seen:
                continue
            seen.add(key)
            check = self._checks.get(key)
            if check is None:
                bound: Bound[Any] = (
                    Bound(rule, None, self._points((point.rule, point.group))) if in_group else Bound(rule, point)
                )
                check = self._checks[key] = Check(key, bound)
            yield check

    def _points(self, key: tuple[str, str]) -> tuple[Point, ...]:
        points = (self.book.points[number] for number in self.book.groups.get(key, ()))
        return tuple(point for point in points if self._holds_here(point))

    def _holds_here(self, point: Point) -> bool:
        return not point.region or self._region.startswith(Scope(region=point.region).region_prefix)


#: Items whose checks are kept at hand.
MOST_CODES = 100_000


def point_name(point: Point) -> str:
    """What a point is called: its own id, else what it is about. The same in the next library, wherever its row is."""
    if point.id:
        return point.id
    about = point.item or point.diagnoses or point.procedures or point.group
    return f"{about}+{point.others}" if point.others else about


def _names(book: Book) -> dict[str, str]:
    """What items are called: the catalogue's names outweigh those of knowledge points."""
    names: dict[str, str] = {}
    for point in book.points:
        if point.name and point.item and SEPARATOR not in point.item and not point.item.endswith(WILDCARD):
            names[point.item] = point.name
    for row in book.catalogue:
        for code in (row.item_code, row.hospital_item_code):
            if code and row.name:
                names[code] = row.name
    return names
