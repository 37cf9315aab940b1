"""The sink's loop, round by round, with a consumer and a writer that do as they are told."""

from threading import Event
from time import sleep

import pytest
from kafka import TopicPartition
from kafka.errors import CommitFailedError, KafkaConnectionError

from schemas.reasons import Reason
from sinks.clickhouse.blocks import Refusal
from sinks.sink import OffsetGapError, Sink
from streams.progress import Progress
from streams.settings import Settings
from tests.sinks import make

LEDGER = TopicPartition("x.ledger.v1", 0)
FACTS = TopicPartition("x.visit.fact.v1", 0)


class Consumer:
    """Keeps the position of a partition over a rebalance, as kafka-python does."""

    def __init__(self):
        self.seeks = []
        self.committed_error = None
        self.rounds = []
        self.commits = []
        self.assigned = {LEDGER, FACTS}
        self.resting = set()
        self.listener = None
        self.commit_error = None

    def partitions_for_topic(self, topic):
        return {0}

    def subscribe(self, topics, listener):
        self.listener = listener

    def poll(self, timeout_ms, max_records):
        return self.rounds.pop(0) if self.rounds else {}

    def commit(self, offsets):
        if self.commit_error:
            raise self.commit_error
        self.commits.append({(tp.topic, tp.partition): place.offset for tp, place in offsets.items()})

    def assignment(self):
        return set(self.assigned)

    def committed(self, place, timeout_ms):
        if self.committed_error:
            raise self.committed_error
        return max((found[place] for found in self.commits if place in found), default=None)

    def seek(self, place, offset):
        self.seeks.append((place, offset))

    def seek_to_beginning(self, place):
        self.seeks.append((place, 0))

    def paused(self):
        return set(self.resting)

    def pause(self, *places):
        self.resting.update(places)

    def resume(self, *places):
        self.resting.difference_update(places)

    def close(self):
        pass


class Writer:
    """Writes when `gate` is set; remembers what it wrote."""

    def __init__(self):
        self.gate = Event()
        self.gate.set()
        self.written = []
        self.refusals = []
        self.error = None
        self.reachable = True

    def open(self):
        pass

    def write(self, shipment):
        self.gate.wait(10)
        if self.error:
            raise self.error
        self.written.append(shipment)
        return self.refusals


class DeadLetters:
    def __init__(self):
        self.sent = []
        self.error = None

    def send(self, refusals):
        if self.error:
            raise self.error
        self.sent += refusals

    def close(self):
        pass


@pytest.fixture
def parts():
    return Consumer(), Writer(), DeadLetters()


@pytest.fixture
def sink(parts):
    settings = Settings(topic_prefix="x.", batch_rows=10, batch_seconds=0.001)
    made = Sink(settings, *parts, Progress())
    yield made
    parts[1].gate.set()
    made.close()


def records(first, count, topic="x.ledger.v1"):
    return [
        make.record(make.entry(make.charge(f"C{n}")), topic, offset=n)
        if topic == "x.ledger.v1"
        else make.record(make.visit_fact(f"V{n}"), topic, offset=n, key=b"%d" % n)
        for n in range(first, first + count)
    ]


def rounds(sink, count):
    """So many rounds, and, while the writer writes, as many more as it takes until nothing waits."""
    for number in range(count + 1000):
        if number >= count and (not sink._writer.gate.is_set() or not (sink._open or sink._in_flight)):
            return
        sleep(0.002)
        sink.step()


def test_offsets_are_committed_after_the_insert_and_not_before(sink, parts):
    consumer, writer, _ = parts
    writer.gate.clear()
    consumer.rounds = [{LEDGER: records(5, 3)}]
    rounds(sink, 4)
    assert consumer.commits == []

    writer.gate.set()
    rounds(sink, 3)
    assert consumer.commits == [{("x.ledger.v1", 0): 8}]


def test_refused_records_are_dead_letters_before_the_commit(sink, parts):
    consumer, writer, dead_letters = parts
    [poisoned] = records(0, 1)
    writer.refusals = [Refusal(poisoned, Reason.ROW_REFUSED, "d")]
    consumer.rounds = [{LEDGER: records(0, 3)}]
    rounds(sink, 4)
    assert [refusal.record.offset for refusal in dead_letters.sent] == [0]
    assert consumer.commits == [{("x.ledger.v1", 0): 3}]


def test_without_the_brokers_answer_to_a_dead_letter_nothing_is_committed(sink, parts):
    consumer, _, dead_letters = parts
    dead_letters.error = KafkaConnectionError("no broker")
    consumer.rounds = [{LEDGER: records(0, 3)}]

    with pytest.raises(KafkaConnectionError):
        rounds(sink, 5)
    assert consumer.commits == []


def test_an_insert_that_failed_for_good_ends_the_loop(sink, parts):
    consumer, writer, _ = parts
    writer.error = ValueError("a bug")
    consumer.rounds = [{LEDGER: records(0, 3)}]

    with pytest.raises(ValueError, match="a bug"):
        rounds(sink, 5)
    assert consumer.commits == []


def test_it_stops_reading_but_goes_on_polling_while_the_writer_waits(sink, parts):
    consumer, writer, _ = parts
    writer.gate.clear()
    consumer.rounds = [{LEDGER: records(n * 8, 8)} for n in range(3)] + [{}] * 10
    rounds(sink, 8)
    assert consumer.resting == {LEDGER, FACTS}
    assert consumer.rounds == [{}] * 5, "the group must see it polling"

    writer.gate.set()
    rounds(sink, 8)
    assert consumer.resting == set()
    assert consumer.commits[-1] == {("x.ledger.v1", 0): 24}


def test_what_was_read_of_a_partition_that_is_taken_away_is_dropped(sink, parts):
    consumer, writer, _ = parts
    writer.gate.clear()
    consumer.rounds = [{LEDGER: records(0, 3)}, {}, {LEDGER: records(3, 3)}]
    rounds(sink, 3)
    sink.on_partitions_revoked([LEDGER])
    sink.on_partitions_assigned([LEDGER])
    # The client goes on where it was, behind what is dropped now; then it is sent back.
    consumer.rounds = [{LEDGER: records(6, 3)}, {LEDGER: records(0, 6)}, {LEDGER: records(6, 3)}]
    rounds(sink, 3)
    writer.gate.set()
    rounds(sink, 8)

    assert consumer.seeks == [(LEDGER, 0)]
    assert consumer.commits[-1] == {("x.ledger.v1", 0): 9}
    written = {row for shipment in writer.written[1:] for row in shipment.ranges.split(",")}
    assert written in ({"0:0-8"}, {"0:0-5", "0:6-8"})


def test_a_partition_that_came_back_is_read_from_its_commit_on(sink, parts):
    consumer, writer, _ = parts
    consumer.rounds = [{LEDGER: records(0, 3)}]
    rounds(sink, 4)
    assert consumer.commits == [{("x.ledger.v1", 0): 3}]
    writer.gate.clear()
    consumer.rounds = [{LEDGER: records(3, 3)}]
    rounds(sink, 1)
    sink.on_partitions_lost([LEDGER])
    consumer.committed_error = KafkaConnectionError("the group forms anew")
    consumer.rounds = [{LEDGER: records(6, 3)}]
    rounds(sink, 1)
    assert consumer.seeks == [], "it could not be asked"
    consumer.committed_error = None
    consumer.rounds = [{LEDGER: records(9, 3)}]
    rounds(sink, 1)
    assert consumer.seeks == [(LEDGER, 3)]
    consumer.rounds = [{LEDGER: records(3, 9)}]
    writer.gate.set()
    rounds(sink, 8)
    assert consumer.commits[-1] == {("x.ledger.v1", 0): 12}


def test_partitions_that_rested_before_a_rebalance_do_not_rest_for_ever(sink, parts):
    consumer, _, _ = parts
    consumer.resting = {LEDGER, FACTS}
    sink.on_partitions_revoked([LEDGER, FACTS])
    sink.on_partitions_assigned([LEDGER, FACTS])
    rounds(sink, 1)
    assert consumer.resting == set()


def test_another_topics_blocks_survive_a_rebalance_of_the_first(sink, parts):
    consumer, _, _ = parts
    consumer.rounds = [{LEDGER: records(0, 3), FACTS: records(0, 2, FACTS.topic)}]
    sink.step()
    sink.on_partitions_lost([LEDGER])
    rounds(sink, 4)

    assert {("x.visit.fact.v1", 0): 2} in consumer.commits


def test_a_commit_that_came_too_late_is_no_failure(sink, parts):
    consumer, _, _ = parts
    consumer.commit_error = CommitFailedError("rebalanced")
    consumer.rounds = [{LEDGER: records(0, 3)}]
    rounds(sink, 4)

    assert consumer.commits == []


def test_a_commit_the_broker_refuses_ends_the_loop(sink, parts):
    consumer, _, _ = parts
    consumer.commit_error = KafkaConnectionError("no broker")
    consumer.rounds = [{LEDGER: records(0, 3)}]

    with pytest.raises(KafkaConnectionError):
        rounds(sink, 5)


@pytest.mark.parametrize("gap", [[4, 5], [3, 5]])
def test_a_hole_in_the_ledger_ends_the_process(sink, parts, gap):
    consumer, _, _ = parts
    holed = [make.record(make.entry(make.charge(f"C{n}")), "x.ledger.v1", offset=n) for n in gap]
    consumer.rounds = [{LEDGER: records(0, 3)}, {LEDGER: holed}]

    with pytest.raises(OffsetGapError, match=r"ledger\.v1\[0\]: expected 3"):
        rounds(sink, 3)


def test_a_compacted_topic_may_have_holes(sink, parts):
    consumer, _, _ = parts
    consumer.rounds = [{FACTS: records(0, 1, FACTS.topic)}, {FACTS: records(7, 2, FACTS.topic)}]
    rounds(sink, 6)

    assert consumer.commits[-1] == {("x.visit.fact.v1", 0): 9}


def test_it_is_ready_when_it_has_joined_and_clickhouse_answers(parts):
    progress = Progress()
    sink = Sink(Settings(topic_prefix="x."), *parts, progress)
    sink.step()
    assert not progress.ready

    sink.on_partitions_assigned([LEDGER])
    sink.step()
    assert progress.ready
    assert progress.owned == {("x.ledger.v1", 0), ("x.visit.fact.v1", 0)}

    parts[1].reachable = False
    sink.step()
    assert not progress.ready
    sink.close()


def test_stopping_writes_and_commits_what_was_read(parts):
    consumer, writer, _ = parts
    sink = Sink(Settings(topic_prefix="x.", batch_seconds=60), *parts, Progress())
    stopping = Event()
    consumer.rounds = [{LEDGER: records(0, 3)}]
    sink.step()
    stopping.set()
    sink.run(stopping)
    sink.close()

    assert [shipment.ranges for shipment in writer.written] == ["0:0-2"]
    assert consumer.commits == [{("x.ledger.v1", 0): 3}]
