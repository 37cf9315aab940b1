"""What the rules say of a running visit, kept up to date line by line.

A check is run again only where something it looks at was touched: the items of new charges and orders, and what looks
at the visit as a whole. When the stay, the patient's other visits or the library change, everything is run afresh.
Either way the outcome is what a full audit of the same visit says (tests/agents/rules/test_auditing.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from agents.core.marks import OrderMark
from agents.core.policy import Policy
from agents.core.rules.engine import checks_of, drafts_of, runs_in
from agents.core.rules.findings import findings_of
from agents.core.rules.lines import Lines
from agents.core.rules.rulebook import Check, RuleBook, ScopedRules
from agents.core.rules.view import Past, Use, View
from agents.core.rules.viewing import facts_of, orders_of, past_before
from agents.core.visit import Visit
from schemas.book.rules import Phase
from schemas.finding import Finding

#: A visit that goes on is looked at on every charge; what is for review only, when it has ended.
RUNNING_PHASES = (Phase.ORDER, Phase.CHARGE)
ENDED_PHASES = (Phase.ORDER, Phase.CHARGE, Phase.REVIEW)


class Audit:
    """The findings of one visit under one library; owned by the visit (`Visit.audit`)."""

    __slots__ = ("_by_check", "lines", "orders", "past", "rules", "scoped")

    def __init__(self, visit: Visit, rules: RuleBook, past: Sequence[Past]) -> None:
        self.rules = rules
        self.past = past
        self.lines = Lines(visit)
        self.orders: list[Use] | None = None
        self.scoped: ScopedRules | None = None
        #: What each check found, where it found anything.
        self._by_check: dict[tuple[str, str], tuple[Finding, ...]] = {}

    def view(self, visit: Visit, policy: Policy, proposed: Sequence[Use] = ()) -> View:
        """The visit as it stands."""
        if self.orders is None:
            self.orders = orders_of(visit, policy.zone)
        facts = facts_of(visit, policy)
        return View(
            facts, self.lines, self.orders, proposed, self.past, None, self.rules.names, self.rules.prescribers,
            self.rules.exemptions, self.lines.aliases,
        )  # fmt: skip

    def all_findings(self, view: View, policy: Policy) -> dict[str, Finding]:
        """Every check anew: the findings by id."""
        scoped = self.scoped = self.rules.scoped(view.facts, _day(view))
        self._by_check.clear()
        if view.facts.is_cancelled:
            return {}
        found: dict[str, Finding] = {}
        phases = phases_of(view)
        for check in checks_of(view, scoped):
            if runs_in(check.bound, phases):
                findings = self._run(check, view, policy, phases)
                found.update((finding.finding_id, finding) for finding in findings)
        return found

    def touched_findings(
        self, view: View, policy: Policy, items: Iterable[tuple[str, Collection[str]]]
    ) -> tuple[dict[str, Finding], set[str]]:
        """Only the checks of these items (with the hospital's own codes) and of the visit.

        Returns what they find now, and the ids of what they found before and no longer do.
        """
        scoped = self.scoped
        if scoped is None or view.facts.is_cancelled:
            return {}, set()
        phases = phases_of(view)
        checks: dict[tuple[str, str], Check] = {check.key: check for check in scoped.of_visit}
        for item, hospital_codes in items:
            for check in scoped.of_item(item):
                checks[check.key] = check
            for code in hospital_codes:
                for check in scoped.of_item(item, code):
                    checks[check.key] = check
        found: dict[str, Finding] = {}
        before: set[str] = set()
        for key, check in checks.items():
            if not runs_in(check.bound, phases):
                continue
            before.update(finding.finding_id for finding in self._by_check.get(key, ()))
            found.update((finding.finding_id, finding) for finding in self._run(check, view, policy, phases))
        return found, before - found.keys()

    def _run(self, check: Check, view: View, policy: Policy, phases: Collection[Phase]) -> tuple[Finding, ...]:
        drafts = drafts_of(check, view)
        if not drafts:
            self._by_check.pop(check.key, None)
            return ()
        findings = tuple(findings_of(drafts, view, policy.version, phases))
        self._by_check[check.key] = findings
        return findings


def phases_of(view: View) -> tuple[Phase, ...]:
    """What is run on a visit as it stands."""
    return ENDED_PHASES if view.facts.is_ended else RUNNING_PHASES


def _day(view: View) -> int:
    """The day whose settings hold: of admission, as for everything else; until it is known, the visit's latest."""
    day = view.facts.admitted_day
    return day if day is not None else view.facts.today


def audit_of(visit: Visit, rules: RuleBook, past: Iterable[Past]) -> tuple[Audit, bool]:
    """The visit's audit with its lines brought up to date, and whether everything is to be run afresh."""
    before = past_before(visit, past)
    known = visit.audit
    if isinstance(known, Audit) and known.rules is rules and known.past == before:
        return known, False
    fresh = Audit(visit, rules, before)
    visit.audit = fresh
    visit.unaudited = ([], [])
    return fresh, True


def review(visit: Visit, policy: Policy, rules: RuleBook, past: Iterable[Past], version: int, at: int) -> list[Finding]:
    """Bring the visit's findings to what the rules say now; those that changed, to be told."""
    audit, is_fresh = audit_of(visit, rules, past)
    reviews = visit.reviews
    if is_fresh or audit.scoped is None:
        found = audit.all_findings(audit.view(visit, policy), policy)
        gone: Iterable[str] = sorted(reviews.findings.keys() - found.keys())
    else:
        items = _touched(visit, audit)
        found, gone = audit.touched_findings(audit.view(visit, policy), policy, items.items())
        gone = sorted(gone)
    changed = reviews.withdrawn(gone, version, at) + reviews.opened(found, version, at)
    if changed:
        visit.reviews_changed = True
    return changed


def _touched(visit: Visit, audit: Audit) -> Mapping[str, Collection[str]]:
    """Items of charges and orders since the last time, each with the hospital's own codes for it; lines follow."""
    charges, orders = visit.unaudited
    visit.unaudited = ([], [])
    items: dict[str, set[str]] = {item: set() for item in audit.lines.touch(charges)}
    for charge_id in charges:
        mark = visit.effective.get(charge_id) or visit.charges[charge_id]
        if mark.hospital_item:
            items.setdefault(mark.item, set()).add(mark.hospital_item)
    if orders:
        audit.orders = None
        for order in orders:
            _add_order(items, visit, order)
    return items


def _add_order(items: dict[str, set[str]], visit: Visit, order: OrderMark) -> None:
    for mark in (order, visit.order_contents[order.order_id][1]):
        if mark.item:
            codes = items.setdefault(mark.item, set())
            if mark.hospital_item:
                codes.add(mark.hospital_item)


def has_rules(rules: RuleBook | None) -> bool:
    """Whether the library says anything at all."""
    return rules is not None and bool(rules.rules)


__all__ = ["Audit", "audit_of", "has_rules", "review"]
