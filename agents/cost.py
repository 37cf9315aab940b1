"""Cost: applies each patient's log to the running state of their visits, and publishes facts, alerts, contributions.

Thin: decoding, the cache of live visits, and the shape of the outcome stand here; every rule is in agents/core.
"""

from collections import OrderedDict
from zoneinfo import ZoneInfo

from agents.book import load_policy
from agents.core.policy import Policy
from agents.core.publish import contributions, visit_alert, visit_fact
from agents.core.reduce import Fate, reduce
from agents.core.reduce import Outcome as Reduced
from agents.core.visit import Visit, VisitKey
from schemas.alerts import Alert, encode_alert
from schemas.dead_letter import dead_letter_headers
from schemas.facts import encode_fact
from schemas.ledger import (
    EPOCH_SHIFT,
    Entry,
    decode_entry,
    department_key,
    encode_department_entry,
    patient_key,
    version_of,
)
from schemas.reasons import Reason
from streams.partitions import partition_of
from streams.settings import Settings
from streams.stage import Batch, Outcome, Record, Store
from streams.topics import Topic

#: Live visits kept decoded between batches, counted in marks (Visit.size); about 400 bytes each.
CACHE_MARKS = 600_000
TRIM_EVERY = 8
OFFSET_MASK = (1 << EPOCH_SHIFT) - 1


class Cost:
    """The stage `cost`."""

    name = "cost"
    inputs: tuple[str, ...] = (Topic.LEDGER,)
    table = True

    def __init__(self, settings: Settings, policy: Policy, cache_marks: int = CACHE_MARKS) -> None:
        self._epoch = settings.epoch
        self._partitions = settings.partitions
        self._policy = policy
        self._cache_marks = cache_marks
        #: partition → visits, least recently used first.
        self._live: dict[int, OrderedDict[VisitKey, Visit]] = {}
        self._batches = 0

    def assigned(self, topic: str, partitions: frozenset[int]) -> None:  # noqa: ARG002 - one input only
        """Begin without memories of an earlier ownership."""
        for partition in partitions:
            self._live[partition] = OrderedDict()

    def revoked(self, topic: str, partitions: frozenset[int]) -> None:  # noqa: ARG002 - one input only
        """Forget the visits of partitions that are another worker's now."""
        for partition in partitions:
            self._live.pop(partition, None)

    def handle(self, batch: Batch, store: Store) -> Outcome:
        """Apply the entries one by one; publish once for each visit that changed."""
        live = self._live.setdefault(batch.partition, OrderedDict())
        touched: dict[VisitKey, Visit] = {}
        alerts: dict[str, Alert] = {}
        counts = dict.fromkeys(Fate, 0)
        outcome = Outcome()
        version_base = version_of(self._epoch, 0)
        for record in batch.records:
            entry = decode_entry(record.value or b"")
            key = VisitKey(entry.hospital, entry.patient_id, entry.visit_id)
            visit = live.get(key)
            if visit is None:
                visit = live[key] = Visit.load(key, store)
            reduced = reduce(visit, entry, version_base | record.offset, self._policy)
            counts[reduced.fate] += 1
            if reduced.fate is Fate.APPLIED:
                touched[key] = visit
                for episode in reduced.episodes:
                    alert = visit_alert(visit, episode)
                    alerts[alert.alert_id] = alert
            elif reduced.fate is Fate.REFUSED:
                self._refuse(outcome, record, entry, reduced)
        for key, visit in touched.items():
            self._publish(outcome, key, visit)
            live.move_to_end(key)
        for alert in alerts.values():
            self._send(outcome, Topic.ALERT, alert.alert_id.encode(), encode_alert(alert))
        self._trim(live)
        outcome.counts = {fate.value: count for fate, count in counts.items()} | {"alerts": len(alerts)}
        return outcome

    def _publish(self, outcome: Outcome, key: VisitKey, visit: Visit) -> None:
        for contribution in contributions(visit, self._policy):
            row = department_key(contribution.hospital, contribution.department, contribution.month)
            self._send(outcome, Topic.DEPARTMENT_LEDGER, row, encode_department_entry(contribution))
        self._send(outcome, Topic.VISIT_FACT, key.fact(), encode_fact(visit_fact(visit, self._policy)))
        outcome.state.append(visit.parts())

    def _send(self, outcome: Outcome, topic: Topic, key: bytes, value: bytes) -> None:
        partition = partition_of(key, self._partitions)
        outcome.outputs.setdefault((topic, partition), []).append((key, value, ()))

    def _refuse(self, outcome: Outcome, record: Record, entry: Entry, reduced: Reduced) -> None:
        """The refused entry travels as it stands in the ledger; the source header says where the original is."""
        source = (entry.source_topic, entry.source_partition, entry.source_position & OFFSET_MASK)
        reason = reduced.reason or Reason.CONTENT_CONFLICT
        headers = dead_letter_headers(reason, reduced.detail, self.name, source, entry.recorded_at, "ledger")
        key = patient_key(entry.hospital, entry.patient_id)
        partition = partition_of("/".join(map(str, source)).encode(), self._partitions)
        outcome.outputs.setdefault((Topic.DEAD_LETTER, partition), []).append((key, record.value, headers))

    def _trim(self, live: OrderedDict[VisitKey, Visit]) -> None:
        """Now and then, drop the visits longest untouched; their parts are in the store."""
        self._batches += 1
        if self._batches % TRIM_EVERY:
            return
        allowed = self._cache_marks // max(1, len(self._live))
        size = sum(visit.size for visit in live.values())
        while size > allowed and len(live) > 1:
            _, dropped = live.popitem(last=False)
            size -= dropped.size


def make(settings: Settings) -> Cost:
    """The stage as `kongfei worker cost` runs it."""
    return Cost(settings, load_policy(settings.book_dir, zone=ZoneInfo(settings.timezone)))
