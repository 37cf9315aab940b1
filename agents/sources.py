"""What some package registers for the commands to read or write with, found by its name.

Agents and sinks know nothing of each other: `clickhouse` is registered by sinks, in pyproject.toml.
"""

from importlib.metadata import entry_points
from typing import Any

from schemas.book.entry import both
from streams.logs import SafeError


class UnknownSourceError(SafeError):
    """Nothing of this name is installed."""


def load_source(group: str, name: str) -> Any:
    """What is registered under a name in a group of entry points. Raises UnknownSourceError."""
    for entry in entry_points(group=group, name=name):
        return entry.load()
    names = ", ".join(sorted(entry.name for entry in entry_points(group=group))) or "—"
    raise UnknownSourceError(
        both(f"没有名为 {name} 的历史数据来源，可用的有：{names}", f"no source of history {name!r}; there are: {names}")
    )
