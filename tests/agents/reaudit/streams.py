"""Streams of many patients out of the cases of the shipped rules, and the logs a reader would give of them."""

from collections.abc import Iterable
from typing import Any

from agents.core.policy import Policy
from agents.reaudit.run import Reaudit
from agents.rule_library.rule_file import RuleCase
from schemas.finding import Finding
from schemas.ledger import Entry, decode_entry, version_of
from schemas.visit_history import PatientLog, ReauditRow, Run, StoredFinding
from streams.topics import Topic
from tests.agents.harness import House
from tests.agents.rules.shipped import HOSPITAL, events_of

FIRST, LAST = "2020-01-01", "2029-12-31"


def events_of_patients(cases: Iterable[RuleCase]) -> list[dict[str, Any]]:
    """The events of all cases, each case's patients apart from those of the others."""
    found = []
    for place, case in enumerate(cases):
        for event in events_of(case):
            patient = f"{place}-{event['patient_id']}"
            found.append({**event, "patient_id": patient, "event_id": f"{patient}-{event['event_id']}"})
    return found


def logs_of(house: House) -> list[PatientLog]:
    """What a reader of the store gives: each patient's ledger entries with their versions."""
    entries: dict[str, list[tuple[int, Entry]]] = {}
    for partition in range(house.partitions):
        for record in house.topics[Topic.LEDGER, partition]:
            entry = decode_entry(record.value or b"")
            version = version_of(house.settings.epoch, record.offset)
            entries.setdefault(entry.patient_id, []).append((version, entry))
    return [PatientLog(HOSPITAL, patient, tuple(mine), len(entries)) for patient, mine in entries.items()]


def run_of(first: str = FIRST, last: str = LAST, rules: tuple[str, ...] = ()) -> Run:
    return Run("run-1", HOSPITAL, first, last, "library", 0, rules)


def rows_of(
    logs: Iterable[PatientLog],
    policy: Policy,
    stored: Iterable[StoredFinding] = (),
    run: Run | None = None,
    **more: Any,
) -> list[ReauditRow]:
    return list(Reaudit(run or run_of(), policy, **more).rows(logs, stored))


def stored_of(finding: Finding, **changes: Any) -> StoredFinding:
    fields = {name: getattr(finding, name) for name in StoredFinding.__struct_fields__ if name != "grade"}
    return StoredFinding(**{**fields, "grade": finding.grade.value, **changes})
