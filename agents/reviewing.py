"""The rules in the cost stage: findings of the visits a batch touched, answers to orders. Rules are in agents/core."""

from functools import partial

import msgspec
import structlog

from agents.core.policy import Policy
from agents.core.rules.auditing import Audit, audit_of, review
from agents.core.rules.history import encode_history, history_part
from agents.core.rules.requests import check_request
from agents.core.rules.rulebook import RuleBook
from agents.core.rules.view import View
from agents.core.rules.viewing import past_before
from agents.core.visit import SAYS_WHAT, Visit
from agents.family import Family
from schemas.finding import Finding
from schemas.ledger import Entry, Order, OrderDetail
from schemas.order_check import CheckRequest, CheckResult, ProposedOrder, check_finding_id
from streams.stage import StateGroup

NO_DETAIL = OrderDetail()
#: trig_scen of an order on the topic: 5 住院执行医嘱, 2 门诊收费登记.
INPATIENT_SCENE, OUTPATIENT_SCENE = "5", "2"


class Reviewer:
    """The compiled rule library of one book. Immutable but for its caches."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.rules = RuleBook(policy.book)
        #: Whether the book has rules at all; else visits are not reviewed.
        self.has_rules = bool(self.rules.rules)
        #: Checks that could not be run to their end, so far.
        self.failures = 0
        self._told: set[tuple[str, str]] = set()

    def concerns(self, family: Family) -> bool:
        """Whether the patient's changed visits are to be reviewed: by rules, or because of what a former book found."""
        return self.has_rules or any(visit.has_findings for visit in family.changed.values())

    def check_placed(self, family: Family, visit: Visit, entry: Entry, version: int, partition: int) -> None:
        """An order was placed or changed: its answer is kept with the visit and told with the batch."""
        body = entry.body
        if not isinstance(body, Order) or body.kind not in SAYS_WHAT or not self.has_rules:
            return
        known = self._view(family, visit)
        scene = OUTPATIENT_SCENE if visit.stay.is_outpatient else INPATIENT_SCENE
        request_id = (body.detail.request_id if body.detail else "") or entry.event_id
        request = CheckRequest(
            request_id, entry.hospital, entry.patient_id, entry.visit_id, scene, entry.occurred_at,
            orders=(_proposal(body, entry.occurred_at),),
        )  # fmt: skip
        result = self._check(request, known, version, partition)
        result = msgspec.structs.replace(result, via="topic", digest=f"{entry.digest:016x}")
        visit.reviews.keep(result)
        visit.reviews_changed = True
        family.checks.append(result)

    def check(self, request: CheckRequest, family: Family, partition: int) -> CheckResult:
        """The answer to a request, on what is known now. Changes nothing but caches."""
        known, version = None, 0
        if family.knows(request.visit_id):
            visit = family.load(request.visit_id)
            known, version = self._view(family, visit), visit.head.applied
        return self._check(request, known, version, partition)

    def _check(self, request: CheckRequest, known: View | None, version: int, partition: int) -> CheckResult:
        naming = partial(_check_id, request, partition)
        return check_request(request, self.policy, self.rules, known, version, naming)

    def _view(self, family: Family, visit: Visit) -> View:
        audit = audit_of(visit, self.rules)
        return audit.view(visit, self.policy, past_before(visit, family.history.visits.values()))

    def conclude(self, family: Family, version: int, at: int) -> tuple[list[Finding], StateGroup, set[str]]:
        """Bring the findings of the patient's changed visits to what the rules say, and of those they bear on.

        Returns the findings that changed, the patient's history where it did, and ids of further visits whose state
        changed. `version` and `at`: of the last entry of the patient in this batch.
        """
        history = family.history
        pending = dict.fromkeys(sorted(family.changed))
        is_changed = False
        for visit_id, visit in family.changed.items():
            audit = audit_of(visit, self.rules)
            if history.note(visit, audit.lines):
                is_changed = True
                pending.update(dict.fromkeys(history.after(visit_id, visit.begun_at)))
        changed: list[Finding] = []
        further: set[str] = set()
        for visit_id in pending:
            visit = family.load(visit_id)
            own = family.causes.get(visit_id)
            its_version = visit.head.applied if own is not None else version
            findings = review(
                visit, self.policy, self.rules, history.visits.values(), its_version, own.recorded_at if own else at
            )
            changed += findings
            self._note_failures(visit)
            if findings and own is None:
                visit.head.applied = version
                further.add(visit_id)
        group: StateGroup = []
        if is_changed:
            group.append((history_part(family.hospital, family.patient_id), encode_history(history)))
        return changed, group, further

    def _note_failures(self, visit: Visit) -> None:
        """Say once a rule and kind of error; what stands in the state is free of it."""
        audit = visit.audit
        for code, error in audit.failures if isinstance(audit, Audit) else ():
            self.failures += 1
            key = code, type(error).__name__
            if key not in self._told:
                self._told.add(key)
                structlog.get_logger().error("rule_failed", rule=code, error=key[1])


def _check_id(request: CheckRequest, partition: int, rule: str, subject: str) -> str:
    return check_finding_id(request.request_id, request.hospital, request.patient_id, rule, subject, partition)


def _proposal(body: Order, at: int) -> ProposedOrder:
    detail = body.detail or NO_DETAIL
    return ProposedOrder(
        body.order_id, body.item_code, body.hospital_item_code, detail.name, detail.prescription_id, detail.group,
        detail.list_type, detail.category, detail.level, body.quantity_e4, body.unit_price_micro, 0, body.dose,
        detail.dose_unit, body.frequency, detail.route, body.days, body.long_term, body.take_home, body.department,
        body.doctor, body.doctor_grade, detail.speciality, at, detail.ends_at, detail.herbal_use, detail.consent,
    )  # fmt: skip
