"""A pipeline in one process without Kafka: events in, facts and alerts out, batch boundaries chosen by the test."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from agents.core.policy import Policy
from agents.cost import CACHE_MARKS, Cost
from agents.departments import Departments
from agents.intake import Intake
from schemas.alerts import Alert, decode_alert
from schemas.book import Book
from schemas.codec import encode_json
from schemas.dead_letter import DeadLetter, read_dead_letter
from schemas.facts import DepartmentFact, VisitFact, decode_department_fact, decode_visit_fact
from schemas.ledger import WHOLE_HOSPITAL, DepartmentAck, decode_department_entry, decode_entry
from streams.settings import Settings
from streams.stage import Batch, Outcome
from streams.topics import HIS_TOPICS, Topic
from tests import invariants

TOPIC_OF = {
    "admission": Topic.ADMISSION,
    "order": Topic.ORDER,
    "charge": Topic.CHARGE,
    "settlement": Topic.SETTLEMENT,
    "ack": Topic.ACK,
}
NO_POLICY = Policy(Book(version="test"))


@cache
def _intake(partitions: int, epoch: int) -> Intake:
    """Parsing the schemas takes longer than most tests, and intake keeps nothing that a restart could lose."""
    return Intake(Settings(partitions=partitions, epoch=epoch))


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
    """Intake, cost and departments over in-memory topics and stores; `publish` and `run` are all a test needs.

    Intake reads the hospital's topics in the order in which they were published. With `random`, batches have random
    sizes up to `batch`; before each, the processes start anew with the chance `restarts`; at each, with the chance
    `crashes`, they die amid state or outputs and read the batch again (intake: from a few messages before it).
    """

    policy: Policy = NO_POLICY
    partitions: int = 2
    batch: int = 4096
    random: Random | None = None
    restarts: float = 0
    crashes: float = 0
    cache_marks: int = CACHE_MARKS
    topics: dict[tuple[str, int], list[FakeRecord]] = field(default_factory=lambda: defaultdict(list))
    stores: dict[tuple[str, int], dict[bytes, bytes]] = field(default_factory=lambda: defaultdict(dict))
    #: (topic, partition) of every message of the hospital, in order of publication, and how many intake has read
    arrivals: list[tuple[str, int]] = field(default_factory=list)
    arrived: int = 0
    positions: dict[tuple[str, str, int], int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: bytes of state that each batch of the cost stage wrote
    written: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = Settings(partitions=self.partitions)
        self.restart()

    def restart(self) -> None:
        """New processes: live caches are gone, stores and topics stay."""
        self.stages = [
            _intake(self.partitions, self.settings.epoch),
            Cost(self.settings, self.policy, self.cache_marks),
            Departments(self.settings, self.policy),
        ]

    def publish_raw(self, topic: str, value: bytes | None, key: bytes | None = None, partition: int = 0) -> None:
        records = self.topics[topic, partition]
        records.append(FakeRecord(topic, partition, len(records), 1_700_000_000_000, key, value))
        self.arrivals.append((topic, partition))

    def publish(self, *events: dict[str, Any], partition: int = 0) -> "House":
        for event in events:
            fields = {name: value for name, value in event.items() if name != "type"}
            self.publish_raw(TOPIC_OF[event["type"]], encode_json(fields), partition=partition)
        return self

    def run(self, *names: str) -> "House":
        """Every stage (or those named) reads to the end of its inputs."""
        for index in range(len(self.stages)):
            if names and self.stages[index].name not in names:
                continue
            if index == 0:
                self._take_in()
                continue
            for topic in self.stages[index].inputs:
                for partition in range(self.partitions):
                    self._drain(index, topic, partition)
        return self

    def _take_in(self) -> None:
        back = 0
        while self.arrived < len(self.arrivals):
            place = self.arrivals[self.arrived]
            run, most = 1, self._size()
            while run < most and self.arrivals[self.arrived + run : self.arrived + run + 1] == [place]:
                run += 1
            start = self.positions.get(("intake", *place), 0)
            first = max(0, start - back)
            crashes = self._happens(self.crashes)
            batch = Batch(*place, self.topics[place][first : start + run])
            outcome = self.apply(self.stages[0], batch, until="anywhere" if crashes else "end")
            back = 0
            if crashes:
                self.restart()
                back = self.random.randint(0, 5) if self.random else 0
                continue
            self.arrived += run
            self.positions["intake", *place] = start + run
            self._count("intake", outcome)

    def _drain(self, index: int, topic: str, partition: int) -> None:
        place = (self.stages[index].name, topic, partition)
        records = self.topics[topic, partition]
        while (start := self.positions.get(place, 0)) < len(records):
            if self._happens(self.restarts):
                self.restart()
            batch = Batch(topic, partition, records[start : start + self._size()])
            if self._happens(self.crashes):
                self.apply(self.stages[index], batch, until="anywhere")
                self.restart()
                continue
            outcome = self.apply(self.stages[index], batch)
            self.positions[place] = start + len(batch.records)
            self._count(place[0], outcome)

    def _count(self, stage: str, outcome: Outcome) -> None:
        for name, count in outcome.counts.items():
            self.counts[f"{stage}.{name}"] += count

    def _size(self) -> int:
        return self.random.randint(1, self.batch) if self.random else self.batch

    def _happens(self, chance: float) -> bool:
        return self.random is not None and self.random.random() < chance

    def apply(self, stage: Any, batch: Batch, *, until: str = "end") -> Outcome:
        """State first, then outputs, as the runner does; `until`: dies after the `state`, or `anywhere` by chance."""
        store = self.stores[stage.name, batch.partition]
        outcome = stage.handle(batch, store)
        if stage.name == "cost":
            self.written.append(sum(len(value or b"") for group in outcome.state for _, value in group))
        groups, outputs = outcome.state, [(at, record) for at, records in outcome.outputs.items() for record in records]
        if until == "state":
            outputs = []
        elif until == "anywhere":
            assert self.random is not None
            if groups and self.random.random() < 0.5:
                groups, outputs = groups[: self.random.randint(0, len(groups))], []
            else:
                outputs = outputs[: self.random.randint(0, len(outputs))]
        for group in groups:
            for key, value in group:
                if value is None:
                    store.pop(key, None)
                else:
                    store[key] = value
        for (topic, partition), (key, value, headers) in outputs:
            records = self.topics[topic, partition]
            records.append(FakeRecord(topic, partition, len(records), 0, key, value, headers))
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
    def department_rows(self) -> dict[tuple[str, int], DepartmentFact]:
        found = self.latest(Topic.DEPARTMENT_FACT, decode_department_fact)
        return {(fact.department, fact.month): fact for fact in found.values()}

    @property
    def departments(self) -> dict[tuple[str, int], DepartmentFact]:
        return {key: fact for key, fact in self.department_rows.items() if fact.department != WHOLE_HOSPITAL}

    @property
    def hospital(self) -> dict[int, DepartmentFact]:
        """The rows of the whole hospital, by month."""
        return {fact.month: fact for fact in self.department_rows.values() if fact.department == WHOLE_HOSPITAL}

    @property
    def alerts(self) -> dict[str, Alert]:
        return self.latest(Topic.ALERT, decode_alert)

    @property
    def dead_letters(self) -> list[DeadLetter]:
        return [read_dead_letter(r.key, r.value, r.headers) for r in self.values(Topic.DEAD_LETTER)]

    def published(self, topic: str) -> list[invariants.Published]:
        """Every record of a topic of absolute rows, as it was published."""
        decode = {
            Topic.VISIT_FACT: decode_visit_fact,
            Topic.DEPARTMENT_FACT: decode_department_fact,
            Topic.ALERT: decode_alert,
        }[Topic(topic)]
        return [
            invariants.Published(record.key or b"", decode(record.value or b"").version, record.value or b"")
            for record in self.values(topic)
        ]

    def check(self) -> "House":
        """Everything that must always hold at rest."""
        visits, alerts = list(self.visits.values()), self.alerts.values()
        departments = list(self.department_rows.values())
        for fact in visits:
            invariants.visit_adds_up(fact)
        invariants.departments_are_their_visits(visits, departments)
        invariants.alerts_are_episodes(alerts)
        invariants.open_alerts_are_in_the_facts(visits, alerts)
        for topic in (Topic.VISIT_FACT, Topic.DEPARTMENT_FACT, Topic.ALERT):
            invariants.a_version_means_one_row(self.published(topic))
            if not self.crashes:
                invariants.versions_grow(self.published(topic))
        answers = [decode_department_entry(record.value) for record in self.values(Topic.DEPARTMENT_LEDGER)]
        invariants.every_message_has_one_fate(
            [(record.topic, record.partition, record.offset) for topic in HIS_TOPICS for record in self.values(topic)],
            [decode_entry(record.value) for record in self.values(Topic.LEDGER)],
            [answer for answer in answers if isinstance(answer, DepartmentAck)],
            self.dead_letters,
        )
        return self

    @property
    def settled(self) -> tuple[Any, Any]:
        """What must not depend on the order of arrival."""
        visits = sorted(self.visits.items())
        departments = sorted(self.department_rows.items())
        return (
            [invariants.settled_visit(fact) for _, fact in visits],
            [invariants.settled_department(f) for _, f in departments if not invariants.is_empty_department(f)],
        )

    @property
    def visit(self) -> VisitFact:
        """The only visit there is."""
        (fact,) = self.visits.values()
        return fact

    def alert(self, rule: str, subject: str | None = None) -> Alert:
        """The latest episode of a rule, on the only subject there is unless one is named."""
        found = [a for a in self.alerts.values() if a.rule == rule and subject in {None, a.subject}]
        assert len({alert.subject for alert in found}) == 1, found
        return max(found, key=lambda alert: alert.episode)

    @property
    def rules(self) -> dict[str, str]:
        """rule → status of its latest episode."""
        return {a.rule: a.status for a in sorted(self.alerts.values(), key=lambda alert: alert.episode)}


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
