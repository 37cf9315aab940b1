"""A stage's state table: a dictionary a partition in memory, and a compacted changelog topic that is the truth.

Why not Faust's own table: its recovery applies some 6,300 records a second, its writes are not awaited, and keys of
partitions it lost may stay. Ours is read back in bulk, is written in record batches whose confirmation is awaited, and
forgets what it no longer owns.

One owner at a time. Consumer groups cannot promise it: a process that was paused for longer than its session may wake
up in the middle of a write. So each owner announces itself, and everybody can tell whose a record is:

1. fence: a new owner first writes a fence record. Its offset, unique and growing, is the owner's number; every record
   the owner writes carries it in a header.
2. restore: it reads the changelog up to and including its fence. A record with a number lower than one seen before it
   was written by an owner that had already been replaced: it is not applied.
3. mend: the true value of each key so hit is written again, before the log cleaner can forget it
   (`min.compaction.lag.ms`, streams/topics.py).
4. write: nobody else writes, so offsets are consecutive. A record batch that lands anywhere but at the next offset
   tells of another writer: FencedError ends this process, and the next one's restore mends the table. `verify` looks
   for the same when there is nothing to write.

The table also remembers which input it was made from (the topic's id, and the epoch above its offsets): state that
counts on offsets of a topic which was deleted and made anew would take new records for old ones.

Never: interpret a key or a value, or apply anything the broker has not confirmed.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.connection import aiokafka_options
from streams.crash import crash_point
from streams.logs import SafeError
from streams.sender import Sender
from streams.settings import Settings
from streams.stage import Output, Record, StateGroup, Store
from streams.topics import MEBIBYTE

#: Reserved: no stage may use a key that begins with a NUL.
FENCE_KEY = b"\x00owner"
ORIGIN_KEY = b"\x00origin"
_OWNER_HEADER = "o"
_RESTORE_SECONDS = 30.0


class FencedError(SafeError):
    """Another process owns this partition of the state table now: this one must end at once."""


class StateLostError(SafeError):
    """The changelog is empty although its input was already worked through."""


class StateOriginError(SafeError):
    """The state was made from another topic than the one it would be used for."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a state table is made from: an input topic, by its id, and the epoch that stands above its offsets."""

    topic_id: str
    epoch: int

    def encode(self) -> bytes:
        """As it stands in the changelog."""
        return f"{self.epoch} {self.topic_id}".encode()

    @classmethod
    def decode(cls, value: bytes) -> "Origin":
        """Read what `encode` wrote."""
        epoch, _, topic_id = value.decode().partition(" ")
        return cls(topic_id, int(epoch))

    def may_follow(self, earlier: "Origin") -> bool:
        """Whether state of an earlier origin holds for this one too."""
        return self.epoch > earlier.epoch or self == earlier


@dataclass(slots=True)
class _Partition:
    data: dict[bytes, bytes] = field(default_factory=dict)
    next_offset: int = 0
    owner: bytes = b""  # the highest number seen
    stale: set[bytes] = field(default_factory=set)
    origin: Origin | None = None

    def apply(self, records: Iterable[Record]) -> None:
        """Fold changelog records, in order, into the state."""
        data, owner = self.data, self.owner
        record: Record | None = None
        for record in records:
            key, value = record.key, record.value
            number = record.headers[0][1] if record.headers else b""
            if key == FENCE_KEY:
                owner = _number(record.offset)
            elif number < owner:
                self.stale.add(key or b"")
            else:
                owner = number
                if key == ORIGIN_KEY:
                    self.origin = Origin.decode(value or b"")
                elif value is None:
                    data.pop(key or b"", None)
                else:
                    data[key or b""] = value
        self.owner = owner
        if record is not None:
            self.next_offset = record.offset + 1


class StateTable:
    """The state table of one stage in this process. `topic` is the changelog's full name."""

    def __init__(self, topic: str, sender: Sender, settings: Settings) -> None:
        self._topic = topic
        self._sender = sender
        self._settings = settings
        self._partitions: dict[int, _Partition] = {}
        self._reader: AIOKafkaConsumer[bytes, bytes] | None = None
        self._log = structlog.get_logger()

    def __getitem__(self, partition: int) -> Store:
        return self._partitions[partition].data

    @property
    def key_count(self) -> int:
        """How many keys this process holds."""
        return sum(len(partition.data) for partition in self._partitions.values())

    async def start(self) -> None:
        """Connect the reader of the changelog."""
        self._reader = AIOKafkaConsumer(
            **aiokafka_options(self._settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_bytes=64 * MEBIBYTE,
            max_partition_fetch_bytes=16 * MEBIBYTE,
        )
        await self._reader.start()

    async def stop(self) -> None:
        """Disconnect."""
        if self._reader is not None:
            await self._reader.stop()

    async def own(
        self, wanted: frozenset[int], committed: Mapping[int, int], origin: Origin, beat: Callable[[], None]
    ) -> int:
        """Become the owner of exactly these partitions; returns when their state is complete.

        State of partitions owned until now is kept and brought up to date; all other state is dropped. `committed`
        has the committed offset of each input partition, to see that no state was lost; `beat` is called with every
        step forward. Returns how many keys were mended. Raises FencedError, StateLostError, StateOriginError,
        SendError.
        """
        started = time.monotonic()
        for partition in set(self._partitions) - wanted:
            del self._partitions[partition]
        if not wanted:
            return 0
        for partition in wanted:
            self._partitions.setdefault(partition, _Partition())
        await self._refuse_lost_state(wanted, committed)
        fences = await self._fence(wanted)
        crash_point("after_fence")
        read = await self._restore(fences, beat)
        await self._settle_origin(wanted, origin)
        mended = await self._mend(wanted)
        crash_point("after_restore")
        self._log.info(
            "state_restored",
            topic=self._topic,
            partitions=sorted(wanted),
            records=read,
            keys=self.key_count,
            mended=mended,
            seconds=round(time.monotonic() - started, 3),
        )
        return mended

    async def write(self, changes: Mapping[int, list[StateGroup]]) -> None:
        """Write changes to the changelog; returns when the broker has confirmed all. The table itself stays as it is.

        Raises FencedError, SendError.
        """
        await self._write({number: groups for number, groups in changes.items() if groups})

    def apply(self, changes: Mapping[int, list[StateGroup]]) -> None:
        """Take confirmed changes into the table."""
        for number, groups in changes.items():
            data = self._partitions[number].data
            for group in groups:
                for key, value in group:
                    if value is None:
                        data.pop(key, None)
                    else:
                        data[key] = value

    async def verify(self) -> None:
        """See that nobody else wrote to what this process owns. Raises FencedError."""
        ends = await self._ends(self._partitions)
        for number, end in ends.items():
            if end != self._partitions[number].next_offset:
                raise FencedError(f"{self._topic}[{number}]: another process wrote {end} and owns it now")

    async def _write(self, changes: Mapping[int, Iterable[StateGroup]]) -> None:
        records: dict[tuple[str, int], Iterable[list[Output]]] = {}
        for number, groups in changes.items():
            headers = [(_OWNER_HEADER, self._partitions[number].owner)]
            records[self._topic, number] = [[(key, value, headers) for key, value in group] for group in groups]
        placed = await self._sender.send_groups(records)
        for (_, number), batches in placed.items():
            partition = self._partitions[number]
            for first, count in batches:
                if first != partition.next_offset:
                    raise FencedError(f"{self._topic}[{number}]: wrote at {first}, not at {partition.next_offset}")
                partition.next_offset = first + count

    async def _refuse_lost_state(self, wanted: frozenset[int], committed: Mapping[int, int]) -> None:
        ends = await self._ends(wanted)
        for number, end in ends.items():
            if end == 0 and committed.get(number, 0) > 0:
                raise StateLostError(
                    f"{self._topic}[{number}] is empty although {committed[number]} input records are already "
                    "acknowledged: the state was lost; reset the group's offsets to build it anew"
                )

    async def _ends(self, partitions: Iterable[int]) -> dict[int, int]:
        reader = self._connected_reader()
        ends = await reader.end_offsets([TopicPartition(self._topic, number) for number in partitions])
        return {tp.partition: end for tp, end in ends.items()}

    async def _fence(self, wanted: frozenset[int]) -> dict[int, int]:
        placed = await self._sender.send_groups({(self._topic, number): [[(FENCE_KEY, b"", ())]] for number in wanted})
        return {number: batches[0][0] for (_, number), batches in placed.items()}

    async def _restore(self, fences: Mapping[int, int], beat: Callable[[], None]) -> int:
        reader = self._connected_reader()
        waiting = {TopicPartition(self._topic, number): fence for number, fence in fences.items()}
        reader.assign(list(waiting))
        for tp in waiting:
            reader.seek(tp, self._partitions[tp.partition].next_offset)
        read = 0
        deadline = time.monotonic() + _RESTORE_SECONDS
        while waiting:
            for tp, records in (await reader.getmany(timeout_ms=500)).items():
                partition = self._partitions[tp.partition]
                partition.apply(records)
                read += len(records)
                beat()
                deadline = time.monotonic() + _RESTORE_SECONDS
                if tp in waiting and partition.next_offset > waiting[tp]:
                    del waiting[tp]
                    reader.pause(tp)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._topic}: nothing read for {_RESTORE_SECONDS:.0f} s while restoring")
        for number, fence in fences.items():
            if self._partitions[number].owner != _number(fence):
                raise FencedError(f"{self._topic}[{number}]: another process became the owner during the restore")
        return read

    async def _settle_origin(self, wanted: frozenset[int], origin: Origin) -> None:
        new = {number for number in wanted if self._partitions[number].origin != origin}
        for number in new:
            earlier = self._partitions[number].origin
            if earlier is not None and not origin.may_follow(earlier):
                raise StateOriginError(
                    f"{self._topic}[{number}]: the state was made from topic {earlier.topic_id} in epoch "
                    f"{earlier.epoch}, not from {origin.topic_id} in epoch {origin.epoch}. Was the input deleted and "
                    f"made anew? Then set KONGFEI_EPOCH to {earlier.epoch + 1}"
                )
        await self._write({number: [[(ORIGIN_KEY, origin.encode())]] for number in new})
        for number in new:
            self._partitions[number].origin = origin

    async def _mend(self, wanted: frozenset[int]) -> int:
        changes: dict[int, list[StateGroup]] = {}
        for number in wanted:
            partition = self._partitions[number]
            if partition.stale:
                changes[number] = [[(key, partition.data.get(key))] for key in sorted(partition.stale)]
        await self._write(changes)
        for number in changes:
            self._partitions[number].stale.clear()
        return sum(len(groups) for groups in changes.values())

    def _connected_reader(self) -> "AIOKafkaConsumer[bytes, bytes]":
        assert self._reader is not None, "start() comes first"
        return self._reader


def _number(offset: int) -> bytes:
    return offset.to_bytes(8, "big")
