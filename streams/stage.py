"""What a stage of the pipeline is: synchronous rules over batches, without I/O, without knowledge of Faust or Kafka.

`streams.runner` carries it: it reads the batches, sends the outputs, keeps the state table and acknowledges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from streams.partitions import partition_of

__all__ = [
    "Batch",
    "Following",
    "Headers",
    "Outcome",
    "Output",
    "Record",
    "Stage",
    "StateGroup",
    "Store",
    "partition_of",
]

Headers: TypeAlias = Sequence[tuple[str, bytes]]
#: key, value, headers of one record to send
Output: TypeAlias = tuple[bytes | None, bytes | None, Headers]
#: keys and values (None: gone) that stand or fall together
StateGroup: TypeAlias = list[tuple[bytes, bytes | None]]
#: one partition of the state table, read-only
Store: TypeAlias = Mapping[bytes, bytes]


class Record(Protocol):
    """One Kafka record as it was read; `timestamp` in epoch milliseconds. Topic and partition stand in the batch."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(slots=True, frozen=True)
class Batch:
    """Consecutive records of one partition, in order, at least one. `topic` is without the prefix of tests."""

    topic: str
    partition: int
    records: Sequence[Record]


@dataclass(slots=True)
class Outcome:
    """What a batch leads to.

    outputs: (topic without prefix, partition) → records, sent in this order.
    state: groups; the parts of a group always travel in one record batch, so that no crash can part them. A group must
    stay below 20 MiB, a key must not begin with a NUL.
    counts: how many records had which fate, e.g. applied, duplicate, dead_lettered; for metrics and logs.
    """

    outputs: dict[tuple[str, int], list[Output]] = field(default_factory=dict)
    state: list[StateGroup] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class Stage(Protocol):
    """One stage. A stage with a table has a single input, and its table stands beside it partition by partition.

    `handle` may see the same records again (after a crash or a rebalance). What the state has applied must not change
    it again, but its outputs may never have been sent: they must be told again as the state has them, and what was
    refused must be refused again. Whatever it raises ends the process.
    """

    name: str
    inputs: tuple[str, ...]
    table: bool

    def assigned(self, topic: str, partitions: frozenset[int]) -> None:
        """These partitions are ours now; their state is complete."""

    def revoked(self, topic: str, partitions: frozenset[int]) -> None:
        """These partitions are not ours any more, or may have changed behind our back: drop every cache."""

    def handle(self, batch: Batch, store: Store) -> Outcome:
        """Decode, load states, skip what is applied, reduce."""


@runtime_checkable
class Following(Protocol):
    """A stage that also follows topics whose newest usable record holds until the next one (streams/follower.py)."""

    follows: tuple[str, ...]

    def read(self, topic: str, key: bytes | None, value: bytes | None) -> object:
        """What a record says, ready for use. May be slow, runs in a thread, and must change nothing.

        Raises SafeError or ValueError for what cannot be used; only a SafeError's text is logged.
        """

    def adopt(self, topic: str, value: object) -> None:
        """From the next batch on, `value` (from `read`) holds. Quick: the stage stands still meanwhile."""

    def describe(self, topic: str) -> dict[str, str]:
        """What the log says of what is in force."""
