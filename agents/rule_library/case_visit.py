"""A case of a rule file as real events, applied by the same reducer as the stream; what the rule says of the visit."""

from collections.abc import Iterable
from typing import Any

from agents.core.accept import entry_of, validate
from agents.core.policy import Policy
from agents.core.reduce import Fate, reduce
from agents.core.rules.engine import Draft, audit, check_orders
from agents.core.rules.lines import Lines
from agents.core.rules.proposing import proposed_uses
from agents.core.rules.rulebook import RuleBook
from agents.core.rules.view import View
from agents.core.rules.viewing import past_of, view_of
from agents.core.visit import Visit, VisitKey
from agents.rule_library.rule_file import CaseStay, RuleCase, RuleFile
from schemas.book import Book, Hospital
from schemas.book.rules import Exemption, Phase
from schemas.ledger import version_of
from schemas.units import parse_ms

HOSPITAL = "H1"
EVERY_PHASE = tuple(Phase)
MINUTE_MS = 60_000
SHORT = {"item": "item_code", "price": "unit_price"}


class CaseError(ValueError):
    """The case does not make a visit: one of its events is refused."""


def book_of(file: RuleFile, case: RuleCase, exemptions: Iterable[Exemption]) -> Book:
    """A book with the one rule, for a hospital as the case has it."""
    return Book(
        version="cases",
        hospitals=(Hospital(code=HOSPITAL, region=case.region, tier=case.tier),),
        rules=(file.rule,),
        points=file.points,
        exemptions=tuple(exemptions),
        prescribers=case.prescribers,
    )


def view_of_case(case: RuleCase, rules: RuleBook, policy: Policy) -> View:
    """The view of the case's visit."""
    context = {"zone": policy.zone, "hospital": HOSPITAL}
    before = [_visit(stay, f"before{place}", context, policy) for place, stay in enumerate(case.before, 1)]
    visit = _visit(case, "V1", context, policy, case.settlements)
    if case.at:
        visit.head.as_of = parse_ms(case.at, policy.zone, "at")
    past = [past_of(other, Lines(other)) for other in before]
    view = view_of(
        visit,
        policy,
        past=past,
        inputs=case.inputs,
        names=rules.names,
        prescribers=rules.prescribers,
        exemptions=rules.exemptions,
    )
    if case.check is not None:
        orders = [_order_event(fields, f"p{place}", case, context) for place, fields in enumerate(case.check, 1)]
        view.proposed = proposed_uses(orders, policy.zone)
    return view


def drafts_of_case(file: RuleFile, case: RuleCase, exemptions: Iterable[Exemption]) -> list[Draft]:
    """What the rule finds in the case."""
    book = book_of(file, case, exemptions)
    policy, rules = Policy(book), RuleBook(book)
    view = view_of_case(case, rules, policy)
    scoped = rules.scoped(view.facts, view.facts.admitted_day or view.facts.today)
    if case.check is not None:
        return check_orders(view, scoped)
    return audit(view, scoped, EVERY_PHASE)


def _visit(
    stay: CaseStay, default_id: str, context: dict[str, Any], policy: Policy, settlements: Iterable[dict[str, Any]] = ()
) -> Visit:
    said = stay.visit
    visit_id = said.id or default_id
    common = {"patient_id": stay.patient, "visit_id": visit_id}
    visit = Visit.load(VisitKey(HOSPITAL, stay.patient, visit_id), {})
    events = list(_events(stay, common))
    events += [("settlement", {**common, "occurred_at": said.discharged, **fields}) for fields in settlements]
    for place, (event_type, fields) in enumerate(events, 1):
        entry = entry_of(validate(event_type, fields, context), ("", 0, place), policy.zone)
        outcome = reduce(visit, entry, version_of(1, place), policy)
        if outcome.fate is not Fate.APPLIED:
            raise CaseError(f"{event_type} {place}: {outcome.fate} {outcome.detail}")
    return visit


def _events(stay: CaseStay, common: dict[str, str]) -> Iterable[tuple[str, dict[str, Any]]]:
    said = stay.visit
    is_outpatient = said.mode == "outpatient"
    yield (
        "admission",
        {
            **common,
            "kind": "register" if is_outpatient else "admit",
            "occurred_at": said.admitted,
            "sex": said.sex,
            "birth_date": said.birth_date,
            "insurance_type": said.insurance_type,
            "care_type": said.care_type or ("11" if is_outpatient else "21"),
            "person_type": said.person_type,
            "department": said.department,
            "doctor": said.doctor,
            "ward": said.ward,
            "bed": said.bed,
            "diagnoses": list(said.diagnoses),
            "procedures": list(said.procedures),
            **said.more,
        },
    )
    for fields in said.events:
        yield "admission", {**common, **fields}
    for place, fields in enumerate(stay.orders, 1):
        yield "order", _order_fields(fields, f"o{place}", stay, common)
    for place, fields in enumerate(stay.charges, 1):
        filled = {SHORT.get(name, name): value for name, value in fields.items() if name != "at"}
        at = fields.get("at", said.admitted)
        yield (
            "charge",
            {
                "charge_id": f"c{place}",
                "quantity": "1",
                **common,
                "ordering_department": said.department,
                "ordering_doctor": said.doctor,
                "charged_at": at,
                **filled,
            },
        )
    if said.discharged:
        yield (
            "admission",
            {**common, "kind": "discharge", "occurred_at": said.discharged, "discharge_way": said.discharge_way},
        )


def _order_fields(fields: dict[str, Any], order_id: str, stay: CaseStay, common: dict[str, str]) -> dict[str, Any]:
    said = stay.visit
    filled = {SHORT.get(name, name): value for name, value in fields.items() if name != "at"}
    defaults = {"order_id": order_id, "quantity": "1", "department": said.department, "doctor": said.doctor}
    return {**defaults, **common, "occurred_at": fields.get("at", said.admitted), **filled}


def _order_event(fields: dict[str, Any], order_id: str, case: RuleCase, context: dict[str, Any]) -> Any:
    common = {"patient_id": case.patient, "visit_id": case.visit.id or "V1"}
    return validate("order", _order_fields(fields, order_id, case, common), context)
