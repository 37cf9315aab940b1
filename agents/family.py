"""A patient's visits while a batch is at work: those at hand, the way to the others, what the batch says of them."""

from collections import OrderedDict

from agents.core.rules.history import History, load_history
from agents.core.visit import Visit, VisitKey
from schemas.ledger import Entry
from schemas.order_check import CheckResult
from streams.stage import Store


class Family:
    """One patient's visits in one batch.

    `changed`: visits the batch changed, each with the last entry that did. `repeated`: visits of which entries came
    again that their state had applied; `since`: the first version of those.
    """

    __slots__ = (
        "_history",
        "causes",
        "changed",
        "checks",
        "hospital",
        "live",
        "patient_id",
        "repeated",
        "since",
        "store",
        "visits",
    )

    def __init__(self, hospital: str, patient_id: str, live: OrderedDict[VisitKey, Visit], store: Store) -> None:
        self.hospital = hospital
        self.patient_id = patient_id
        self.live = live
        self.store = store
        #: Every visit that was looked at, by id.
        self.visits: dict[str, Visit] = {}
        self.changed: dict[str, Visit] = {}
        self.causes: dict[str, Entry] = {}
        self.repeated: set[str] = set()
        self.since = 0
        #: Answers to orders of this batch.
        self.checks: list[CheckResult] = []
        self._history: History | None = None

    @property
    def history(self) -> History:
        """What the patient's visits leave to the rules of the others."""
        if self._history is None:
            self._history = load_history(self.hospital, self.patient_id, self.store)
        return self._history

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

    def knows(self, visit_id: str) -> bool:
        """Whether anything is known of the visit."""
        key = VisitKey(self.hospital, self.patient_id, visit_id)
        return visit_id in self.visits or key in self.live or key.head() in self.store

    def change(self, visit: Visit, cause: Entry) -> None:
        """An entry was applied."""
        self.changed[cause.visit_id] = visit
        self.causes[cause.visit_id] = cause

    def repeat(self, visit_id: str, version: int) -> None:
        """An entry came again: what it led to may never have been told."""
        self.since = self.since or version
        self.repeated.add(visit_id)

    def is_first(self, visit_id: str) -> bool:
        """Whether the visit was neither changed by this batch yet, nor is anything being told again."""
        return visit_id not in self.changed and not self.since
