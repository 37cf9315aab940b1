"""kill -9 in rotation: workers, sink and broker, at random moments, while a hospital keeps publishing."""

import random
import time

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from tests.hospitals import (
    EVERYTHING,
    POLICY,
    assert_at_rest,
    assert_equals_expectation,
    assert_findings_are_those_of_an_audit,
    small_hospital,
)
from tests.integration.test_whole_pipeline import kongfei
from tests.pipeline import Pipeline

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
ROUNDS = 20
VICTIMS = ("intake", "cost", "sink", "departments", "broker")


def publish_through_outages(house: Pipeline, messages) -> None:
    """What a careful HIS does: sends again, in order, until the broker has confirmed. Duplicates are our job."""
    deadline = time.monotonic() + 120
    while True:
        producer: KafkaProducer = house.producer(linger_ms=0, request_timeout_ms=10_000, delivery_timeout_ms=15_000)
        try:
            futures = [producer.send(house.topic(m.topic), key=m.key, value=m.value) for m in messages]
            for future in futures:
                future.get(20)
        except KafkaError:
            if time.monotonic() > deadline:
                raise
        else:
            return
        finally:
            producer.close(timeout=2)


def test_twenty_rounds_of_kill_9_lose_nothing_and_count_nothing_twice(kafka_node_factory, database_url, tmp_path):
    chance = random.Random(20)
    broker = kafka_node_factory()
    hospital, messages = small_hospital(seed=23)
    env = {"KONGFEI_BOOK_DIR": POLICY}
    with Pipeline(tmp_path, broker.bootstrap, database_url, env=env) as house:
        house.create_topics().start(*EVERYTHING).keep_alive()
        share = len(messages) // ROUNDS + 1
        for number in range(ROUNDS):
            part = messages[number * share : (number + 1) * share]
            cut = chance.randrange(len(part))
            publish_through_outages(house, part[:cut])
            time.sleep(chance.random() * 0.6)
            victim = VICTIMS[number % len(VICTIMS)]
            if victim == "broker":
                broker.kill()
                time.sleep(chance.random())
                broker.start()
            else:
                house.kill(victim)
            publish_through_outages(house, part[cut:])
        house.wait_caught_up(*EVERYTHING, timeout=180)

        assert house.restarts >= ROUNDS - ROUNDS // len(VICTIMS)
        assert_at_rest(house)
        assert_totals(house, hospital)
        verdict = kongfei(house, "verify")
        assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def assert_totals(house: Pipeline, hospital) -> None:
    """As without any crash, but that a bad message which the hospital had to send twice is two dead letters."""
    wanted = hospital.expectation.dead_letters
    from tests.hospitals import query

    found = query(house, "SELECT reason, count() FROM v_dead_letter GROUP BY reason")
    assert found.keys() == wanted.keys()
    assert all(found[reason] >= count for reason, count in wanted.items())
    hospital.expectation.dead_letters = type(wanted)(found)
    assert_equals_expectation(house, hospital)
    assert assert_findings_are_those_of_an_audit(house)
