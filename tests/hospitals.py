"""The synthetic hospital as a test's load, and what ClickHouse must hold after it, to the fen."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from clickhouse_driver import Client

from agents.book import load_policy
from agents.core.reduce import reduce
from agents.core.visit import Visit, VisitKey
from deploy.demo.hospital.case import End
from deploy.demo.hospital.cases import ONLY_SCRIPTED
from deploy.demo.hospital.simulation import SMALL, Hospital, Message
from schemas.finding import OPEN, Finding, decode_finding
from schemas.ledger import decode_entry, version_of
from schemas.units import day_text
from streams.topics import Topic
from tests.agents.rules.shipped import audit_of_visits
from tests.pipeline import SINK, Pipeline

POLICY = "deploy/policies/demo"
EVERYTHING = ("intake", "cost", "departments", SINK)


def small_hospital(seed: int = 7) -> tuple[Hospital, list[Message]]:
    hospital = Hospital(seed, SMALL)
    return hospital, hospital.batch()


def publish(pipeline: Pipeline, messages: list[Message], producer: Any = None) -> None:
    """In order, each confirmed by the broker before this returns."""
    own = producer or pipeline.producer()
    futures = [own.send(pipeline.topic(m.topic), key=m.key, value=m.value) for m in messages]
    own.flush(60)
    for future in futures:
        future.get(60)
    if producer is None:
        own.close()


def client(pipeline: Pipeline) -> Client:
    return Client.from_url(pipeline.env["CLICKHOUSE_URL"])


def query(pipeline: Pipeline, sql: str) -> dict[Any, Any]:
    """Two columns as a mapping."""
    return dict(client(pipeline).execute(sql))


def nonzero(sums: dict[Any, int]) -> dict[Any, int]:
    return {key: value for key, value in sums.items() if value}


def assert_equals_expectation(pipeline: Pipeline, hospital: Hospital) -> None:
    """Every total of the hospital, and every dead letter by reason."""
    expected = hospital.expectation
    assert query(pipeline, "SELECT visit_id, amount_fen FROM v_visit") == expected.by_visit()
    charged = query(pipeline, "SELECT visit_id, sum(amount_fen) FROM v_charge GROUP BY visit_id")
    assert nonzero(charged) == nonzero(expected.by_visit())
    categories = client(pipeline).execute("SELECT visit_id, category, amount_fen FROM v_visit_category")
    assert nonzero({row[:2]: row[2] for row in categories}) == nonzero(expected.by_visit_category())
    departments = client(pipeline).execute("SELECT department, month, amount_fen FROM v_department_month")
    assert nonzero({row[:2]: row[2] for row in departments}) == nonzero(expected.by_department_month())
    days = query(pipeline, "SELECT charged_on, amount_fen FROM v_day")
    assert nonzero({str(day): fen for day, fen in days.items()}) == {
        day_text(day): fen for day, fen in nonzero(expected.by_day()).items()
    }
    dead = query(pipeline, "SELECT reason, count() FROM v_dead_letter GROUP BY reason")
    assert Counter(dead) == expected.dead_letters
    assert_scripted_rules(pipeline, hospital)


def assert_scripted_rules(pipeline: Pipeline, hospital: Hospital) -> None:
    """What the scripted cases say must stand, stands; what was refunded or is in order does not; nothing besides."""
    expected = hospital.expectation.findings
    rows = client(pipeline).execute("SELECT visit_id, rule FROM v_finding")
    stands = {key for key in rows if key in expected or key[1] in ONLY_SCRIPTED}
    assert stands == {key for key, end in expected.items() if end == End.OPEN}


def assert_at_rest(pipeline: Pipeline, *stages: str) -> None:
    """Committed offsets stand exactly at the log ends."""
    from tests.pipeline import READS

    for stage in stages or EVERYTHING:
        committed = pipeline.committed(stage)
        for place, end in pipeline.ends(READS[stage]).items():
            assert committed.get(place, 0) == end, f"{stage} {place}: committed {committed.get(place)} of {end}"


def assert_findings_are_those_of_an_audit(pipeline: Pipeline) -> int:
    """What a reader of `finding.v1` ends up with is what a full audit of the ledger's visits says; returns how many."""
    policy = load_policy(Path(POLICY))
    visits: dict[VisitKey, Visit] = {}
    for record in pipeline.records(Topic.LEDGER):
        entry = decode_entry(record.value)
        key = VisitKey(entry.hospital, entry.patient_id, entry.visit_id)
        visit = visits.setdefault(key, Visit.load(key, {})) if key not in visits else visits[key]
        reduce(visit, entry, version_of(1, record.offset), policy)
    expected = {finding.finding_id: comparable(finding) for finding in audit_of_visits(list(visits.values()), policy)}
    latest: dict[str, Finding] = {}
    for record in pipeline.records(Topic.FINDING):
        finding = decode_finding(record.value)
        known = latest.get(finding.finding_id)
        if known is None or finding.version >= known.version:
            latest[finding.finding_id] = finding
    found = {key: comparable(finding) for key, finding in latest.items() if finding.status == OPEN}
    keys = found.keys() | expected.keys()
    apart = {key: (found.get(key), expected.get(key)) for key in keys if found.get(key) != expected.get(key)}
    assert not apart, apart
    return len(found)


def comparable(finding: Finding) -> Finding:
    """What was found, without when it was told or answered."""
    return msgspec.structs.replace(finding, version=0, raised_at=0, updated_at=0, times=1, answers=())
