"""Checks of the tables: rows that contradict each other, groups that nothing leads to."""

from collections.abc import Hashable, Iterator

from schemas.book.book import Book
from schemas.book.entry import both
from schemas.book.findings import Finding

#: The grouper whose rules stand in the book.
OWN_GROUPER = "tables"
#: 先期分组: its rules are tried before every MDC, so that it needs no row of its own.
FIRST_MDC = "A"


def check_tables(book: Book) -> Iterator[Finding]:
    """Everything about DIP, DRG and code tables; the catalogue is judged with the overlaps."""
    yield from _check_dip(book)
    yield from _check_drg(book)
    codes: dict[Hashable, int] = {}
    for index, row in enumerate(book.codes):
        yield from _twice("codes", codes, (row.table, row.code), index, f"{row.table} {row.code}")


def _check_dip(book: Book) -> Iterator[Finding]:
    seen: dict[Hashable, int] = {}
    for index, row in enumerate(book.dip):
        key = (row.kind, row.diagnosis.upper(), frozenset(code.upper() for code in row.procedures))
        what = f"{row.diagnosis} {'+'.join(row.procedures)}".rstrip()
        yield from _twice("dip", seen, key, index, what)


def _check_drg(book: Book) -> Iterator[Finding]:
    tables = book.drg
    seen: dict[Hashable, int] = {}
    for index, group in enumerate(tables.groups):
        key = (group.code, group.discharge_ways, group.min_age_days, group.max_age_days)
        for finding in _twice("groups", seen, key, index, group.code):
            yield _below_drg(finding)
    levels: dict[Hashable, int] = {}
    for index, row in enumerate(tables.complications):
        for finding in _twice("complications", levels, row.diagnosis.upper(), index, row.diagnosis):
            yield _below_drg(finding)
    if tables.grouper != OWN_GROUPER:
        return
    adrgs = {rule.adrg for rule in tables.rules}
    for index, group in enumerate(tables.groups):
        if group.code[:3] not in adrgs:
            text = both(f"没有规则能分到 {group.code[:3]}", f"no rule leads to {group.code[:3]}")
            yield Finding(("drg", "groups", index, "code"), text, is_error=False, is_of_absence=True)
    weighted = {group.code[:3] for group in tables.groups}
    letters = {rule.mdc for rule in tables.mdc} | {FIRST_MDC}
    for index, rule in enumerate(tables.rules):
        if rule.adrg not in weighted:
            text = both(f"病组表中没有 {rule.adrg} 的病组，没有权重", f"no group of {rule.adrg}: it has no weight")
            yield Finding(("drg", "rules", index, "adrg"), text, is_error=False, is_of_absence=True)
        if rule.mdc not in letters:
            text = both(
                f"MDC 表中没有 {rule.mdc}，此规则不会用到", f"no MDC {rule.mdc} in the table of MDCs: never tried"
            )
            yield Finding(("drg", "rules", index, "mdc"), text, is_error=False, is_of_absence=True)


def _twice(table: str, seen: dict[Hashable, int], key: Hashable, index: int, what: str) -> Iterator[Finding]:
    first = seen.setdefault(key, index)
    if first != index:
        text = both(f"{what} 写了两行，无法判定以谁为准", f"{what} stands twice")
        yield Finding((table, index), text, other=(table, first))


def _below_drg(finding: Finding) -> Finding:
    return Finding(("drg", *finding.steps), finding.text, finding.is_error, ("drg", *finding.other))
