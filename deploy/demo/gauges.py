"""How far the pipeline is: ends of topics, committed offsets of the groups, rows in ClickHouse."""

from dataclasses import dataclass, field

from clickhouse_driver import Client
from clickhouse_driver.errors import Error
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from streams.connection import kafka_python_options
from streams.settings import Settings
from streams.topics import HIS_TOPICS, Topic, group_of

READERS: dict[str, tuple[Topic, ...]] = {
    "intake": HIS_TOPICS,
    "cost": (Topic.LEDGER,),
    "departments": (Topic.DEPARTMENT_LEDGER,),
    "sink": (
        Topic.LEDGER,
        Topic.VISIT_FACT,
        Topic.DEPARTMENT_FACT,
        Topic.ALERT,
        Topic.FINDING,
        Topic.ORDER_CHECK,
        Topic.DEAD_LETTER,
    ),
}
_ROWS = (
    "SELECT sum(total_rows) FROM system.tables"
    " WHERE database = currentDatabase() AND name NOT IN ('code_name', 'schema_migration')"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the pipeline. `lag`: records not yet committed, by stage."""

    ledger: int = 0
    applied: int = 0
    rows: int = 0
    lag: dict[str, int] = field(default_factory=dict)

    @property
    def at_rest(self) -> bool:
        """Every group has reached the end of everything it reads."""
        return bool(self.lag) and not any(self.lag.values())


class Gauges:
    """Reads the figures; belongs to one thread."""

    def __init__(self, settings: Settings) -> None:
        self._consumer = KafkaConsumer(**kafka_python_options(settings), enable_auto_commit=False)
        self._admin = KafkaAdminClient(**kafka_python_options(settings))
        self._client = Client.from_url(settings.clickhouse_url)
        self._partitions = {
            topic: [TopicPartition(topic.value, number) for number in self._consumer.partitions_for_topic(topic) or ()]
            for topic in {topic for topics in READERS.values() for topic in topics}
        }
        self._rows = 0

    def read(self) -> Reading:
        """One look; the ends are read after the commits, so that a lag of zero was true at some moment."""
        groups = {stage: group_of(stage) for stage in READERS}
        committed = self._admin.list_group_offsets(list(groups.values()))
        ends: dict[TopicPartition, int] = self._consumer.end_offsets(
            [partition for partitions in self._partitions.values() for partition in partitions]
        )

        def done(stage: str, topic: Topic) -> int:
            offsets = committed.get(groups[stage], {})
            return sum(
                max(offsets[partition].offset, 0) for partition in self._partitions[topic] if partition in offsets
            )

        def end(topic: Topic) -> int:
            return sum(ends[partition] for partition in self._partitions[topic])

        return Reading(
            ledger=end(Topic.LEDGER),
            applied=done("cost", Topic.LEDGER),
            rows=self._read_rows(),
            lag={stage: sum(end(topic) - done(stage, topic) for topic in topics) for stage, topics in READERS.items()},
        )

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()
        self._admin.close()
        self._client.disconnect()

    def _read_rows(self) -> int:
        try:
            found = self._client.execute(_ROWS)
        except (Error, OSError):  # a busy server may answer late; the figure is only shown
            self._client.disconnect()
            return self._rows
        self._rows = int(found[0][0] or 0)
        return self._rows
