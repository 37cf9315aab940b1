"""Runs the rules over many visits, and makes findings of what they find."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agents.core.rules.engine import Draft
from agents.core.rules.findings import findings_of, in_order
from agents.core.rules.population import Population, PopulationHit, PopulationKind, is_exempt
from agents.core.rules.rulebook import Check, ScopedRules
from agents.core.rules.view import Facts, View
from schemas.book.rules import Phase
from schemas.finding import Finding


class PopulationDraft(NamedTuple):
    """One hit of one check over many visits."""

    check: Check
    found: PopulationHit


def check_population(
    population: Population, rules: ScopedRules, failures: list[tuple[str, Exception]] | None = None
) -> list[PopulationDraft]:
    """Everything the rules over many visits say, sorted. Visits not asked about, or exempt, have no hits.

    A rule that needs an input runs over the visits that have it; its kind leaves out the others. failures: takes what
    goes wrong with a rule, which then says nothing (as in a visit: engine.drafts_of); without, it is raised.
    """
    drafts = []
    for check in rules.population:
        kind = check.kind
        if not isinstance(kind, PopulationKind):
            raise TypeError(f"{kind.name} is called over many visits and is no PopulationKind")
        exemptions = check.bound.active.rule.exemptions
        try:
            hits = list(kind.check_population(population, check.bound))
        except Exception as error:
            if failures is None:
                raise
            failures.append((check.key[0], error))
            continue
        for found in hits:
            visit = found.visit
            if visit is None or (population.is_asked(visit) and not is_exempt(visit, exemptions)):
                drafts.append(PopulationDraft(check, found))
    return sorted(drafts, key=_draft_order)


def _draft_order(draft: PopulationDraft) -> tuple[str, tuple[int, str, str], str, str]:
    visit = draft.found.visit
    return draft.check.key[0], visit.order if visit else (0, "", ""), draft.found.hit.subject, draft.found.hit.what_zh


def population_findings(
    drafts: Iterable[PopulationDraft], hospital: str, names: Mapping[str, str], policy_version: str
) -> list[Finding]:
    """The findings of these drafts, each of its visit, or of the hospital with no visit."""
    found: list[Finding] = []
    by_subject: dict[tuple[str, str, str, str], list[PopulationDraft]] = {}
    for draft in drafts:
        visit, about = draft.found.visit, draft.found
        ids = (visit.patient_id, visit.visit_id) if visit else ("", "")
        by_subject.setdefault((*ids, about.department, about.doctor), []).append(draft)
    for same in by_subject.values():
        view = View(_facts(same[0].found, hospital), {}, names=names)
        found += findings_of(
            [Draft(draft.check, draft.found.hit) for draft in same], view, policy_version, tuple(Phase)
        )
    return in_order(found)


def _facts(found: PopulationHit, hospital: str) -> Facts:
    visit = found.visit
    if visit is None:
        return Facts(hospital=hospital, department=found.department, doctor=found.doctor)
    last = visit.beds[-1] if visit.beds else None
    return Facts(
        hospital=visit.hospital,
        patient_id=visit.patient_id,
        visit_id=visit.visit_id,
        department=found.department or visit.department,
        doctor=found.doctor or visit.doctor,
        ward=last.ward if last else "",
        bed=last.bed if last else "",
    )
