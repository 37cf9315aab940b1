"""A re-audit finds what the stream has told of the same events under the same book: ids, amounts, words."""

from random import Random

import pytest

from agents.core.policy import Policy
from agents.core.rules.kind import Trigger
from agents.core.rules.kinds import KINDS
from schemas.facts import VisitStatus, decode_visit_fact
from schemas.finding import OPEN, Finding, decode_finding
from schemas.visit_history import Standing
from streams.topics import Topic
from tests.agents.harness import House
from tests.agents.reaudit.streams import events_of_patients, logs_of, rows_of, stored_of
from tests.agents.rules.shipped import library_policy, stream_cases
from tests.agents.rules.test_findings_in_the_stream import said

POLICY: Policy = library_policy()
CASES = [case for _, case in stream_cases() if case.tier == "3" and case.region == "330100" and not case.inputs]


@pytest.mark.parametrize("seed", [1, 2])
def test_ids_amounts_and_words_are_those_of_the_stream(seed: int) -> None:
    random = Random(seed)
    cases = random.sample(CASES, min(120, len(CASES)))
    events = events_of_patients(cases)
    random.shuffle(events)
    house = House(POLICY, partitions=1, batch=9, random=random).publish(*events).run("intake", "cost")
    told = house.latest(Topic.FINDING, decode_finding).values()
    rows = rows_of(logs_of(house), POLICY)
    found = said([row.finding for row in rows if row.finding is not None and row.visit_ended_at])
    ended = ended_visits(house)
    told_of_ended = [
        finding for finding in told if finding.status == OPEN and (finding.patient_id, finding.visit_id) in ended
    ]
    in_stream = said(told_of_ended)
    over_many = {finding_id for finding_id, finding in found.items() if is_over_many(finding)}
    assert {key: found[key] for key in found.keys() - over_many} == in_stream
    assert len(in_stream) > 20


def test_beside_the_stored_findings_of_the_same_book_nothing_is_new_changed_or_gone() -> None:
    house = House(POLICY, partitions=1).publish(*events_of_patients(CASES[:150])).run("intake", "cost")
    ended = ended_visits(house)
    told = house.latest(Topic.FINDING, decode_finding).values()
    stored = [stored_of(finding) for finding in told if (finding.patient_id, finding.visit_id) in ended]
    rows = rows_of(logs_of(house), POLICY, stored)
    kinds = {row.standing for row in rows if row.finding is None or not is_over_many(row.finding)}
    assert kinds == {Standing.SAME}


def is_over_many(finding: Finding) -> bool:
    rules = {rule.code: rule for rule in POLICY.book.rules}
    return KINDS[rules[finding.rule].kind].trigger is Trigger.POPULATION


def ended_visits(house: House) -> set[tuple[str, str]]:
    facts = house.latest(Topic.VISIT_FACT, decode_visit_fact).values()
    return {
        (fact.patient_id, fact.visit_id)
        for fact in facts
        if fact.status == VisitStatus.DISCHARGED
        or (fact.status == VisitStatus.OPEN and fact.length_of_stay_days is None)
    }
