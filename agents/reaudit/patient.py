"""One patient of a re-audit: the log applied by the stream's own reducer, each asked visit audited by its engine.

What comes out for a visit is what the stream has told of it under the same book, id by id and fen by fen
(tests/agents/reaudit/test_same_as_the_stream.py).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from agents.core.grouping.drg import SYSTEM
from agents.core.patient import Before
from agents.core.policy import Policy
from agents.core.reckoner import Reckoner
from agents.core.reduce import reduce
from agents.core.rules.auditing import phases_of
from agents.core.rules.findings import audit_findings
from agents.core.rules.history import History
from agents.core.rules.lines import Lines
from agents.core.rules.population import Summary, summary_of
from agents.core.rules.rulebook import RuleBook
from agents.core.rules.view import View
from agents.core.rules.viewing import view_of
from agents.core.visit import Visit, VisitKey
from schemas.facts import VisitStatus
from schemas.finding import Finding
from schemas.ledger import Ack
from schemas.units import day_of
from schemas.visit_history import PatientLog

NOTHING_BEFORE = Before(None, ())
GROUPED = ("grouped", "ambiguous")
Inputs = Mapping[str, Mapping[str, Any]]


class AuditedVisit(NamedTuple):
    """One visit of the period: its findings, the rules that could not be judged to the end, when it ended."""

    visit_id: str
    ended_at: int
    findings: list[Finding]
    failures: list[tuple[str, Exception]]


class AuditedPatient(NamedTuple):
    """A patient's visits: those of the period audited, all of them summed up."""

    visits: list[AuditedVisit]
    summaries: list[Summary]


class PatientAudit:
    """Audits patients one after the other; keeps nothing of them."""

    def __init__(
        self,
        policy: Policy,
        rules: RuleBook,
        period: tuple[int, int],
        reckoner: Reckoner | None = None,
        inputs: Inputs | None = None,
    ) -> None:
        """Prepare to audit under one book.

        period: first and last day, both included. reckoner: groups stays, where rules need groups. inputs: declared
        optional inputs by visit id; those of `""` hold for every visit.
        """
        self.policy = policy
        self.rules = rules
        self.period = period
        self.reckoner = reckoner
        self.inputs: Inputs = inputs or {}

    def audit(self, log: PatientLog) -> AuditedPatient:
        """Apply the whole log, then audit the visits that ended in the period."""
        visits = self._visits(log)
        history = History({})
        lines = {visit_id: Lines(visit) for visit_id, visit in visits.items()}
        for visit in sorted(visits.values(), key=lambda visit: (visit.begun_at, visit.key.visit_id)):
            history.note(visit, lines[visit.key.visit_id])
        audited, summaries = [], []
        for visit_id, visit in visits.items():
            if visit.stay.status is VisitStatus.CANCELLED:
                continue
            view = self._view(visit, lines[visit_id], history)
            ended_at = visit.ended_at if view.facts.is_ended else None
            if ended_at is not None and self._is_asked(ended_at):
                admitted = view.facts.admitted_day
                scoped = self.rules.scoped(view.facts, view.facts.today if admitted is None else admitted)
                found = audit_findings(view, scoped, self.policy.version, phases_of(view))
                audited.append(AuditedVisit(visit_id, ended_at, found, list(view.failures)))
            summaries.append(summary_of(view, *self._group(visit)))
        return AuditedPatient(audited, summaries)

    def _view(self, visit: Visit, lines: Lines, history: History) -> View:
        inputs = {**self.inputs.get("", {}), **self.inputs.get(visit.key.visit_id, {})}
        rules = self.rules
        more = {"names": rules.names, "prescribers": rules.prescribers, "exemptions": rules.exemptions}
        return view_of(visit, self.policy, lines, history.visits.values(), inputs, **more)

    def _visits(self, log: PatientLog) -> dict[str, Visit]:
        visits: dict[str, Visit] = {}
        for version, entry in log.entries:
            if isinstance(entry.body, Ack):
                continue
            visit = visits.get(entry.visit_id)
            if visit is None:
                key = VisitKey(entry.hospital, entry.patient_id, entry.visit_id)
                visit = visits[entry.visit_id] = Visit.load(key, {})
            reduce(visit, entry, version, self.policy)
        return visits

    def _is_asked(self, ended_at: int) -> bool:
        return self.period[0] <= day_of(ended_at, self.policy.zone) <= self.period[1]

    def _group(self, visit: Visit) -> tuple[str, int]:
        """DRG and weight (1e-4) of an ended stay; empty where the book has none: scores of DIP are no weights."""
        if self.reckoner is None or visit.stay.is_outpatient or visit.stay.discharged_at is None:
            return "", 0
        outlook, _ = self.reckoner.reckon(visit, NOTHING_BEFORE)
        for group in outlook.prediction.groups:
            if group.system == SYSTEM and group.status in GROUPED and group.code:
                return group.code, group.score_e4
        return "", 0
