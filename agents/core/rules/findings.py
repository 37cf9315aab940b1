"""Makes findings of what checks found: the sentence a doctor reads, the clause, the evidence, what decided.

One rule and one subject of a visit are one finding, whatever number of lines or hits it rests on.
"""

from collections.abc import Collection, Iterable

from agents.core.rules.engine import Draft, audit
from agents.core.rules.kind import Cited
from agents.core.rules.rulebook import ScopedRules
from agents.core.rules.view import Use, View
from schemas.book.points import Point
from schemas.book.rules import Grade, Phase, Rule, RuleState
from schemas.finding import MOST_EVIDENCE, OPEN, Evidence, Finding
from schemas.wording import money

GRADE_RANK = {Grade.VIOLATION: 0, Grade.SUSPICION: 1, Grade.LEAD: 2}
_NO_POINT = Point(rule="-")


def audit_findings(view: View, rules: ScopedRules, policy_version: str, phases: Collection[Phase]) -> list[Finding]:
    """What the rules of these phases find in a visit, the gravest and dearest first."""
    return in_order(findings_of(audit(view, rules, phases), view, policy_version, phases))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The gravest first, then the dearest."""
    return sorted(findings, key=lambda found: (GRADE_RANK[found.grade], -found.amount_fen, found.finding_id))


def findings_of(drafts: Iterable[Draft], view: View, policy_version: str, phases: Collection[Phase]) -> list[Finding]:
    """One finding a rule and subject; hits that share both are told as one."""
    together: dict[tuple[str, str], Draft] = {}
    for draft in drafts:
        key = draft.check.key[0], draft.subject
        known = together.get(key)
        together[key] = draft if known is None else _joined(known, draft)
    return [finding_of(draft, view, policy_version, phases) for draft in together.values()]


def finding_of(
    draft: Draft, view: View, policy_version: str, phases: Collection[Phase], finding_id: str = ""
) -> Finding:
    """One draft as a finding. `finding_id`: of an order check, its jr_id; else made of visit, rule and subject."""
    active, hit = draft.check.bound.active, draft.hit
    rule, facts = active.rule, view.facts
    points = draft.check.bound.points
    point = draft.check.bound.point or (points[0] if points else _NO_POINT)
    lines = sorted(hit.lines, key=lambda cited: (not cited.is_violating, cited.use.at, cited.use.id))
    amount = hit.amount_fen
    if amount is None:
        amount = sum(cited.amount_fen for cited in lines if cited.is_violating)
    clause_zh, clause_en = point.clause or rule.clause_zh, _clause_en(point, rule)
    advice_zh, advice_en = _advice(draft, point, view)
    first: Use | None = lines[0].use if lines else None
    evidence = [_evidence(cited, view) for cited in lines]
    evidence += [Evidence(visit_id, "visit", is_violating=False) for visit_id in hit.visits]
    return Finding(
        finding_id=finding_id
        or f"{facts.hospital}|{facts.patient_id}|{facts.visit_id}|{rule.code}|{draft.subject}"[:500],
        version=0,
        hospital=facts.hospital,
        patient_id=facts.patient_id,
        visit_id=facts.visit_id,
        rule=rule.code,
        rule_number=rule.number,
        rule_name_zh=rule.name_zh,
        rule_name_en=rule.name_en,
        category=rule.category,
        kind=rule.kind,
        grade=active.grade,
        phase=next((phase for phase in active.phases if phase in phases), active.phases[0]),
        scenes=rule.scenes,
        subject=draft.subject,
        status=OPEN,
        is_shadow=active.state is RuleState.SHADOW,
        amount_fen=amount,
        evidence=tuple(evidence[:MOST_EVIDENCE]),
        evidence_count=len(evidence),
        what_zh=hit.what_zh,
        what_en=hit.what_en,
        clause_zh=clause_zh,
        clause_en=clause_en,
        clause_source=point.source or rule.source,
        advice_zh=advice_zh,
        advice_en=advice_en,
        message_zh=message_zh(hit.what_zh, clause_zh, amount, advice_zh),
        message_en=message_en(hit.what_en, clause_en, amount, advice_en),
        parameters=dict(hit.parameters),
        inputs=dict(hit.inputs),
        policy_version=policy_version,
        point=draft.check.key[1] if draft.check.bound.point or points else "",
        department=(first.department if first else "") or facts.department,
        doctor=(first.doctor if first else "") or facts.doctor,
        ward=facts.ward,
        bed=facts.bed,
    )


def _evidence(cited: Cited, view: View) -> Evidence:
    use = cited.use
    return Evidence(
        use.id,
        use.source,
        use.item,
        use.name or view.name(use.item),
        use.at,
        use.quantity_e4,
        cited.amount_fen,
        cited.is_violating,
    )


def _clause_en(point: Point, rule: Rule) -> str:
    if point.clause:
        return point.clause_en or rule.clause_en or point.clause
    return rule.clause_en or rule.clause_zh


def _advice(draft: Draft, point: Point, view: View) -> tuple[str, str]:
    hit, rule = draft.hit, draft.check.bound.active.rule
    zh = hit.advice_zh or point.advice or rule.advice_zh
    en = hit.advice_en or point.advice_en or rule.advice_en
    if point.alternative and not hit.advice_zh:
        name = view.name(point.alternative)
        return f"可改用「{name}」；{zh}" if zh else f"可改用「{name}」", f"{name} may be used instead. {en}".strip()
    return zh, en


def message_zh(what: str, clause: str, amount_fen: int, advice: str) -> str:
    """All of a finding in one sentence, Chinese: what is wrong, which clause says so, what it costs, what to do."""
    clause, advice = clause.rstrip("。；"), advice.rstrip("。；")
    if amount_fen and advice:
        return f"{what}；依据：{clause}；涉及金额 {money(amount_fen)} 元；建议：{advice}。"
    if amount_fen:
        return f"{what}；依据：{clause}；涉及金额 {money(amount_fen)} 元。"
    if advice:
        return f"{what}；依据：{clause}；建议：{advice}。"
    return f"{what}；依据：{clause}。"


def message_en(what: str, clause: str, amount_fen: int, advice: str) -> str:
    """The same in English."""
    clause, advice = clause.rstrip("."), advice.rstrip(".")
    if amount_fen and advice:
        return f"{what}. Basis: {clause}. At stake: {money(amount_fen)} yuan. Instead: {advice}."
    if amount_fen:
        return f"{what}. Basis: {clause}. At stake: {money(amount_fen)} yuan."
    if advice:
        return f"{what}. Basis: {clause}. Instead: {advice}."
    return f"{what}. Basis: {clause}."


def _joined(one: Draft, other: Draft) -> Draft:
    """Two hits about the same thing: the first one's words, the lines of both, each once."""
    lines = {(cited.use.source, cited.use.id): cited for cited in (*other.hit.lines, *one.hit.lines)}
    visits = tuple(dict.fromkeys((*one.hit.visits, *other.hit.visits)))
    return one._replace(hit=one.hit._replace(lines=list(lines.values()), amount_fen=None, visits=visits))
