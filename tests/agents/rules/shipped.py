"""The shipped rules as one book, and their cases as events of the stream: many kinds of visits for tests."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from agents.core.policy import Policy
from agents.core.rules.auditing import phases_of
from agents.core.rules.findings import audit_findings
from agents.core.rules.lines import Lines
from agents.core.rules.rulebook import RuleBook
from agents.core.rules.view import Past
from agents.core.rules.viewing import past_of, view_of
from agents.core.visit import Visit
from agents.rule_library.case_visit import HOSPITAL, _events
from agents.rule_library.rule_file import CaseStay, RuleCase, RuleFile, read_rule_file, shipped_common, shipped_files
from schemas.book import Book, Hospital
from schemas.facts import VisitStatus
from schemas.finding import Finding


@cache
def rule_files() -> tuple[RuleFile, ...]:
    return tuple(read_rule_file(path) for path in shipped_files())


@cache
def library_book(tier: str = "3", region: str = "330100", version: str = "library") -> Book:
    """Every shipped rule with its example points, for a hospital of this tier."""
    common = shipped_common()
    files = rule_files()
    return Book(
        version=version,
        hospitals=(Hospital(code=HOSPITAL, region=region, tier=tier),),
        rules=tuple(file.rule for file in files),
        points=tuple(point for file in files for point in file.points),
        scenes=common.scenes,
        exemptions=common.exemptions,
    )


@cache
def library_policy(tier: str = "3", region: str = "330100") -> Policy:
    return Policy(library_book(tier, region))


def stream_cases() -> list[tuple[str, RuleCase]]:
    """Cases that are visits of one patient: neither order checks, nor rules over many patients, nor further inputs."""
    return [
        (f"{file.rule.code}: {case.name}", case)
        for file in rule_files()
        for case in file.cases
        if case.check is None and not case.others and not case.prescribers and not case.at
    ]


def events_of(case: RuleCase) -> list[dict[str, Any]]:
    """Everything the case says happened, as published."""
    found: list[dict[str, Any]] = []
    stays: list[tuple[CaseStay, str]] = [(stay, f"before{place}") for place, stay in enumerate(case.before, 1)]
    for stay, visit_id in (*stays, (case, "V1")):
        common = {"hospital": HOSPITAL, "patient_id": stay.patient, "visit_id": stay.visit.id or visit_id}
        found += [{"type": event_type, **fields} for event_type, fields in _events(stay, common)]
    common = {"hospital": HOSPITAL, "patient_id": case.patient, "visit_id": case.visit.id or "V1"}
    found += [
        {"type": "settlement", **common, "occurred_at": case.visit.discharged, **fields} for fields in case.settlements
    ]
    for place, event in enumerate(found):
        event.setdefault("event_id", f"e{place}")
        if "charge_id" in event:
            event["charge_id"] = f"{event['visit_id']}-{event['charge_id']}"
            if event.get("refund_of"):
                event["refund_of"] = f"{event['visit_id']}-{event['refund_of']}"
    return found


def audit_of_visits(visits: Sequence[Visit], policy: Policy) -> list[Finding]:
    """A full audit of each visit, with the patient's others as its past; nothing is kept from before."""
    rules = RuleBook(policy.book)
    by_patient: dict[tuple[str, str], list[Past]] = {}
    for visit in visits:
        if visit.stay.admitted_at is None or visit.stay.status is VisitStatus.CANCELLED:
            continue
        past = past_of(visit, Lines(visit))
        if not past.is_outpatient and not past.ended_at:  # while it goes on, it says what it is, not what it uses
            past = msgspec.structs.replace(past, uses=(), amount_fen=0)
        by_patient.setdefault(visit.key[:2], []).append(past)
    found: list[Finding] = []
    more: dict[str, Any] = {"names": rules.names, "prescribers": rules.prescribers, "exemptions": rules.exemptions}
    for visit in visits:
        view = view_of(visit, policy, past=by_patient.get(visit.key[:2], ()), **more)
        day = view.facts.admitted_day if view.facts.admitted_day is not None else view.facts.today
        found += audit_findings(view, rules.scoped(view.facts, day), policy.version, phases_of(view))
    return found
