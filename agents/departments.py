"""Departments: one department and month at a time, from what each visit contributes; facts and alerts of departments.

State parts: a head a department and month (sums, episodes), and one record a contribution, so that a month of thirty
thousand outpatient visits rewrites only those that changed. The parts of one department and month travel together.
"""

import msgspec
from typing_extensions import override

from agents.book.following import FollowsBook
from agents.book.published import starting_policy
from agents.core.department import (
    DepartmentState,
    alert_named,
    alert_prefix,
    answer,
    contribute,
    decode_state,
    department_alert,
    department_fact,
    encode_state,
    is_answered,
)
from agents.core.episodes import Episode, Moment
from agents.core.policy import Policy
from schemas.alerts import Alert, encode_alert
from schemas.dead_letter import dead_letter_headers
from schemas.facts import encode_fact
from schemas.ledger import (
    EPOCH_SHIFT,
    Contribution,
    DepartmentAck,
    DepartmentEntry,
    decode_department_entry,
    encode_department_entry,
    version_of,
)
from schemas.reasons import Reason
from streams.partitions import partition_of
from streams.settings import Settings
from streams.stage import Batch, Outcome, Record, Store
from streams.topics import Topic

Row = tuple[str, str, int]


class Month:
    """One department and month while a batch is applied: its state, and the contributions read or changed so far."""

    __slots__ = ("alerts", "changed", "contributions", "is_changed", "is_repeated", "row", "state")

    def __init__(self, row: Row, store: Store) -> None:
        self.row = row
        raw = store.get(self.head_key())
        self.state = decode_state(raw) if raw is not None else DepartmentState()
        self.contributions: dict[bytes, Contribution | None] = {}
        self.changed: set[bytes] = set()
        self.alerts: dict[str, Alert] = {}
        self.is_changed = False
        #: Entries came again that the state had applied before: the fact is told once more.
        self.is_repeated = False

    def head_key(self) -> bytes:
        """State key of the head."""
        hospital, department, month = self.row
        return f"h|{hospital}|{department}|{month}".encode()

    def known(self, entry: Contribution, store: Store) -> tuple[bytes, Contribution | None]:
        """State key of a visit's contribution, and what it contributed before."""
        hospital, department, month = self.row
        key = f"v|{hospital}|{department}|{month}|{entry.patient_id}|{entry.visit_id}".encode()
        if key not in self.contributions:
            raw = store.get(key)
            found = decode_department_entry(raw) if raw is not None else None
            self.contributions[key] = found if isinstance(found, Contribution) else None
        return key, self.contributions[key]

    def parts(self) -> list[tuple[bytes, bytes | None]]:
        """What must be written: one atomic group."""
        parts: list[tuple[bytes, bytes | None]] = []
        for key in sorted(self.changed):
            row = self.contributions[key]
            parts.append((key, encode_department_entry(row) if row is not None else None))
        parts.append((self.head_key(), encode_state(self.state)))
        return parts


class Departments(FollowsBook[Policy]):
    """The stage `departments`."""

    name = "departments"
    inputs: tuple[str, ...] = (Topic.DEPARTMENT_LEDGER,)
    table = True

    def __init__(self, settings: Settings, policy: Policy) -> None:
        self._epoch = settings.epoch
        self._partitions = settings.partitions
        self._policy = policy

    @override
    def compile(self, policy: Policy) -> Policy:
        """As it is: thresholds and quotas of departments are looked up in it."""
        return policy

    @override
    def use(self, compiled: Policy) -> None:
        """From the next batch on this policy holds."""
        self._policy = compiled

    def assigned(self, topic: str, partitions: frozenset[int]) -> None:
        """Nothing is kept between batches: the store has it."""

    def revoked(self, topic: str, partitions: frozenset[int]) -> None:
        """Nothing is kept between batches."""

    def handle(self, batch: Batch, store: Store) -> Outcome:
        """Apply contributions and answers; publish once for each department and month that changed."""
        months: dict[Row, Month] = {}
        outcome = Outcome()
        counts = {"applied": 0, "duplicate": 0, "replayed": 0, "refused": 0}
        base = version_of(self._epoch, 0)
        for record in batch.records:
            entry = decode_department_entry(record.value or b"")
            row = (entry.hospital, entry.department, entry.month)
            month = months.get(row)
            if month is None:
                month = months[row] = Month(row, store)
            version = base | record.offset
            if version <= month.state.applied:
                counts[self._again(outcome, month, entry, version, record)] += 1
                continue
            if not (month.is_changed or month.is_repeated):
                month.state.superseded.clear()  # the former batch was told before this one was read
            fate = self._apply(outcome, month, entry, version, record, store)
            counts[fate] += 1
            month.is_changed = month.is_changed or fate == "applied"
        alerts = 0
        for row, month in months.items():
            if month.is_changed or month.is_repeated:
                alerts += len(month.alerts)
                self._publish(outcome, row, month)
        outcome.counts = counts | {"alerts": alerts}
        return outcome

    def _apply(
        self, outcome: Outcome, month: Month, entry: DepartmentEntry, version: int, record: Record, store: Store
    ) -> str:
        if isinstance(entry, DepartmentAck):
            return self._answer(outcome, month, entry, version, record)
        key, known = month.known(entry, store)
        episodes = contribute(month.state, known, entry, version, self._policy)
        if episodes is None:
            return "duplicate"
        month.contributions[key] = entry
        month.changed.add(key)
        self._note(month, episodes)
        return "applied"

    def _again(self, outcome: Outcome, month: Month, entry: DepartmentEntry, version: int, record: Record) -> str:
        """An entry the state has applied: what it led to may never have been told; a refusal is told again."""
        if isinstance(entry, DepartmentAck) and not is_answered(month.state, alert_prefix(*month.row), entry):
            return self._refuse(outcome, entry, record)
        month.is_repeated = True
        episodes = (*month.state.superseded, *month.state.episodes.values())
        self._note(month, [episode for episode in episodes if episode.version >= version])
        return "replayed"

    def _answer(self, outcome: Outcome, month: Month, entry: DepartmentAck, version: int, record: Record) -> str:
        episode = alert_named(month.state, alert_prefix(*month.row), entry.ack.alert_id)
        if episode is not None:
            if not answer(month.state, episode, entry.ack, Moment(entry.at, entry.event_id, version)):
                return "duplicate"
            self._note(month, [episode])
            return "applied"
        return self._refuse(outcome, entry, record)

    def _refuse(self, outcome: Outcome, entry: DepartmentAck, record: Record) -> str:
        offset = entry.source_position & ((1 << EPOCH_SHIFT) - 1)
        source = (entry.source_topic, entry.source_partition, offset)
        detail = "no such alert, or a later one took its place"
        headers = dead_letter_headers(Reason.UNKNOWN_ALERT, detail, self.name, source, entry.at, "ledger")
        partition = partition_of("/".join(map(str, source)).encode(), self._partitions)
        outcome.outputs.setdefault((Topic.DEAD_LETTER, partition), []).append((record.key, record.value, headers))
        return "refused"

    @staticmethod
    def _note(month: Month, episodes: list[Episode]) -> None:
        for episode in episodes:
            # The record as it is now: a later step of the same episode replaces it under the same id.
            alert = department_alert(*month.row, msgspec.structs.replace(episode, history=list(episode.history)))
            month.alerts[alert.alert_id] = alert

    def _publish(self, outcome: Outcome, row: Row, month: Month) -> None:
        for alert in month.alerts.values():
            self._send(outcome, Topic.ALERT, alert.alert_id.encode(), encode_alert(alert))
        fact = department_fact(*row, month.state, self._policy)
        self._send(outcome, Topic.DEPARTMENT_FACT, "|".join(map(str, row)).encode(), encode_fact(fact))
        if month.is_changed:
            outcome.state.append(month.parts())

    def _send(self, outcome: Outcome, topic: Topic, key: bytes, value: bytes) -> None:
        partition = partition_of(key, self._partitions)
        outcome.outputs.setdefault((topic, partition), []).append((key, value, ()))


def make(settings: Settings) -> Departments:
    """The stage as `kongfei worker departments` runs it."""
    return Departments(settings, starting_policy(settings))
