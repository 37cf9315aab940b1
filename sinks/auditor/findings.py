"""Holds findings and order checks against what must hold of any of them. Pure; nothing here knows a rule.

- A finding that names violating lines comes to what they have at stake, as far as all its evidence is listed; one that
  names none states its own value.
- A finding that stands rests on fee lines that are there, that were not taken back whole by refunds that name them, and
  of which no more is at stake than is left.
- A finding is as new as something the visits of its patient hold, and a cancelled visit has none that stands.
- An order check that passed found nothing, and one that was not finished says why: it never passed.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from schemas.finding import MOST_EVIDENCE, OPEN, WITHDRAWN
from schemas.order_check import Outcome
from schemas.units import yuan_text
from sinks.auditor.check import Check, visit_text
from sinks.auditor.events import Line, VisitKey

_CHARGE = "charge"
LineKey = tuple[str, str, str]
"""hospital, patient, charge id: a finding may rest on lines of the patient's other visits"""


class StoredEvidence(NamedTuple):
    """One line that a finding rests on."""

    line_id: str
    source: str
    amount: int
    is_violating: bool


class StoredFinding(NamedTuple):
    """A finding as it is stored. Fen; evidence_count counts what is not listed as well."""

    finding_id: str
    visit: VisitKey
    version: int
    status: str
    amount: int
    evidence_count: int
    evidence: tuple[StoredEvidence, ...]


class Net(NamedTuple):
    """A fee line: what it came to, and what the refunds that name it left of it."""

    original: int
    left: int

    @property
    def is_gone(self) -> bool:
        """Whether nothing is left of it. A line that cost nothing is still there."""
        return self.left <= 0 < self.original


class StoredAnswer(NamedTuple):
    """The answer to an order check: whose request, what it came to, why it was not finished, how many findings."""

    request: str
    outcome: str
    reason: str
    findings: int


def check_answers(answers: Iterable[StoredAnswer]) -> Check:
    """Every answer is one of three: passed, without findings; with findings; not finished, with the reason."""
    check = Check("医嘱校验结果", "outcomes of order checks")
    for answer in answers:
        finished = Outcome.FINDINGS if answer.findings else Outcome.PASSED
        expected = Outcome.UNFINISHED if answer.reason else finished
        check.compare(answer.request, expected.value, answer.outcome)
    return check


class FindingChecks:
    """Checks over all findings. `visits`: visit, version of its fact, whether cancelled; `contents`: the raw events."""

    def __init__(
        self, visits: Iterable[tuple[VisitKey, int, bool]], contents: Mapping[tuple[str, VisitKey, str], Any]
    ) -> None:
        self._newest: dict[tuple[str, str], int] = {}
        self._cancelled: set[VisitKey] = set()
        for visit, version, is_cancelled in visits:
            patient = visit[:2]
            self._newest[patient] = max(version, self._newest.get(patient, 0))
            if is_cancelled:
                self._cancelled.add(visit)
        self._contents = contents
        self.amounts = Check("疑点金额", "amounts of findings", sum_fen=0)
        self.lines = Check("疑点依据", "lines that findings rest on")
        self.versions = Check("疑点版本", "versions of findings")

    def feed(self, findings: Iterable[StoredFinding]) -> list[Check]:
        """Check every finding; the checks, in the order in which a reader asks."""
        standing: list[StoredFinding] = []
        for finding in findings:
            self._amount(finding)
            self._version(finding)
            if finding.status == OPEN:
                standing.append(finding)
        self._lines(standing)
        return [self.amounts, self.lines, self.versions]

    def _amount(self, finding: StoredFinding) -> None:
        check = self.amounts
        check.compared += 1
        check.sum_fen = (check.sum_fen or 0) + (finding.amount if finding.status == OPEN else 0)
        listed = len(finding.evidence)
        if listed != min(finding.evidence_count, MOST_EVIDENCE):
            check.miss(
                finding.finding_id,
                f"列出 {min(finding.evidence_count, MOST_EVIDENCE)} 条依据 | lines listed",
                str(listed),
            )
        violating = [line.amount for line in finding.evidence if line.is_violating]
        if violating and listed == finding.evidence_count and sum(violating) != finding.amount:
            check.miss(
                finding.finding_id,
                f"违规项合计 | violating lines come to {yuan_text(sum(violating))}",
                yuan_text(finding.amount),
            )

    def _version(self, finding: StoredFinding) -> None:
        check = self.versions
        check.compared += 1
        newest = self._newest.get(finding.visit[:2], 0)
        if finding.version > newest:
            check.miss(finding.finding_id, f"≤ {newest}", str(finding.version))
        if finding.status not in {OPEN, WITHDRAWN}:
            check.miss(finding.finding_id, f"{OPEN}, {WITHDRAWN}", finding.status)
        if finding.status == OPEN and finding.visit in self._cancelled:
            check.miss(
                finding.finding_id,
                f"已撤销的就诊无疑点 | no finding of a cancelled visit: {visit_text(finding.visit)}",
                finding.status,
            )

    def _lines(self, findings: Iterable[StoredFinding]) -> None:
        findings = list(findings)
        cited = {
            (*finding.visit[:2], line.line_id)
            for finding in findings
            for line in finding.evidence
            if line.source == _CHARGE
        }
        nets = nets_of(self._contents, cited) if cited else {}
        for finding in findings:
            for line in finding.evidence:
                if line.source == _CHARGE:
                    self._line(finding, line, nets.get((*finding.visit[:2], line.line_id), ()))

    def _line(self, finding: StoredFinding, line: StoredEvidence, nets: Iterable[Net]) -> None:
        """`nets`: the lines of this id in any visit of the patient; one that fits is enough."""
        check = self.lines
        check.compared += 1
        subject = f"{finding.finding_id} ← {line.line_id}"
        nets = list(nets)
        if not nets:
            check.miss(subject, "明细存在 | the line is there", "—")
        elif all(net.is_gone for net in nets):
            check.miss(subject, "未全额退费 | not refunded whole", yuan_text(max(net.left for net in nets)))
        elif line.is_violating and line.amount > max(net.left for net in nets):
            left = max(net.left for net in nets)
            check.miss(subject, f"至多 | at most {yuan_text(left)}", yuan_text(line.amount))


def nets_of(contents: Mapping[tuple[str, VisitKey, str], Any], cited: set[LineKey]) -> dict[LineKey, list[Net]]:
    """What is left of the cited lines after the refunds that name them; several where visits share an id."""
    originals: dict[tuple[VisitKey, str], int] = {}
    refunds: list[tuple[VisitKey, Line]] = []
    for (event_type, visit, identity), content in contents.items():
        if event_type != _CHARGE:
            continue
        if (*visit[:2], identity) in cited and not content.refund_of:
            originals[visit, identity] = content.amount or 0
        if content.refund_of and (*visit[:2], content.refund_of) in cited:
            refunds.append((visit, content))
    left = dict(originals)
    for visit, refund in refunds:
        place = visit, refund.refund_of
        if place in left:
            left[place] += -originals[place] if refund.amount is None else refund.amount
    found: dict[LineKey, list[Net]] = {}
    for (visit, identity), original in originals.items():
        found.setdefault((*visit[:2], identity), []).append(Net(original, left[visit, identity]))
    return found
