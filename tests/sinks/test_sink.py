"""The sink as a process between real Kafka and real ClickHouse: killed, cut off, poisoned, shared, stopped."""

import urllib.error
import urllib.request
from time import monotonic, sleep

import pytest

from schemas.ledger import encode_entry
from sinks.sink import CRASH_POINTS
from streams.topics import Topic
from tests.pipeline import Pipeline
from tests.sinks import make

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
PARTITIONS = 2


@pytest.fixture
def house(kafka, database_url, topic_prefix, tmp_path):
    with Pipeline(tmp_path, kafka.bootstrap, database_url, prefix=topic_prefix, partitions=PARTITIONS) as made:
        yield made.create_topics()


@pytest.fixture
def ask(house):
    from sinks.clickhouse.connection import connect

    def rows(query):
        with connect(house.settings.clickhouse_url) as client:
            return client.execute(query)

    return rows


def publish(house, *records):
    """Send (topic, value) pairs, spread over the partitions."""
    producer = house.producer()
    for number, (topic, value) in enumerate(records):
        producer.send(house.topic(topic), value, key=b"k%d" % number, partition=number % PARTITIONS)
    producer.flush()
    producer.close()


def charges(first, count):
    return [
        (Topic.LEDGER, encode_entry(make.entry(make.charge(f"C{number}", number))))
        for number in range(first, first + count)
    ]


def assert_stored(ask, count):
    total = sum(range(count))
    assert ask("SELECT count(), uniqExact(charge_id), sum(amount_fen) FROM charge_line FINAL") == [
        (count, count, total)
    ]


def wait_for(what, happened, seconds=60):
    deadline = monotonic() + seconds
    while not happened():
        assert monotonic() < deadline, f"{what} did not happen in {seconds} s"
        sleep(0.05)


def answers(house, path):
    try:
        with urllib.request.urlopen(f"http://{house.health('sink')}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.chaos
def test_killed_at_every_point_it_stores_every_row_exactly_once(house, ask):
    share = 300
    for number, point in enumerate(CRASH_POINTS):
        # A refused record in every share, so that the dead letters' points are met too.
        publish(house, *charges(number * share, share), (Topic.LEDGER, b"\xc1 %d" % number))
        house.launch("sink", {"KONGFEI_CRASH_AT": point})
        wait_for(f"death at {point}", lambda: not house.members["sink"].is_running)
    house.start("sink")
    house.wait_caught_up("sink")

    assert_stored(ask, share * len(CRASH_POINTS))
    assert ask("SELECT count(), uniqExact(source_partition, source_offset), any(reason) FROM dead_letter FINAL") == [
        (len(CRASH_POINTS), len(CRASH_POINTS), "S402")
    ]


@pytest.mark.chaos
def test_killed_at_any_moment_it_stores_every_row_exactly_once(house, ask):
    house.start("sink")
    for number in range(6):
        publish(house, *charges(number * 2000, 2000))
        sleep(0.13 * number)
        house.kill("sink")
        house.launch("sink")
    house.keep_alive("sink")  # as its supervisor does: a sink that never gets into its group ends itself
    house.wait_caught_up("sink")

    assert_stored(ask, 12_000)


@pytest.mark.chaos
def test_clickhouse_away_is_waited_for_and_nothing_is_lost(
    kafka, clickhouse_node_factory, topic_prefix, tmp_path, monkeypatch
):
    from sinks.clickhouse.connection import connect

    node = clickhouse_node_factory()
    url = node.url.replace("/default", "/away")
    env = {"KONGFEI_BATCH_ROWS": "500", "KONGFEI_STALL_SECONDS": "6"}
    with Pipeline(tmp_path, kafka.bootstrap, url, prefix=topic_prefix, partitions=PARTITIONS, env=env) as house:
        house.create_topics().start("sink")
        publish(house, *charges(0, 1000))
        house.wait_caught_up("sink")
        pid, taken = house.pid("sink"), house.log("sink").count("partitions_taken")

        node.stop()
        publish(house, *charges(1000, 5000))
        wait_for("not ready", lambda: answers(house, "/ready") == 503)
        sleep(10)  # longer than the watchdog's patience, and than a session
        assert house.members["sink"].is_running
        assert answers(house, "/live") == 200
        assert answers(house, "/ready") == 503
        assert "reading_paused" in house.log("sink"), "it must not read more than it can hold"
        assert house.log("sink").count("partitions_taken") == taken, "it must keep its place in the group"

        node.start()
        house.wait_caught_up("sink", timeout=60)
        wait_for("ready", lambda: answers(house, "/ready") == 200)
        assert house.pid("sink") == pid
        with connect(url) as client:
            assert client.execute("SELECT count(), uniqExact(charge_id) FROM charge_line FINAL") == [(6000, 6000)]


def test_poison_becomes_dead_letters_and_the_rest_is_stored(house, ask):
    huge = make.alert("huge", value=10**30)
    house.start("sink")
    publish(
        house,
        *charges(0, 50),
        (Topic.LEDGER, b"\x00 no ledger entry"),
        (Topic.LEDGER, None),
        (Topic.VISIT_FACT, b"{"),
        (Topic.ALERT, make.record(huge).value),
        (Topic.ALERT, make.record(make.alert("good")).value),
        (Topic.DEPARTMENT_FACT, make.record(make.department_fact()).value),
        (Topic.DEAD_LETTER, b"a dead letter without any header"),
    )
    house.wait_caught_up("sink")
    wait_for("five dead letters", lambda: ask("SELECT count() FROM dead_letter FINAL") == [(5,)])

    assert_stored(ask, 50)
    assert ask("SELECT alert_id FROM alert FINAL") == [("good",)]
    assert ask("SELECT count() FROM department_fact FINAL") == [(1,)]
    assert sorted(ask("SELECT reason, source_topic, content, stage FROM dead_letter FINAL")) == [
        ("", "", "source", ""),
        ("S401", "alert.v1", "output", "sink"),
        ("S402", "ledger.v1", "ledger", "sink"),
        ("S402", "ledger.v1", "ledger", "sink"),
        ("S402", "visit.fact.v1", "output", "sink"),
    ]
    assert ask("SELECT value FROM dead_letter FINAL WHERE reason = 'S402' AND source_topic = 'visit.fact.v1'") == [
        ("{",)
    ]


def test_two_sinks_share_the_partitions_and_one_takes_over(house, ask):
    house.start("sink", "sink#2")
    publish(house, *charges(0, 2000))
    house.wait_caught_up("sink")
    assert_stored(ask, 2000)

    house.kill("sink#2")
    publish(house, *charges(2000, 2000))
    house.wait_caught_up("sink", timeout=60)

    assert_stored(ask, 4000)


def test_a_clean_stop_writes_and_commits_what_was_read(house, ask):
    house.start("sink")
    publish(house, *charges(0, 3000))
    wait_for("reading", lambda: ask("SELECT count() FROM charge_line") != [(0,)])
    house.stop("sink")

    stored = ask("SELECT count() FROM charge_line FINAL")[0][0]
    committed = sum(house.committed("sink").values())
    assert committed == stored, "what was stored is committed"
    assert '"sink_stopped"' in house.log("sink")

    house.start("sink")
    house.wait_caught_up("sink")
    assert_stored(ask, 3000)


def test_a_table_that_vanished_ends_the_process_and_commits_nothing(house, ask):
    house.start("sink")
    publish(house, *charges(0, 100))
    house.wait_caught_up("sink")
    from sinks.clickhouse.connection import connect

    with connect(house.settings.clickhouse_url) as client:
        client.execute("RENAME TABLE charge_line TO hidden")
    publish(house, *charges(100, 100))
    wait_for("the end", lambda: not house.members["sink"].is_running)

    assert sum(house.committed("sink").values()) == 100
    assert "sink_failed" in house.log("sink")
    with connect(house.settings.clickhouse_url) as client:
        client.execute("RENAME TABLE hidden TO charge_line")
    house.start("sink")
    house.wait_caught_up("sink")
    assert_stored(ask, 200)


def test_the_log_and_the_metrics_tell_of_rows_and_never_of_patients(house, ask):
    house.start("sink")
    publish(house, *charges(0, 500))
    house.wait_caught_up("sink")

    metrics = house.metrics("sink")
    assert metrics['sink_rows_total{table="charge_line"}'] == 500
    assert metrics['sink_records_total{topic="ledger.v1"}'] == 500
    assert metrics["sink_clickhouse_reachable"] == 1
    log = house.log("sink")
    assert "records_inserted" in log
    assert "P1" not in log
    assert "C17" not in log
