"""Following a topic whose newest usable record holds: what is in force, at start and while a stage works."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from structlog.testing import capture_logs

from streams.admin import create_topics
from streams.bulletin import NotPostedError, post, read_bulletin
from streams.follower import Follower
from streams.logs import SafeError
from streams.settings import Settings
from streams.topics import MEBIBYTE, Topic

pytestmark = pytest.mark.integration

TOPIC = Topic.POLICY_BOOK


class Numbers:
    """A stage that follows whole numbers."""

    follows = (TOPIC,)

    def __init__(self) -> None:
        self.adopted: list[int] = []
        self.read_values: list[bytes | None] = []
        self.read_seconds = 0.0
        self.working: asyncio.Lock | None = None

    def read(self, topic: str, key: bytes | None, value: bytes | None) -> object:
        assert topic == TOPIC
        self.read_values.append(value)
        time.sleep(self.read_seconds)
        if value == b"unsafe":
            raise RuntimeError("what nobody thought of")
        if value == b"safe":
            raise SafeError("said in words")
        return int(value or b"")

    def adopt(self, topic: str, value: object) -> None:
        assert isinstance(value, int)
        assert self.working is not None
        assert self.working.locked(), "adopted while a batch may be at work"
        self.adopted.append(value)

    def describe(self, topic: str) -> dict[str, str]:
        return {"version": str(self.adopted[-1])}


class Board:
    """The topic, and a stage's follower on it."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.settings = Settings(kafka_bootstrap_servers=bootstrap, topic_prefix=prefix, partitions=2)
        create_topics(self.settings, [TOPIC])
        self.name = prefix + TOPIC
        self.stage = Numbers()
        self._producer = KafkaProducer(bootstrap_servers=bootstrap)

    def configure(self, **config: str) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap_servers)
        config = {name.replace("_", "."): value for name, value in config.items()}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, self.name, config)])
        admin.close()

    def delete_before(self, offset: int) -> None:
        """As if the cleaner had taken them."""
        self.configure(cleanup_policy="compact,delete")
        admin = KafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap_servers)
        admin.delete_records({TopicPartition(self.name, 0): offset})
        admin.close()

    def publish(self, *values: bytes | None) -> None:
        for value in values:
            self._producer.send(self.name, key=b"book", value=value, partition=0).get(30)

    def close(self) -> None:
        self._producer.close()

    def run(self, scenario: Callable[[Follower], Awaitable[None]], *, follow: bool = True) -> None:
        """Start the follower, follow in the background and play the scenario."""

        async def play() -> None:
            self.stage.working = asyncio.Lock()
            follower = Follower(self.settings, "toy", self.stage, self.stage.working)
            await follower.start()
            task = asyncio.ensure_future(follower.follow()) if follow else None
            try:
                await scenario(follower)
            finally:
                if task is not None:
                    task.cancel()
                await follower.stop()

        asyncio.run(play())

    def adopted_at_start(self) -> list[int]:
        async def nothing(_: Follower) -> None:
            return

        self.run(nothing, follow=False)
        return self.stage.adopted


@pytest.fixture
def board(kafka, topic_prefix):
    made = Board(kafka.bootstrap, topic_prefix)
    yield made
    made.close()


async def until(is_so: Callable[[], bool], seconds: float = 10) -> float:
    """How long it took."""
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < seconds
        await asyncio.sleep(0.01)
    return time.monotonic() - started


def test_nothing_is_adopted_from_an_empty_topic(board):
    assert board.adopted_at_start() == []


def test_at_start_only_the_newest_record_is_read_and_adopted(board):
    board.publish(b"1", b"2", b"3")
    assert board.adopted_at_start() == [3]
    assert board.stage.read_values == [b"3"]


def test_at_start_the_newest_usable_record_holds(board):
    board.publish(b"1", b"2", b"no number", None)
    assert board.adopted_at_start() == [2]


def test_with_broken_records_only_nothing_is_adopted(board):
    board.publish(b"no number", b"safe", b"unsafe")
    assert board.adopted_at_start() == []


def test_old_records_that_are_gone_are_not_missed(board):
    board.publish(b"1", b"2", b"3", b"4")
    board.delete_before(3)
    assert board.adopted_at_start() == [4]


def test_a_topic_all_of_whose_records_are_gone_is_read_as_empty(board):
    board.publish(b"1", b"2")
    board.delete_before(2)
    assert board.adopted_at_start() == []


def test_a_topic_that_the_cleaner_went_through_is_read(board):
    board.configure(segment_ms="200", min_cleanable_dirty_ratio="0.01")
    for value in range(6):
        board.publish(b"%d" % value)
        time.sleep(0.3)  # each in a segment of its own, which the cleaner may go through
    deadline = time.monotonic() + 60
    while len(offsets := [record.offset for record in read_bulletin(board.settings, TOPIC)]) == 6:
        assert time.monotonic() < deadline, "the cleaner did not come"
        time.sleep(1)
    assert 0 not in offsets
    assert board.adopted_at_start() == [5]


def test_a_command_reads_what_a_follower_reads_and_writes_what_it_adopts(board):
    assert post(board.settings, TOPIC, b"book", b"1") == 0
    assert post(board.settings, TOPIC, b"book", b"2") == 1
    assert [(record.offset, record.key, record.value) for record in read_bulletin(board.settings, TOPIC)] == [
        (0, b"book", b"1"), (1, b"book", b"2"),
    ]  # fmt: skip
    assert board.adopted_at_start() == [2]


def test_a_large_record_passes_and_one_that_is_too_large_is_refused_before_it_is_sent(board):
    large = b"7".rjust(18 * MEBIBYTE, b"0")
    post(board.settings, TOPIC, b"book", large)
    assert read_bulletin(board.settings, TOPIC)[0].value == large
    with pytest.raises(NotPostedError, match="at most 20 MiB"):
        post(board.settings, TOPIC, b"book", b"7".rjust(20 * MEBIBYTE, b"0"))


def test_a_topic_that_is_missing_is_said(kafka, topic_prefix):
    settings = Settings(kafka_bootstrap_servers=kafka.bootstrap, topic_prefix=topic_prefix)
    with pytest.raises(SafeError, match=rf"topic {topic_prefix}policy.book.v1 does not exist"):
        read_bulletin(settings, TOPIC)


def test_a_new_record_is_adopted_within_a_second(board):
    async def scenario(_: Follower) -> None:
        for value in range(5):
            await asyncio.to_thread(board.publish, b"%d" % value)
            assert await until(lambda value=value: board.stage.adopted[-1:] == [value]) < 1

    board.run(scenario)
    assert board.stage.adopted == list(range(5))


def test_a_broken_record_never_replaces_a_good_one(board):
    async def scenario(_: Follower) -> None:
        await asyncio.to_thread(board.publish, b"1", b"no number", b"unsafe", b"safe", None)
        await until(lambda: len(board.stage.read_values) >= 5)
        await asyncio.to_thread(board.publish, b"2")
        await until(lambda: board.stage.adopted[-1:] == [2])

    board.run(scenario)
    assert board.stage.adopted == [1, 2]


def test_refusals_and_adoptions_are_logged_and_only_safe_texts_are(board):
    async def scenario(_: Follower) -> None:
        for value in (b"unsafe", b"safe", b"7"):
            await asyncio.to_thread(board.publish, value)
            await until(lambda value=value: value in board.stage.read_values)
        await until(lambda: board.stage.adopted == [7])
        await asyncio.sleep(0.05)

    with capture_logs() as lines:
        board.run(scenario)
    told = [(line["event"], line["offset"], line.get("message"), line.get("version")) for line in lines]
    assert told == [
        ("book_refused", 0, None, None),
        ("book_refused", 1, "said in words", None),
        ("book_adopted", 2, None, "7"),
    ]


def test_a_slow_record_is_read_while_the_stage_works_and_adopted_between_batches(board):
    async def scenario(_: Follower) -> None:
        working = board.stage.working
        assert working is not None
        board.stage.read_seconds = 1.0
        await asyncio.to_thread(board.publish, b"1")
        await until(lambda: board.stage.read_values == [b"1"])
        beats = 0
        started = time.monotonic()
        while time.monotonic() - started < 0.8:  # the loop goes on
            async with working:
                await asyncio.sleep(0.01)
            beats += 1
        assert beats > 40
        async with working:
            await asyncio.sleep(1.0)  # it has been read by now, but a batch is at work
            assert board.stage.adopted == []
        await until(lambda: board.stage.adopted == [1])

    board.run(scenario)


def test_what_is_published_while_the_broker_is_restarted_is_picked_up(kafka_node_factory, topic_prefix):
    node = kafka_node_factory()
    board = Board(node.bootstrap, topic_prefix)

    async def scenario(_: Follower) -> None:
        await asyncio.to_thread(board.publish, b"1")
        await until(lambda: board.stage.adopted == [1])
        await asyncio.to_thread(node.kill)
        await asyncio.sleep(2)
        await asyncio.to_thread(node.start)
        await asyncio.to_thread(board.publish, b"2")
        await until(lambda: board.stage.adopted == [1, 2], 30)

    board.run(scenario)
    board.close()


def test_a_topic_of_several_partitions_has_no_newest_record():
    class Wrong(Numbers):
        follows = (Topic.LEDGER,)

    with pytest.raises(ValueError, match="several partitions"):
        Follower(Settings(partitions=2), "toy", Wrong(), asyncio.Lock())
