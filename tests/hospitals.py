"""The synthetic hospital as a test's load, and what ClickHouse must hold after it, to the fen."""

from collections import Counter
from typing import Any

from clickhouse_driver import Client

from deploy.demo.hospital.simulation import SMALL, Hospital, Message
from schemas.units import day_text
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


def assert_at_rest(pipeline: Pipeline, *stages: str) -> None:
    """Committed offsets stand exactly at the log ends."""
    from tests.pipeline import READS

    for stage in stages or EVERYTHING:
        committed = pipeline.committed(stage)
        for place, end in pipeline.ends(READS[stage]).items():
            assert committed.get(place, 0) == end, f"{stage} {place}: committed {committed.get(place)} of {end}"
