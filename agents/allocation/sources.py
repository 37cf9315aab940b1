"""Where history comes from: a reader that some package registers (schemas/history.py says how), found by its name.

Agents and sinks know nothing of each other: `clickhouse` is registered by sinks, in pyproject.toml.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, cast

from agents.sources import load_source
from schemas.history import HistoryRow, SpendingRow
from streams.settings import Settings

HISTORY, SPENDING = "kongfei.history", "kongfei.spending"
ReadHistory: TypeAlias = Callable[[Settings, Sequence[int], str], Iterable[HistoryRow]]
ReadSpending: TypeAlias = Callable[[Settings, int, str], Iterable[SpendingRow]]


def history_reader(name: str) -> ReadHistory:
    """Reads visits that ended in given years. Raises UnknownSourceError."""
    return cast("ReadHistory", load_source(HISTORY, name))


def spending_reader(name: str) -> ReadSpending:
    """Reads what visits admitted in a year have cost. Raises UnknownSourceError."""
    return cast("ReadSpending", load_source(SPENDING, name))
