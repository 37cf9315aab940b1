"""Audits the visit of a file with the very engine of the stream: findings, what was not checked, what to put right."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.audit.open_orders import check_open_orders, uncharged_orders
from agents.audit.self_check import SelfCheck, self_check_of
from agents.core.rules.auditing import phases_of
from agents.core.rules.engine import Draft, audit, not_checked, runs_in
from agents.core.rules.findings import findings_of, in_order
from agents.core.rules.history import History
from agents.core.rules.lines import Lines
from agents.core.rules.over_many import check_population, population_findings
from agents.core.rules.population import Population, summary_of
from agents.core.rules.rulebook import RuleBook, ScopedRules
from agents.core.rules.view import View
from agents.core.rules.viewing import view_of
from agents.core.visit import Visit
from agents.visit_file import Opened
from schemas.book.entry import both
from schemas.book.rules import Phase, Rule, RuleState
from schemas.facts import VisitStatus
from schemas.finding import Finding
from schemas.units import day_of


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A rule that could not be judged.

    needs: the inputs that nobody gave; failure: why it broke off, "中文 | English"; neither: it needs more visits.
    """

    rule: Rule
    needs: tuple[str, ...] = ()
    failure: str = ""

    @property
    def reason(self) -> tuple[str, str]:
        """Why, Chinese and English."""
        if self.failure:
            zh, _, en = self.failure.partition(" | ")
            return zh, en or zh
        if self.needs:
            listed = ", ".join(self.needs)
            return f"缺少资料 {listed}（--input 名称=文件）", f"needs {listed} (--input name=FILE)"
        return "须有多次就诊一起看（kongfei reaudit）", "needs many visits together (kongfei reaudit)"


@dataclass(slots=True)
class Audited:
    """What came of it. order_findings: of open orders that nothing was charged of yet.

    findings: of the visit and, where the file has other visits too, of the rules over many.
    """

    opened: Opened
    view: View
    phases: tuple[Phase, ...]
    findings: list[Finding]
    order_findings: list[Finding]
    not_checked: list[NotChecked]
    self_check: SelfCheck
    warnings: list[tuple[str, str]] = field(default_factory=list)


def audit_visit(
    opened: Opened,
    *,
    phases: Collection[Phase] = (),
    inputs: Mapping[str, Any] | None = None,
    is_leaving: bool = False,
) -> Audited:
    """Audit an opened visit under its policy.

    phases: only rules that run in these; empty: what the stream would run on the visit as it stands (what is for
    review, once it has ended). inputs: outweigh those of the file. is_leaving: as if the patient left now: rules for
    ended visits run too (出院前自查).
    """
    rules = RuleBook(opened.policy.book)
    given = {**opened.inputs, **(inputs or {})}
    view = _view(opened, opened.visit, rules, given)
    if is_leaving:
        _leave(view, opened)
    chosen = tuple(phase for phase in Phase if phase in phases) if phases else phases_of(view)
    facts = view.facts
    scoped = rules.scoped(facts, facts.admitted_day if facts.admitted_day is not None else facts.today)
    drafts = audit(view, scoped, chosen)
    orders = uncharged_orders(view) if Phase.ORDER in chosen and opened.visit.stay.discharged_at is None else []
    of_orders, failures = check_open_orders(view, orders, scoped)
    version = opened.policy.version
    found = findings_of(drafts, view, version, chosen)
    skipped = [
        NotChecked(scoped.rules[code].rule, needs)
        for code, needs in not_checked(scoped, given).items()
        if _runs(scoped, code, chosen)
    ]
    skipped += [NotChecked(scoped.rules[code].rule, failure=_why(error)) for code, error in (*view.failures, *failures)]
    many, over_many = _over_many(opened, rules, scoped, given, chosen)
    findings = in_order([*found, *many])
    return Audited(
        opened=opened,
        view=view,
        phases=chosen,
        findings=findings,
        order_findings=in_order(findings_of(of_orders, view, version, (Phase.ORDER,))),
        not_checked=_by_number([*skipped, *over_many]),
        self_check=self_check_of(view, _shown([*drafts, *of_orders]), [one for one in findings if not one.is_shadow]),
        warnings=_warnings(opened, rules),
    )


def _why(error: Exception) -> str:
    """Why a rule broke off: an input that it cannot read says so itself."""
    if isinstance(error, ValueError) and " | " in str(error):
        return str(error)
    what = type(error).__name__
    return both(f"检查中断（{what}），请报告", f"broke off ({what}): please report it")


def _view(opened: Opened, visit: Visit, rules: RuleBook, inputs: Mapping[str, Any]) -> View:
    """The view of a visit of the file, after the patient's visits before it, as the stream has them."""
    history = History({})
    for key, other in opened.visits.items():
        if key[:2] == visit.key[:2]:
            history.note(other, Lines(other))
    return view_of(
        visit, opened.policy, past=history.visits.values(), inputs=inputs, names=rules.names,
        prescribers=rules.prescribers, exemptions=rules.exemptions,
    )  # fmt: skip


def _leave(view: View, opened: Opened) -> None:
    facts = view.facts
    if not facts.is_ended:
        facts.is_ended = True
        facts.discharged_at = facts.as_of
        facts.discharged_day = day_of(facts.as_of, opened.policy.zone)


def _runs(scoped: ScopedRules, code: str, phases: Collection[Phase]) -> bool:
    return any(phase in phases for phase in scoped.rules[code].phases)


def _shown(drafts: list[Draft]) -> list[Draft]:
    """Without rules on trial, which are shown to nobody at work."""
    return [draft for draft in drafts if draft.check.bound.active.state is not RuleState.SHADOW]


def _over_many(
    opened: Opened, rules: RuleBook, scoped: ScopedRules, inputs: Mapping[str, Any], phases: Collection[Phase]
) -> tuple[list[Finding], list[NotChecked]]:
    """What the rules over many visits say of this one, and of its hospital, from the visits of the file."""
    checks = [check for check in scoped.population if runs_in(check.bound, phases)]
    if not checks or len(opened.visits) < 2:
        return [], [NotChecked(check.bound.active.rule) for check in checks]
    summaries = [
        summary_of(_view(opened, visit, rules, inputs if visit is opened.visit else {}))
        for visit in opened.visits.values()
        if visit.stay.status is not VisitStatus.CANCELLED
    ]
    wanted = {check.key[0] for check in checks}
    key = opened.visit.key
    drafts = check_population(Population(summaries, rulebook=scoped), scoped)
    drafts = [draft for draft in drafts if draft.check.key[0] in wanted]
    found = population_findings(drafts, key.hospital, rules.names, opened.policy.version)
    return [finding for finding in found if finding.visit_id in {"", key.visit_id}], []


def _by_number(skipped: list[NotChecked]) -> list[NotChecked]:
    once = {one.rule.code: one for one in skipped}
    return sorted(once.values(), key=lambda one: (one.rule.number or 1_000, one.rule.code))


def _warnings(opened: Opened, rules: RuleBook) -> list[tuple[str, str]]:
    found = list(opened.warnings)
    if not rules.rules:
        zh = "政策库里没有规则：book.yaml 中写 library: [national]。"
        found.append((zh, "The policy book has no rules: say library: [national] in book.yaml."))
    elif not rules.points:
        zh = "政策库里没有知识点，按项目的规则查不出问题：用 tables: points 给出，或 library: [national, examples]。"
        en = "The policy book has no knowledge points, so that rules about items find nothing: give a table of points."
        found.append((zh, en))
    return found
