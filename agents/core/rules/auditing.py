"""What the rules say of a running visit, kept up to date line by line.

A check is run again only where something it looks at was touched: the items of new charges and orders, and what looks
at the visit as a whole. When the stay, the patient's other visits or the library change, everything is run afresh.
Either way the outcome is what a full audit of the same visit says (tests/agents/rules/test_auditing.py).
"""

from collections.abc import Collection, Iterable, Sequence

from agents.core.policy import Policy
from agents.core.rules.engine import Draft, checks_of_facts, drafts_of, drafts_of_item
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

    __slots__ = (
        "_by_check",
        "_daily",
        "_day",
        "_found_items",
        "_wide",
        "failures",
        "lines",
        "orders",
        "past",
        "pending",
        "rules",
        "scoped",
    )

    def __init__(self, visit: Visit, rules: RuleBook) -> None:
        self.rules = rules
        #: The patient's visits before this one, as everything was last run with; None: not run yet.
        self.past: Sequence[Past] | None = None
        self.lines = Lines(visit)
        self.orders: list[Use] | None = None
        #: Rules that the latest run could not judge to the end.
        self.failures: list[tuple[str, Exception]] = []
        self.scoped: ScopedRules | None = None
        #: Items touched since checks were last run, each with the hospital's own codes for it.
        self.pending: dict[str, set[str]] = {}
        #: What each check found, where it found anything.
        self._by_check: dict[tuple[str, str], tuple[Sequence[Draft], tuple[Finding, ...]]] = {}
        #: Items of which a check of every item ever found anything.
        self._found_items: set[str] = set()
        #: Checks that look beyond their own items: any line makes them run.
        self._wide: dict[tuple[str, str], Check] = {}
        #: Checks that a new day makes run, and the visit's day when they last did.
        self._daily: dict[tuple[str, str], Check] = {}
        self._day = 0

    def view(self, visit: Visit, policy: Policy, past: Sequence[Past]) -> View:
        """The visit as it stands."""
        if self.orders is None:
            self.orders = orders_of(visit, policy.zone)
        facts = facts_of(visit, policy)
        return View(
            facts, self.lines, self.orders, (), past, None, self.rules.names, self.rules.prescribers,
            self.rules.exemptions, self.lines.aliases,
        )  # fmt: skip

    def all_findings(self, view: View, policy: Policy) -> dict[str, Finding]:
        """Every check anew: the findings by id."""
        scoped = self.scoped = self.rules.scoped(view.facts, _day(view))
        self._by_check.clear()
        self._wide.clear()
        self._daily.clear()
        self._found_items.clear()
        if view.facts.is_cancelled:
            return {}
        every = {item: {use.hospital_item for use in uses if use.hospital_item} for item, uses in self.lines.items()}
        checks = {check.key: check for check in checks_of_facts(view, scoped)}
        return self._run(view, policy, scoped, checks, every.items())[0]

    def touched_findings(
        self, view: View, policy: Policy, items: Iterable[tuple[str, Collection[str]]]
    ) -> tuple[dict[str, Finding], set[str]]:
        """Only the checks of these items (with the hospital's own codes), of the diagnoses, operations and the visit.

        Returns what they find now, and the ids of what they found before and no longer do.
        """
        if self.scoped is None or view.facts.is_cancelled:
            return {}, set()
        checks = {check.key: check for check in checks_of_facts(view, self.scoped)}
        return self._run(view, policy, self.scoped, checks, items)

    def _run(
        self,
        view: View,
        policy: Policy,
        scoped: ScopedRules,
        checks: dict[tuple[str, str], Check],
        items: Iterable[tuple[str, Collection[str]]],
    ) -> tuple[dict[str, Finding], set[str]]:
        """Run these checks and those of these items; what they find, and the ids of what they no longer find."""
        phases = phases_of(view)
        plan = scoped.plan(phases, is_ended=view.facts.is_ended)
        by_check, running = self._by_check, plan.codes
        found: dict[str, Finding] = {}
        before: set[str] = set()

        def keep(key: tuple[str, str], drafts: Sequence[Draft]) -> None:
            known = by_check.get(key)
            if known is not None:
                if known[0] == drafts:
                    return  # the same lines, the same words: as it was told
                before.update(finding.finding_id for finding in known[1])
                del by_check[key]
            if drafts:
                findings = tuple(findings_of(drafts, view, policy.version, phases))
                by_check[key] = drafts, findings
                found.update((finding.finding_id, finding) for finding in findings)

        for item, hospital_codes in items:
            for code in (item, *hospital_codes):
                for check in scoped.of_code(code):
                    checks[check.key] = check
                    if check.kind.watches_visit:
                        self._wide[check.key] = check
                    if check.kind.watches_day:
                        self._daily[check.key] = check
            uses, had_any = self.lines.get(item, ()), item in self._found_items
            for check in plan.every_item:
                drafts = drafts_of_item(check, item, view, uses) if uses else ()
                if drafts or had_any:
                    keep((check.key[0], item), drafts)
                    self._found_items.add(item)
        checks |= self._wide
        if view.facts.today != self._day:
            self._day = view.facts.today
            checks |= self._daily
        for key, check in checks.items():
            if key[0] in running:
                keep(key, drafts_of(check, view))
        return found, before - found.keys()


def phases_of(view: View) -> tuple[Phase, ...]:
    """What is run on a visit as it stands."""
    return ENDED_PHASES if view.facts.is_ended else RUNNING_PHASES


def _day(view: View) -> int:
    """The day whose settings hold: of admission, as for everything else; until it is known, the visit's latest."""
    day = view.facts.admitted_day
    return day if day is not None else view.facts.today


def audit_of(visit: Visit, rules: RuleBook) -> Audit:
    """The visit's audit with its lines brought up to date; what was touched is pending."""
    known = visit.audit
    if isinstance(known, Audit) and known.rules is rules:
        _catch_up(visit, known)
        return known
    visit.unaudited = ([], [])
    visit.audit = fresh = Audit(visit, rules)
    return fresh


def review(visit: Visit, policy: Policy, rules: RuleBook, past: Iterable[Past], version: int, at: int) -> list[Finding]:
    """Bring the visit's findings to what the rules say now; those that changed, to be told."""
    audit = audit_of(visit, rules)
    before = past_before(visit, past)
    view = audit.view(visit, policy, before)
    reviews = visit.reviews
    if audit.scoped is None or audit.past != before:
        audit.past = before
        found = audit.all_findings(view, policy)
        gone = sorted(reviews.findings.keys() - found.keys())
    else:
        found, lost = audit.touched_findings(view, policy, audit.pending.items())
        gone = sorted(lost)
    audit.pending.clear()
    audit.failures = view.failures
    changed = reviews.withdrawn(gone, version, at) + reviews.opened(found, version, at)
    if changed:
        visit.reviews_changed = True
    return changed


def _catch_up(visit: Visit, audit: Audit) -> None:
    charges, orders = visit.unaudited
    if not charges and not orders:
        return
    visit.unaudited = ([], [])
    for item in audit.lines.touch(charges):
        audit.pending.setdefault(item, set())
    for charge_id in charges:
        mark = visit.effective.get(charge_id) or visit.charges[charge_id]
        if mark.hospital_item:
            audit.pending.setdefault(mark.item, set()).add(mark.hospital_item)
    if orders:
        audit.orders = None
    for order in orders:
        for said in (order, visit.order_contents[order.order_id][1]):
            if said.item:
                codes = audit.pending.setdefault(said.item, set())
                if said.hospital_item:
                    codes.add(said.hospital_item)
            for code in filter(None, (said.item, said.hospital_item)):  # its lines may be charged under another code
                for item in (code, *audit.lines.aliases.get(code, ())):
                    if item in audit.lines:
                        audit.pending.setdefault(item, set())
