"""The real event stream beside the project, through `kongfei play` and the whole pipeline: equal to the files."""

import csv
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from schemas.alerts import decode_alert
from streams.topics import Topic
from tests.hospitals import EVERYTHING, assert_at_rest, client, query

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
#: The four quotas of alerts.csv as the four levels of one rule.
QUOTAS = {"notice": 600_000, "yellow": 1_000_000, "red": 1_750_000, "purple": 4_040_000}
BOOK = """
version: quotas-of-hospital-a
thresholds:
  - id: case-cost
    rule: case_cost
    source: alerts.csv
    levels: [{level: notice, at: 6000}, {level: yellow, at: 10000}, {level: red, at: 17500}, {level: purple, at: 40400}]
"""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as lines:
        return list(csv.DictReader(lines))


def crossings(house) -> dict[tuple[str, int], tuple[str, int]]:
    """(visit, quota) → (event, running net) of the first crossing, read from the alert topic."""
    found: dict[tuple[str, int], tuple[int, str, int]] = {}
    for record in house.records(Topic.ALERT):
        alert = decode_alert(record.value)
        for step in alert.history:
            if step.what not in {"raised", "escalated"}:
                continue
            for quota in QUOTAS.values():
                first = found.get((alert.visit_id, quota))
                if quota <= QUOTAS[step.level] and (first is None or step.version < first[0]):
                    found[alert.visit_id, quota] = (step.version, step.event_id, step.value)
    return {key: (event, value) for key, (_, event, value) in found.items()}


def test_every_total_and_crossing_equals_the_files_with_a_worker_a_broker_and_the_sink_killed(
    kafka_node_factory, database_url, tmp_path, shared_hospital_a
):
    from tests.pipeline import Pipeline

    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "book.yaml").write_text(BOOK, encoding="utf-8")
    broker = kafka_node_factory()
    env = {"KONGFEI_BOOK_DIR": str(tmp_path / "book")}
    with Pipeline(tmp_path, broker.bootstrap, database_url, env=env) as house:
        house.create_topics().start(*EVERYTHING).keep_alive()
        player = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "streams.cli",
                "play",
                str(shared_hospital_a / "events.ndjson.gz"),
                "--rate",
                "4000",
            ],
            env={**os.environ, **house.env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        wait_until_ledger_holds(house, 8_000)
        house.kill("cost")
        wait_until_ledger_holds(house, 14_000)
        house.kill("sink")
        wait_until_ledger_holds(house, 20_000)
        broker.kill()
        broker.start()
        _, said = player.communicate(timeout=120)
        assert player.returncode == 0, said.decode()
        house.wait_caught_up(*EVERYTHING, timeout=150)

        assert_equal_to_files(house, shared_hospital_a)
        assert_at_rest(house)


def wait_until_ledger_holds(house, count: int) -> None:
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if sum(house.ends([Topic.LEDGER]).values()) >= count:
            return
        time.sleep(0.1)
    raise AssertionError(f"the ledger never held {count} entries")


def assert_equal_to_files(house, folder: Path) -> None:
    visits = {
        row[0]: row[1:]
        for row in client(house).execute(
            "SELECT visit_id, amount_fen, gross_fen, refund_fen, charge_count, refund_count FROM v_visit"
        )
    }
    columns = ("net_cents", "gross_cents", "refund_cents", "n_charge", "n_refund")
    wanted = {
        row["encounter_id"]: tuple(int(row[name]) for name in columns) for row in rows(folder / "per_encounter.csv")
    }
    assert {visit: row for visit, row in visits.items() if any(row)} == wanted  # stays without a charge are not listed
    departments = query(house, "SELECT department, sum(amount_fen) FROM v_department_month GROUP BY department")
    assert departments == {row["dept"]: int(row["net_cents"]) for row in rows(folder / "per_dept.csv")}
    days = {str(day): fen for day, fen in query(house, "SELECT charged_on, amount_fen FROM v_day").items()}
    assert days == {row["d"]: int(row["net_cents"]) for row in rows(folder / "per_day.csv")}
    expected = defaultdict(tuple)
    for row in rows(folder / "alerts.csv"):
        key = (row["encounter_id"], int(row["quota_cents"]))
        expected[key] = (row["first_cross_event_id"], int(row["running_net_cents"]))
    assert crossings(house) == dict(expected)
    assert house.records(Topic.DEAD_LETTER) == []
