"""Findings, answers to order checks, and the particulars of events become rows that lose nothing."""

import json

import msgspec
import pytest

from schemas.finding import Finding
from schemas.ledger import ChargeDetail, Clinical, Diagnosis, OrderDetail, Procedure
from schemas.order_check import CheckResult, Outcome, Unfinished, decode_check
from sinks.clickhouse import tables
from sinks.clickhouse.rows import TO_ROW
from streams.topics import Topic
from tests.sinks import make
from tests.sinks.clickhouse.test_rows import row_of


def test_a_charge_keeps_its_particulars():
    detail = ChargeDetail("2", False, "1", "D7", True, 14, "阿莫西林胶囊")
    _, row = row_of(make.record(make.entry(make.charge(detail=detail))))
    assert {name: row[name] for name in ChargeDetail.__struct_fields__} == msgspec.structs.asdict(detail)
    _, row = row_of(make.record(make.entry(make.charge())))
    assert (row["consent"], row["take_home"], row["days"], row["name"], row["event_id"]) == (None, None, 0, "", "C1")


def test_an_order_keeps_its_particulars():
    detail = OrderDetail("R1", "7", "101", "09", "02", "mg", "iv", "肿瘤科", 5, "1", True, "福沙匹坦", "T1")
    _, row = row_of(make.record(make.entry(make.order(detail=detail, doctor_grade="231"), event_id="E1")))
    names = {name: "order_group" if name == "group" else name for name in OrderDetail.__struct_fields__}
    assert {name: row[column] for name, column in names.items()} == msgspec.structs.asdict(detail)
    assert (row["order_id"], row["event_id"], row["doctor_grade"]) == ("O1", "E1", "231")
    _, row = row_of(make.record(make.entry(make.order(), event_id="E1")))
    assert (row["ends_at"], row["consent"], row["prescription_id"]) == (None, None, "")


def test_an_admission_keeps_its_particulars_and_when_diagnoses_and_operations_were():
    clinical = Clinical("1", True, False, "AB", "absent", 9, "unplanned", "2")
    body = make.admission(
        diagnoses=(Diagnosis("I10", "main", 5), Diagnosis("E11")),
        procedures=(Procedure("51.2300", 6, "1"), Procedure("38.9")),
        clinical=clinical,
    )
    _, row = row_of(make.record(make.entry(body)))
    assert {name: row[name] for name in Clinical.__struct_fields__} == msgspec.structs.asdict(clinical)
    assert (list(row["diagnosis_code"]), list(row["diagnosis_made_at"])) == (["I10", "E11"], [5, None])
    assert (list(row["procedure_code"]), list(row["procedure_performed_at"])) == (["51.2300", "38.9"], [6, None])
    assert list(row["procedure_incision_group"]) == ["1", ""]
    _, row = row_of(make.record(make.entry(make.admission())))
    assert (row["died_at"], row["urgent"], row["pregnancy"], list(row["diagnosis_made_at"])) == (None, None, "", [])


#: Fields of a finding that are lists, and how the columns of each begin.
LISTS = {"evidence": "evidence_", "parameters": "parameter_", "inputs": "input_", "answers": "answer_"}


def test_every_field_of_a_finding_has_a_column_of_its_name():
    plain = [name for name in Finding.__struct_fields__ if name not in LISTS]
    answers = (make.answered("continue", 7, reason="病情需要"),)
    finding = make.finding(answers=answers, times=2, is_shadow=True, scenes=(3, 15), version=9)
    table, row = row_of(make.record(finding, Topic.FINDING, offset=4))

    assert table is tables.FINDING
    assert {name: row[name] for name in plain} == {name: getattr(finding, name) for name in plain}
    known = {name for name in row if name.startswith(tuple(LISTS.values()))} | {"kafka_partition", "kafka_offset"}
    assert set(row) - known - {"evidence_count"} == set(plain) - {"evidence_count"}
    assert (row["kafka_partition"], row["kafka_offset"]) == (0, 4)


def test_evidence_answers_and_what_decided_are_parallel_arrays():
    _, row = row_of(make.record(make.finding(answers=(make.answered("revise", 7),)), Topic.FINDING))

    assert (list(row["evidence_line_id"]), list(row["evidence_source"])) == (["C1", "O1"], ["charge", "order"])
    assert (list(row["evidence_at"]), list(row["evidence_amount_fen"])) == ([make.MORNING, None], [1200, 0])
    assert list(row["evidence_is_violating"]) == [True, False]
    assert (row["parameter_name"], row["parameter_value"]) == (["diagnoses"], ["C00-C97"])
    assert (row["input_name"], row["input_value"]) == (["diagnoses"], ["I10"])
    assert (list(row["answer_at"]), list(row["answer_decision"]), list(row["answer_event_id"])) == (
        [7], ["revise"], ["K1"],
    )  # fmt: skip


def test_a_finding_that_rests_on_no_line_has_empty_arrays():
    bare = make.finding(evidence=(), evidence_count=0, parameters={}, inputs={})
    _, row = row_of(make.record(bare, Topic.FINDING))
    assert not any(row[name] for name in row if name.startswith(("evidence_", "parameter_", "input_", "answer_")))


def test_an_answer_to_an_order_check_becomes_one_row_with_its_findings_as_published():
    shadow = make.check_finding(rule="R2", is_shadow=True, amount_fen=5)
    result = make.order_check("T1", make.check_finding(), shadow, not_checked={"R9": "stock_ledger"}, version=8)
    record = make.record(result, Topic.ORDER_CHECK)
    table, row = row_of(record)

    assert table is tables.ORDER_CHECK
    plain = set(CheckResult.__struct_fields__) - {"findings", "not_checked"}
    assert {name: row[name] for name in plain} == {name: getattr(result, name) for name in plain}
    assert (row["not_checked_rule"], row["not_checked_why"]) == (["R9"], ["stock_ledger"])
    assert (row["finding_count"], row["amount_fen"]) == (2, 1200)
    published = json.loads(record.value)["findings"]
    assert [finding["rule"] for finding in published] == ["R1", "R2"]
    assert json.loads(row["findings"]) == published
    assert decode_check(record.value) == result


def test_an_answer_that_says_little_fits_as_well():
    result = make.order_check(outcome=Outcome.UNFINISHED, reason=Unfinished.NO_OWNER, version=0, order_ids=())
    _, row = row_of(make.record(result, Topic.ORDER_CHECK))
    assert (row["outcome"], row["reason"], row["findings"], row["finding_count"]) == ("unfinished", "no_owner", "", 0)


@pytest.mark.parametrize("topic", [Topic.FINDING, Topic.ORDER_CHECK])
def test_a_finding_is_no_answer_and_an_answer_no_finding(topic):
    other = make.order_check() if topic is Topic.FINDING else make.finding()
    with pytest.raises(msgspec.ValidationError):
        TO_ROW[topic](make.record(other, topic), 1)


@pytest.mark.integration
def test_findings_and_answers_fit_their_tables_and_the_latest_counts(client, store):
    store(
        make.record(make.finding(version=2, amount_fen=2), Topic.FINDING, offset=0),
        make.record(make.finding(version=1, amount_fen=1), Topic.FINDING, offset=1),
    )
    store(make.record(make.finding(version=1, amount_fen=7), Topic.FINDING, offset=2))
    store(
        make.record(make.order_check("T1", make.check_finding()), Topic.ORDER_CHECK, offset=0),
        make.record(make.order_check("T2", version=0, reason="out_of_time"), Topic.ORDER_CHECK, offset=1, key=b"2"),
    )
    assert client.execute("SELECT version, amount_fen, scenes FROM finding FINAL") == [(2, 2, [3])]
    assert client.execute("SELECT request_id, finding_count, reason FROM order_check FINAL ORDER BY request_id") == [
        ("T1", 1, ""),
        ("T2", 0, "out_of_time"),
    ]
