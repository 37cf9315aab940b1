"""kill -9 at every step of a batch, at a revocation, and of the broker: totals are exact afterwards."""

import signal

import pytest

from streams.crash import CRASH_POINTS, VARIABLE
from tests.streams.harness import Pipeline, some_amounts, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.chaos]

#: Reached only when a worker gives partitions up.
AT_A_REBALANCE = {"in_revocation"}
#: A short run may reach these only once.
AT_MOST_ONCE = {"after_fence", "after_restore", "before_commit", "after_commit"}


@pytest.mark.parametrize("point", [name for name in CRASH_POINTS if name not in AT_A_REBALANCE])
def test_a_worker_killed_at_any_step_loses_nothing_and_counts_nothing_twice(pipeline: Pipeline, point: str) -> None:
    visits = 1 if point in AT_MOST_ONCE else 2
    pipeline.publish(some_amounts(400))
    victim = pipeline.start(**{VARIABLE: f"{point}:{visits}", "KONGFEI_BATCH_RECORDS": "40"})
    assert victim.wait(30) == -signal.SIGKILL

    pipeline.publish(some_amounts(100, seed=2))
    survivor = pipeline.start()
    wait_until(pipeline.is_done, "the committed offsets are at the log's end")
    survivor.send_signal(signal.SIGTERM)
    assert survivor.wait(20) == 0

    pipeline.assert_exact()


def test_a_worker_killed_in_a_revocation_loses_nothing(pipeline: Pipeline) -> None:
    # The first revocation, of nothing, comes when the worker joins.
    victim = pipeline.start(**{VARIABLE: "in_revocation:2"})
    pipeline.publish(some_amounts(200))
    wait_until(pipeline.is_done, "the first worker is at work")
    survivor = pipeline.start()
    pipeline.publish(some_amounts(200, seed=2))
    assert victim.wait(30) == -signal.SIGKILL
    wait_until(pipeline.is_done, "the second worker took over")
    assert survivor.poll() is None

    pipeline.assert_exact()


def test_workers_killed_again_and_again_lose_nothing(pipeline: Pipeline) -> None:
    for round_number in range(6):
        pipeline.publish(some_amounts(300, seed=round_number))
        worker = pipeline.start(KONGFEI_BATCH_RECORDS="20")
        before = sum(pipeline.committed().values())
        wait_until(lambda before=before: sum(pipeline.committed().values()) > before, "some progress")
        worker.kill()
        worker.wait()
    pipeline.start()
    wait_until(pipeline.is_done, "the committed offsets are at the log's end")

    pipeline.assert_exact()


def test_a_broker_killed_under_a_worker_loses_nothing(kafka_node_factory, topic_prefix, tmp_path) -> None:
    node = kafka_node_factory(quick_start=True)
    pipeline = Pipeline(node.bootstrap, topic_prefix, tmp_path)
    try:
        worker = pipeline.start(KONGFEI_BATCH_RECORDS="50")
        pipeline.publish(some_amounts(2_000))
        wait_until(lambda: sum(pipeline.committed().values()) > 0, "some progress")
        node.kill()
        node.start()
        pipeline.publish(some_amounts(500, seed=2))
        if worker.poll() is not None:  # it may survive the outage or end in it: either is right
            pipeline.start()
        wait_until(lambda: pipeline.is_done() or worker.poll() is not None, "the worker did something", 90)
        if worker.poll() is not None:
            pipeline.start()
        wait_until(pipeline.is_done, "the committed offsets are at the log's end", 90)
        pipeline.assert_exact()
    finally:
        pipeline.close()
