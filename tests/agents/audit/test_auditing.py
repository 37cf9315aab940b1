"""What an audit of a file is: phases, past, inputs, rules over many, rules on trial, the check before discharge."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.audit.as_json import audit_json
from agents.audit.auditing import Audited, audit_visit
from agents.audit.effect import effect_of
from agents.audit.self_check import refund_events
from agents.book import load_policy
from agents.visit_file import open_visit
from agents.what_if import WhatIf
from schemas.book.rules import Phase

FEE, BED, DRUG = "001102000050000", "001109000010000", "XA04ADA285B002010102180"
BOOK = """version: v1
library: [national, examples]
tier: "3"
"""
ADMITTED = {
    "type": "admission", "kind": "admit", "occurred_at": "2026-03-02 09:00", "insurance_type": "310", "care_type": "21",
    "sex": "1", "birth_date": "1960-01-01", "department": "D1", "diagnoses": [{"code": "I10.x00", "role": "main"}],
}  # fmt: skip
LEFT = {"type": "admission", "kind": "discharge", "occurred_at": "2026-03-09 10:00", "discharge_way": "1"}


def charge(
    charge_id: str, item: str, at: str, quantity: str = "1", price: str = "25.00", **more: Any
) -> dict[str, Any]:
    return {
        "type": "charge", "charge_id": charge_id, "item_code": item, "charged_at": at, "quantity": quantity,
        "unit_price": price, **more,
    }  # fmt: skip


TWICE = [charge("a", FEE, "2026-03-03 08:00"), charge("b", FEE, "2026-03-03 16:00")]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "book.yaml").write_text(BOOK, encoding="utf-8")
    return folder


@pytest.fixture
def audit(tmp_path: Path, book: Path) -> Callable[..., Audited]:
    def run(events: Iterable[dict[str, Any]], *, visit_id: str = "", inputs: Any = None, **more: Any) -> Audited:
        path = tmp_path / "visit.json"
        head = {"hospital": "H1", "patient_id": "P1", "visit_id": "V1", "events": list(events)}
        path.write_text(json.dumps(head | ({"inputs": inputs} if inputs else {})), encoding="utf-8")
        return audit_visit(open_visit(path, load_policy(book), "H1", visit_id=visit_id), **more)

    return run


def found(audited: Audited) -> list[tuple[int, int]]:
    return [(finding.rule_number, finding.amount_fen) for finding in audited.findings]


def test_what_is_charged_twice_is_found_with_its_line(audit):
    [finding] = audit([ADMITTED, *TWICE]).findings
    assert (finding.rule_number, finding.amount_fen) == (27, 2_500)
    assert [line.line_id for line in finding.evidence if line.is_violating] == ["b"]
    assert finding.finding_id == "H1|P1|V1|GZ10000102014000|" + finding.subject


def test_a_refund_of_it_withdraws_the_finding(audit):
    refund = charge("c", FEE, "2026-03-03 17:00", "-1", refund_of="b")
    assert found(audit([ADMITTED, *TWICE, refund])) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([ADMITTED, *TWICE, charge("c", BED, "2026-03-03 08:00"), charge("d", FEE, "2026-03-04 08:00")]))
def test_the_order_of_events_does_not_matter(audit, events):
    assert found(audit(events)) == [(27, 2_500)]


def test_a_stay_that_goes_on_is_not_reviewed_and_one_that_ended_is(audit):
    assert audit([ADMITTED, *TWICE]).phases == (Phase.ORDER, Phase.CHARGE)
    assert audit([ADMITTED, *TWICE, LEFT]).phases == tuple(Phase)


def test_before_discharge_a_stay_is_reviewed_as_if_it_ended_now(audit):
    audited = audit([ADMITTED, *TWICE], is_leaving=True)
    assert audited.phases == tuple(Phase)
    assert audited.view.facts.is_ended


def test_only_rules_of_the_phase_that_was_asked_for_run(audit):
    audited = audit([ADMITTED, *TWICE, LEFT], phases=(Phase.REVIEW,))
    assert 27 not in {number for number, _ in found(audited)}
    assert {finding.phase for finding in audited.findings} <= {"review"}


def test_other_visits_of_the_patient_are_its_past(audit):
    test = "002503020030000"
    before = [
        ADMITTED | {"kind": "register", "visit_id": "V0", "care_type": "11", "occurred_at": "2026-02-10 09:00"},
        charge("t0", test, "2026-02-10 09:30", visit_id="V0"),
    ]
    now = [ADMITTED, charge("t1", test, "2026-03-03 09:00")]
    assert (31, 2_500) in found(audit([*before, *now]))
    assert 31 not in {number for number, _ in found(audit(now))}


def test_what_was_not_checked_is_said_with_what_is_missing(audit):
    needs = {one.rule.number: one.needs for one in audit([ADMITTED, *TWICE, LEFT]).not_checked}
    assert needs[35] == ("settlement_list",)
    assert needs[43] == ("stock_ledger",)
    assert needs[63] == ()


def test_an_input_of_the_wrong_shape_is_told_and_the_rest_is_checked(audit):
    audited = audit(
        [ADMITTED, *TWICE, charge("d", "XB01AXA223B002010100156", "2026-03-04 08:00"), LEFT],
        inputs={"stock_ledger": ["nonsense"]},
    )
    assert 27 in {number for number, _ in found(audited)}
    [told] = [one for one in audited.not_checked if one.rule.number == 43]
    assert told.reason[0].startswith("stock_ledger 应为对象")
    assert told.reason[1].startswith("stock_ledger must be an object")


def test_a_rule_on_trial_is_counted_apart(audit, book):
    (book / "rules.yaml").write_text(
        "rule_settings: [{id: a, rule: GZ10000102014000, state: shadow, source: 示例}]\n", encoding="utf-8"
    )
    audited = audit([ADMITTED, *TWICE])
    assert [finding.is_shadow for finding in audited.findings] == [True]
    assert audited.self_check.refunds == ()
    totals = audit_json(audited, None)["totals"]
    assert (totals["findings"], totals["shadow"]) == (0, {"findings": 1, "amount_fen": 2_500})


def test_a_book_without_points_says_so(audit, book):
    (book / "book.yaml").write_text(BOOK.replace(", examples", ""), encoding="utf-8")
    assert next(zh for zh, _ in audit([ADMITTED, *TWICE]).warnings).startswith("政策库里没有知识点")


# The check before discharge -----------------------------------------------------------------------------------------


def test_refunds_name_the_quantity_of_a_line_that_is_too_much(audit):
    [line] = audit([ADMITTED, charge("a", FEE, "2026-03-03 08:00", "3")]).self_check.refunds
    assert (line.use.id, line.quantity_e4, line.amount_fen, line.is_whole) == ("a", 20_000, 5_000, False)


def test_a_line_that_two_rules_are_about_is_refunded_once(audit):
    audited = audit([ADMITTED, charge("a", DRUG, "2026-03-03 08:00", days=20), LEFT])
    violations = [finding for finding in audited.findings if finding.grade == "violation"]
    assert len(violations) >= 1
    assert [(line.use.id, line.amount_fen) for line in audited.self_check.refunds] == [("a", 2_500)]


def test_a_price_that_is_too_high_is_put_right_without_a_quantity(audit):
    operations = [
        charge("p", "003310020050000", "2026-03-04 10:00", price="2600.00", incision_group="1"),
        charge("q", "003310030100000", "2026-03-04 10:00", price="1000.00", incision_group="1"),
    ]
    [line] = audit([ADMITTED, *operations]).self_check.refunds
    assert (line.use.id, line.amount_fen, line.quantity_e4, line.is_price_only) == ("q", 50_000, 0, True)


def test_after_the_refunds_no_violation_is_left(audit):
    events = [ADMITTED, charge("a", FEE, "2026-03-03 08:00", "3"), *TWICE[1:], charge("c", DRUG, "2026-03-04 08:00")]
    check = audit(events).self_check
    assert check.refund_fen == 3 * 2_500 + 2_500  # one 诊查费 of four stays, the drug goes
    again = audit([*events, *refund_events(check, "V1", "P1", "H1")])
    assert [finding.what_zh for finding in again.findings if finding.grade == "violation"] == []


def test_the_effect_on_the_settlement_is_what_the_refunds_take_away(tmp_path, audit, book):
    audited = audit([ADMITTED, *TWICE])
    effect = effect_of(audited, tmp_path / "visit.json", load_policy(book), "H1", what_if=WhatIf(), at="", visit_id="")
    assert effect is not None
    assert (effect.total_before_fen, effect.total_after_fen) == (5_000, 2_500)
    assert effect.fund_before_fen + effect.patient_before_fen == 5_000
    assert effect.fund_after_fen + effect.patient_after_fen == 2_500


def test_without_refunds_there_is_no_effect(tmp_path, audit, book):
    audited = audit([ADMITTED, TWICE[0]])
    assert effect_of(
        audited, tmp_path / "visit.json", load_policy(book), "H1", what_if=WhatIf(), at="", visit_id=""
    ) is None  # fmt: skip


def test_the_json_has_every_part_with_stable_names(audit):
    content = audit_json(audit([ADMITTED, *TWICE, LEFT]), None)
    assert list(content) == [
        "visit", "policy_version", "phases", "findings", "order_findings", "totals", "self_check", "not_checked",
        "warnings",
    ]  # fmt: skip
    assert content["totals"]["by_grade"]["violation"] == {"findings": 1, "amount_fen": 2_500}
    assert content["totals"]["by_rule"]["GZ10000102014000"] == {"findings": 1, "amount_fen": 2_500}
    assert content["self_check"]["refund"] == [
        {
            "line_id": "b", "item": FEE, "name": "住院诊查费", "at": 1_772_524_800_000, "quantity_e4": 10_000,
            "amount_fen": 2_500, "line_quantity_e4": 10_000, "line_amount_fen": 2_500, "is_whole": True,
            "is_price_only": False, "rules": ["GZ10000102014000"],
        }
    ]  # fmt: skip
    json.dumps(content)


# Orders -------------------------------------------------------------------------------------------------------------


def order(order_id: str, item: str = DRUG, **more: Any) -> dict[str, Any]:
    return {
        "type": "order", "kind": "placed", "order_id": order_id, "item_code": item, "quantity": "1",
        "unit_price": "389.00", "occurred_at": "2026-03-03 09:00", **more,
    }  # fmt: skip


def test_an_open_order_that_is_not_charged_is_checked_as_when_it_is_placed(audit):
    audited = audit([ADMITTED, order("o1")])
    assert [(one.rule_number, one.amount_fen) for one in audited.order_findings] == [(8, 38_900)]
    assert [line.source for line in audited.order_findings[0].evidence] == ["proposed"]
    assert audited.findings == []
    assert [(one.use.id, one.rules) for one in audited.self_check.withdrawals] == [("o1", ("GZ10000101008000",))]


@pytest.mark.parametrize(
    "later",
    [
        order("o1", kind="stopped", occurred_at="2026-03-03 10:00"),
        order("o1", kind="cancelled", occurred_at="2026-03-03 10:00"),
        charge("c", DRUG, "2026-03-03 11:00", order_id="o1"),
        charge("c", DRUG, "2026-03-03 11:00"),
        LEFT,
    ],
    ids=["stopped", "cancelled", "charged", "charged without its order", "discharged"],
)
def test_an_order_that_no_longer_stands_by_itself_is_not_checked_as_one(audit, later):
    assert audit([ADMITTED, order("o1"), later]).order_findings == []


def test_orders_are_left_alone_where_only_later_phases_are_asked_for(audit):
    assert audit([ADMITTED, order("o1")], phases=(Phase.CHARGE,)).order_findings == []
