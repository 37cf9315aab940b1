"""Where past visits and their findings come from, and where a run is kept (schemas/visit_history.py), by name."""

from collections.abc import Callable, Iterable
from typing import TypeAlias, cast

from agents.sources import load_source
from schemas.visit_history import PatientLog, ReauditRow, Run, StoredFinding
from streams.settings import Settings

VISITS, FINDINGS, REAUDIT = "kongfei.visits", "kongfei.findings", "kongfei.reaudit"
#: Called with settings, hospital, first and last day (ISO, both included).
ReadVisits: TypeAlias = Callable[[Settings, str, str, str], Iterable[PatientLog]]
ReadFindings: TypeAlias = Callable[[Settings, str, str, str], Iterable[StoredFinding]]
WriteRun: TypeAlias = Callable[[Settings, Run, Iterable[ReauditRow]], int]


def visit_reader(name: str) -> ReadVisits:
    """Reads the logs of patients with a visit that ended in given days. Raises UnknownSourceError."""
    return cast("ReadVisits", load_source(VISITS, name))


def finding_reader(name: str) -> ReadFindings:
    """Reads the findings as they are stored. Raises UnknownSourceError."""
    return cast("ReadFindings", load_source(FINDINGS, name))


def run_writer(name: str) -> WriteRun:
    """Keeps what a run found. Raises UnknownSourceError."""
    return cast("WriteRun", load_source(REAUDIT, name))
