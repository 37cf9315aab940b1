"""What a stage of the pipeline is: synchronous rules over batches, without I/O, without knowledge of Faust or Kafka.

`streams.runner` carries it: it reads the batches, sends the outputs, keeps the state table and acknowledges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from schemas.reasons import RejectError
from streams.partitions import partition_of

__all__ = [
    "Answered",
    "Answering",
    "Answers",
    "Batch",
    "Following",
    "Headers",
    "Outcome",
    "Output",
    "Question",
    "Record",
    "Stage",
    "StateGroup",
    "Store",
    "Unanswered",
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


class Unanswered(StrEnum):
    """Why a question was not answered; the values are those of schemas.order_check.Unfinished."""

    OUT_OF_TIME = "out_of_time"
    NO_OWNER = "no_owner"
    NOT_READY = "not_ready"
    ENGINE_ERROR = "engine_error"
    OVERLOADED = "overloaded"


@dataclass(slots=True, frozen=True)
class Question:
    """A question about the state of one partition, read from the body of a request to `path`.

    is_confirmed: what the answer sends must be confirmed by the broker before it is given; it has a budget of its own.
    """

    path: str
    partition: int
    content: object
    is_confirmed: bool = False


@dataclass(slots=True, frozen=True)
class Answered:
    """The body to send back, what came of the question (a word for metrics), and records to send as in Outcome."""

    body: bytes
    outcome: str
    outputs: dict[tuple[str, int], list[Output]] = field(default_factory=dict)


class Answers(Protocol):
    """How a stage answers questions about its state (streams/answering.py, streams/answer_server.py).

    `read`, `unfinished` and `refused` are called in another thread than the rest and must touch nothing that changes.
    """

    #: Where questions are posted, e.g. "/3101".
    paths: tuple[str, ...]
    #: A topic that stands beside the input partition by partition: of its newest records, not older than `recall_ms`
    #: and at most `recall_records` in all, the stage is told before it answers for a partition.
    recalls: str
    recall_ms: int
    recall_records: int

    def read(self, path: str, body: bytes) -> Question:
        """What is asked. Raises RejectError."""

    def refused(self, path: str, body: bytes, error: RejectError) -> bytes:
        """The body for a question that could not be read."""

    def unfinished(self, question: Question, why: Unanswered, detail: str) -> Answered:
        """The answer where there is none: never one that could be taken for a good one."""

    def recall(self, partition: int, records: Sequence[Record]) -> None:
        """Records of `recalls`, in order."""

    def answer(self, question: Question, store: Store) -> Answered:
        """Answer from the state. Changes nothing of it; whatever it raises leads to an unfinished answer."""

    def forget(self) -> None:
        """No partition is ours any more, or may have changed behind our back: drop what was recalled and answered."""


@runtime_checkable
class Answering(Protocol):
    """A stage with a table whose workers answer questions about it over HTTP."""

    answering: Answers
