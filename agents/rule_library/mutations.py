"""Mutates a rule file, one parameter or one column of its knowledge points at a time.

Each change must make at least one case fail, else nothing holds the rule to that value. Numbers go one step of their
written precision up and down, ages and days one of their unit; switches and sexes are flipped; each element of a
parameter's list is dropped, and of a column's cells at least one; foreign codes take the place of all; groups are taken
apart; exemptions are dropped. What a rule leaves to its kind's defaults is changed too. Texts for people are left
alone, and so is what a kind could not read.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from agents.core.rules.kind import Kind
from agents.core.rules.kinds import KINDS
from agents.rule_library.case_visit import MadeCase, make_case
from agents.rule_library.changes import FOREIGN, dropped, moved_age, moved_number, parameter_changes
from agents.rule_library.rule_file import RuleFile
from agents.rule_library.testing import judge_case, shipped_exemptions
from schemas.book.points import Point
from schemas.book.rules import Exemption, Parameter

#: Columns that decide nothing: who it is, and texts for people.
TEXTS = frozenset({
    "rule", "id", "name", "unit", "clause", "clause_en", "source", "advice", "advice_en", "other_names", "alternative",
})  # fmt: skip
#: Columns that hold codes parted by semicolons.
LISTS = frozenset({
    "item", "others", "diagnoses", "procedures", "insurance_types", "care_types", "departments", "specialities",
    "grades", "mode",
})  # fmt: skip
#: The largest step of a number column: a whole unit, a fen, a fen of a price, a percent.
STEPS = {"quantity": 10_000, "amount": 1, "price": 10_000, "share": 100, "days": 1, "times": 1, "hours": 1, "level": 1}
TIERS = ("1", "2", "3")
MOST_SHOWN = 60
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Point)}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change. files: the ways to make it; it is noticed when any of them makes a case fail."""

    place: str
    change: str
    files: tuple[RuleFile, ...]


@dataclass(frozen=True, slots=True)
class MutationResult:
    """How many changes were tried on a rule, and those that no case noticed."""

    code: str
    count: int
    survivors: tuple[Mutation, ...]


def run_mutations(file: RuleFile, exemptions: Sequence[Exemption] | None = None) -> MutationResult:
    """Try every change on the cases of a rule, all of which must hold. Raises CaseError, RejectError."""
    known = shipped_exemptions() if exemptions is None else tuple(exemptions)
    made = [make_case(case) for case in file.cases]
    tried = list(mutations_of(file))
    missed = tuple(change for change in tried if not any(_is_noticed(other, made, known) for other in change.files))
    return MutationResult(file.rule.code, len(tried), missed)


def _is_noticed(file: RuleFile, made: Iterable[MadeCase], exemptions: Sequence[Exemption]) -> bool:
    try:
        return any(not judge_case(file, case, exemptions).holds for case in made)
    except ValueError:  # the kind refuses what it is given
        return True


def mutations_of(file: RuleFile) -> Iterator[Mutation]:
    """Every change that the rule's kind can read."""
    kind = KINDS[file.rule.kind]
    yield from _of_parameters(file, kind)
    for name in file.rule.exemptions:
        left = tuple(other for other in file.rule.exemptions if other != name)
        yield Mutation("exemptions", f"− {name}", (_with_rule(file, exemptions=left),))
    for name, unsaid in _DEFAULTS.items():
        if name not in TEXTS and any(getattr(point, name) != unsaid for point in file.points):
            yield from _of_column(file, kind, name)


def _with_rule(file: RuleFile, **changes: Any) -> RuleFile:
    return file.model_copy(update={"rule": file.rule.model_copy(update=changes)})


# Parameters -----------------------------------------------------------------------------------------------------------


def _of_parameters(file: RuleFile, kind: Kind[Any]) -> Iterator[Mutation]:
    known = kind.parameters.model_fields
    for name, value in _in_force(file, kind).items():
        for other in parameter_changes(value, known[name].annotation if name in known else str):
            parameters = {**file.rule.parameters, name: other}
            if _is_readable(kind, parameters):
                text = f"{_text(value)} → {_text(other)}"
                yield Mutation(f"parameters.{name}", text, (_with_rule(file, parameters=parameters),))


def _in_force(file: RuleFile, kind: Kind[Any]) -> dict[str, Parameter]:
    """The parameters of the rule, and what its kind takes for those it does not write (but what is off or empty)."""
    written = dict(file.rule.parameters)
    read = kind.parameters.model_validate(written).model_dump(mode="json")
    for name, value in read.items():
        if name not in written and value:
            written[name] = tuple(map(str, value)) if isinstance(value, list) else value
    return written


def _is_readable(kind: Kind[Any], parameters: dict[str, Any]) -> bool:
    try:
        kind.parameters.model_validate(parameters)
    except ValidationError:
        return False
    return True


def _text(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


# Columns --------------------------------------------------------------------------------------------------------------


def _of_column(file: RuleFile, kind: Kind[Any], name: str) -> Iterator[Mutation]:
    """Changes of one column over all points that fill it."""
    place = f"points.{name}"
    if name == "group":
        groups = [point.group for point in file.points]
        if len(set(groups)) < len(groups):
            apart = tuple(_changed(point, name, f"{point.group}-{row}") for row, point in enumerate(file.points))
            yield Mutation(place, "each its own", (_with_points(file, apart),))
        return
    if name in LISTS:
        is_needed = any(name in group for group in kind.needed_columns) or name == "item"
        fewer = tuple(_dropping(file, name, is_needed=is_needed))
        if fewer:
            yield Mutation(place, "one code dropped", fewer)
        yield Mutation(place, f"→ {FOREIGN}", (_with_all(file, name, lambda _: FOREIGN),))
        return
    for text, change in _changes_of(name):
        other = _with_all(file, name, change)
        if other.points != file.points:
            yield Mutation(place, text, (other,))


def _dropping(file: RuleFile, name: str, *, is_needed: bool) -> Iterator[RuleFile]:
    """The file with one code of one cell dropped, for every code of every cell."""
    for row, point in enumerate(file.points):
        cell: str = getattr(point, name)
        shorter = list(dropped(cell)) or ([] if is_needed or not cell else [""])
        for other in shorter:
            points = (*file.points[:row], _changed(point, name, other), *file.points[row + 1 :])
            yield _with_points(file, points)


def _changes_of(name: str) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """The changes of a column that is no list: what it is called, and old value → new one (the same: not possible)."""
    if name in STEPS:
        step = STEPS[name]
        yield "+1 step", lambda value: moved_number(value, step, 1)
        yield "−1 step", lambda value: moved_number(value, step, -1)
    elif name in {"age_from", "age_to"}:
        yield "+1", lambda value: moved_age(value, 1)
        yield "−1", lambda value: moved_age(value, -1)
    elif name in {"effective_from", "effective_to"}:
        yield "+1 day", lambda value: value + timedelta(days=1)
        yield "−1 day", lambda value: value - timedelta(days=1)
    elif name == "sex":
        yield "flipped", lambda value: "2" if value == "1" else "1"
    elif name == "tier":
        yield "+1", lambda value: _tier(value, 1)
        yield "−1", lambda value: _tier(value, -1)
    else:
        yield f"→ {FOREIGN}", lambda _: FOREIGN


def _tier(value: str, step: int) -> str:
    if value not in TIERS:
        return FOREIGN
    place = TIERS.index(value) + step
    return TIERS[place] if 0 <= place < len(TIERS) else value


def _with_all(file: RuleFile, name: str, change: Callable[[Any], Any]) -> RuleFile:
    """The file with one column changed in every point that fills it."""
    return _with_points(
        file,
        tuple(
            point if (value := getattr(point, name)) == _DEFAULTS[name] else _changed(point, name, change(value))
            for point in file.points
        ),
    )


def _with_points(file: RuleFile, points: tuple[Point, ...]) -> RuleFile:
    return file.model_copy(update={"points": points})


def _changed(point: Point, name: str, value: str | int | date) -> Point:
    """A copy with one column changed, in the units in which points hold it."""
    made = copy.copy(point)
    object.__setattr__(made, name, value)
    return made
