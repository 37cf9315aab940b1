"""Intake: what a hospital published becomes one keyed, ordered ledger; what cannot be read becomes a dead letter.

Owns the border. Must never know a rule about money: it decodes, validates, and says from where each entry came.
Sends at least once; whoever reads the ledger drops what it has seen (agents/core/reduce.py).
"""

from zoneinfo import ZoneInfo

from agents.core.accept import entry_of, validate
from schemas.codec import Codec, Resolver
from schemas.dead_letter import dead_letter_headers
from schemas.events import AckEvent, Event
from schemas.ledger import (
    Ack,
    DepartmentAck,
    Entry,
    department_key,
    encode_department_entry,
    encode_entry,
    patient_key,
    version_of,
)
from schemas.reasons import RejectError
from streams.partitions import partition_of
from streams.registry import resolver_of
from streams.settings import Settings
from streams.stage import Batch, Outcome, Record, Store
from streams.topics import HIS_TOPICS, Topic

EVENT_TYPE = {
    Topic.ADMISSION: "admission",
    Topic.ORDER: "order",
    Topic.CHARGE: "charge",
    Topic.SETTLEMENT: "settlement",
    Topic.ACK: "ack",
}
#: Patient keys whose partition is remembered; a key costs about 200 bytes.
KEY_CACHE = 100_000


class Intake:
    """The stage `intake`."""

    name = "intake"
    inputs: tuple[str, ...] = tuple(HIS_TOPICS)
    table = False

    def __init__(self, settings: Settings, resolver: Resolver | None = None) -> None:
        self._zone = ZoneInfo(settings.timezone)
        self._context = {"zone": self._zone, "hospital": settings.hospital}
        self._epoch = settings.epoch
        self._partitions = settings.partitions
        self._codec = Codec(resolver=resolver)
        self._keys: dict[tuple[str, str], tuple[bytes, int]] = {}

    def assigned(self, topic: str, partitions: frozenset[int]) -> None:
        """Intake keeps nothing a partition could own."""

    def revoked(self, topic: str, partitions: frozenset[int]) -> None:
        """Intake keeps nothing a partition could own."""

    def handle(self, batch: Batch, store: Store) -> Outcome:  # noqa: ARG002 - intake has no state
        """Every record becomes exactly one ledger entry, one department entry, or one dead letter."""
        outcome = Outcome()
        event_type = EVENT_TYPE[Topic(batch.topic)]
        accepted = refused = warned = 0
        for record in batch.records:
            try:
                event = validate(event_type, self._codec.decode(record.value, event_type), self._context)
            except RejectError as error:
                self._refuse(outcome, batch, record, error)
                refused += 1
                continue
            source = (batch.topic, batch.partition, version_of(self._epoch, record.offset))
            if type(event) is AckEvent and not event.patient_id:
                self._to_department(outcome, event, entry_of(event, source, self._zone))
            else:
                entry = entry_of(event, source, self._zone)
                warned += bool(entry.warnings)
                key, partition = self._place(event)
                outcome.outputs.setdefault((Topic.LEDGER, partition), []).append((key, encode_entry(entry), ()))
            accepted += 1
        outcome.counts = {"accepted": accepted, "dead_lettered": refused, "warned": warned}
        return outcome

    def _place(self, event: Event) -> tuple[bytes, int]:
        """Ledger key and partition of a patient."""
        name = (event.hospital, event.patient_id)
        found = self._keys.get(name)
        if found is None:
            if len(self._keys) >= KEY_CACHE:
                self._keys.clear()
            key = patient_key(*name)
            found = self._keys[name] = (key, partition_of(key, self._partitions))
        return found

    def _to_department(self, outcome: Outcome, event: AckEvent, entry: Entry) -> None:
        """An answer to a department's alert goes to the department's log."""
        assert isinstance(entry.body, Ack)
        key = department_key(event.hospital, event.department, event.month)
        value = encode_department_entry(
            DepartmentAck(
                event.hospital,
                event.department,
                event.month,
                event.event_id,
                event.occurred_at,
                entry.body,
                entry.source_topic,
                entry.source_partition,
                entry.source_position,
            )
        )
        partition = partition_of(key, self._partitions)
        outcome.outputs.setdefault((Topic.DEPARTMENT_LEDGER, partition), []).append((key, value, ()))

    def _refuse(self, outcome: Outcome, batch: Batch, record: Record, error: RejectError) -> None:
        source = (batch.topic, batch.partition, record.offset)
        headers = dead_letter_headers(error.reason, error.detail, self.name, source, record.timestamp)
        partition = partition_of("/".join(map(str, source)).encode(), self._partitions)
        outcome.outputs.setdefault((Topic.DEAD_LETTER, partition), []).append((record.key, record.value, headers))


def make(settings: Settings) -> Intake:
    """The stage as `kongfei worker intake` runs it."""
    return Intake(settings, resolver_of(settings))
