"""Codes that no table knows: warnings only, for provinces extend the national tables (DOMAIN section 8)."""

from collections.abc import Iterator

from schemas.book.book import Book
from schemas.book.entry import both
from schemas.book.findings import Finding
from schemas.codes import code_tables

Steps = tuple[int | str, ...]
Use = tuple[str, str, Steps]
#: Tables of which the book writes prefixes of codes.
PREFIXES = frozenset({"person_type", "special_person"})


def check_codes(book: Book) -> Iterator[Finding]:
    """Each code once that neither the shipped tables nor the book's own know, at its first place."""
    known = {table: set(codes) for table, codes in code_tables().items()}
    for row in book.codes:
        known.setdefault(row.table, set()).add(row.code)
    first: dict[tuple[str, str], Steps] = {}
    counts: dict[tuple[str, str], int] = {}
    for table, code, steps in _uses(book):
        if code and table in known and not _is_known(table, code, known[table]):
            first.setdefault((table, code), steps)
            counts[table, code] = counts.get((table, code), 0) + 1
    for (table, code), steps in first.items():
        number = counts[table, code]
        zh, en = (f"，共 {number} 处", f", {number} times") if number > 1 else ("", "")
        text = both(
            f"代码 {code} 不在代码表 {table} 中{zh}；地方代码可写进 tables.codes",
            f"{code} is not in the code table {table}{en}; local codes belong into tables.codes",
        )
        yield Finding(steps, text, is_error=False)


def _is_known(table: str, code: str, codes: set[str]) -> bool:
    if table in PREFIXES:
        return any(known.startswith(code) or code.startswith(known) for known in codes)
    return code in codes


def _uses(book: Book) -> Iterator[Use]:
    """Table, code and place of every code the book writes."""
    for section, entries in book.entries.items():
        for index, entry in enumerate(entries):
            at: Steps = (section, index)
            yield "care_type", entry.scope.care_type, (*at, "scope", "care_type")
            yield "insurance_type", entry.scope.insurance_type, (*at, "scope", "insurance_type")
            for place, code in enumerate(getattr(entry, "care_types", ())):
                yield "care_type", code, (*at, "care_types", place)
    yield from _of_settlement(book)
    for index, method in enumerate(book.methods):
        at = ("methods", index, "conditions")
        for place, code in enumerate(method.conditions.care_types):
            yield "care_type", code, (*at, "care_types", place)
        for place, code in enumerate(method.conditions.discharge_ways):
            yield "discharge_way", code, (*at, "discharge_ways", place)
    for index, item in enumerate(book.catalogue):
        if item.category:
            yield "category", item.category.zfill(2), ("catalogue", index, "category")
        yield "list_type", item.list_type, ("catalogue", index, "list_type")
        yield "insurance_type", item.insurance_type, ("catalogue", index, "insurance_type")


def _of_settlement(book: Book) -> Iterator[Use]:
    for index, benefit in enumerate(book.benefits):
        at: Steps = ("benefits", index)
        for name in ("deductibles", "ratios", "limits"):
            for place, row in enumerate(getattr(benefit, name)):
                yield "person_type", row.person, (*at, name, place, "person")
        for place, area in enumerate(benefit.out_of_area):
            yield "out_of_area", area.code, (*at, "out_of_area", place, "code")
    for index, layer in enumerate(book.layers):
        at = ("layers", index)
        for place, code in enumerate(layer.persons):
            yield "person_type", code, (*at, "persons", place)
        for place, code in enumerate(layer.special_persons):
            yield "special_person", code, (*at, "special_persons", place)
