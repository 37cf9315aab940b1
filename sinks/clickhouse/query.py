"""`kongfei sql`: one statement, its answer as a table, JSON or CSV. Read-only unless told otherwise."""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sinks.clickhouse.connection import session
from streams.settings import Settings

#: readonly = 2: reading and SET only, whatever the statement says.
READ_ONLY = {"readonly": 2}
_DECIMAL = re.compile(r"(?:Nullable\()?Decimal\(\d+, (\d+)\)\)?")
_FEW_COLUMNS = 6
_NUMBERS = ("Int", "UInt", "Float", "Decimal")


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns as (name, type), rows as tuples; a statement that answers nothing has neither."""

    columns: Sequence[tuple[str, str]]
    rows: Sequence[tuple[Any, ...]]


def run_query(settings: Settings, statement: str, *, read_only: bool = True) -> Answer:
    """Ask ClickHouse. Raises ClickHouseError with the server's own words: the one who asks wrote the statement."""
    with session(settings.clickhouse_url, READ_ONLY if read_only else None) as client:
        answer = client.execute(statement, with_column_types=True)
    rows, columns = answer if isinstance(answer, tuple) else ([], [])
    return Answer(columns, _with_places(rows, columns))


def views(settings: Settings) -> Answer:
    """The analysts' views and what they say of themselves."""
    return run_query(
        settings,
        "SELECT name AS view, comment AS meaning FROM system.tables"
        " WHERE database = currentDatabase() AND startsWith(name, 'v_') ORDER BY name",
    )


def show_table(console: Console, answer: Answer, most: int) -> None:
    """Print the answer, at most `most` rows (0: all): as a table, or field by field where a table is too wide."""
    shown = answer.rows[:most] if most else answer.rows
    names = [name for name, _ in answer.columns]
    cells = [[cell_text(cell) for cell in row] for row in shown]
    widths = [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]
    if sum(widths) + 3 * len(widths) + 1 <= console.width or len(names) <= _FEW_COLUMNS:
        if names:
            console.print(_table(answer.columns, cells))
    else:
        for number, row in enumerate(cells, start=1):
            console.rule(f"第 {number} 行 | row {number}", align="left")
            console.print(_fields(names, row))
    left = len(answer.rows) - len(shown)
    more = f"，另有 {left} 行未显示 | {left} more rows (--limit 0)" if left else ""
    console.print(f"{len(answer.rows)} 行 | rows{more}", highlight=False)


def _table(columns: Sequence[tuple[str, str]], cells: Sequence[Sequence[str]]) -> Table:
    table = Table()
    for name, kind in columns:
        is_number = kind.removeprefix("Nullable(").startswith(_NUMBERS)
        table.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def _fields(names: Sequence[str], row: Sequence[str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, cell in zip(names, row, strict=True):
        table.add_row(Text(name, style="bold"), Text(cell, overflow="fold"))
    return table


def to_json(answer: Answer) -> str:
    """A list of objects; decimals as text, times in ISO 8601."""
    names = [name for name, _ in answer.columns]
    found = [dict(zip(names, row, strict=True)) for row in answer.rows]
    return json.dumps(found, ensure_ascii=False, indent=2, default=_plain)


def to_csv(answer: Answer) -> str:
    """Comma separated, with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(name for name, _ in answer.columns)
    writer.writerows([cell_text(cell, null="") for cell in row] for row in answer.rows)
    return out.getvalue()


def cell_text(cell: Any, null: str = "—") -> str:
    """One value as people read it: times as the column's zone has them, those in UTC with a Z."""
    if cell is None:
        return null
    if isinstance(cell, datetime):
        shown = cell.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds" if cell.microsecond else "seconds")
        return f"{shown}Z" if cell.tzinfo is not None and not cell.utcoffset() else shown
    if isinstance(cell, list | tuple | dict):
        return json.dumps(cell, ensure_ascii=False, default=_plain)
    return str(_plain(cell)) if isinstance(cell, bytes | Decimal) else str(cell)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _with_places(rows: Sequence[tuple[Any, ...]], columns: Sequence[tuple[str, str]]) -> Sequence[tuple[Any, ...]]:
    """Decimals with all the places of their column: the driver says 12.5 where the column holds 12.50."""
    places = {
        index: Decimal(1).scaleb(-int(match[1]))
        for index, (_, kind) in enumerate(columns)
        if (match := _DECIMAL.fullmatch(kind))
    }
    if not places:
        return rows
    return [
        tuple(
            cell.quantize(places[index]) if index in places and cell is not None else cell
            for index, cell in enumerate(row)
        )
        for row in rows
    ]
