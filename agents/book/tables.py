"""Reads the CSV tables of a book: one row a line, a header line, UTF-8. Says what is wrong with every row at once."""

import csv
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import compress
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from agents.book.mistakes import Mistake, PolicyError
from agents.book.wording import sentence
from agents.book.yaml_file import NOT_UTF8, cannot_read
from schemas.book.book import CodeRow
from schemas.book.catalogue import CatalogueItem
from schemas.book.entry import both
from schemas.book.groups import Complication, DipGroup, DrgGroup, DrgRule, MdcRule
from schemas.book.points import Point
from schemas.book.rules import Prescriber

#: Rows that are validated at once: as quick as all at once, without holding all cells.
CHUNK = 2_000
#: More mistakes of one file than a person will read.
MOST_MISTAKES = 50


@dataclass(frozen=True, slots=True)
class TableKind:
    """One kind of table: what its rows are, and the columns without which no row can be read (one of each group)."""

    name: str
    row: type
    needed: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that mean something."""
        return tuple(getattr(self.row, "__pydantic_fields__"))  # noqa: B009 - models and dataclasses alike have it

    @property
    def says_unknown(self) -> bool:
        """Whether a column it does not know is worth a word: a hospital's item list has columns of its own."""
        return self.row is not CatalogueItem


KINDS: Final = {
    kind.name: kind
    for kind in (
        TableKind("catalogue", CatalogueItem, (("item_code", "hospital_item_code"),)),
        TableKind("dip", DipGroup, (("code",), ("diagnosis",), ("score",))),
        TableKind("codes", CodeRow, (("table",), ("code",), ("name_zh",))),
        TableKind("points", Point, (("rule",),)),
        TableKind("prescribers", Prescriber, (("doctor",),)),
        TableKind("drg.mdc", MdcRule, (("mdc",), ("order",))),
        TableKind("drg.rules", DrgRule, (("mdc",), ("adrg",), ("section",))),
        TableKind("drg.groups", DrgGroup, (("code",), ("weight",))),
        TableKind("drg.complications", Complication, (("diagnosis",), ("level",))),
    )
}


@dataclass(slots=True)
class Table:
    """The rows of one kind, of all its files, and where each stands."""

    rows: list[Any] = field(default_factory=list)
    #: (file, number of its first row among `rows`), ascending
    files: list[tuple[Path, int]] = field(default_factory=list)
    lines: "array[int]" = field(default_factory=lambda: array("I"))
    mistakes: list[Mistake] = field(default_factory=list)

    def place(self, index: int) -> tuple[Path, int]:
        """File and line of a row."""
        path = next(path for path, first in reversed(self.files) if first <= index)
        return path, self.lines[index]


def read_table(kind: TableKind, path: Path, table: Table) -> None:
    """Add the rows of one file to the table. Raises PolicyError where nothing of it can be read.

    Mistakes of rows are collected in `table.mistakes`, and such rows left out.
    """
    table.files.append((path, len(table.rows)))
    adapter: TypeAdapter[list[Any]] = TypeAdapter(list[kind.row])  # type: ignore[name-defined]
    wrong = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            for chunk in _chunks(_rows(kind, path, text, table.mistakes)):
                lines, rows = zip(*chunk, strict=True)
                try:
                    table.rows += adapter.validate_python(rows)
                    table.lines.extend(lines)
                except ValidationError as error:
                    found = list(_mistakes(path, error, lines, rows))
                    table.mistakes += found[: max(0, MOST_MISTAKES - wrong)]
                    wrong += len(found)
    except OSError as error:
        raise PolicyError([Mistake(str(path), 0, "", cannot_read(error))]) from error
    except UnicodeDecodeError as error:
        raise PolicyError([Mistake(str(path), 0, "", NOT_UTF8)]) from error
    if wrong > MOST_MISTAKES:
        more = both(f"还有 {wrong - MOST_MISTAKES} 处错误未列出", f"{wrong - MOST_MISTAKES} more mistakes not listed")
        table.mistakes.append(Mistake(str(path), 0, "", more))


def _rows(
    kind: TableKind, path: Path, text: Iterable[str], mistakes: list[Mistake]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of every row that is not empty; empty cells are absent. Equal cells are one object."""
    reader = csv.reader(text, strict=True)
    same: dict[str, str] = {}
    keep = same.setdefault
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _fits(kind, path, header, mistakes):
            return
        columns = kind.columns
        names = [name if name in columns else "" for name in header]
        width = len(header)
        for cells in reader:
            if len(cells) > width and any(cells[width:]):
                what = both(
                    f"这一行有 {len(cells)} 列，表头只有 {width} 列（含逗号的内容须加引号）",
                    f"{len(cells)} cells under {width} columns (put text with commas in quotes)",
                )
                mistakes.append(Mistake(str(path), reader.line_num, "", what))
                continue
            # Most cells are empty: `compress` passes over them without a step of Python.
            filled = compress(zip(names, cells, strict=False), cells)
            row = {name: keep(value, value) for name, cell in filled if name and (value := cell.strip())}
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        text_of = both("CSV 写法有误（引号须成对）", f"not CSV: {error}")
        mistakes.append(Mistake(str(path), reader.line_num, "", text_of))


def _fits(kind: TableKind, path: Path, header: list[str], mistakes: list[Mistake]) -> bool:
    """Whether rows under this header can be read at all; what is doubtful about it is said."""
    before = len(mistakes)
    columns = kind.columns
    for group in kind.needed:
        if not any(name in header for name in group):
            near = [name for wanted in group for name in get_close_matches(wanted, header, n=1, cutoff=0.75)]
            zh, en = (f"，表头中有 {near[0]}", f"; the header has {near[0]}") if near else ("", "")
            wanted = both(f"表头缺少此列{zh}", f"this column is missing in the header{en}")
            mistakes.append(Mistake(str(path), 1, " / ".join(group), wanted))
    twice = {name for name in header if name and header.count(name) > 1}
    same = both("表头中有两列同名", "two columns of this name")
    mistakes += [Mistake(str(path), 1, name, same) for name in sorted(twice & set(columns))]
    fits = len(mistakes) == before
    for name in dict.fromkeys(header):
        if not name or name in columns:
            continue
        near = get_close_matches(name, set(columns) - set(header), n=1, cutoff=0.8)
        if near:
            text = both(
                f"不认识的列，未使用；是否想写 {near[0]}？", f"unknown column, not used; did you mean {near[0]}?"
            )
            mistakes.append(Mistake(str(path), 1, name, text, is_error=False))
        elif kind.says_unknown:
            text = both("不认识的列，未使用", "unknown column, not used")
            mistakes.append(Mistake(str(path), 1, name, text, is_error=False))
    return fits


def _mistakes(
    path: Path, error: ValidationError, lines: tuple[int, ...], rows: tuple[dict[str, str], ...]
) -> Iterator[Mistake]:
    for item in error.errors(include_url=False):
        number, *steps = item["loc"]
        name = str(steps[0]) if steps else ""
        row = rows[int(number)]
        yield Mistake(str(path), lines[int(number)], name, sentence(item, row.get(name, "")))


def _chunks(rows: Iterable[tuple[int, dict[str, str]]]) -> Iterator[list[tuple[int, dict[str, str]]]]:
    chunk = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
