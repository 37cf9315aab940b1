"""The scripted cases through intake and cost in memory: each rule finds what was scripted, and nothing besides."""

from collections import defaultdict
from zlib import crc32

import pytest

from agents.core.policy import Policy
from deploy.demo.hospital.case import End
from deploy.demo.hospital.cases import CASES, ONLY_SCRIPTED
from deploy.demo.hospital.simulation import SMALL, Hospital
from schemas.book import Book
from schemas.finding import OPEN, Finding, decode_finding
from schemas.order_check import CheckResult, Outcome, decode_check
from streams.topics import Topic
from tests.agents.harness import House
from tests.deploy.demo.test_hospital_in_the_core import PARTITIONS, book_of_a_small_hospital

#: Small enough that a line and its refund a day later are never of one batch.
BATCH = 32
SHADOWED = "GZ10000201007000"


class Played:
    """A hospital that was played, and what became of it."""

    def __init__(self, seed: int, book: Book, topics: tuple[str, ...] = ()) -> None:
        """`topics`: read one after the other instead of as the hospital delivered."""
        self.hospital = Hospital(seed, SMALL)
        self.house = house = House(policy=Policy(book), partitions=PARTITIONS, batch=BATCH)
        for message in sorted(self.hospital.batch(), key=lambda message: message.topic in topics):
            house.publish_raw(message.topic, message.value, message.key, crc32(message.key or b"") % PARTITIONS)
        house.run("intake", "cost")
        self.findings: list[Finding] = list(house.latest(Topic.FINDING, decode_finding).values())
        checks = [decode_check(record.value) for record in house.values(Topic.ORDER_CHECK)]
        self.checks: dict[str, CheckResult] = {check.request_id: check for check in checks}
        self.by_rule: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for finding in self.findings:
            self.by_rule[finding.visit_id, finding.rule].append(finding)

    def end(self, visit_id: str, rule: str) -> End:
        """How a rule stands towards a visit."""
        found = self.by_rule.get((visit_id, rule), [])
        if any(finding.status == OPEN for finding in found):
            return End.OPEN
        return End.WITHDRAWN if found else End.NOTHING


@pytest.fixture(scope="module")
def book() -> Book:
    return book_of_a_small_hospital()


@pytest.fixture(scope="module")
def played(book: Book) -> Played:
    return Played(7, book)


def test_every_scripted_case_ends_as_it_was_written(played: Played) -> None:
    expected = played.hospital.expectation
    named = {(expected.cases[visit], rule): end for (visit, rule), end in expected.findings.items()}
    found = {(expected.cases[visit], rule): played.end(visit, rule).value for visit, rule in expected.findings}
    assert found == named
    assert set(named.values()) == {"open", "withdrawn", "nothing"}


def test_rules_that_everyday_care_gives_no_cause_find_nothing_besides(played: Played) -> None:
    scripted = played.hospital.expectation.findings.keys()
    besides = [
        (finding.visit_id, finding.rule, finding.what_zh)
        for finding in played.findings
        if finding.rule in ONLY_SCRIPTED and (finding.visit_id, finding.rule) not in scripted
    ]
    assert not besides


def test_every_order_that_was_scripted_is_answered_with_exactly_its_rules(played: Played) -> None:
    expected = played.hospital.expectation.checks
    assert any(expected.values())
    assert not all(expected.values())
    for request, rules in expected.items():
        answer = played.checks[request]
        assert {finding.rule for finding in answer.findings} == set(rules), request
        assert answer.outcome == (Outcome.FINDINGS if rules else Outcome.PASSED)


def test_an_order_that_was_taken_back_after_the_warning_leaves_no_finding(played: Played) -> None:
    expected = played.hospital.expectation
    warned = {request.partition(".")[0]: rules for request, rules in expected.checks.items() if rules}
    assert len(warned) >= 4
    for visit, rules in warned.items():
        assert all(played.end(visit, rule) is End.NOTHING for rule in rules)


def test_a_withdrawn_finding_says_what_it_was_and_no_longer_stands(played: Played) -> None:
    expected = played.hospital.expectation
    gone = [key for key, end in expected.findings.items() if end == End.WITHDRAWN]
    assert len(gone) >= 8
    for key in gone:
        for finding in played.by_rule[key]:
            assert finding.status == "withdrawn"
            assert finding.message_zh


def test_every_scene_that_a_hospital_of_this_tier_can_offend_has_a_finding(played: Played) -> None:
    scenes = {scene for finding in played.findings if finding.status == OPEN for scene in finding.scenes}
    assert scenes >= set(range(1, 15)) - {5}, "5 is for hospitals of a lower tier"


def test_the_rule_on_trial_finds_something_and_shows_it_to_nobody(played: Played) -> None:
    shadowed = [finding for finding in played.findings if finding.is_shadow]
    assert {finding.rule for finding in shadowed} == {SHADOWED}
    assert not any(finding.rule == SHADOWED for check in played.checks.values() for finding in check.findings)


def test_a_finding_reads_as_one_sentence_with_its_clause_and_advice(played: Played) -> None:
    for finding in played.findings:
        assert finding.what_zh in finding.message_zh
        assert "依据：" in finding.message_zh
        assert finding.message_zh.endswith("。")
        assert finding.clause_source
        assert "\n" not in finding.message_zh + finding.message_en


def test_every_knowledge_point_of_the_demo_is_marked_as_an_example(book: Book) -> None:
    assert len(book.points) > 150
    assert len({point.rule for point in book.points}) > 40
    assert all(point.source.startswith("示例") for point in book.points)


@pytest.mark.slow
@pytest.mark.parametrize("last", [Topic.CHARGE, Topic.ADMISSION])
def test_findings_are_the_same_when_a_topic_is_read_last(last: Topic, book: Book, played: Played) -> None:
    other = Played(7, book, (last,))
    stands = {finding.finding_id: finding.what_zh for finding in played.findings if finding.status == OPEN}
    assert {finding.finding_id: finding.what_zh for finding in other.findings if finding.status == OPEN} == stands


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cases_end_as_written_in_any_hospital(seed: int, book: Book) -> None:
    played = Played(seed, book)
    test_every_scripted_case_ends_as_it_was_written(played)
    test_rules_that_everyday_care_gives_no_cause_find_nothing_besides(played)
    test_every_order_that_was_scripted_is_answered_with_exactly_its_rules(played)


def test_names_of_cases_tell_them_apart() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert len(CASES) >= 80
