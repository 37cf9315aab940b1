"""The adapter to Faust: the only module that imports it. Owns what is bent in Faust 0.15.3 and why; knows no stage.

Faust brings the consumer group, its rebalances, its flow control and its commits. What is bent (the version is pinned,
and moves only through tests/streams and tests/chaos):

- Batches cross Faust, not events: the scheduler yields one duck-typed record a fetch, so that Faust's cost for an event
  is paid once a fetch. Under load fetches grow by themselves; at a low rate a record passes at once.
- Acknowledgements: Faust's gap accounting can make an unprocessed offset committable (it is off by one, and without
  its C extension it acknowledges what a rebalance made it skip). Ours is one number a partition: the next offset to
  read, given by the runner after the work is done. Faust commits that number and nothing else.
- Revocation: the batch at work is finished and committed before Faust gives a partition up.
- A lost session: other owners may be at work already, so the process ends at once.
- Back-pressure by one bounded queue: Faust's own pauses a partition and then sleeps for a second.
- No tables of Faust's: see streams/state.py. So nothing is gained by its waiting a second for them at start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import faust
from aiokafka import TopicPartition
from aiokafka.consumer.group_coordinator import OffsetCommitRequest
from faust.tables import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP
from typing_extensions import override

from streams.connection import ssl_context
from streams.crash import crash_point
from streams.logs import end_process
from streams.settings import SecurityProtocol, Settings
from streams.stage import Record
from streams.topics import MEBIBYTE

#: Fetches that wait for the stage. More would only make a batch in the queue older.
QUEUED_FETCHES = 2
# Bytes of a fetch: all partitions together, and of one partition. Records in memory take several times their bytes.
_FETCHED_AT_ONCE = 8 * MEBIBYTE
_LEAST_FETCHED, _MOST_FETCHED = MEBIBYTE // 4, 2 * MEBIBYTE

TopicAndPartition = tuple[str, int]


class Carrier(Protocol):
    """What the runner does when partitions come and go. Called on the main loop; names carry the prefix of tests."""

    async def take(self, fetched: "Fetched") -> None:
        """Work through everything fetched; returns when all of it is done."""

    async def give_up(self, partitions: frozenset[TopicAndPartition]) -> None:
        """Finish the batch at work and take no other; after this the partitions may be somebody else's."""

    def receive(self, partitions: frozenset[TopicAndPartition], assignment: int) -> None:
        """Exactly these partitions are ours now; `assignment` numbers this."""

    def committed(self) -> None:
        """The broker accepted a commit."""


class Fetched:
    """What one fetch brought, partition by partition, dressed as one consumer record so that it can cross Faust."""

    __slots__ = (
        "assignment",
        "checksum",
        "headers",
        "key",
        "offset",
        "partition",
        "records",
        "serialized_key_size",
        "serialized_value_size",
        "timestamp",
        "timestamp_type",
        "topic",
        "value",
    )

    def __init__(self, records: Mapping[TP, list[Record]], assignment: int) -> None:
        (self.topic, self.partition), first = next(iter((tp, listed[0]) for tp, listed in records.items()))
        self.records = records
        #: Which assignment of partitions it was fetched under; it is void under the next one.
        self.assignment = assignment
        self.offset, self.timestamp, self.timestamp_type = first.offset, first.timestamp, 0
        self.headers: tuple[tuple[str, bytes], ...] = ()
        self.key = None
        self.value = self
        self.checksum = None
        self.serialized_key_size = self.serialized_value_size = 0


class _Scheduler(DefaultSchedulingStrategy):  # type: ignore[misc]
    def __init__(self, assignment: Callable[[], int]) -> None:
        self._assignment = assignment

    @override
    def iterate(self, records: Mapping[TP, list[Record]]) -> Iterator[tuple[TP, Any]]:
        if records:
            yield next(iter(records)), Fetched(records, self._assignment())


class _RawSchema(faust.Schema):  # type: ignore[misc]
    """Decodes nothing: a decoding error inside Faust would be acknowledged."""

    @override
    def loads_key(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> None:
        return None

    @override
    def loads_value(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> Any:
        return message.value


class _Listener(driver.ConsumerRebalanceListener):  # type: ignore[misc]
    @override
    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> Awaitable[None]:
        coordinator = self._thread._ensure_consumer()._coordinator  # noqa: SLF001
        if revoked and coordinator.generation == OffsetCommitRequest.DEFAULT_GENERATION_ID:
            end_process("session_lost", partitions=len(set(revoked)))
        result: Awaitable[None] = super().on_partitions_revoked(revoked)
        return result


class _Consumer(driver.Consumer):  # type: ignore[misc]
    RebalanceListener: ClassVar[type] = _Listener

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._next: dict[TP, int] = {}
        self._assignments = 0
        self.scheduler = _Scheduler(lambda: self._assignments)

    def acknowledge(self, topic: str, partition: int, next_offset: int) -> None:
        """Everything before `next_offset` is done and may be committed."""
        self._next[TP(topic, partition)] = next_offset

    async def commit_all(self) -> None:
        """Commit everything acknowledged until now."""
        await self.commit()  # where a commit is under way already, this one only waits for it
        await self.commit()

    def leave(self) -> None:
        """Have the group told when the consumer stops, so that others need not wait for the session's end."""
        self._thread._ensure_consumer()._coordinator._group_instance_id = None  # noqa: SLF001

    async def committed(self, tps: Iterable[TopicAndPartition]) -> dict[TopicAndPartition, int]:
        """Committed offsets as the broker has them; partitions without one are absent."""
        consumer = self._thread._ensure_consumer()  # noqa: SLF001
        found = {}
        for topic, partition in tps:
            offset = await self._thread.call_thread(consumer.committed, TopicPartition(topic, partition))
            if offset is not None:
                found[topic, partition] = offset
        return found

    async def ends(self, tps: Iterable[TopicAndPartition]) -> dict[TopicAndPartition, int]:
        """End offsets as the broker has them."""
        consumer = self._thread._ensure_consumer()  # noqa: SLF001
        wanted = [TopicPartition(*tp) for tp in tps]
        found = await self._thread.call_thread(consumer.end_offsets, wanted) if wanted else {}
        return {(tp.topic, tp.partition): end for tp, end in found.items()}

    # What Faust calls ----------------------------------------------------------------------------------------------

    @override
    def ack(self, message: Any) -> bool:
        return False

    @override
    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        return None

    @override
    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter(tuple(self._next))

    @override
    def _new_offset(self, tp: TP) -> int | None:
        return self._next.get(tp)

    @override
    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        crash_point("before_commit")
        done: bool = await super()._commit(offsets)
        crash_point("after_commit")
        if done:
            self.app.carrier.committed()
        return done

    @override
    def on_buffer_full(self, tp: TP) -> None:
        return None

    @override
    def on_buffer_drop(self, tp: TP) -> None:
        return None

    @override
    def verify_event_path(self, now: float, tp: TP) -> None:
        return None  # streams.watchdog asks the broker instead

    @override
    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        crash_point("in_revocation")
        await self.app.carrier.give_up(frozenset((tp.topic, tp.partition) for tp in revoked))
        await self.commit_all()
        self._next.clear()
        await super().on_partitions_revoked(revoked)

    @override
    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._assignments += 1
        self.app.carrier.receive(frozenset((tp.topic, tp.partition) for tp in assigned), self._assignments)
        await super().on_partitions_assigned(assigned, generation_id)


class _NoTables(TableManager):  # type: ignore[misc]
    @override
    async def sleep(self, n: float, **_: Any) -> None:
        return None


class _Transport(driver.Transport):  # type: ignore[misc]
    Consumer: ClassVar[type] = _Consumer


class StageApp(faust.App):  # type: ignore[misc]
    """A Faust app with one agent, which hands every fetch to the carrier."""

    carrier: Carrier

    @override
    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)


def make_app(settings: Settings, group: str, instance: str, topics: Sequence[str], carrier: Carrier) -> StageApp:
    """The app that reads `topics` as `group`; `instance` names this worker so that a restart keeps its partitions."""
    partitions = len(topics) * settings.partitions
    servers = settings.kafka_bootstrap_servers.split(",")
    app = StageApp(
        group,
        broker=[f"kafka://{server.strip()}" for server in servers],
        broker_credentials=_credentials(settings),
        broker_client_id=instance,
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=min(1.0, settings.session_timeout_seconds / 5),
        broker_rebalance_timeout=max(10.0, settings.session_timeout_seconds),
        broker_request_timeout=max(40.0, settings.session_timeout_seconds),
        broker_commit_interval=settings.commit_interval_seconds,
        broker_max_poll_interval=3_600.0,  # streams.watchdog ends a stuck worker long before
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance,
        consumer_max_fetch_size=min(_MOST_FETCHED, max(_LEAST_FETCHED, _FETCHED_AT_ONCE // partitions)),
        ConsumerScheduler=DefaultSchedulingStrategy,  # each consumer puts its own in place
        datadir=str(Path(settings.data_dir) / "faust"),
        processing_guarantee="at_least_once",
        stream_buffer_maxsize=QUEUED_FETCHES,
        stream_wait_empty=False,
        store="memory://",
        TableManager=_NoTables,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.carrier = carrier
    channel = app.topic(*topics, schema=_RawSchema(key_type=bytes, value_type=bytes))

    async def carry(stream: Any) -> None:
        async for fetched in stream.noack():
            await app.carrier.take(fetched)

    app.agent(channel, name=group, concurrency=1)(carry)
    return app


def _credentials(settings: Settings) -> Any:
    protocol = settings.kafka_security_protocol
    if protocol is SecurityProtocol.PLAINTEXT:
        return None
    if protocol is SecurityProtocol.SSL:
        return faust.SSLCredentials(context=ssl_context(settings))
    return faust.SASLCredentials(
        username=settings.kafka_username,
        password=settings.kafka_password.get_secret_value(),
        mechanism=settings.kafka_sasl_mechanism,
        ssl_context=ssl_context(settings) if protocol is SecurityProtocol.SASL_SSL else None,
    )


async def run_until_stopped(app: StageApp, stopping: asyncio.Event) -> bool:
    """Run the app until `stopping` is set; returns whether it had started by then. Raises what it crashed with."""
    asked = asyncio.ensure_future(stopping.wait())
    started = asyncio.ensure_future(app.start())
    await asyncio.wait({started, asked}, return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        return False
    started.result()
    crashed = asyncio.ensure_future(app._crashed.wait())  # noqa: SLF001
    await asyncio.wait({crashed, asked}, return_when=asyncio.FIRST_COMPLETED)
    if not asked.done():
        raise app.crash_reason or RuntimeError("Faust stopped by itself")
    crashed.cancel()
    return True
