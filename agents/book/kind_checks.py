"""Checks of the rule library against the kinds of rules: what their parameters and columns may say.

A book that passes compiles (agents.core.rules.rulebook.RuleBook), whatever the visit: settings are tried as they can
come together. Quick over 250,000 points.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import date
from difflib import get_close_matches
from itertools import product
from operator import attrgetter
from typing import Any

from pydantic import ValidationError

from agents.book.wording import sentence
from agents.core.rules.codes import age_days_e4, clinical_codes
from agents.core.rules.kind import Kind, Trigger
from agents.core.rules.kinds import KINDS
from schemas.book import Book
from schemas.book.checks import Finding, check_book
from schemas.book.entry import both
from schemas.book.points import Point
from schemas.book.rule_checks import MOST_POINTS
from schemas.book.rules import Parameter, Rule, RuleSetting

#: What a point may always say: who it is, texts for people, where and when it holds.
ALWAYS = frozenset({
    "rule", "id", "name", "unit", "clause", "clause_en", "source", "advice", "advice_en", "other_names", "alternative",
    "region", "insurance_type", "effective_from", "effective_to",
})  # fmt: skip
#: The columns that a rule's points are found by.
FOUND_BY = {
    Trigger.ITEM: ("item",),
    Trigger.GROUP: ("item",),
    Trigger.DIAGNOSIS: ("diagnoses",),
    Trigger.PROCEDURE: ("procedures",),
}
#: Kinds that are called without points.
WITHOUT_POINTS = frozenset({Trigger.EVERY_ITEM, Trigger.VISIT})
#: A parameter, as a step to where it stands; () is all of them together.
Name = tuple[str, ...]
DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(Point)}


def check_whole(book: Book, today: date | None = None) -> list[Finding]:
    """Everything that is wrong or doubtful with a book, its rule library included."""
    return [*check_book(book, today), *check_kinds(book)]


def check_kinds(book: Book, kinds: Mapping[str, Kind[Any]] = KINDS) -> Iterator[Finding]:
    """What the kinds of rules say of rules, settings and points."""
    known: dict[str, Kind[Any]] = {}
    for index, rule in enumerate(book.rules):
        kind = kinds.get(rule.kind)
        if kind is None:
            yield Finding(("rules", index, "kind"), _unknown_kind(rule.kind, kinds))
            continue
        known.setdefault(rule.code, kind)
        for below, text in parameter_mistakes(kind, rule.parameters):
            yield Finding(("rules", index, "parameters", *below), text)
    yield from _check_settings(book, known)
    for index, exemption in enumerate(book.exemptions):
        for name, listed in (("diagnoses", exemption.diagnoses), ("procedures", exemption.procedures)):
            if wrong := _bad_codes(";".join(listed)):
                yield Finding(("exemptions", index, name), wrong)
    yield from _check_points(book, known)


def _unknown_kind(name: str, kinds: Mapping[str, Kind[Any]]) -> str:
    near = get_close_matches(name, kinds, n=1, cutoff=0.6)
    if near:
        return both(f"没有规则类型 {name}，是否想写 {near[0]}？", f"no kind of rule {name}; did you mean {near[0]}?")
    return both(
        f"没有规则类型 {name}（kongfei rules kinds 列出全部）", f"no kind of rule {name}; kongfei rules kinds lists all"
    )


def parameter_mistakes(kind: Kind[Any], parameters: Mapping[str, Parameter]) -> list[tuple[Name, str]]:
    """What is wrong with parameters as written: (name, "中文 | English")."""
    try:
        kind.parameters.model_validate(dict(parameters))
    except ValidationError as error:
        known = tuple(kind.parameters.model_fields)
        found: dict[Name, str] = {}
        for item in error.errors(include_url=False):
            name: Name = (str(item["loc"][0]),) if item["loc"] else ()
            given = parameters.get(name[0]) if name else ""
            found.setdefault(name, sentence(item, "" if given is None else given, known))
        return list(found.items())
    return []


# Settings -------------------------------------------------------------------------------------------------------------


def _check_settings(book: Book, kinds: Mapping[str, Kind[Any]]) -> Iterator[Finding]:
    """Parameters of settings: each with the rule it changes, and all that can come together."""
    by_scene: dict[int, list[tuple[int, RuleSetting]]] = {}
    by_rule: dict[str, list[tuple[int, RuleSetting]]] = {}
    for index, setting in enumerate(book.rule_settings):
        if setting.parameters and setting.is_active:
            if setting.rule:
                by_rule.setdefault(setting.rule, []).append((index, setting))
            else:
                by_scene.setdefault(setting.scene, []).append((index, setting))
    for rule in book.rules if by_scene or by_rule else ():
        kind = kinds.get(rule.code)
        if kind is None or parameter_mistakes(kind, rule.parameters):
            continue
        groups = [by_scene[scene] for scene in rule.scenes if scene in by_scene]
        if rule.code in by_rule:
            groups.append(by_rule[rule.code])
        yield from _of_rule(rule, kind, groups)


def _of_rule(rule: Rule, kind: Kind[Any], groups: list[list[tuple[int, RuleSetting]]]) -> Iterator[Finding]:
    is_wrong = False
    for index, setting in (listed for group in groups for listed in group):
        for name, text in parameter_mistakes(kind, {**rule.parameters, **setting.parameters}):
            is_wrong = True
            yield Finding(
                ("rule_settings", index, "parameters", *name), text if setting.rule else f"{rule.code}: {text}"
            )
    if is_wrong or not kind.parameters.__pydantic_decorators__.model_validators:
        return  # fields that are each right are right together, unless the kind compares them
    for chosen in product(*([None, *group] for group in groups)):
        together = [listed for listed in chosen if listed is not None]
        parameters = dict(rule.parameters)
        for _, setting in together:
            parameters |= setting.parameters
        for name, text in parameter_mistakes(kind, parameters):
            index = together[-1][0]
            yield Finding(("rule_settings", index, "parameters", *name), f"{rule.code}: {text}")
            return


# Points ---------------------------------------------------------------------------------------------------------------


def _check_points(book: Book, kinds: Mapping[str, Kind[Any]]) -> Iterator[Finding]:
    judges = {code: _Judge(code, kind, book.tiers) for code, kind in kinds.items()}
    for index, point in enumerate(book.points):
        judge = judges.get(point.rule)
        if judge is not None:
            judge.look_at(index, point)
    for judge in judges.values():
        yield from judge.findings()


class _Judge:
    """Collects what is wrong with the points of one rule; many rows with one mistake are one finding."""

    def __init__(self, code: str, kind: Kind[Any], tiers: tuple[str, ...]) -> None:
        self.code = code
        self.kind = kind
        self.tiers = tiers
        found_by = FOUND_BY.get(kind.trigger, ())
        read = {*ALWAYS, *found_by, *kind.point_columns} | ({"others"} if kind.watches_others else set())
        self.needed = tuple(dict.fromkeys([*((name,) for name in found_by), *kind.needed_columns]))
        self.unread = tuple(name for name in DEFAULTS if name not in read)
        self._unread_of: Callable[[Point], Any] = attrgetter(*self.unread, "rule")
        self._unsaid = (*(DEFAULTS[name] for name in self.unread), code)
        #: Mistake → rows.
        self._empty: dict[tuple[str, ...], list[int]] = {}
        self._not_read: dict[str, list[int]] = {}
        self._wrong: list[Finding] = []
        self._count = 0
        self._first = 0

    def look_at(self, index: int, point: Point) -> None:
        """Judge one point."""
        self._first = self._first if self._count else index
        self._count += 1
        for group in self.needed:
            if not any(_is_filled(getattr(point, name), name) for name in group):
                self._empty.setdefault(group, []).append(index)
        if self._unread_of(point) != self._unsaid:
            for name in self.unread:
                if getattr(point, name) != DEFAULTS[name]:
                    self._not_read.setdefault(name, []).append(index)
        for name in ("diagnoses", "procedures"):
            cell = getattr(point, name)
            if cell and (wrong := _bad_codes(cell)):
                self._wrong.append(Finding(("points", index, name), wrong))
        if point.role and self.kind.roles and point.role not in self.kind.roles:
            known = "、".join(self.kind.roles)
            text = both(f"role 应为 {known} 之一或空着", f"role is one of {', '.join(self.kind.roles)}, or empty")
            self._wrong.append(Finding(("points", index, "role"), text))
        if point.tier and point.tier not in self.tiers:
            known = ", ".join(self.tiers)
            text = both(f"级别“{point.tier}”不在 tiers（{known}）之中", f"tier {point.tier} is none of tiers ({known})")
            self._wrong.append(Finding(("points", index, "tier"), text))
        if point.age_from and point.age_to and age_days_e4(point.age_from) >= age_days_e4(point.age_to):
            text = both("age_from 不小于 age_to，没有这样的年龄", "age_from is not below age_to: nobody is of that age")
            self._wrong.append(Finding(("points", index, "age_to"), text))

    def findings(self) -> Iterator[Finding]:
        """All that was collected."""
        if self._count and self.kind.trigger in WITHOUT_POINTS:
            text = both(
                f"规则 {self.code} 不用知识点（{self._count:,} 行未使用）",
                f"rule {self.code} uses no points ({self._count:,} rows not used)",
            )
            yield Finding(("points", self._first, "rule"), text, is_error=False)
        for group, rows in self._empty.items():
            names = " / ".join(group)
            text = both(
                f"规则 {self.code} 须填 {names}（{len(rows):,} 行空着）",
                f"rule {self.code} needs {names} (empty in {len(rows):,} rows)",
            )
            yield Finding(("points", rows[0], group[0]), text)
        for name, rows in self._not_read.items():
            text = both(
                f"规则 {self.code} 不读 {name} 列（{len(rows):,} 行填了），没有作用",
                f"rule {self.code} does not read {name} (filled in {len(rows):,} rows)",
            )
            yield Finding(("points", rows[0], name), text, is_error=False)
        yield from self._wrong[:MOST_POINTS]
        if len(self._wrong) > MOST_POINTS:
            more = len(self._wrong) - MOST_POINTS
            text = both(f"还有 {more:,} 处同样的错误未列出", f"{more:,} more mistakes of this kind not listed")
            yield Finding(self._wrong[MOST_POINTS].steps, text)


def _is_filled(value: object, name: str) -> bool:
    return value is not None and value != "" and not (name == "level" and value == 0)


def _bad_codes(cell: str) -> str:
    """What is wrong with a cell of diagnoses or operations; empty: nothing."""
    try:
        clinical_codes(cell)
    except ValueError as error:
        return both(f"编码范围 {error} 的终点在起点之前", f"the range {error} ends before it begins")
    return ""
