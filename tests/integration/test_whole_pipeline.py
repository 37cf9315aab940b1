"""The synthetic hospital through real Kafka, the real workers and the real ClickHouse engine."""

import subprocess
import sys

import pytest

from tests.hospitals import (
    EVERYTHING,
    POLICY,
    assert_at_rest,
    assert_equals_expectation,
    client,
    publish,
    query,
    small_hospital,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def kongfei(pipeline, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line as a user runs it."""
    import os

    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **pipeline.env, "COLUMNS": "120"},
    )


def test_the_synthetic_hospital_comes_out_to_the_fen_and_the_auditor_is_silent(pipeline):
    house = pipeline(book_dir=POLICY).start(*EVERYTHING)
    hospital, messages = small_hospital()
    publish(house, messages)
    house.wait_caught_up(*EVERYTHING)

    assert_equals_expectation(house, hospital)
    assert_at_rest(house)
    verdict = kongfei(house, "verify")
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    levels = query(house, "SELECT level, count() FROM v_alert GROUP BY level")
    assert levels.get("purple"), "the hospital has a stay beyond four times its quota"


def test_the_auditor_reports_a_planted_difference_and_exits_non_zero(pipeline):
    house = pipeline(book_dir=POLICY).start(*EVERYTHING)
    _, messages = small_hospital()
    publish(house, messages[:1500])
    house.wait_caught_up(*EVERYTHING)
    house.stop("sink")
    visit, amount = client(house).execute("SELECT visit_id, amount_fen FROM v_visit ORDER BY amount_fen DESC LIMIT 1")[
        0
    ]
    client(house).execute(
        "INSERT INTO visit_fact SELECT * REPLACE(amount_fen + 1 AS amount_fen, version + 1 AS version)"
        f" FROM visit_fact FINAL WHERE visit_id = '{visit}'"
    )

    verdict = kongfei(house, "verify")

    assert verdict.returncode == 1, verdict.stdout + verdict.stderr
    assert visit in verdict.stdout
    assert amount > 0


def test_two_cost_workers_share_the_partitions_and_one_dying_loses_nothing(pipeline):
    house = pipeline(book_dir=POLICY).start(*EVERYTHING, "cost#2")
    hospital, messages = small_hospital(seed=11)
    third = len(messages) // 3
    publish(house, messages[:third])
    house.kill("cost#2")
    publish(house, messages[third : 2 * third])
    house.launch("cost#2")
    publish(house, messages[2 * third :])
    house.wait_caught_up(*EVERYTHING)

    assert_equals_expectation(house, hospital)
    assert_at_rest(house)
