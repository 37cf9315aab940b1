"""Every record of an output topic becomes exactly one row that fits its table."""

import pytest

from schemas.reasons import Reason
from sinks.clickhouse import tables
from sinks.clickhouse.rows import LATEST_ONLY, TO_ROW, UNREADABLE, VALUE_LIMIT, peek_version
from streams.topics import Topic
from tests.sinks import make

EPOCH = 3


def row_of(record):
    table, row = TO_ROW[record.topic](record, EPOCH)
    return table, dict(zip((name for name, _ in table.columns), row, strict=True))


@pytest.mark.parametrize(
    ("body", "table"),
    [
        (make.charge(), tables.CHARGE_LINE),
        (make.bare_refund("R1", "C1"), tables.CHARGE_LINE),
        (make.order(), tables.ORDER_EVENT),
        (make.full_admission(), tables.ADMISSION_EVENT),
        (make.settlement(), tables.SETTLEMENT_EVENT),
        (make.ack(), tables.ALERT_ACK),
    ],
)
def test_a_ledger_entry_becomes_a_row_of_the_table_of_its_kind(body, table):
    found, row = row_of(make.record(make.entry(body, event_id="E9"), offset=5, partition=2))

    assert found is table
    assert (row["hospital"], row["patient_id"], row["visit_id"]) == ("H1", "P1", "V1")
    assert (row["kafka_partition"], row["kafka_offset"]) == (2, 5)
    assert row["ledger_version"] == EPOCH << 48 | 5


def test_a_charge_keeps_every_field_it_was_sent_with():
    _, row = row_of(make.record(make.entry(make.charge("C7", 1234, refund_of="C1", trace_code="T"), recorded_at=9)))

    assert row["charge_id"] == "C7"
    assert row["refund_of"] == "C1"
    assert row["amount_fen"] == 1234
    assert row["unit_price_micro"] == 10_000_000
    assert row["ordering_department"] == "ICU"
    assert row["charged_at"] == make.MORNING
    assert row["day"] == 19783
    assert row["trace_code"] == "T"
    assert row["recorded_at"] == 9
    assert row["source_position"] == 1 << 48


def test_a_refund_of_a_whole_line_says_no_amount():
    _, row = row_of(make.record(make.entry(make.bare_refund("R1", "C1"))))

    assert row["amount_fen"] is None
    assert row["quantity_e4"] is None


def test_the_columns_of_a_settlement_are_the_amounts_of_their_names():
    body = make.settlement()
    _, row = row_of(make.record(make.entry(body, event_id="S")))

    for name in ("total_fen", "deductible_fen", "fund_total_fen", "patient_part_fen", "cash_paid_fen", "clearing_way"):
        assert row[name] == getattr(body, name)


def test_a_visit_fact_becomes_one_row_with_parallel_arrays():
    _, row = row_of(make.record(make.full_visit_fact(version=42), Topic.VISIT_FACT))

    assert row["version"] == 42
    assert row["amount_fen"] == 1500
    assert list(row["category_code"]) == ["08", "09"]
    assert list(row["category_amount_fen"]) == [500, 1000]
    assert list(row["category_class_c_fen"]) == [500, 100]
    assert list(row["share_department"]) == ["ICU"]
    assert list(row["share_self_pay_fen"]) == [600]
    assert list(row["segment_left_at"]) == [make.MORNING + make.HOUR, None]
    assert row["quota_used_bp"] == 9000
    assert row["worst_level"] == "yellow"
    assert row["warning_count"] == 0


def test_a_fact_about_which_little_is_known_has_empty_arrays_and_no_quota():
    _, row = row_of(make.record(make.visit_fact(), Topic.VISIT_FACT))

    assert row["category_code"] == row["share_month"] == row["segment_bed"] == ()
    assert row["quota_policy_id"] == ""
    assert row["quota_fen"] is None
    assert row["drug_bp"] is None


def test_a_department_fact_keeps_its_order_of_fields():
    fact = make.department_fact(amount_fen=7, drug_bp=3500, open_alerts=("department_quota:red",))
    _, row = row_of(make.record(fact, Topic.DEPARTMENT_FACT))

    assert (row["department"], row["month"], row["amount_fen"], row["drug_bp"]) == ("ICU", 202403, 7, 3500)
    assert row["open_alerts"] == ("department_quota:red",)


def test_an_alert_carries_its_derivation_and_its_history():
    _, row = row_of(make.record(make.alert(), Topic.ALERT))

    assert dict(zip(row["input_name"], row["input_value"], strict=True)) == {"used_fen": 1200, "quota_fen": 1000}
    assert list(row["history_what"]) == ["raised", "acknowledged"]
    assert list(row["history_decision"]) == ["", "continue"]
    assert row["policy_source"] == "示例"


def test_a_dead_letter_keeps_its_first_64_kib_and_says_how_long_it_was():
    value = b"\xff\x00" * 100_000
    _, row = row_of(make.dead_letter(value, reason=Reason.NOT_TEXT, offset=9))

    assert row["value"] == value[:VALUE_LIMIT]
    assert row["value_bytes"] == 200_000
    assert (row["source_topic"], row["source_partition"], row["source_offset"]) == ("his.charge.v1", 0, 7)
    assert row["reason"] == "D108"
    assert row["version"] == EPOCH << 48 | 9


def test_two_originals_that_differ_past_64_kib_have_different_digests():
    first, second = (row_of(make.dead_letter(b"x" * 70_000 + end))[1] for end in (b"1", b"2"))

    assert first["value"] == second["value"]
    assert first["value_digest"] != second["value_digest"]


def test_a_dead_letter_whose_headers_are_nonsense_still_fits_its_columns():
    headers = [("source-partition", b"9" * 30), ("source-offset", b"9" * 30), ("reason", b"x" * 500), ("at", b"soon")]
    _, row = row_of(make.KafkaRecord("dead.letter.v1", 0, 0, None, None, headers=headers))

    assert row["source_partition"] == 2**31 - 1
    assert row["source_offset"] == 2**63 - 1
    assert len(row["reason"]) == 32
    assert row["value"] == b""


@pytest.mark.parametrize("topic", sorted(set(TO_ROW) - {Topic.DEAD_LETTER}))
@pytest.mark.parametrize("value", [None, b"", b"\xc1", b"[]", b'{"version": "x"}', b"\x93\x01\x02\x03"])
def test_what_cannot_be_decoded_raises_something_on_the_list(topic, value):
    with pytest.raises(UNREADABLE):
        TO_ROW[topic](make.record(value, topic), EPOCH)


@pytest.mark.parametrize(
    "fact", [make.full_visit_fact(version=7), make.department_fact(version=7), make.alert(version=7)]
)
def test_the_version_can_be_peeked_without_reading_the_rest(fact):
    assert peek_version(make.record(fact, "any")) == 7


def test_only_topics_of_absolute_records_may_be_thinned():
    assert {Topic.VISIT_FACT, Topic.DEPARTMENT_FACT, Topic.ALERT} == LATEST_ONLY
