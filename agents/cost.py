"""Cost: applies each patient's log to the running state of their visits, and publishes facts, alerts, contributions.

Thin: decoding, the cache of live visits, and the shape of the outcome stand here; every rule is in agents/core.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from typing_extensions import override

from agents.book.following import FollowsBook
from agents.book.published import starting_policy
from agents.core.episodes import Moment
from agents.core.outlook import Outlook as VisitOutlook
from agents.core.outlook import judge_outlook
from agents.core.patient import Chained, Patient, before, chain, encode_patient, load_patient, patient_part, place_of
from agents.core.policy import Policy
from agents.core.publish import contributions, visit_fact
from agents.core.reckoner import Reckoner
from agents.core.reduce import Fate, reduce
from agents.core.reduce import Outcome as Reduced
from agents.core.visit import Visit, VisitKey
from agents.family import Family
from agents.grouper_adapter import installed_grouper
from agents.order_check.service import OrderCheckService
from agents.reviewing import Reviewer
from agents.told import Told
from schemas.alerts import encode_alert
from schemas.dead_letter import dead_letter_headers
from schemas.facts import encode_fact
from schemas.finding import encode_finding
from schemas.ledger import (
    EPOCH_SHIFT,
    Entry,
    Order,
    decode_entry,
    department_key,
    encode_department_entry,
    patient_key,
    version_of,
)
from schemas.order_check import CheckRequest, CheckResult, check_key, encode_check
from schemas.reasons import Reason
from streams.partitions import partition_of
from streams.settings import Settings
from streams.stage import Batch, Outcome, Record, StateGroup, Store
from streams.topics import Topic

#: Live visits kept decoded between batches, counted in marks (Visit.size); about 400 bytes each.
CACHE_MARKS = 800_000
TRIM_EVERY = 8
OFFSET_MASK = (1 << EPOCH_SHIFT) - 1


class Compiled(NamedTuple):
    """What the stage makes of a book: what comes to money, and the rules."""

    reckoner: Reckoner
    reviewer: Reviewer


class Cost(FollowsBook[Compiled]):
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
        #: Order checks over HTTP (streams.stage.Answering).
        self.answering = OrderCheckService(settings, self._check)

    @override
    def compile(self, policy: Policy) -> Compiled:
        """The book as far as money and rules go."""
        return Compiled(Reckoner(policy, installed_grouper(policy.book)), Reviewer(policy))

    @override
    def use(self, compiled: Compiled) -> None:
        """From the next batch on this book holds: live visits are read anew from the store and reckoned under it."""
        self._reckoner, self._reviewer = compiled
        self._policy = compiled.reckoner.policy
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
        families: dict[tuple[str, str], Family] = {}
        told = Told()
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
            family = families.get(key[:2])
            if family is None:
                family = families[key[:2]] = Family(*key[:2], live, store)
            if version > visit.head.applied and family.is_first(entry.visit_id):
                visit.forget_told()  # the former batch was told before this one was read
            reduced = reduce(visit, entry, version, self._policy)
            fate = reduced.fate
            counts[fate] += 1
            if fate is Fate.DUPLICATE:
                continue
            if fate is Fate.REFUSED:
                self._refuse(outcome, record, entry, reduced)
                continue
            if fate is Fate.REPLAYED:
                family.repeat(entry.visit_id, version)
                continue
            family.change(visit, entry)
            if type(entry.body) is Order:
                self._reviewer.check_placed(family, visit, entry, version, batch.partition)
            if reduced.answered is not None:
                told.finding(reduced.answered)
            told.episodes(visit, reduced.episodes)
        for family in families.values():
            self._conclude(outcome, family, told)
        self._send_told(outcome, told)
        self._trim(live)
        failures, self._reviewer.failures = self._reviewer.failures, 0
        outcome.counts = {fate.value: count for fate, count in counts.items()} | told.counts
        if failures:
            outcome.counts["rule_failures"] = failures
        return outcome

    def _conclude(self, outcome: Outcome, family: Family, told: Told) -> None:
        """Reckon and review what the batch changed of a patient; publish, and store all at once."""
        if family.since or (family.changed and (self._reckoner.has_money or self._reviewer.concerns(family))):
            self._conclude_together(outcome, family, told)
            return
        for visit_id, visit in family.changed.items():  # the book knows neither money nor rules
            cause = family.causes[visit_id]
            self._tell(outcome, visit, None, Moment(cause.recorded_at, cause.event_id, visit.head.applied), told)
            outcome.state.append(visit.parts())
            family.live.move_to_end(visit.key)

    def _conclude_together(self, outcome: Outcome, family: Family, told: Told) -> None:
        """The patient's changed visits, those they bear on, and what may never have been told."""
        family.visits.update(family.changed)
        reckoner = self._reckoner
        has_money = reckoner.has_money
        patient = load_patient(family.hospital, family.patient_id, family.store) if has_money else Patient({})
        again = self._repeated(family, patient, told)
        group: StateGroup = []
        outlooks: Mapping[str, VisitOutlook | None] = {}
        if family.changed:
            latest = max(family.changed.values(), key=lambda visit: visit.head.applied)
            last_cause = family.causes[latest.key.visit_id]
            if has_money:
                chained = chain(patient, family.changed, family.load, reckoner.note_of, reckoner.reckon)
            else:
                chained = Chained(dict.fromkeys(family.changed), is_changed=False, affected=frozenset())
            outlooks = chained.outlooks
            reviewed: set[str] = set()
            if self._reviewer.concerns(family):
                findings, parts, reviewed = self._reviewer.conclude(family, latest.head.applied, last_cause.recorded_at)
                told.findings(findings)
                group += parts
            told.checks(family.checks)
            for visit_id, outlook in outlooks.items():
                visit, cause = family.visits[visit_id], family.causes.get(visit_id, last_cause)
                if visit_id in chained.affected:
                    # What it is worth leans on the patient's other visits: true as of the last entry of any of them.
                    visit.head.applied = latest.head.applied
                    cause = last_cause
                moment = Moment(cause.recorded_at, cause.event_id, visit.head.applied)
                if visit_id not in family.changed and not family.since:
                    visit.forget_told()
                self._tell(outcome, visit, outlook, moment, told)
                group += visit.parts()
                family.live.move_to_end(visit.key)
            for visit_id in sorted(reviewed - outlooks.keys()):  # another visit of the patient changed their findings
                self._publish(outcome, family.visits[visit_id], self._outlook(family.visits[visit_id], patient))
                group += family.visits[visit_id].parts()
            if chained.is_changed:
                group.append((patient_part(family.hospital, family.patient_id), encode_patient(patient)))
            outcome.state.append(group)
        for visit_id in again:
            if visit_id not in outlooks:
                self._publish(outcome, family.visits[visit_id], self._outlook(family.visits[visit_id], patient))

    def _outlook(self, visit: Visit, patient: Patient) -> VisitOutlook | None:
        """What a visit comes to that nothing was applied to; None where the book knows no money."""
        reckoner = self._reckoner
        if not reckoner.has_money:
            return None
        place = place_of(visit.key.visit_id, reckoner.note_of(visit))
        return reckoner.reckon(visit, before(patient.visits, place))[0]

    def _tell(self, outcome: Outcome, visit: Visit, outlook: VisitOutlook | None, moment: Moment, told: Told) -> None:
        """Judge what leans on the outlook, and publish the visit."""
        told.episodes(visit, judge_outlook(visit, self._policy, outlook, moment))
        self._publish(outcome, visit, outlook)

    @staticmethod
    def _repeated(family: Family, patient: Patient, told: Told) -> list[str]:
        """Visits whose state was written, but perhaps never told: all their rows and latest alerts are told again.

        Not only those whose entries came again: an entry of one visit may have changed what another is worth.
        """
        if not family.since:
            return []
        found = []
        for visit_id in sorted(family.repeated | patient.visits.keys() | family.history.visits.keys()):
            visit = family.load(visit_id)
            if visit.head.applied < family.since:
                continue
            found.append(visit_id)
            visit.dirty.update(visit.head.rows)
            told.again(visit, family.since)
        return found

    def _check(self, request: CheckRequest, partition: int, store: Store) -> CheckResult:
        """An order check on what is known now; nothing is changed by it."""
        live = self._live.setdefault(partition, OrderedDict())
        return self._reviewer.check(request, Family(request.hospital, request.patient_id, live, store), partition)

    def _publish(self, outcome: Outcome, visit: Visit, outlook: VisitOutlook | None) -> None:
        for contribution in contributions(visit, self._policy, outlook):
            row = department_key(contribution.hospital, contribution.department, contribution.month)
            self._send(outcome, Topic.DEPARTMENT_LEDGER, row, encode_department_entry(contribution))
        fact = encode_fact(visit_fact(visit, self._policy, outlook))
        self._send(outcome, Topic.VISIT_FACT, visit.key.fact(), fact)

    def _send_told(self, outcome: Outcome, told: Told) -> None:
        for alert_id, alert in told.alerts.items():
            self._send(outcome, Topic.ALERT, alert_id.encode(), encode_alert(alert))
        for finding_id, finding in told.found.items():
            self._send(outcome, Topic.FINDING, finding_id.encode(), encode_finding(finding))
        for result in told.answers.values():
            self.answering.remember(result)
            # Beside the patient's log: whoever owns that partition knows the answers.
            partition = partition_of(patient_key(result.hospital, result.patient_id), self._partitions)
            record = (check_key(result), encode_check(result), ())
            outcome.outputs.setdefault((Topic.ORDER_CHECK, partition), []).append(record)

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
