"""A case of a rule file as real events, applied by the same reducer as the stream; what the rule says of the visit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from agents.core.accept import entry_of, validate
from agents.core.policy import Policy
from agents.core.reduce import Fate, reduce
from agents.core.rules.engine import audit, check_orders
from agents.core.rules.findings import findings_of
from agents.core.rules.kind import Trigger
from agents.core.rules.lines import Lines
from agents.core.rules.over_many import check_population, population_findings
from agents.core.rules.population import Population, Summary, summary_of
from agents.core.rules.proposing import proposed_uses
from agents.core.rules.rulebook import RuleBook
from agents.core.rules.view import Past, Use, View
from agents.core.rules.viewing import past_of, view_of
from agents.core.visit import Visit, VisitKey
from agents.rule_library.rule_file import CaseStay, RuleCase, RuleFile
from schemas.book import Book, Hospital
from schemas.book.rules import Exemption, Phase
from schemas.facts import VisitStatus
from schemas.finding import Finding
from schemas.ledger import version_of
from schemas.units import parse_ms

HOSPITAL = "H1"
EVERY_PHASE = tuple(Phase)
SHORT = {"item": "item_code", "price": "unit_price"}


class CaseError(ValueError):
    """The case does not make a visit: one of its events is refused."""


@dataclass(frozen=True, slots=True)
class MadeCase:
    """A case whose events have been applied: what any rule may look at. Nothing of it is changed by looking.

    stays: every visit of it beside the one it is about, for rules over many.
    """

    case: RuleCase
    policy: Policy
    visit: Visit
    lines: Lines
    past: tuple[Past, ...]
    proposed: tuple[Use, ...] | None
    stays: tuple[tuple[CaseStay, Visit], ...] = ()
    #: Summaries of all visits, made when a rule over many first asks.
    summaries: list[Summary] = field(default_factory=list)


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


def make_case(case: RuleCase, policy: Policy | None = None) -> MadeCase:
    """Apply the events of a case. policy: without, that of a hospital as the case has it.

    Raises CaseError, and RejectError for an event that is none.
    """
    hospital = Hospital(code=HOSPITAL, region=case.region, tier=case.tier)
    policy = policy or Policy(Book(version="cases", hospitals=(hospital,)))
    context = {"zone": policy.zone, "hospital": HOSPITAL}
    before = [(stay, _visit(stay, f"before{place}", context, policy)) for place, stay in enumerate(case.before, 1)]
    others = [(stay, _visit(stay, f"other{place}", context, policy)) for place, stay in enumerate(case.others, 1)]
    visit = _visit(case, "V1", context, policy, case.settlements)
    if case.at:
        visit.head.as_of = parse_ms(case.at, policy.zone, "at")
    standing = [other for _, other in before if other.stay.status is not VisitStatus.CANCELLED]
    past = tuple(past_of(other, Lines(other)) for other in standing)
    proposed = None
    if case.check is not None:
        orders = [_order_event(fields, f"p{place}", case, context) for place, fields in enumerate(case.check, 1)]
        proposed = proposed_uses(orders, policy.zone)
    return MadeCase(case, policy, visit, Lines(visit), past, proposed, (*before, *others))


def view_of_made(made: MadeCase, rules: RuleBook) -> View:
    """The view of the case's visit under a library."""
    view = view_of(
        made.visit,
        made.policy,
        made.lines,
        past=made.past,
        inputs=made.case.inputs,
        names=rules.names,
        prescribers=rules.prescribers,
        exemptions=rules.exemptions,
    )
    if made.proposed is not None:
        view.proposed = made.proposed
    return view


def findings_of_made(file: RuleFile, made: MadeCase, exemptions: Iterable[Exemption]) -> list[Finding]:
    """What the rule finds in the case, as findings. A rule over many visits looks at all visits of the case."""
    rules = RuleBook(book_of(file, made.case, exemptions))
    view = view_of_made(made, rules)
    scoped = rules.scoped(view.facts, view.facts.admitted_day or view.facts.today)
    active = scoped.rules.get(file.rule.code)
    if active is not None and active.kind.trigger is Trigger.POPULATION:
        if not made.summaries:
            made.summaries.extend(_summaries(made, view, rules))
        drafts = check_population(Population(made.summaries, rulebook=scoped), scoped)
        return population_findings(drafts, HOSPITAL, rules.names, "cases")
    phases = EVERY_PHASE if made.proposed is None else (Phase.ORDER,)
    found = check_orders(view, scoped) if made.proposed is not None else audit(view, scoped, EVERY_PHASE)
    _raise_failures(view)
    return findings_of(found, view, "cases", phases)


def _raise_failures(view: View) -> None:
    """A rule file must not lean on a check that breaks off."""
    if view.failures:
        raise view.failures[0][1]


def _summaries(made: MadeCase, view: View, rules: RuleBook) -> Iterator[Summary]:
    stays: list[tuple[CaseStay, View]] = [(made.case, view)]
    for stay, visit in made.stays:
        more: dict[str, Any] = {"names": rules.names, "prescribers": rules.prescribers, "exemptions": rules.exemptions}
        stays.append((stay, view_of(visit, made.policy, inputs=stay.inputs, **more)))
    for stay, one in stays:
        if not one.facts.is_cancelled:
            yield from _repeated(stay, summary_of(one, stay.group, stay.weight))


def _repeated(stay: CaseStay, summary: Summary) -> Iterator[Summary]:
    """The visit as often as the case says: each of a patient and with a number of its own."""
    if stay.times == 1:
        yield summary
        return
    for number in range(1, stay.times + 1):
        yield msgspec.structs.replace(
            summary,
            patient_id=f"{summary.patient_id}-{number}",
            visit_id=f"{summary.visit_id}-{number}",
            person_no=f"{summary.person_no}-{number}" if summary.person_no else "",
        )


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
