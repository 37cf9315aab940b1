"""Keeps what a re-audit found (schemas/visit_history.py): entry point `kongfei.reaudit`. Nothing else writes there."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

from schemas.book.rules import Grade
from schemas.finding import Finding
from schemas.visit_history import ReauditRow, Run, StoredFinding
from sinks.clickhouse.connection import WRITE_SETTINGS, session
from sinks.clickhouse.migrate import verify_migrated
from sinks.clickhouse.row import Row
from sinks.clickhouse.rule_rows import finding_columns
from sinks.clickhouse.tables import REAUDIT_FINDING
from streams.settings import Settings

BLOCK_ROWS = 10_000


def write_run(settings: Settings, run: Run, rows: Iterable[ReauditRow]) -> int:
    """Keep the rows of a run, taken once, in blocks; returns how many. Written again, they replace each other.

    Raises ClickHouseError.
    """
    made = _rows(run, rows)
    written = 0
    with session(settings.clickhouse_url, WRITE_SETTINGS) as client:
        verify_migrated(client, settings.timezone)
        while block := list(islice(made, BLOCK_ROWS)):
            client.execute(REAUDIT_FINDING.insert, list(zip(*block, strict=True)), columnar=True)
            written += len(block)
    return written


def _rows(run: Run, rows: Iterable[ReauditRow]) -> Iterator[Row]:
    first, last = date.fromisoformat(run.first), date.fromisoformat(run.last)
    for row in rows:
        stored = row.stored
        finding = row.finding
        if finding is None:
            if stored is None:
                continue
            finding = _as_stored(run, stored)
        yield (
            run.run_id,
            run.started_at,
            first,
            last,
            run.policy_version,
            run.rules,
            row.standing,
            None if stored is None else stored.amount_fen,
            "" if stored is None else stored.policy_version,
            row.visit_ended_at or None,
            *finding_columns(finding),
        )


def _as_stored(run: Run, stored: StoredFinding) -> Finding:
    """A finding that is not found any more, as far as it is known: what it said, and that nothing is at stake."""
    return Finding(
        finding_id=stored.finding_id,
        version=0,
        hospital=run.hospital,
        patient_id=stored.patient_id,
        visit_id=stored.visit_id,
        rule=stored.rule,
        rule_number=0,
        rule_name_zh=stored.rule_name_zh,
        rule_name_en=stored.rule_name_en,
        category="",
        kind="",
        grade=Grade(stored.grade),
        phase="",
        scenes=stored.scenes,
        subject="",
        status=stored.status,
        is_shadow=stored.is_shadow,
        amount_fen=0,
        evidence=(),
        evidence_count=0,
        what_zh=stored.what_zh,
        what_en=stored.what_en,
        clause_zh="",
        clause_en="",
        clause_source="",
        advice_zh="",
        advice_en="",
        message_zh="",
        message_en="",
        parameters={},
        inputs={},
        policy_version=stored.policy_version,
        department=stored.department,
        doctor=stored.doctor,
    )
