"""Cost: applies each patient's log to the running state of their visits, and publishes facts, alerts, contributions.

Thin: decoding, the cache of live visits, and the shape of the outcome stand here; every rule is in agents/core.
"""

from collections import OrderedDict
from collections.abc import Mapping

from typing_extensions import override

from agents.book.following import FollowsBook
from agents.book.published import starting_policy
from agents.core.episodes import Moment
from agents.core.outlook import Outlook as VisitOutlook
from agents.core.outlook import judge_outlook
from agents.core.patient import Chained, Patient, before, chain, encode_patient, load_patient, patient_part, place_of
from agents.core.policy import Policy
from agents.core.publish import contributions, visit_alert, visit_fact
from agents.core.reckoner import Reckoner
from agents.core.reduce import Fate, reduce
from agents.core.reduce import Outcome as Reduced
from agents.core.visit import Visit, VisitKey
from agents.grouper_adapter import installed_grouper
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
from streams.stage import Batch, Outcome, Record, StateGroup, Store
from streams.topics import Topic

#: Live visits kept decoded between batches, counted in marks (Visit.size); about 400 bytes each.
CACHE_MARKS = 600_000
TRIM_EVERY = 8
OFFSET_MASK = (1 << EPOCH_SHIFT) - 1


class Turn:
    """What a batch says of one patient: visits it changed, each with the last entry that did, and what it repeats.

    `repeated`: visits of which entries came again that their state had applied; `since`: the first version of those.
    """

    __slots__ = ("causes", "repeated", "since", "visits")

    def __init__(self) -> None:
        self.visits: dict[str, Visit] = {}
        self.causes: dict[str, Entry] = {}
        self.repeated: set[str] = set()
        self.since = 0

    def change(self, visit: Visit, cause: Entry) -> None:
        """An entry was applied."""
        self.visits[cause.visit_id] = visit
        self.causes[cause.visit_id] = cause

    def repeat(self, visit_id: str, version: int) -> None:
        """An entry came again: what it led to may never have been told."""
        self.since = self.since or version
        self.repeated.add(visit_id)


class Family:
    """A patient's visits while a batch is concluded: those at hand, and the way to the others."""

    __slots__ = ("hospital", "live", "patient_id", "store", "visits")

    def __init__(self, hospital: str, patient_id: str, live: OrderedDict[VisitKey, Visit], store: Store) -> None:
        self.hospital = hospital
        self.patient_id = patient_id
        self.live = live
        self.store = store
        self.visits: dict[str, Visit] = {}

    def load(self, visit_id: str) -> Visit:
        """One visit, live."""
        visit = self.visits.get(visit_id)
        if visit is None:
            key = VisitKey(self.hospital, self.patient_id, visit_id)
            visit = self.live.get(key)
            if visit is None:
                visit = self.live[key] = Visit.load(key, self.store)
            self.visits[visit_id] = visit
        return visit


class Cost(FollowsBook[Reckoner]):
    """The stage `cost`."""

    name = "cost"
    inputs: tuple[str, ...] = (Topic.LEDGER,)
    table = True

    def __init__(self, settings: Settings, policy: Policy, cache_marks: int = CACHE_MARKS) -> None:
        self._epoch = settings.epoch
        self._partitions = settings.partitions
        self._cache_marks = cache_marks
        #: partition → visits, least recently used first.
        self._live: dict[int, OrderedDict[VisitKey, Visit]] = {}
        self._batches = 0
        self.use(self.compile(policy))

    @override
    def compile(self, policy: Policy) -> Reckoner:
        """The book as far as money goes."""
        return Reckoner(policy, installed_grouper(policy.book))

    @override
    def use(self, compiled: Reckoner) -> None:
        """From the next batch on this book holds: live visits are read anew from the store and reckoned under it."""
        self._policy = compiled.policy
        self._reckoner = compiled
        for visits in self._live.values():
            visits.clear()

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
        turns: dict[tuple[str, str], Turn] = {}
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
            version = version_base | record.offset
            turn = turns.get(key[:2])
            if turn is None:
                turn = turns[key[:2]] = Turn()
            if version > visit.head.applied and entry.visit_id not in turn.visits and not turn.since:
                visit.head.superseded.clear()  # the former batch was told before this one was read
            reduced = reduce(visit, entry, version, self._policy)
            fate = reduced.fate
            counts[fate] += 1
            if fate is Fate.DUPLICATE:
                continue
            if fate is Fate.REFUSED:
                self._refuse(outcome, record, entry, reduced)
                continue
            if fate is Fate.REPLAYED:
                turn.repeat(entry.visit_id, version)
                continue
            turn.change(visit, entry)
            for episode in reduced.episodes:
                alert = visit_alert(visit, episode)
                alerts[alert.alert_id] = alert
        for (hospital, patient_id), turn in turns.items():
            if turn.since or (turn.visits and self._reckoner.has_money):
                self._conclude(outcome, Family(hospital, patient_id, live, store), turn, alerts)
                continue
            for visit_id, visit in turn.visits.items():  # the book knows no money: each visit stands for itself
                cause = turn.causes[visit_id]
                self._tell(outcome, visit, None, Moment(cause.recorded_at, cause.event_id, visit.head.applied), alerts)
                outcome.state.append(visit.parts())
                live.move_to_end(visit.key)
        for alert in alerts.values():
            self._send(outcome, Topic.ALERT, alert.alert_id.encode(), encode_alert(alert))
        self._trim(live)
        outcome.counts = {fate.value: count for fate, count in counts.items()} | {"alerts": len(alerts)}
        return outcome

    def _conclude(self, outcome: Outcome, family: Family, turn: Turn, alerts: dict[str, Alert]) -> None:
        """Reckon what the patient's changed visits come to, and those they bear on; publish, and store all at once."""
        family.visits.update(turn.visits)
        reckoner = self._reckoner
        has_money = reckoner.has_money
        patient = load_patient(family.hospital, family.patient_id, family.store) if has_money else Patient({})
        again = self._repeated(family, patient, turn, alerts)
        group: StateGroup = []
        outlooks: Mapping[str, VisitOutlook | None] = {}
        if turn.visits:
            latest = max(turn.visits.values(), key=lambda visit: visit.head.applied)
            last_cause = turn.causes[latest.key.visit_id]
            if has_money:
                chained = chain(patient, turn.visits, family.load, reckoner.note_of, reckoner.reckon)
            else:
                chained = Chained(dict.fromkeys(turn.visits), is_changed=False, affected=frozenset())
            outlooks = chained.outlooks
            for visit_id, outlook in outlooks.items():
                visit, cause = family.visits[visit_id], turn.causes.get(visit_id, last_cause)
                if visit_id in chained.affected:
                    # What it is worth leans on the patient's other visits: true as of the last entry of any of them.
                    visit.head.applied = latest.head.applied
                    cause = last_cause
                moment = Moment(cause.recorded_at, cause.event_id, visit.head.applied)
                if visit_id not in turn.visits and not turn.since:
                    visit.head.superseded.clear()
                self._tell(outcome, visit, outlook, moment, alerts)
                group += visit.parts()
                family.live.move_to_end(visit.key)
            if chained.is_changed:
                group.append((patient_part(family.hospital, family.patient_id), encode_patient(patient)))
            outcome.state.append(group)
        for visit_id in again:
            if visit_id not in outlooks:
                visit, outlook = family.visits[visit_id], None
                if has_money:
                    place = place_of(visit_id, reckoner.note_of(visit))
                    outlook, _ = reckoner.reckon(visit, before(patient.visits, place))
                self._publish(outcome, visit, outlook)

    def _tell(
        self, outcome: Outcome, visit: Visit, outlook: VisitOutlook | None, moment: Moment, alerts: dict[str, Alert]
    ) -> None:
        """Judge what leans on the outlook, and publish the visit."""
        for episode in judge_outlook(visit, self._policy, outlook, moment):
            alert = visit_alert(visit, episode)
            alerts[alert.alert_id] = alert
        self._publish(outcome, visit, outlook)

    @staticmethod
    def _repeated(family: Family, patient: Patient, turn: Turn, alerts: dict[str, Alert]) -> list[str]:
        """Visits whose state was written, but perhaps never told: all their rows and latest alerts are told again.

        Not only those whose entries came again: an entry of one visit may have changed what another is worth.
        """
        if not turn.since:
            return []
        found = []
        for visit_id in sorted(turn.repeated | patient.visits.keys()):
            visit = family.load(visit_id)
            if visit.head.applied < turn.since:
                continue
            found.append(visit_id)
            visit.dirty.update(visit.head.rows)
            for episode in (*visit.head.superseded, *visit.head.episodes.values()):
                if episode.version >= turn.since:
                    alert = visit_alert(visit, episode)
                    alerts.setdefault(alert.alert_id, alert)
        return found

    def _publish(self, outcome: Outcome, visit: Visit, outlook: VisitOutlook | None) -> None:
        for contribution in contributions(visit, self._policy, outlook):
            row = department_key(contribution.hospital, contribution.department, contribution.month)
            self._send(outcome, Topic.DEPARTMENT_LEDGER, row, encode_department_entry(contribution))
        fact = encode_fact(visit_fact(visit, self._policy, outlook))
        self._send(outcome, Topic.VISIT_FACT, visit.key.fact(), fact)

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
    return Cost(settings, starting_policy(settings))
