"""Whether all is well: the auditor's word, and the totals in ClickHouse against the hospital's own expectation."""

from dataclasses import dataclass, field

from clickhouse_driver import Client

from deploy.demo.hospital.case import End
from deploy.demo.hospital.cases import ONLY_SCRIPTED
from deploy.demo.hospital.expectation import Expectation
from deploy.demo.stack import Stack
from schemas import units

_SHOWN = 10


@dataclass(slots=True)
class Verdict:
    """What was compared, and every difference as a line."""

    compared: bool = False
    visits: int = 0
    departments: int = 0
    days: int = 0
    settled: int = 0
    disputed: int = 0
    scripted: int = 0
    withdrawn: int = 0
    total_fen: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    auditor_silent: bool = False
    auditor_says: str = ""

    @property
    def is_good(self) -> bool:
        """The auditor is silent, and nothing differs."""
        return self.auditor_silent and not self.differences


def judge(stack: Stack, client: Client, expectation: Expectation | None) -> Verdict:
    """Compare per visit, department and month, day, and dead letters by reason; then ask the auditor.

    Without an expectation (the data of an earlier run, which went on for a time nobody knows) the auditor decides.
    """
    verdict = Verdict()
    verdict.dead_letters = dict(client.execute("SELECT reason, count() FROM v_dead_letter GROUP BY reason"))
    if expectation is not None:
        _compare_all(verdict, client, expectation)
    done = stack.run("verify")
    verdict.auditor_silent = done.returncode == 0
    verdict.auditor_says = (done.stdout if verdict.auditor_silent else done.stdout + done.stderr).strip("\n")
    return verdict


def _compare_all(verdict: Verdict, client: Client, expectation: Expectation) -> None:
    verdict.compared = True
    visits = dict(client.execute("SELECT visit_id, amount_fen FROM v_visit"))
    verdict.visits, verdict.total_fen = len(visits), sum(visits.values())
    _compare(verdict, "visit", visits, expectation.by_visit())
    found = client.execute("SELECT department, month, amount_fen FROM v_department_month WHERE amount_fen != 0")
    departments = {f"{department} {month}": amount for department, month, amount in found}
    verdict.departments = len(departments)
    booked = expectation.by_department_month().items()
    _compare(verdict, "department", departments, {f"{code} {month}": fen for (code, month), fen in booked if fen})
    days = {str(day): amount for day, amount in client.execute("SELECT charged_on, amount_fen FROM v_day") if amount}
    verdict.days = len(days)
    expected_days = {units.day_text(day): fen for day, fen in expectation.by_day().items() if fen}
    _compare(verdict, "day", days, expected_days)
    _compare_settlements(verdict, client, expectation)
    _compare_findings(verdict, client, expectation)
    for reason in sorted(verdict.dead_letters.keys() | expectation.dead_letters.keys()):
        count, sent = verdict.dead_letters.get(reason, 0), expectation.dead_letters[reason]
        if count != sent:
            verdict.differences.append(f"dead letters {reason}: {count} in ClickHouse, {sent} expected")


def _compare_settlements(verdict: Verdict, client: Client, expectation: Expectation) -> None:
    """The funds' payment as the insurer settled it, and as it was simulated: equal but where it decided otherwise."""
    found = client.execute(
        "SELECT visit_id, settled_fund_fen, fund_difference_fen FROM visit_fact FINAL"
        " WHERE fund_difference_fen IS NOT NULL"
    )
    _compare(verdict, "settlement", {visit: paid for visit, paid, _ in found}, expectation.settled)
    apart = {visit: difference for visit, _, difference in found if difference}
    verdict.settled, verdict.disputed = len(found), len(apart)
    for visit in sorted(apart.keys() ^ expectation.disputed.keys()):
        how = f"{_yuan(apart[visit])} yuan apart" if visit in apart else "equal, though the insurer decided otherwise"
        verdict.differences.append(f"settlement {visit}: {how}")


def _compare_findings(verdict: Verdict, client: Client, expectation: Expectation) -> None:
    """The scripted cases: what must stand stands, what was refunded or is in order does not; and nothing besides.

    A finding whose cause was gone before anybody looked was never told: it counts as little as a withdrawn one.
    """
    rows = client.execute("SELECT DISTINCT visit_id, rule, status FROM finding FINAL WHERE NOT is_shadow")
    stands = {(visit, rule) for visit, rule, status in rows if status == End.OPEN}
    gone = {(visit, rule) for visit, rule, _ in rows} - stands
    verdict.scripted = len(expectation.findings)
    verdict.withdrawn = len(gone & {key for key, end in expectation.findings.items() if end == End.WITHDRAWN})
    for (visit, rule), end in sorted(expectation.findings.items()):
        if ((visit, rule) in stands) != (end == End.OPEN):
            is_missing = end == End.OPEN
            what = "finds nothing" if is_missing else "still has a finding"
            verdict.differences.append(f"rule {rule} {what}: {visit} {expectation.cases[visit]}")
    verdict.differences += [
        f"rule {rule} has a finding nobody scripted: {visit}"
        for visit, rule in sorted(stands - expectation.findings.keys())
        if rule in ONLY_SCRIPTED
    ]


def _compare(verdict: Verdict, what: str, found: dict[str, int], expected: dict[str, int]) -> None:
    wrong = [
        f"{what} {name}: {_yuan(found.get(name))} in ClickHouse, {_yuan(expected.get(name))} expected"
        for name in sorted(found.keys() | expected.keys())
        if found.get(name) != expected.get(name)
    ]
    verdict.differences += wrong[:_SHOWN]
    if len(wrong) > _SHOWN:
        verdict.differences.append(f"… and {len(wrong) - _SHOWN} more of this kind")


def _yuan(fen: int | None) -> str:
    return "nothing" if fen is None else units.yuan_text(fen)
