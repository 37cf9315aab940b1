"""Runs the cases of rule files, and says of each that fails what was expected and what was found.

What the rule must find is compared finding by finding: what it comes to (fen) and the ids of its violating lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from agents.core.rules.findings import in_order
from agents.rule_library.case_visit import CaseError, MadeCase, findings_of_made, make_case
from agents.rule_library.rule_file import Expected, RuleCase, RuleFile, shipped_common
from schemas.book.entry import both
from schemas.book.rules import Exemption
from schemas.finding import Finding
from schemas.reasons import RejectError

#: 三验: a rule has at least so many cases in which it must find something, and as many in which it must not.
FEWEST_CASES = 3


@dataclass(frozen=True, slots=True)
class FoundHit:
    """One thing a rule found: what it comes to, its violating lines, in words."""

    subject: str
    amount_fen: int
    lines: tuple[str, ...]
    what_zh: str
    what_en: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of a case. problem: why it fails, "中文 | English"; empty: it holds."""

    name: str
    is_positive: bool
    is_order_check: bool
    found: tuple[FoundHit, ...]
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether the rule found what the case says."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of the cases of one rule. complaints: what the file lacks as a whole, "中文 | English"."""

    code: str
    number: int
    name_zh: str
    name_en: str
    cases: tuple[CaseResult, ...]
    complaints: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every case holds and there are enough."""
        return not self.complaints and all(case.holds for case in self.cases)


def run_file(file: RuleFile, exemptions: Sequence[Exemption] | None = None) -> FileResult:
    """Run every case of a rule. exemptions: without, those that ship."""
    known = shipped_exemptions() if exemptions is None else tuple(exemptions)
    cases = tuple(run_case(file, case, known) for case in file.cases)
    rule = file.rule
    return FileResult(rule.code, rule.number, rule.name_zh, rule.name_en, cases, tuple(_complaints(file)))


def run_case(file: RuleFile, case: RuleCase, exemptions: Sequence[Exemption] | None = None) -> CaseResult:
    """Run one case of a rule. Events that are refused fail the case."""
    known = shipped_exemptions() if exemptions is None else tuple(exemptions)
    try:
        made = make_case(case)
    except (CaseError, RejectError) as error:
        problem = both(f"案例的事件不能用：{error}", f"an event of the case is refused: {error}")
        return CaseResult(case.name, case.is_positive, case.check is not None, (), problem)
    return judge_case(file, made, known)


def judge_case(file: RuleFile, made: MadeCase, exemptions: Sequence[Exemption]) -> CaseResult:
    """Compare what the rule finds in a case with what it must find. Raises what the kind raises."""
    found = tuple(_found(finding) for finding in in_order(findings_of_made(file, made, exemptions)))
    case = made.case
    return CaseResult(case.name, case.is_positive, case.check is not None, found, _problem(case, found))


def _found(finding: Finding) -> FoundHit:
    lines = tuple(sorted(line.line_id for line in finding.evidence if line.is_violating))
    return FoundHit(finding.subject, finding.amount_fen, lines, finding.what_zh, finding.what_en)


@cache
def shipped_exemptions() -> tuple[Exemption, ...]:
    """The exemptions that ship with the rules."""
    return shipped_common().exemptions


# Comparing ------------------------------------------------------------------------------------------------------------


def _complaints(file: RuleFile) -> Iterable[str]:
    positive = sum(case.is_positive for case in file.cases)
    negative = len(file.cases) - positive
    if positive < FEWEST_CASES or negative < FEWEST_CASES:
        yield both(
            f"案例不足：正例 {positive}、反例 {negative}，各须至少 {FEWEST_CASES}",
            f"too few cases: {positive} positive, {negative} negative; {FEWEST_CASES} of each are needed",
        )
    names = [case.name for case in file.cases]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield both(f"两个案例同名：{name}", f"two cases of one name: {name}")


def _problem(case: RuleCase, found: Sequence[FoundHit]) -> str:
    if case.finds is False or (case.finds is True and found):
        fails = bool(found) and case.finds is False
    elif case.finds is True:
        fails = True
    else:
        fails = not _match(case.finds, list(found))
    if not fails:
        return ""
    (wanted_zh, wanted_en), (given_zh, given_en) = _wanted(case.finds), _given(found)
    return both(f"应为 {wanted_zh}，实为 {given_zh}", f"expected {wanted_en}, found {given_en}")


def _match(expected: Sequence[Expected], found: list[FoundHit]) -> bool:
    """Whether each expected one is met by one of its own, and none is left."""
    if len(expected) != len(found):
        return False
    if not expected:
        return True
    first, *rest = expected
    return any(
        _fits(first, hit) and _match(rest, found[:place] + found[place + 1 :]) for place, hit in enumerate(found)
    )


def _fits(expected: Expected, hit: FoundHit) -> bool:
    if expected.amount is not None and expected.amount != hit.amount_fen:
        return False
    return expected.lines is None or tuple(sorted(expected.lines)) == hit.lines


def _wanted(finds: bool | tuple[Expected, ...]) -> tuple[str, str]:
    if finds is True:
        return "至少一处", "at least one"
    if not finds:
        return "无", "nothing"
    return _listed([(one.amount, one.lines) for one in finds])


def _given(found: Sequence[FoundHit]) -> tuple[str, str]:
    return _listed([(hit.amount_fen, hit.lines) for hit in found]) if found else ("无", "nothing")


def _listed(parts: Iterable[tuple[int | None, tuple[str, ...] | None]]) -> tuple[str, str]:
    zh, en = [], []
    for amount_fen, lines in parts:
        money = "" if amount_fen is None else f"{amount_fen // 100}.{amount_fen % 100:02d}"
        cited = "" if lines is None else f"[{', '.join(lines)}]"
        zh.append(" ".join(filter(None, (f"{money} 元" if money else "", cited))) or "一处")
        en.append(" ".join(filter(None, (f"{money} yuan" if money else "", cited))) or "one")
    return "；".join(zh), "; ".join(en)
