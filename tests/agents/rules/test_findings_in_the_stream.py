"""Findings through the cost stage: whatever the order, the batches, the crashes, they are what a full audit says."""

from random import Random
from typing import Any

import msgspec
import pytest

from agents.core.policy import Policy
from agents.core.rules import auditing, engine
from agents.core.rules.engine import Draft
from agents.core.rules.kind import Trigger
from agents.core.rules.kinds import KINDS
from agents.core.rules.kinds.policy.insurance import InsuranceLimit
from agents.core.rules.rulebook import Check
from agents.core.rules.view import View
from agents.core.visit import Visit, VisitKey
from agents.rule_library.rule_file import RuleCase
from schemas.book import Book
from schemas.finding import OPEN, Finding, decode_finding
from schemas.order_check import decode_check
from streams.stage import Batch
from streams.topics import Topic
from tests.agents.harness import House
from tests.agents.rules.shipped import audit_of_visits, events_of, library_policy, rule_files, stream_cases

CASES = stream_cases()
#: One case in so many is tried where it must be quick.
QUICK = 8
#: What depends on when a finding was told, not on what was found.
WHEN: dict[str, Any] = {"version": 0, "raised_at": 0, "updated_at": 0, "times": 1, "answers": ()}


def said(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.finding_id: msgspec.structs.replace(finding, **WHEN) for finding in findings}


def told(house: House) -> dict[str, Finding]:
    """What a reader of the topic ends up with: open findings."""
    latest = house.latest(Topic.FINDING, decode_finding)
    return said([finding for finding in latest.values() if finding.status == OPEN])


def full_audit(house: House) -> dict[str, Finding]:
    """A full audit of every visit as the state has it, with nothing kept from before."""
    visits = []
    for (stage, _), store in house.stores.items():
        if stage == "cost":
            keys = [VisitKey(*key.decode().split("|")[1:]) for key in store if key.startswith(b"h|")]
            visits += [Visit.load(key, store) for key in keys]
    return said(audit_of_visits(visits, house.policy))


def house_of(case: RuleCase, **more: Any) -> House:
    return House(library_policy(case.tier, case.region), partitions=1, **more)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name, marks=() if place % QUICK == 0 else pytest.mark.slow)
        for place, (name, case) in enumerate(CASES)
    ],
)
def test_findings_told_line_by_line_are_those_of_a_full_audit(case: RuleCase) -> None:
    house = house_of(case, batch=1)
    for event in events_of(case):
        house.publish(event).run()
    assert house.counts["cost.refused"] == 0
    assert told(house) == full_audit(house)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES[:: max(1, len(CASES) // 60)]])
def test_findings_depend_neither_on_order_nor_on_batches_nor_on_crashes(case: RuleCase, seed: int) -> None:
    straight = house_of(case).publish(*events_of(case)).run()
    random = Random(seed)
    events = events_of(case)
    random.shuffle(events)
    house = house_of(case, batch=7, random=random, restarts=0.2, crashes=0.2)
    house.publish(*events).run()
    assert told(house) == told(straight) == full_audit(house)


def doubtful_case() -> RuleCase:
    return next(case for name, case in CASES if case.is_positive and case.charges and name.startswith("GZ10000101001"))


def test_a_refund_that_takes_the_cause_away_withdraws_the_finding() -> None:
    case = doubtful_case()
    house = house_of(case).publish(*events_of(case)).run()
    before = house.latest(Topic.FINDING, decode_finding)
    open_ones = [finding for finding in before.values() if finding.rule == "GZ10000101001000"]
    assert [finding.status for finding in open_ones] == [OPEN]
    charge = next(event for event in events_of(case) if event["type"] == "charge")
    refund = {
        "type": "charge", "event_id": "r", "charge_id": "refund", "refund_of": charge["charge_id"],
        **{name: charge[name] for name in ("hospital", "patient_id", "visit_id", "charged_at")},
    }  # fmt: skip
    house.publish(refund).run()
    after = house.latest(Topic.FINDING, decode_finding)[open_ones[0].finding_id]
    assert after.status == "withdrawn"
    assert after.version > open_ones[0].version


def test_what_comes_again_raises_nothing_twice() -> None:
    case = doubtful_case()
    house = house_of(case).publish(*events_of(case)).run()
    records = len(house.values(Topic.FINDING))
    assert records
    house.publish(*events_of(case)).run()
    assert len(house.values(Topic.FINDING)) == records


def test_findings_are_told_again_word_for_word_when_the_process_died_before_it_told_them() -> None:
    case = doubtful_case()
    straight = house_of(case).publish(*events_of(case)).run()
    house = house_of(case, random=Random(0))
    house.publish(*events_of(case)).run("intake")
    ledger = house.topics[Topic.LEDGER, 0]
    house.apply(house.stages[1], Batch(Topic.LEDGER, 0, ledger), until="state")
    assert house.values(Topic.FINDING) == []
    house.restart()
    house.run()
    assert [record.value for record in house.values(Topic.FINDING)] == [
        record.value for record in straight.values(Topic.FINDING)
    ]


def test_an_answer_to_a_finding_stands_in_it() -> None:
    case = doubtful_case()
    house = house_of(case).publish(*events_of(case)).run()
    finding = next(iter(house.latest(Topic.FINDING, decode_finding).values()))
    house.publish({
        "type": "ack", "event_id": "a1", "hospital": "H1", "patient_id": finding.patient_id, "actor": "D7",
        "visit_id": finding.visit_id, "alert_id": finding.finding_id, "occurred_at": "2026-03-03 10:00",
        "role": "doctor", "decision": "continue", "reason": "工伤认定中",
    }).run()  # fmt: skip
    answered = house.latest(Topic.FINDING, decode_finding)[finding.finding_id]
    assert [(answer.actor, answer.decision, answer.reason) for answer in answered.answers] == [
        ("D7", "continue", "工伤认定中")
    ]
    assert answered.status == OPEN
    assert house.counts["cost.refused"] == 0


def test_a_placed_order_is_answered_on_its_topic_with_the_same_finding() -> None:
    case = doubtful_case()
    events = [event for event in events_of(case) if event["type"] != "charge"]
    item = case.charges[0]["item"]
    common = {name: events[0][name] for name in ("hospital", "patient_id", "visit_id")}
    order = {
        "type": "order", **common, "event_id": "o-1", "order_id": "O1", "occurred_at": "2026-03-02 10:00",
        "item_code": item, "quantity": "1", "unit_price": "260.00",
    }  # fmt: skip
    house = house_of(case).publish(*events, order).run()
    answers = [decode_check(record.value) for record in house.values(Topic.ORDER_CHECK)]
    assert [(answer.request_id, answer.outcome, answer.via) for answer in answers] == [("o-1", "findings", "topic")]
    assert [finding.rule for finding in answers[0].findings] == ["GZ10000101001000"]
    assert answers[0].findings[0].finding_id.startswith("jr-0000-")
    house.publish(order).run()
    assert len(house.values(Topic.ORDER_CHECK)) == 1


def test_an_audit_runs_again_only_what_was_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The point of keeping it: of a visit with many items, one more charge asks for the checks of its item alone."""
    case = doubtful_case()
    house = house_of(case).publish(*events_of(case)).run()
    ran: list[tuple[str, str]] = []

    def drafts_of(check: Check, view: View) -> tuple[Draft, ...]:
        ran.append(check.key)
        return engine.drafts_of(check, view)

    monkeypatch.setattr(auditing, "drafts_of", drafts_of)
    charge = next(event for event in events_of(case) if event["type"] == "charge")
    house.publish({**charge, "event_id": "new", "charge_id": "new", "item_code": "9-new"}).run()
    rules = {file.rule.code: file.rule for file in rule_files()}
    kinds = {key: KINDS[rules[key[0]].kind] for key in ran}
    of_visit = {Trigger.VISIT, Trigger.POINTS}
    of_items = {key for key, kind in kinds.items() if kind.trigger not in of_visit and not kind.watches_visit}
    assert {item for _, item in of_items} <= {"9-new"}


def broken(self: object, view: View, bound: object, uses: object) -> tuple[()]:
    raise ZeroDivisionError


def test_a_rule_that_breaks_stops_neither_the_others_nor_the_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InsuranceLimit, "check", broken)
    house = house_of(doubtful_case()).publish(*events_of(doubtful_case())).run()
    assert house.counts["cost.rule_failures"]
    assert house.counts["cost.applied"] == len(events_of(doubtful_case()))
    assert all(finding.kind != InsuranceLimit.name for finding in told(house).values())


def test_an_order_check_that_breaks_is_never_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    case = doubtful_case()
    monkeypatch.setattr(InsuranceLimit, "check", broken)
    admission = events_of(case)[0]
    common = {name: admission[name] for name in ("hospital", "patient_id", "visit_id")}
    order = {
        "type": "order", **common, "event_id": "o-1", "order_id": "O1", "occurred_at": "2026-03-02 10:00",
        "item_code": case.charges[0]["item"], "quantity": "1", "unit_price": "260.00",
    }  # fmt: skip
    house = house_of(case).publish(admission, order).run()
    answers = [decode_check(record.value) for record in house.values(Topic.ORDER_CHECK)]
    assert [(answer.outcome, answer.reason) for answer in answers] == [("unfinished", "engine_error")]
    assert "GZ10000101001000" in answers[0].detail


def test_under_a_book_without_rules_what_was_found_is_withdrawn() -> None:
    case = doubtful_case()
    house = house_of(case).publish(*events_of(case)).run()
    assert told(house)
    house.policy = Policy(Book(version="none"))
    house.restart()
    charge = next(event for event in events_of(case) if event["type"] == "charge")
    house.publish({**charge, "event_id": "more", "charge_id": "more"}).run()
    assert told(house) == {}


def test_a_visit_whose_findings_another_visit_changed_is_told_with_them() -> None:
    """A later visit stands in a finding because of an earlier one: when that changes, so do both finding and fact."""
    case = next(
        case for name, case in CASES if case.before and case.is_positive and case.charges and "本年此前就诊" in name
    )
    events = events_of(case)
    earlier = [event for event in events if event["visit_id"] != "V1"]
    later = [event for event in events if event["visit_id"] == "V1"]
    house = house_of(case).publish(*later).run()
    version = house.visits["V1"].version
    house.publish(*earlier).run()
    assert told(house) == full_audit(house)
    assert house.visits["V1"].version > version
