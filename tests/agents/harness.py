"""A pipeline in one process without Kafka: events in, facts and alerts out, batch boundaries chosen by the test."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from agents.core.policy import Policy
from agents.cost import Cost
from agents.departments import Departments
from agents.intake import Intake
from schemas.alerts import Alert, decode_alert
from schemas.codec import encode_json
from schemas.dead_letter import DeadLetter, read_dead_letter
from schemas.facts import DepartmentFact, VisitFact, decode_department_fact, decode_visit_fact
from schemas.policy import PolicyFile
from streams.settings import Settings
from streams.stage import Batch, Outcome
from streams.topics import Topic

TOPIC_OF = {
    "admission": Topic.ADMISSION,
    "order": Topic.ORDER,
    "charge": Topic.CHARGE,
    "settlement": Topic.SETTLEMENT,
    "ack": Topic.ACK,
}
NO_POLICY = Policy(PolicyFile(version="test"))


@dataclass(slots=True)
class FakeRecord:
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Any = ()


@dataclass
class House:
    """Intake, cost and departments over in-memory topics and stores; `publish` and `run` are all a test needs."""

    policy: Policy = NO_POLICY
    partitions: int = 2
    batch: int = 4096
    topics: dict[tuple[str, int], list[FakeRecord]] = field(default_factory=lambda: defaultdict(list))
    stores: dict[tuple[str, int], dict[bytes, bytes]] = field(default_factory=lambda: defaultdict(dict))
    positions: dict[tuple[str, str, int], int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.settings = Settings(partitions=self.partitions)
        self.restart()

    def restart(self) -> None:
        """New processes: live caches are gone, stores and topics stay."""
        self.stages = [Intake(self.settings), Cost(self.settings, self.policy), Departments(self.settings, self.policy)]

    def publish_raw(self, topic: str, value: bytes | None, key: bytes | None = None, partition: int = 0) -> None:
        records = self.topics[topic, partition]
        records.append(FakeRecord(topic, partition, len(records), 1_700_000_000_000, key, value))

    def publish(self, *events: dict[str, Any], partition: int = 0) -> "House":
        for event in events:
            fields = {name: value for name, value in event.items() if name != "type"}
            self.publish_raw(TOPIC_OF[event["type"]], encode_json(fields), partition=partition)
        return self

    def run(self) -> "House":
        """Every stage reads to the end of its inputs."""
        for stage in self.stages:
            for topic in stage.inputs:
                for partition in range(max(self.partitions, 1)):
                    self._drain(stage, topic, partition)
        return self

    def _drain(self, stage: Any, topic: str, partition: int) -> None:
        place = (stage.name, topic, partition)
        records = self.topics[topic, partition]
        while (start := self.positions.get(place, 0)) < len(records):
            outcome = self.apply(stage, Batch(topic, partition, records[start : start + self.batch]))
            self.positions[place] = start + min(self.batch, len(records) - start)
            for name, count in outcome.counts.items():
                self.counts[f"{stage.name}.{name}"] += count

    def apply(self, stage: Any, batch: Batch, *, keep_state: bool = True) -> Outcome:
        store = self.stores[stage.name, batch.partition]
        outcome = stage.handle(batch, store)
        for (topic, partition), outputs in outcome.outputs.items():
            records = self.topics[topic, partition]
            for key, value, headers in outputs:
                records.append(FakeRecord(topic, partition, len(records), 0, key, value, headers))
        if keep_state:
            for group in outcome.state:
                for key, value in group:
                    if value is None:
                        store.pop(key, None)
                    else:
                        store[key] = value
        return outcome

    def values(self, topic: str) -> list[FakeRecord]:
        return [record for partition in range(self.partitions) for record in self.topics[topic, partition]]

    def latest(self, topic: str, decode: Any) -> dict[str, Any]:
        """What a reader of the compacted topic ends up with: the highest version per key."""
        found: dict[str, Any] = {}
        for record in self.values(topic):
            value, key = decode(record.value), (record.key or b"").decode()
            if key not in found or value.version >= found[key].version:
                found[key] = value
        return found

    @property
    def visits(self) -> dict[str, VisitFact]:
        return {fact.visit_id: fact for fact in self.latest(Topic.VISIT_FACT, decode_visit_fact).values()}

    @property
    def departments(self) -> dict[tuple[str, int], DepartmentFact]:
        found = self.latest(Topic.DEPARTMENT_FACT, decode_department_fact)
        return {(fact.department, fact.month): fact for fact in found.values()}

    @property
    def alerts(self) -> dict[str, Alert]:
        return self.latest(Topic.ALERT, decode_alert)

    @property
    def dead_letters(self) -> list[DeadLetter]:
        return [read_dead_letter(r.key, r.value, r.headers) for r in self.values(Topic.DEAD_LETTER)]


def charge(number: int | str, amount: int | None, visit: str = "V1", **more: Any) -> dict[str, Any]:
    """A charge event; amount in fen."""
    event = {
        "type": "charge", "charge_id": f"C{number}", "patient_id": "P1", "visit_id": visit, "amount": amount,
        "category": "09", "level": "01", "item_code": "XA01", "quantity": 1 if (amount or 0) >= 0 else -1,
        "ordering_department": "D1", "charged_at": "2024-03-05 10:00:00",
    }  # fmt: skip
    event |= more
    return {name: value for name, value in event.items() if value is not None}


def admission(kind: str, at: str, visit: str = "V1", **more: Any) -> dict[str, Any]:
    """An admission event at hospital time `at`."""
    return {
        "type": "admission", "kind": kind, "patient_id": "P1", "visit_id": visit, "occurred_at": at,
        "event_id": f"{kind}@{at}", **more,
    }  # fmt: skip
