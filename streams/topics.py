"""Every topic of the pipeline and what it must be like, as `kongfei topics create|check` and each worker hold it.

The hospital's own topics may have any partition count; ours have exactly `settings.partitions`, because a key's
partition is reckoned from it and a state table stands beside its input partition by partition.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MEBIBYTE = 1024 * 1024
DAY_MS = 86_400_000
#: What a hospital may send in one message: a broken sender's 10 MB string must pass (brokers default to 1 MiB).
LARGEST_MESSAGE_BYTES = 16 * MEBIBYTE
#: What our own topics take: the largest message again, with a dead letter's headers, or a patient's whole state.
LARGEST_OUTPUT_BYTES = 20 * MEBIBYTE


class Topic(StrEnum):
    """Names, without the prefix of tests."""

    ADMISSION = "his.admission.v1"
    ORDER = "his.order.v1"
    CHARGE = "his.charge.v1"
    SETTLEMENT = "his.settlement.v1"
    ACK = "alert.ack.v1"
    LEDGER = "ledger.v1"
    DEPARTMENT_LEDGER = "department.ledger.v1"
    VISIT_FACT = "visit.fact.v1"
    DEPARTMENT_FACT = "department.fact.v1"
    ALERT = "alert.v1"
    DEAD_LETTER = "dead.letter.v1"
    ORDER_CHECK = "order.check.v1"
    FINDING = "finding.v1"
    POLICY_BOOK = "policy.book.v1"
    WORKER_DIRECTORY = "worker.directory.v1"
    COST_CHANGELOG = "kongfei-cost-state-changelog"
    DEPARTMENTS_CHANGELOG = "kongfei-departments-state-changelog"


HIS_TOPICS = (Topic.ADMISSION, Topic.ORDER, Topic.CHARGE, Topic.SETTLEMENT, Topic.ACK)


class Cleanup(StrEnum):
    """What Kafka does with old records."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What one topic must be like.

    partitions: None: as `settings.partitions`. any_partitions: whoever made it chose partitions and retention.
    holds: what a record of a topic that stages follow is called in logs.
    """

    topic: Topic
    meaning: str
    cleanup: Cleanup = Cleanup.DELETE
    retention_ms: int = -1
    partitions: int | None = None
    any_partitions: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    holds: str = "record"

    def partition_count(self, default: int) -> int:
        """How many partitions `kongfei topics create` gives it."""
        return default if self.partitions is None else self.partitions

    @property
    def config(self) -> dict[str, str]:
        """The topic's Kafka configuration, exactly as it is checked."""
        largest = LARGEST_MESSAGE_BYTES if self.any_partitions else LARGEST_OUTPUT_BYTES
        config = {"cleanup.policy": self.cleanup.value, "max.message.bytes": str(largest)}
        if self.cleanup is Cleanup.DELETE:
            config["retention.ms"] = str(self.retention_ms)
        return config | dict(self.extra)


# A state is read back whole after a crash, so its log is kept short. The lag gives a new owner the time to notice and
# mend a late write of the owner before (streams/state.py).
_CHANGELOG = {
    "segment.bytes": str(64 * MEBIBYTE),
    "min.cleanable.dirty.ratio": "0.1",
    "min.compaction.lag.ms": str(5 * 60_000),
}
# Every start of a worker reads what is there of former books; a segment must hold the largest record.
_BOOK = {"segment.bytes": str(32 * MEBIBYTE), "min.cleanable.dirty.ratio": "0.1"}
# Every start of a worker reads it whole; a record is a hundred bytes.
_DIRECTORY = {"segment.bytes": str(MEBIBYTE), "min.cleanable.dirty.ratio": "0.1"}
_FACT = {"segment.bytes": str(128 * MEBIBYTE), "min.cleanable.dirty.ratio": "0.2"}


SPECS: dict[Topic, TopicSpec] = {
    spec.topic: spec
    for spec in (
        TopicSpec(Topic.ADMISSION, "admissions, transfers, discharges, from HIS", any_partitions=True),
        TopicSpec(Topic.ORDER, "orders, from HIS", any_partitions=True),
        TopicSpec(Topic.CHARGE, "charges and refunds, from HIS", any_partitions=True),
        TopicSpec(Topic.SETTLEMENT, "what the insurer settled, from HIS", any_partitions=True),
        TopicSpec(Topic.ACK, "answers to alerts, from nurse stations", any_partitions=True),
        TopicSpec(Topic.LEDGER, "one ordered log a patient, by intake"),
        TopicSpec(Topic.DEPARTMENT_LEDGER, "one ordered log a department and month, by intake and cost"),
        TopicSpec(Topic.VISIT_FACT, "a visit's absolute totals, by cost", Cleanup.COMPACT, extra=_FACT),
        TopicSpec(Topic.DEPARTMENT_FACT, "a department's absolute month, by departments", Cleanup.COMPACT, extra=_FACT),
        TopicSpec(Topic.ALERT, "alerts, one an episode, by cost and departments", Cleanup.COMPACT, extra=_FACT),
        TopicSpec(Topic.FINDING, "what rules found, one a rule and subject, by cost", Cleanup.COMPACT, extra=_FACT),
        # Not compacted: a repeated question must find its answer, and what was told is kept as it was told.
        TopicSpec(Topic.ORDER_CHECK, "answers to order checks, by cost", retention_ms=90 * DAY_MS),
        TopicSpec(Topic.DEAD_LETTER, "refused messages, their original bytes, the reason", retention_ms=365 * DAY_MS),
        TopicSpec(Topic.POLICY_BOOK, "the policy book", Cleanup.COMPACT, partitions=1, extra=_BOOK, holds="book"),
        TopicSpec(Topic.WORKER_DIRECTORY, "which worker owns what", Cleanup.COMPACT, partitions=1, extra=_DIRECTORY),
        TopicSpec(Topic.COST_CHANGELOG, "state of every patient, by cost", Cleanup.COMPACT, extra=_CHANGELOG),
        TopicSpec(Topic.DEPARTMENTS_CHANGELOG, "state of every department", Cleanup.COMPACT, extra=_CHANGELOG),
    )
}


def changelog_of(stage: str) -> str:
    """Name of the topic behind a stage's state table, in the form Faust gives its own."""
    return f"kongfei-{stage}-state-changelog"


def group_of(stage: str) -> str:
    """Consumer group of a stage's workers, without the prefix of tests."""
    return f"kongfei-{stage}"
