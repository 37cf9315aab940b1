"""The auditor's reading of raw messages agrees with what intake makes of them, though it shares no code with it."""

import json

import pytest

from agents.core.accept import entry_of, validate
from schemas.codec import Codec
from schemas.reasons import RejectError
from schemas.units import SHANGHAI
from sinks.auditor.events import EVENT_TYPE, Line, Move, Reader
from streams.topics import Topic

COMMON = {"hospital": "H1", "patient_id": "P1", "visit_id": "V1", "occurred_at": "2024-03-01T08:00:00"}
EVENTS = [
    (Topic.CHARGE, {"charge_id": "C1", "amount": "12.34", "quantity": "2", "category": "09", "level": "01"}),
    (Topic.CHARGE, {"charge_id": "C1", "quantity": "1.5", "unit_price": "0.333333", "ordering_department": "ICU"}),
    (Topic.CHARGE, {"feedetl_sn": "C1", "init_feedetl_sn": "C0", "fee_ocur_time": "2024-03-01 23:59:59"}),
    (Topic.ORDER, {"order_id": "O1", "kind": "stopped", "quantity": "3", "unit_price": "1.25", "event_id": "E1"}),
    (
        Topic.ADMISSION,
        {
            "event_id": "E1", "kind": "admit", "department": "ICU", "sex": "1", "leave": "1",
            "diagnoses": [{"code": "I10", "role": "main", "time": "2024-03-01"}, "E11"],
            "procedures": [{"code": "51.2300", "incision_group": "1"}],
        },
    ),
    (Topic.ADMISSION, {"event_id": "E2", "infno": "2402", "dscg_way": "1"}),
    (Topic.CHARGE, {"charge_id": "C1", "amount": "5", "selfpay_prop": "0.1", "pric_uplmt_amt": "3.5"}),
    (Topic.CHARGE, {"charge_id": "C1", "amount": "5", "lmt_used_flag": "0", "selfpay_prop": ""}),
    (Topic.CHARGE, {"charge_id": "C1", "amount": "5", "first_self_pay_share": 0}),
    (Topic.ADMISSION, {"event_id": "E3", "kind": "cover", "sp_psn_type": "3", "balc": "0", "insutype": "310"}),
    (Topic.ADMISSION, {"event_id": "E4", "kind": "admit", "acct_used_flag": "0"}),
    (Topic.ADMISSION, {"event_id": "E5", "kind": "admit", "year_to_date": {"year": 2024}}),
    (
        Topic.ADMISSION,
        {
            "event_id": "E6", "kind": "admit", "out_of_area": "referred", "year_to_date": {
                "year": 2024, "as_of": "2024-02-29", "admissions": 2, "limits": {"M016": "1.00"},
                "pools": {"inpatient": {"deductible": "800.00", "base": 5, "fund": "9.99"}, "chronic": {}},
                "layers": {"large_amount": {"base": "1", "paid": "2"}},
            },
        },
    ),
    (Topic.CHARGE, {"charge_id": "C1", "amount": "5", "consent": "1", "days": 7, "medins_list_name": "阿胶"}),
    (Topic.ORDER, {"order_id": "O1", "event_id": "E1", "rxno": "R1", "route": "iv", "drord_stop_date": "2024-03-02"}),
    (Topic.ADMISSION, {"event_id": "E7", "kind": "admit", "matn_stas": "1", "die_date": "2024-03-02", "er_flag": "1"}),
    (Topic.SETTLEMENT, {"settlement_id": "S2", "total": "100.00", "mid_setl_flag": "1"}),
    (Topic.SETTLEMENT, {"settlement_id": "S1", "total": "100.00", "basic_fund": 7000, "clearing_way": "1"}),
    (Topic.ACK, {"event_id": "K1", "alert_id": "A1", "actor": "nurse7", "decision": "continue", "reason": "病情"}),
]  # fmt: skip


@pytest.fixture
def reader():
    return Reader(Codec(), "H9", SHANGHAI)


@pytest.mark.parametrize(("topic", "fields"), EVENTS)
def test_the_content_it_reads_is_the_content_intake_writes(reader, topic, fields):
    fields = COMMON | fields
    reading = reader.read(topic, json.dumps(fields).encode())
    event = validate(EVENT_TYPE[topic], fields, {"zone": SHANGHAI, "hospital": "H9"})
    entry = entry_of(event, (topic, 0, 0), SHANGHAI)

    assert reading.content.digest == entry.digest
    assert reading.visit == (entry.hospital, entry.patient_id, entry.visit_id)


@pytest.mark.parametrize(
    ("topic", "fields", "more"),
    [
        (Topic.CHARGE, {"charge_id": "C1", "amount": "5"}, {"consent": "1", "take_home": True, "name": "阿胶"}),
        (Topic.ORDER, {"order_id": "O1", "event_id": "E1"}, {"route": "iv", "consent": False, "days": 0}),
        (Topic.ADMISSION, {"event_id": "E1", "kind": "admit"}, {"pregnancy": "1", "census": "in_bed"}),
    ],
)
def test_an_event_sent_again_with_more_particulars_is_no_rival(reader, topic, fields, more):
    plain, again = (reader.read(topic, json.dumps(COMMON | said).encode()) for said in (fields, fields | more))
    assert plain == again


def test_a_line_has_what_the_totals_need(reader):
    fields = COMMON | {"charge_id": "C1", "quantity": "3", "unit_price": "1.115", "refund_of": ""}
    [_, _, identity, line] = reader.read(Topic.CHARGE, json.dumps(fields).encode())

    assert identity == "C1"
    assert isinstance(line, Line)
    assert (line.amount, line.day, line.department) == (335, 19783, "")


def test_a_move_keeps_when_it_happened_and_was_recorded(reader):
    fields = COMMON | {"event_id": "E1", "kind": "transfer", "department": "ER", "recorded_at": "2024-03-02T08:00:00"}
    move = reader.read(Topic.ADMISSION, json.dumps(fields).encode()).content

    assert isinstance(move, Move)
    assert (move.kind, move.department, move.recorded_at - move.occurred_at) == ("transfer", "ER", 86_400_000)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "D105"),
        (b"{", "D101"),
        (b'{"charge_id": "C1"}', "V201"),
        (json.dumps(COMMON | {"charge_id": "C1", "amount": 1.5}).encode(), "V203"),
    ],
)
def test_a_message_that_is_none_is_refused_with_its_reason(reader, value, reason):
    with pytest.raises(RejectError) as refused:
        reader.read(Topic.CHARGE, value)
    assert refused.value.reason.value == reason


def test_an_answer_to_a_departments_alert_belongs_to_no_visit(reader):
    fields = {"hospital": "H1", "department": "ICU", "month": 202403, "alert_id": "A", "actor": "n", "occurred_at": 1}
    reading = reader.read(Topic.ACK, json.dumps(fields).encode())

    assert reading.visit == ("H1", "", "")
