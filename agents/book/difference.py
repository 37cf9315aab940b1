"""What changed between two books: entries and rows added, removed and changed, field by field."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter

from schemas.book import Book
from schemas.book.book import ENTRY_SECTIONS

#: Of the book itself: what is told as one part `book`.
HEAD = ("name", "status", "region", "tier", "tiers", "drg.version", "drg.grouper")
#: Tables, and the columns by which a row is known from one book to the next.
ROW_NAMES: Mapping[str, tuple[str, ...]] = {
    "hospitals": ("code",),
    "catalogue": ("hospital_item_code", "item_code", "region", "insurance_type", "effective_from"),
    "dip": ("kind", "diagnosis", "procedures"),
    "drg.mdc": ("mdc", "body_site"),
    "drg.rules": ("adrg", "section"),
    "drg.groups": ("code", "discharge_ways", "min_age_days", "max_age_days"),
    "drg.complications": ("diagnosis",),
    "codes": ("table", "code"),
    "rules": ("code",),
    "scenes": ("number",),
    "prescribers": ("doctor",),
    "points": ("rule", "id", "item", "group", "others", "diagnoses", "procedures", "region", "effective_from"),
}


#: What does not help to tell rows apart.
_UNSAID: tuple[Any, ...] = ("", (), None, date(1970, 1, 1))


@dataclass(frozen=True, slots=True)
class Change:
    """One entry or row that both books have. fields: name → (before, after) as text; empty text: not there."""

    name: str
    fields: dict[str, tuple[str, str]]


@dataclass(slots=True)
class Section:
    """What changed in one section or table: names of what came and went, and the changes of what stayed."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.removed or self.changed)


@dataclass(slots=True)
class Difference:
    """Between two books. Sections in which nothing changed are absent."""

    old: str
    new: str
    sections: dict[str, Section]

    @property
    def is_empty(self) -> bool:
        """Whether both say the same (their version names apart)."""
        return not self.sections

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"old": self.old, "new": self.new, "sections": {name: asdict(s) for name, s in self.sections.items()}}


def compare_books(old: Book, new: Book) -> Difference:
    """What changed from one book to the other. Entries are known by their id, rows by their codes."""
    sections = {"book": _compare({"": _head(old)}, {"": _head(new)})}
    for name in (*ENTRY_SECTIONS, *ROW_NAMES):
        sections[name] = _compare(rows_of(old, name), rows_of(new, name))
    return Difference(old.version, new.version, {name: part for name, part in sections.items() if not part.is_empty})


def rows_of(book: Book, name: str, most: int | None = None) -> dict[str, Any]:
    """The entries of a section by id, or the rows of a table by what tells them apart; `most`: only the first ones."""
    part = part_of(book, name)[:most]
    if name in ENTRY_SECTIONS:
        return {entry.id: entry for entry in part}
    return _rows(part, ROW_NAMES[name])


def _compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Section:
    found = Section([name for name in new if name not in old], [name for name in old if name not in new])
    for name, before in old.items():
        after = new.get(name)
        if after is None or after == before:
            continue
        was, is_now = flat(before), flat(after)
        names = dict.fromkeys((*was, *is_now))
        fields = {
            key: (was.get(key, ""), is_now.get(key, "")) for key in names if was.get(key, "") != is_now.get(key, "")
        }
        found.changed.append(Change(name, fields))
    return found


def _head(book: Book) -> dict[str, Any]:
    return {name: part_of(book, name) for name in HEAD}


def part_of(book: Book, name: str) -> Any:
    """A section or table by its name: its entries or rows (or what the head says)."""
    found: Any = book
    for step in name.split("."):
        found = getattr(found, step)
    return found


def _rows(rows: Iterable[Any], columns: tuple[str, ...]) -> dict[str, Any]:
    """Rows by name; of rows with one name the second is called `name #2`."""
    named: dict[str, Any] = {}
    seen: dict[str, int] = {}
    for row in rows:
        parts = [getattr(row, column) for column in columns]
        name = " ".join(
            "+".join(part) if isinstance(part, tuple) else str(part) for part in parts if part not in _UNSAID
        )
        count = seen[name] = seen.get(name, 0) + 1
        named[name if count == 1 else f"{name} #{count}"] = row
    return named


def flat(value: Any) -> dict[str, str]:
    """Every figure and text of an entry under its path, as it is written in a book."""
    if not isinstance(value, dict):
        kind = cast("Hashable", type(value))
        value = _adapter(kind).dump_python(value, mode="json", by_alias=True)
    return dict(_walk("", value))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _walk(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _walk(f"{path}.{name}".strip("."), child)
    elif isinstance(value, list | tuple):
        if all(not isinstance(child, dict | list | tuple) for child in value):
            if value:
                yield path, ", ".join(map(str, value))
            return
        for number, child in enumerate(value, 1):
            yield from _walk(f"{path}.#{number}", child)
    elif value is not None:
        yield path, str(value)
