"""Makes a book of what its files say, and finds the file and line of everything that is wrong with it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from agents.book.kind_checks import check_whole
from agents.book.mistakes import Mistake
from agents.book.names import names_at
from agents.book.tables import KINDS, Table
from agents.book.wording import sentence
from agents.book.yaml_file import YamlFile
from agents.grouper_adapter import check_grouper
from schemas.book import Book
from schemas.book.book import ENTRY_SECTIONS
from schemas.book.checks import Finding, doubled_id
from schemas.book.entry import both

Steps = tuple[int | str, ...]
TABLES = "tables"
#: The sections that YAML files fill, entry by entry.
LISTS = (*ENTRY_SECTIONS, "scenes")


@dataclass(slots=True)
class Places:
    """Where each part of the book stands: file and line."""

    head: YamlFile
    #: section → file of each entry, and the steps to it in the file
    entries: dict[str, list[tuple[YamlFile, Steps]]] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    #: table → rows that stand in no table, but in files of their own; they follow those of the table
    more_rows: dict[str, list[tuple[YamlFile, Steps]]] = field(default_factory=dict)

    def find(self, steps: Steps) -> tuple[str, int]:
        """File and line of what pydantic or a check calls by these keys and positions."""
        name = _table_name(steps)
        if name:
            row, below = int(steps[name.count(".") + 1]), steps[name.count(".") + 2 :]
            in_table = len(self.tables[name].rows) if name in self.tables else 0
            if row < in_table:
                path, line = self.tables[name].place(row)
                return str(path), line
            file, before = self.more_rows[name][row - in_table]
            return str(file.path), file.line(*before, *below)
        section = str(steps[0]) if steps else ""
        if section in self.entries and len(steps) > 1:
            file, before = self.entries[section][int(steps[1])]
            return str(file.path), file.line(*before, *steps[2:])
        if section == "drg":
            return str(self.head.path), self.head.line(TABLES, *steps)
        return str(self.head.path), self.head.line(*steps)


def _table_name(steps: Steps) -> str:
    """The table whose row these steps name, as in KINDS; empty: they name none."""
    for length in (1, 2):
        name = ".".join(str(step) for step in steps[:length])
        if name in KINDS and len(steps) > length and isinstance(steps[length], int):
            return name
    return ""


def judge(
    content: dict[str, Any], places: Places, today: date | None, *, unread: Collection[str] = ()
) -> tuple[Book | None, list[Mistake]]:
    """The book, and everything that is wrong or doubtful; None where it could be read only in part.

    unread: rules whose files could not be used: nothing is said of their absence.

    Entries that cannot be read are left out, and the rest is checked as a whole nevertheless, so that a person learns
    of every mistake at once. Without a head only the entries are judged.
    """
    if places.head.content is None:
        content = content | {"version": "?"}
    try:
        book = Book.model_validate(content)
    except ValidationError as error:
        mistakes = list(dict.fromkeys(_unreadable(error, content, places)))
        rest, kept = _without(content, error)
        try:
            partial = Book.model_validate(rest)
        except ValidationError:
            return None, mistakes
        found = [_moved(finding, kept) for finding in check_whole(partial, today) if not finding.is_of_absence]
        found += _doubled_ids(content)
        return None, mistakes + [_mistake(finding, content, places) for finding in found]
    if places.head.content is None:
        return None, []
    whole = check_whole(book, today)
    mistakes = [_mistake(finding, content, places) for finding in whole if not (unread and finding.is_of_absence)]
    path, line = places.find(("drg", "grouper"))
    mistakes += [Mistake(path, line, "tables.drg.grouper", text, is_error=False) for text in check_grouper(book)]
    return book, mistakes


def _doubled_ids(content: dict[str, Any]) -> Iterator[Finding]:
    """As schemas.book.checks does, also of entries that could not be read."""
    for section in ENTRY_SECTIONS:
        seen: dict[str, int] = {}
        for index, entry in enumerate(content.get(section, ())):
            name = entry.get("id") if isinstance(entry, dict) else None
            if name is not None and (first := seen.setdefault(str(name), index)) != index:
                yield doubled_id(section, str(name), first, index)


def _unreadable(error: ValidationError, content: dict[str, Any], places: Places) -> Iterator[Mistake]:
    found = error.errors(include_url=False)
    for item in found:
        steps: Steps = tuple(item["loc"])
        if item["type"] == "too_short" and any(other["loc"][: len(steps)] == steps != other["loc"] for other in found):
            continue  # it is too short only because what stands there could not be read
        known = names_at(steps[:-1])
        steps = as_written(steps, content, names_a_field=item["type"] in {"missing", "extra_forbidden"})
        if item["type"].startswith("union_tag"):
            steps = (*steps, "kind")
        path, line = places.find(steps)
        yield Mistake(path, line, shown(steps, content), sentence(item, value_at(content, steps), known))


def _without(content: dict[str, Any], error: ValidationError) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The content without what could not be read, and the positions of the entries that are left."""
    broken: dict[str, set[int]] = {}
    rest = dict(content)
    for item in error.errors(include_url=False):
        section, *below = item["loc"]
        if section in LISTS and below and isinstance(below[0], int):
            broken.setdefault(str(section), set()).add(below[0])
        else:
            rest.pop(str(section), None)
    rest.setdefault("version", "?")
    kept = {name: [n for n in range(len(content[name])) if n not in positions] for name, positions in broken.items()}
    for name, positions in kept.items():
        rest[name] = [content[name][position] for position in positions]
    return rest, kept


def _moved(finding: Finding, kept: dict[str, list[int]]) -> Finding:
    """The finding with the positions that the entries have in the files."""

    def moved(steps: Steps) -> Steps:
        if len(steps) > 1 and steps[0] in kept:
            return (steps[0], kept[str(steps[0])][int(steps[1])], *steps[2:])
        return steps

    return Finding(moved(finding.steps), finding.text, finding.is_error, moved(finding.other))


def _mistake(finding: Finding, content: dict[str, Any], places: Places) -> Mistake:
    path, line = places.find(finding.steps)
    text = finding.text
    if finding.other:
        other, other_line = places.find(finding.other)
        where = f"{other}:{other_line}" if other != path else ""
        text += f" ({where or both(f'第 {other_line} 行', f'line {other_line}')})"
    return Mistake(path, line, shown(finding.steps, content), text, finding.is_error)


def as_written(steps: Steps, content: Any, *, names_a_field: bool) -> Steps:
    """Without what pydantic adds to the place: the kind of a payment method, the arm of a union that it tried.

    names_a_field: the last step is a field that is missing or unknown.
    """
    written: list[int | str] = []
    found = content
    for position, step in enumerate(steps):
        is_field = isinstance(found, dict) and (step in found or (names_a_field and position == len(steps) - 1))
        if isinstance(step, str) and not is_field:
            continue
        written.append(step)
        found = _below(found, step)
    return tuple(written)


def shown(steps: Steps, content: Any) -> str:
    """Steps as a person reads them: entries by their id, other positions from 1.

    content: what the files say, or the book that was read.
    """
    parts: list[str] = []
    found = content
    for step in steps:
        found = _below(found, step)
        name = _name(found)
        parts.append((name or f"#{step + 1}") if isinstance(step, int) else step)
    return ".".join(parts)


def _name(found: Any) -> str:
    """What a person calls an entry or a row."""
    names = ("id", "code", "item_code", "hospital_item_code", "adrg", "diagnosis", "item", "doctor")
    given = (found.get(name) if isinstance(found, dict) else getattr(found, name, "") for name in names)
    return next((str(name) for name in given if name), "")


def value_at(content: Any, steps: Steps) -> Any:
    """What was written at a place; None: nothing."""
    found = content
    for step in steps:
        found = _below(found, step)
    return found


def _below(found: Any, step: int | str) -> Any:
    if isinstance(found, dict):
        return found.get(step)
    if isinstance(found, list | tuple):
        return found[step] if isinstance(step, int) and step < len(found) else None
    return getattr(found, str(step), None)
