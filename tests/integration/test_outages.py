"""ClickHouse goes away for a while: alerts keep flowing, the facts catch up, nothing is lost."""

import time

import pytest

from streams.topics import Topic
from tests.hospitals import EVERYTHING, POLICY, assert_at_rest, assert_equals_expectation, publish, small_hospital
from tests.pipeline import Pipeline

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
AWAY_SECONDS = 20


def test_without_clickhouse_alerts_flow_and_afterwards_every_figure_is_there(
    kafka, clickhouse_node_factory, topic_prefix, tmp_path
):
    store = clickhouse_node_factory()
    hospital, messages = small_hospital(seed=5)
    half = len(messages) // 2
    env = {"KONGFEI_BOOK_DIR": POLICY}
    with Pipeline(tmp_path, kafka.bootstrap, store.url, prefix=topic_prefix, env=env) as house:
        house.create_topics().start(*EVERYTHING)
        publish(house, messages[:half])
        house.wait_caught_up(*EVERYTHING)
        alerts_before = len(house.records(Topic.ALERT))
        store.stop()
        away_until = time.monotonic() + AWAY_SECONDS

        publish(house, messages[half:])
        house.wait_caught_up("intake", "cost", "departments")

        assert len(house.records(Topic.ALERT)) > alerts_before + 10
        assert house.lag("sink") > 0
        time.sleep(max(0.0, away_until - time.monotonic()))
        assert house.members["sink"].is_running, house.log("sink")[-2000:]
        store.start()
        house.wait_caught_up(*EVERYTHING)
        assert_equals_expectation(house, hospital)
        assert_at_rest(house)
