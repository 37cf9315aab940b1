"""Where history comes from: a reader that some package registers (schemas/history.py says how), found by its name.

Agents and sinks know nothing of each other: `clickhouse` is registered by sinks, in pyproject.toml.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points
from typing import Any, TypeAlias, cast

from schemas.book.entry import both
from schemas.history import HistoryRow, SpendingRow
from streams.logs import SafeError
from streams.settings import Settings

HISTORY, SPENDING = "kongfei.history", "kongfei.spending"
ReadHistory: TypeAlias = Callable[[Settings, Sequence[int], str], Iterable[HistoryRow]]
ReadSpending: TypeAlias = Callable[[Settings, int, str], Iterable[SpendingRow]]


class UnknownSourceError(SafeError):
    """No reader of this name is installed."""


def history_reader(name: str) -> ReadHistory:
    """Reads visits that ended in given years. Raises UnknownSourceError."""
    return cast("ReadHistory", _load(HISTORY, name))


def spending_reader(name: str) -> ReadSpending:
    """Reads what visits admitted in a year have cost. Raises UnknownSourceError."""
    return cast("ReadSpending", _load(SPENDING, name))


def _load(group: str, name: str) -> Any:
    for entry in entry_points(group=group, name=name):
        return entry.load()
    names = ", ".join(sorted(entry.name for entry in entry_points(group=group))) or "—"
    raise UnknownSourceError(
        both(f"没有名为 {name} 的历史数据来源，可用的有：{names}", f"no source of history {name!r}; there are: {names}")
    )
