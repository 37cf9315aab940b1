"""A run of the re-audit: patients stream through, findings stream out, each beside what the store has of it.

Memory holds the summaries of visits (for rules over many), and one short row a stored finding; never the visits.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from agents.core.policy import Policy
from agents.core.reckoner import Reckoner
from agents.core.rules.engine import not_checked
from agents.core.rules.kind import Trigger
from agents.core.rules.over_many import check_population, population_findings
from agents.core.rules.population import Population, Summary
from agents.core.rules.rulebook import RuleBook, ScopedRules
from agents.core.rules.view import Facts
from agents.grouper_adapter import installed_grouper
from agents.reaudit.patient import Inputs, PatientAudit
from schemas.book import Book
from schemas.book.entry import both
from schemas.finding import OPEN, Finding
from schemas.units import day_number
from schemas.visit_history import PatientLog, ReauditRow, Run, Standing, StoredFinding
from streams.logs import SafeError


@dataclass(slots=True)
class Counts:
    """What a run went through so far.

    failures: rule → how often it could not judge to the end: a visit each, a rule over many visits once.
    """

    patients: int = 0
    patients_in_all: int = 0
    visits: int = 0
    entries: int = 0
    findings: int = 0
    failures: dict[str, int] = field(default_factory=dict)


def chosen_rules(book: Book, wanted: Iterable[str]) -> Book:
    """The book with these rules only (codes, or numbers of the national classes); all of them where none is named.

    Raises SafeError for one that the book does not have.
    """
    names = [name for text in wanted for name in text.replace("，", ",").split(",") if name.strip()]
    if not names:
        return book
    codes = {rule.code: rule.code for rule in book.rules} | {str(rule.number): rule.code for rule in book.rules}
    codes.pop("0", None)
    unknown = [name for name in names if name.strip() not in codes]
    if unknown:
        listed = "、".join(unknown)
        raise SafeError(both(f"规则库中没有规则 {listed}", f"the book has no rule {', '.join(unknown)}"))
    kept = {codes[name.strip()] for name in names}
    return book.model_copy(update={"rules": tuple(rule for rule in book.rules if rule.code in kept)})


class Reaudit:
    """One run. `rows` is to be taken once; `counts` grow with it."""

    def __init__(self, run: Run, policy: Policy, inputs: Inputs | None = None) -> None:
        self.run = run
        self.policy = policy
        self.rules = RuleBook(policy.book)
        self.period = day_number(run.first), day_number(run.last)
        self.counts = Counts()
        #: Rules over many visits: they run in a re-audit only, so the stream has no findings of theirs.
        self.over_many = frozenset(
            code for code, rule in self.rules.rules.items() if self.rules.kinds[rule.kind].trigger is Trigger.POPULATION
        )
        reckoner = None
        if self.over_many and policy.book.methods:
            reckoner = Reckoner(policy, installed_grouper(policy.book))
        self._patients = PatientAudit(policy, self.rules, self.period, reckoner, inputs)
        self._given = {name for names in (inputs or {}).values() for name in names}

    @property
    def hospital_rules(self) -> ScopedRules:
        """The rules as they hold for the hospital as a whole on the last day."""
        facts = Facts(hospital=self.run.hospital, region=self.policy.hospital(self.run.hospital).region)
        return self.rules.scoped(facts, self.period[1])

    @property
    def not_checked(self) -> dict[str, tuple[str, ...]]:
        """Rules that could not be judged: code → the inputs nobody gave."""
        return not_checked(self.hospital_rules, self._given)

    def rows(
        self,
        logs: Iterable[PatientLog],
        stored: Iterable[StoredFinding],
        progress: Callable[[Counts], Any] | None = None,
    ) -> Iterator[ReauditRow]:
        """Audit patient by patient, then the visits together; last, what is stored and was not found any more."""
        compare = _Comparison(stored)
        summaries: list[Summary] = []
        counts = self.counts
        for log in logs:
            counts.patients += 1
            counts.patients_in_all = log.total
            counts.entries += len(log.entries)
            audited = self._patients.audit(log)
            if self.over_many:
                summaries += audited.summaries
            for visit in audited.visits:
                counts.visits += 1
                for code in {code for code, _ in visit.failures}:
                    counts.failures[code] = counts.failures.get(code, 0) + 1
                    compare.keep_aside(log.patient_id, visit.visit_id, code)
                compare.audited(log.patient_id, visit.visit_id)
                for finding in visit.findings:
                    counts.findings += 1
                    yield compare.row(finding, visit.ended_at)
            if progress is not None:
                progress(counts)
        ended = {(visit.patient_id, visit.visit_id): visit.ended_at for visit in summaries}
        for finding in self._over_many(summaries):
            counts.findings += 1
            yield compare.row(finding, ended.get((finding.patient_id, finding.visit_id), 0))
        yield from compare.gone(self.run.rules, self.not_checked)

    def _over_many(self, summaries: list[Summary]) -> list[Finding]:
        if not self.over_many:
            return []
        scoped = self.hospital_rules
        population = Population(summaries, self.period, scoped)
        failures: list[tuple[str, Exception]] = []
        drafts = check_population(population, scoped, failures)
        for code, _ in failures:
            self.counts.failures[code] = self.counts.failures.get(code, 0) + 1
        return population_findings(drafts, self.run.hospital, self.rules.names, self.policy.version)


class _Comparison:
    """The stored findings, each crossed off when it is found again."""

    def __init__(self, stored: Iterable[StoredFinding]) -> None:
        self._open = {finding.finding_id: finding for finding in stored if finding.status == OPEN}
        self._audited: set[tuple[str, str]] = set()
        self._aside: set[tuple[str, str, str]] = set()

    def audited(self, patient_id: str, visit_id: str) -> None:
        """The visit was audited: what is stored of it and not found is gone."""
        self._audited.add((patient_id, visit_id))

    def keep_aside(self, patient_id: str, visit_id: str, code: str) -> None:
        """A rule could not judge the visit: what is stored of it says nothing."""
        self._aside.add((patient_id, visit_id, code))

    def row(self, finding: Finding, ended_at: int) -> ReauditRow:
        """A finding beside what is stored of it."""
        known = self._open.pop(finding.finding_id, None)
        if known is None:
            return ReauditRow(Standing.NEW, finding, None, ended_at)
        standing = Standing.SAME if known.amount_fen == finding.amount_fen else Standing.CHANGED
        return ReauditRow(standing, finding, known, ended_at)

    def gone(self, chosen: Collection[str], not_checked: Collection[str]) -> Iterator[ReauditRow]:
        """What is stored of audited visits and was not found. chosen: the rules of the run; none: all."""
        for finding_id in sorted(self._open):
            known = self._open[finding_id]
            visit = known.patient_id, known.visit_id
            was_asked = visit in self._audited and (not chosen or known.rule in chosen)
            if was_asked and known.rule not in not_checked and (*visit, known.rule) not in self._aside:
                yield ReauditRow(Standing.GONE, None, known)
