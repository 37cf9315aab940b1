"""Where past visits and their findings come from, and where a run is kept (schemas/visit_history.py), by name."""

from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import Any, TypeAlias, cast

from schemas.book.entry import both
from schemas.visit_history import PatientLog, ReauditRow, Run, StoredFinding
from streams.logs import SafeError
from streams.settings import Settings

VISITS, FINDINGS, REAUDIT = "kongfei.visits", "kongfei.findings", "kongfei.reaudit"
#: Called with settings, hospital, first and last day (ISO, both included).
ReadVisits: TypeAlias = Callable[[Settings, str, str, str], Iterable[PatientLog]]
ReadFindings: TypeAlias = Callable[[Settings, str, str, str], Iterable[StoredFinding]]
WriteRun: TypeAlias = Callable[[Settings, Run, Iterable[ReauditRow]], int]


class UnknownStoreError(SafeError):
    """No store of this name is installed."""


def visit_reader(name: str) -> ReadVisits:
    """Reads the logs of patients with a visit that ended in given days. Raises UnknownStoreError."""
    return cast("ReadVisits", _load(VISITS, name))


def finding_reader(name: str) -> ReadFindings:
    """Reads the findings as they are stored. Raises UnknownStoreError."""
    return cast("ReadFindings", _load(FINDINGS, name))


def run_writer(name: str) -> WriteRun:
    """Keeps what a run found. Raises UnknownStoreError."""
    return cast("WriteRun", _load(REAUDIT, name))


def _load(group: str, name: str) -> Any:
    for entry in entry_points(group=group, name=name):
        return entry.load()
    names = ", ".join(sorted(entry.name for entry in entry_points(group=group))) or "—"
    raise UnknownStoreError(
        both(f"没有名为 {name} 的就诊数据来源，可用的有：{names}", f"no store of visits {name!r}; there are: {names}")
    )
