"""Answers an order check: the view of the visit with what the request says and the orders that are being placed.

What the events said of the visit outranks what the request says of it; what only one of them knows is taken from that
one, and the diagnoses of both count. A patient nothing is known of is checked on the request alone.
"""

from collections.abc import Callable, Sequence

import msgspec

from agents.core.policy import Policy
from agents.core.rules.engine import Draft, audit, check_orders, not_checked
from agents.core.rules.findings import finding_of, in_order
from agents.core.rules.proposing import use_of
from agents.core.rules.rulebook import RuleBook
from agents.core.rules.view import ORDER, OUTPATIENT, PROPOSED, Facts, View
from agents.core.rules.viewing import birth_day, mode_of
from schemas.book.rules import Phase
from schemas.ledger import Diagnosis, Procedure
from schemas.order_check import CheckRequest, CheckResult, Outcome, StatedVisit, Unfinished
from schemas.units import day_of

#: trig_scen of settlement and pre-settlement: the whole visit is looked at.
SETTLING_SCENES = frozenset({"6", "7", "8", "9"})
EVERY_PHASE = tuple(Phase)
#: Facts that the request may fill in where the events were silent.
_STATED = ("sex", "birth_date", "pregnancy", "insurance_type", "care_type", "department", "ward", "bed", "doctor")

#: (rule, subject) → the finding's id (schemas.order_check.check_finding_id).
Naming = Callable[[str, str], str]


def stated_facts(request: CheckRequest, policy: Policy, known: Facts | None) -> Facts:
    """What is known of the visit: by the events, filled up with what the request says. A new object."""
    said = request.visit
    hospital = policy.hospital(request.hospital)
    facts = known or Facts(
        hospital=request.hospital,
        patient_id=request.patient_id,
        visit_id=request.visit_id,
        region=hospital.region,
        tier=hospital.tier,
        tiers=policy.book.tiers,
        is_outpatient=said.visit_mode == OUTPATIENT,
        as_of=request.at,
        today=day_of(request.at, policy.zone),
        admitted_at=said.admitted_at or None,
        admitted_day=day_of(said.admitted_at, policy.zone) if said.admitted_at else None,
        zone=policy.zone,
    )
    for name in _STATED:
        if not getattr(facts, name):
            setattr(facts, name, getattr(said, name))
    facts.tier = facts.tier or said.tier
    facts.is_online = facts.is_online or said.is_online
    if facts.birth_day is None:
        facts.birth_day = birth_day(facts.birth_date)
    if not facts.mode:
        facts.mode = said.visit_mode or mode_of(facts.care_type, is_outpatient=facts.is_outpatient)
    facts.diagnoses, facts.procedures = _diagnoses(facts, said), _procedures(facts, said)
    if not facts.main_diagnosis:
        mains = [item.code for item in said.diagnoses if item.is_main] or [item.code for item in said.diagnoses]
        facts.main_diagnosis = mains[0].upper() if mains else ""
    facts.as_of = max(facts.as_of, request.at)
    facts.today = day_of(facts.as_of, policy.zone)
    return facts


def _diagnoses(facts: Facts, said: StatedVisit) -> tuple[Diagnosis, ...]:
    known = {diagnosis.code for diagnosis in facts.diagnoses}
    more = [
        Diagnosis(item.code, "main" if item.is_main else "other", item.made_at)
        for item in said.diagnoses
        if item.code not in known
    ]
    return (*facts.diagnoses, *more)


def _procedures(facts: Facts, said: StatedVisit) -> tuple[Procedure, ...]:
    known = {procedure.code for procedure in facts.procedures}
    return (*facts.procedures, *(Procedure(item.code, item.at) for item in said.operations if item.code not in known))


def requested_view(request: CheckRequest, policy: Policy, rules: RuleBook, known: View | None) -> View:
    """The visit with the orders of the request. `known`: as the events have it; None: nothing is known of it."""
    uses = [use_of(order, request.at, policy.zone) for order in request.orders]
    proposed = [use for use in uses if use.source == PROPOSED]
    beside = [use for use in uses if use.source == ORDER]
    facts = stated_facts(request, policy, known.facts if known else None)
    if known is None:
        return View(
            facts, {}, beside, proposed, (), None, rules.names, rules.prescribers, rules.exemptions
        )  # fmt: skip
    asked = {use.id for use in uses}
    on_record = [use for use in known.orders if use.id not in asked]
    return View(
        facts, known.charges, [*on_record, *beside], proposed, known.past, known.inputs, rules.names,
        rules.prescribers, rules.exemptions, known.aliases,
    )  # fmt: skip


def check_request(
    request: CheckRequest, policy: Policy, rules: RuleBook, known: View | None, version: int, naming: Naming
) -> CheckResult:
    """The answer to a request on the state of this ledger version; the caller adds `digest`, `via`, `took_us`."""
    view = requested_view(request, policy, rules, known)
    day = view.facts.admitted_day
    scoped = rules.scoped(view.facts, day if day is not None else view.facts.today)
    drafts: Sequence[Draft]
    if not view.proposed and request.scene in SETTLING_SCENES:
        phases: tuple[Phase, ...] = EVERY_PHASE
        drafts = [
            draft for draft in audit(view, scoped, phases) if not request.rules or draft.check.key[0] in request.rules
        ]
    else:
        phases = (Phase.ORDER,)
        drafts = check_orders(view, scoped, request.rules)
    found = [
        finding_of(draft, view, policy.version, phases, naming(draft.check.bound.active.rule.code, draft.subject))
        for draft in drafts
    ]
    shown = in_order(
        msgspec.structs.replace(finding, version=version, raised_at=request.at, updated_at=request.at)
        for finding in found
        if not finding.is_shadow
    )
    outcome, failed = Outcome.FINDINGS if shown else Outcome.PASSED, sorted({code for code, _ in view.failures})
    if failed:  # what could not be judged is never a pass; what was found nevertheless is said
        outcome = Outcome.UNFINISHED
    return CheckResult(
        request.request_id,
        request.hospital,
        request.patient_id,
        request.visit_id,
        outcome,
        request.at,
        version,
        "",
        "",
        scene=request.scene,
        reason=Unfinished.ENGINE_ERROR if failed else "",
        detail=",".join(failed),
        findings=tuple(shown),
        order_ids=tuple(use.id for use in view.proposed),
        not_checked={
            code: ",".join(missing)
            for code, missing in not_checked(scoped, view.inputs).items()
            if phases[0] in scoped.rules[code].phases
        },
        policy_version=policy.version,
    )
