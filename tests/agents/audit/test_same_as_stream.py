"""An audit of a file says what the stream says of the same visit: the same findings, word for word."""

from pathlib import Path

import msgspec
import pytest

from agents.audit.auditing import audit_visit
from agents.book import load_policy
from agents.core.rules.auditing import review
from agents.core.rules.history import History
from agents.core.rules.kind import Trigger
from agents.core.rules.kinds import KINDS
from agents.core.rules.lines import Lines
from agents.core.rules.rulebook import RuleBook
from agents.visit_file import open_visit
from schemas.finding import Finding

DEPLOY = Path(__file__).parents[3] / "deploy"
FILES = sorted(path for path in (DEPLOY / "examples").glob("*.json") if path.stem != "audit_with_records")


def plain(findings: list[Finding]) -> dict[str, Finding]:
    """Without what only a stream knows: versions and when they were raised; without what rules over many visits say."""
    return {
        finding.finding_id: msgspec.structs.replace(finding, version=0, raised_at=0, updated_at=0, times=1)
        for finding in findings
        if KINDS[finding.kind].trigger is not Trigger.POPULATION
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_and_the_stream_find_the_same(path: Path) -> None:
    policy = load_policy(DEPLOY / "policies" / "example_taizhou")
    in_file = audit_visit(open_visit(path, policy, "H33100000001"))
    opened = open_visit(path, policy, "H33100000001")
    history = History({})
    for visit in opened.visits.values():
        history.note(visit, Lines(visit))
    in_stream = review(opened.visit, policy, RuleBook(policy.book), history.visits.values(), 7, 1_772_000_000_000)
    assert plain(in_file.findings) == plain(in_stream)
