"""Partitions move between workers: the state follows, and nobody writes to what is no longer his."""

import signal
import time

import pytest

from streams.topics import Topic
from tests.streams.harness import SESSION_SECONDS, Pipeline, some_amounts, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.chaos]


def partitions_of(pipeline: Pipeline, worker) -> int:
    """How many partitions the worker said it has, last."""
    lines = [line for line in pipeline.log_of(worker).splitlines() if '"partitions_ready"' in line]
    return int(lines[-1].split('"partitions": ')[1].split(",")[0]) if lines else -1


def test_the_state_follows_a_worker_that_joins_and_one_that_leaves(pipeline: Pipeline) -> None:
    first = pipeline.start()
    pipeline.publish(some_amounts(300))
    wait_until(pipeline.is_done, "the first worker is done")

    second = pipeline.start()
    wait_until(lambda: partitions_of(pipeline, second) == 2, "the second worker has half of the partitions")
    wait_until(lambda: partitions_of(pipeline, first) == 2, "the first worker kept half")
    pipeline.publish(some_amounts(300, seed=2))
    wait_until(pipeline.is_done, "both are done")

    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0
    left_at = time.monotonic()
    wait_until(lambda: partitions_of(pipeline, second) == 4, "the second worker has all partitions")
    assert time.monotonic() - left_at < SESSION_SECONDS * 3, "a clean leave does not wait for the session's end"
    pipeline.publish(some_amounts(300, seed=3))
    wait_until(pipeline.is_done, "the second worker is done")
    assert second.poll() is None

    pipeline.assert_exact()


def test_the_state_follows_when_a_worker_is_killed_in_the_middle(pipeline: Pipeline) -> None:
    first, second = pipeline.start(KONGFEI_BATCH_RECORDS="10"), pipeline.start(KONGFEI_BATCH_RECORDS="10")
    wait_until(lambda: partitions_of(pipeline, first) == partitions_of(pipeline, second) == 2, "both have partitions")
    pipeline.publish(some_amounts(1_000))
    wait_until(lambda: sum(pipeline.committed().values()) > 0, "some progress")
    first.kill()
    pipeline.publish(some_amounts(500, seed=2))
    wait_until(pipeline.is_done, "the other worker took over")
    assert second.poll() is None

    pipeline.assert_exact()


def test_a_killed_worker_that_comes_back_keeps_its_partitions_without_a_rebalance(pipeline: Pipeline) -> None:
    first, second = pipeline.start(), pipeline.start()
    wait_until(lambda: partitions_of(pipeline, first) == partitions_of(pipeline, second) == 2, "both have partitions")
    pipeline.publish(some_amounts(200))
    wait_until(pipeline.is_done, "both are done")
    rebalances = pipeline.log_of(second).count('"partitions_ready"')

    first.kill()
    first.wait()
    pipeline.publish(some_amounts(200, seed=2))
    again = pipeline.start()
    wait_until(pipeline.is_done, "the returned worker did its part")

    assert partitions_of(pipeline, again) == 2
    assert pipeline.log_of(second).count('"partitions_ready"') == rebalances
    pipeline.assert_exact()


def test_a_worker_paused_beyond_its_session_ends_instead_of_writing(pipeline: Pipeline) -> None:
    zombie = pipeline.start(KONGFEI_BATCH_RECORDS="5")
    pipeline.publish(some_amounts(300))
    wait_until(lambda: sum(pipeline.committed().values()) > 0, "some progress")
    zombie.send_signal(signal.SIGSTOP)
    pipeline.start()
    pipeline.publish(some_amounts(300, seed=2))
    wait_until(pipeline.is_done, "the other worker took over")

    zombie.send_signal(signal.SIGCONT)

    assert zombie.wait(20) == 70
    assert '"worker_failed"' in pipeline.log_of(zombie) or '"session_lost"' in pipeline.log_of(zombie)
    pipeline.publish(some_amounts(100, seed=3))
    wait_until(pipeline.is_done, "the other worker goes on")
    pipeline.assert_exact()


def test_workers_that_come_and_go_all_the_time_lose_nothing(pipeline: Pipeline) -> None:
    stay = pipeline.start(KONGFEI_BATCH_RECORDS="20")
    for number in range(4):
        pipeline.publish(some_amounts(300, seed=number))
        guest = pipeline.start(KONGFEI_BATCH_RECORDS="20")
        time.sleep(1.5 + number * 0.3)
        guest.send_signal(signal.SIGTERM if number % 2 else signal.SIGKILL)
        guest.wait(20)
    wait_until(pipeline.is_done, "all is done")
    assert stay.poll() is None

    pipeline.assert_exact()
    assert pipeline.ends(Topic.LEDGER) == pipeline.committed()
