"""Entries that compete: of one subject, equally specific. No two of them may be in force on the same day."""

import itertools
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Protocol, TypeVar

from schemas.book.book import ENTRY_SECTIONS, Book
from schemas.book.entry import BookEntry, Scope, both
from schemas.book.findings import Finding
from schemas.book.payment import Budget, Method
from schemas.book.rules import Exemption, RuleSetting
from schemas.book.settlement import Benefit, Layer
from schemas.book.watching import Threshold

Key = tuple[object, ...]


class _Dated(Protocol):
    """What is in force between two days."""

    @property
    def effective_from(self) -> date: ...
    @property
    def effective_to(self) -> date: ...


Dated = TypeVar("Dated", bound=_Dated)


def check_overlaps(book: Book) -> Iterator[Finding]:
    """Every pair of entries, and of catalogue rows, of which the book could not say which one holds."""
    for section in ENTRY_SECTIONS:
        said = set()
        for rivals in rivalries(book, section):
            for one, other in overlapping(rivals):
                if (one, other) in said:
                    continue  # they compete for several care types
                said.add((one, other))
                names = getattr(book, section)[one].id, getattr(book, section)[other].id
                text = both(
                    f"{names[1]} 与 {names[0]} 适用范围相同、日期重叠，无法判定以谁为准",
                    f"{names[0]} and {names[1]} have the same scope and overlap in time",
                )
                yield Finding((section, other), text, other=(section, one))
    yield from _check_catalogue(book)


def rivalries(book: Book, section: str) -> Iterator[list[tuple[int, BookEntry]]]:
    """Groups of active entries that compete, each entry with its position. An entry may be in several groups."""
    groups: dict[Key, list[tuple[int, BookEntry]]] = {}
    entry: BookEntry
    for index, entry in enumerate(getattr(book, section)):
        if entry.is_active:
            for key in competes_for(entry):
                groups.setdefault(key, []).append((index, entry))
    yield from groups.values()


def competes_for(entry: BookEntry) -> Iterator[Key]:
    """What an entry decides: entries with a key in common are equally specific about the same thing."""
    scope = entry.scope
    place: Key = (scope.region_prefix, scope.hospital, scope.insurance_type, scope.department)
    match entry:
        case Threshold():
            yield *place, scope.care_type, entry.rule
        case Budget():
            yield *place, scope.care_type, entry.year
        case Benefit():
            yield from ((*place, care) for care in _care_types(scope, entry.care_types))
        case Layer():
            yield from (
                (*place, care, entry.kind, person, special)
                for care in _care_types(scope, entry.care_types)
                for person in entry.persons or ("",)
                for special in entry.special_persons or ("",)
            )
        case Method():
            yield from ((*place, care, entry.subject) for care in _care_types(scope, entry.conditions.care_types))
        case RuleSetting():
            yield *place, scope.care_type, entry.subject
        case Exemption():
            yield (entry.id,)
        case _:
            yield *place, scope.care_type


def _care_types(scope: Scope, listed: tuple[str, ...]) -> tuple[str, ...]:
    """An entry that lists care types competes as if there were one for each."""
    if scope.care_type:
        return (scope.care_type,)
    return listed or ("",)


def overlapping(dated: Iterable[tuple[int, Dated]]) -> Iterator[tuple[int, int]]:
    """Positions of every pair that is in force on a common day; the lower position first."""
    listed = sorted(dated, key=lambda item: item[1].effective_from)
    for place, (index, entry) in enumerate(listed):
        for other, later in itertools.islice(listed, place + 1, None):
            if later.effective_from > entry.effective_to:
                break
            yield min(index, other), max(index, other)


def _check_catalogue(book: Book) -> Iterator[Finding]:
    """Rows of one code (the hospital's own, where a row has one), region and insurance type."""
    first: dict[object, int] = {}
    more: dict[object, list[int]] = {}
    for index, item in enumerate(book.catalogue):
        code = item.hospital_item_code or item.item_code
        is_own = bool(item.hospital_item_code)
        plain = not (item.region or item.insurance_type or is_own)
        key: object = code if plain else (code, is_own, Scope(region=item.region).region_prefix, item.insurance_type)
        known = first.setdefault(key, index)
        if known != index:
            more.setdefault(key, [known]).append(index)
    for indices in more.values():
        for one, other in overlapping((index, book.catalogue[index]) for index in indices):
            code = book.catalogue[one].hospital_item_code or book.catalogue[one].item_code
            text = both(f"{code} 有两行在同一时间有效", f"two rows of {code} are in force at the same time")
            yield Finding(("catalogue", other), text, other=("catalogue", one))
