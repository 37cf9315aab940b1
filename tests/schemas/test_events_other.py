"""Admissions, orders, settlements and acknowledgements at the border."""

import pytest

from schemas.events import AdmissionKind, OrderKind, SettlementEvent, SettlementKind
from schemas.reasons import Reason
from tests.schemas.border import AT, AT_MS, read, reason

LATER = "2024-03-06 10:00:00"


@pytest.mark.parametrize("kind", AdmissionKind)
def test_every_kind_of_admission_event_is_read(kind):
    assert read("admission", kind=kind.value).kind is kind


@pytest.mark.parametrize(
    ("transaction", "kind"),
    [
        ("2401", "admit"),
        ("2201", "register"),
        ("2402", "discharge"),
        ("2403", "update"),
        ("2404", "cancel_admit"),
        ("2405", "cancel_discharge"),
    ],
)
def test_a_national_transaction_is_read_as_its_kind(transaction, kind):
    assert read("admission", kind=..., infno=transaction).kind == kind
    assert read("admission", kind=transaction).kind == kind


@pytest.mark.parametrize("event_type", ["admission", "order", "settlement"])
@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("teleport", Reason.UNKNOWN_KIND),
        ("", Reason.UNKNOWN_KIND),
        ("ADMIT", Reason.UNKNOWN_KIND),
        ([], Reason.WRONG_TYPE),
        ({"a": 1}, Reason.WRONG_TYPE),
        (2401, Reason.WRONG_TYPE),
        (True, Reason.WRONG_TYPE),
        ("x" * 10_000_000, Reason.UNKNOWN_KIND),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_an_unknown_kind_is_refused_for_nothing_could_be_done_with_it(event_type, kind, why):
    assert reason(event_type, kind=kind) is why


def test_an_admission_event_says_what_it_is():
    assert reason("admission", kind=...) is Reason.MISSING_FIELD


def test_a_2401_message_reads_as_an_admission():
    event = read(
        "admission",
        kind=...,
        occurred_at=...,
        infno="2401",
        begntime=AT,
        insutype="310",
        med_type="21",
        psn_type="1101",
        gend="1",
        brdy="1970-01-01",
        wardarea_codg="W1",
        adm_bed="12",
        adm_dept_codg="D1",
        atddr_no="Dr",
        dise_codg="DIS",
        dscg_way="1",
        diseinfo=[
            {"diag_code": "I10", "maindiag_flag": "1", "diag_time": AT},
            {"diag_code": "E11", "maindiag_flag": "0"},
        ],
        oprninfo=[{"oprn_oprt_code": "51.23", "oprn_oprt_date": AT}],
    )
    assert event.occurred_at == AT_MS
    assert (event.insurance_type, event.care_type, event.person_type) == ("310", "21", "1101")
    assert (event.sex, event.birth_date) == ("1", "1970-01-01")
    assert (event.ward, event.bed, event.department, event.doctor) == ("W1", "12", "D1", "Dr")
    assert (event.disease_code, event.discharge_way) == ("DIS", "1")
    assert [(d.code, d.role, d.made_at) for d in event.diagnoses] == [("I10", "main", AT_MS), ("E11", "other", None)]
    assert [(p.code, p.performed_at) for p in event.procedures] == [("51.23", AT_MS)]


def test_a_2402_message_reads_as_a_discharge():
    event = read("admission", kind=..., occurred_at=..., infno="2402", endtime=LATER, dscg_dept_code="D2", dscg_bed="3")
    assert (event.kind, event.occurred_at) == ("discharge", AT_MS + 86_400_000)
    assert (event.department, event.bed) == ("D2", "3")


def test_a_list_of_codes_is_a_list_of_diagnoses():
    event = read("admission", diagnoses=["I10", "E11"], procedures=["51.23"])
    assert [diagnosis.code for diagnosis in event.diagnoses] == ["I10", "E11"]
    assert event.procedures[0].code == "51.23"


@pytest.mark.parametrize(
    ("diagnoses", "why"),
    [
        ("I10", Reason.WRONG_TYPE),
        ([1], Reason.WRONG_TYPE),
        ([["I10"]], Reason.WRONG_TYPE),
        ([{}], Reason.MISSING_FIELD),
        ([{"code": None}], Reason.MISSING_FIELD),
        ([{"code": "I10", "time": "soon"}], Reason.BAD_TIME),
        ([{"code": "I\x0010"}], Reason.CONTROL_CHARACTER),
        (["I10"] * 201, Reason.TOO_LONG),
    ],
)
def test_what_are_no_diagnoses_is_refused(diagnoses, why):
    assert reason("admission", diagnoses=diagnoses) is why


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        (True, True),
        ("1", True),
        (1, True),
        ("Y", True),
        ("是", True),
        (False, False),
        ("0", False),
        (0, False),
        ("", False),
        ("否", False),
        (None, None),
        (..., None),
        ("true", True),
    ],
)
def test_a_flag_travels_as_a_boolean_or_as_the_national_digit(value, read_as):
    assert read("admission", leave=value).leave is read_as


@pytest.mark.parametrize("value", [[], {}, [[]], {"a": 1}, "perhaps", 2, 0.5, float("nan")])
def test_what_is_no_flag_is_refused_and_does_not_end_the_worker(value):
    """A list has no hash: looking it up among the flags raised TypeError, which nothing catches."""
    assert reason("admission", leave=value) is Reason.WRONG_TYPE
    assert reason("order", long_term=value) is Reason.WRONG_TYPE


@pytest.mark.parametrize("kind", OrderKind)
def test_every_kind_of_order_event_is_read(kind):
    assert read("order", kind=kind.value).kind is kind


def test_a_3101_order_reads_as_the_canonical_one():
    event = read(
        "order",
        order_id=...,
        occurred_at=...,
        rx_id="O1",
        drord_begn_date=AT,
        hilist_code="XA01",
        hosplist_code="D-1",
        cnt="1.5",
        pric="2.5",
        long_drord_flag="1",
        drord_bhvr="1",
        drord_dept_codg="D1",
        drord_dr_codg="Dr",
        drord_dr_profttl="3",
        days="7",
        dose="1 片",
        frequency="tid",
    )
    assert (event.order_id, event.occurred_at, event.kind) == ("O1", AT_MS, "placed")
    assert (event.item_code, event.hospital_item_code) == ("XA01", "D-1")
    assert (event.quantity, event.unit_price, event.days) == (15_000, 2_500_000, 7)
    assert (event.long_term, event.take_home) == (True, True)
    assert (event.department, event.doctor, event.doctor_grade) == ("D1", "Dr", "3")
    assert (event.dose, event.frequency) == ("1 片", "tid")


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (-1, Reason.OUT_OF_RANGE),
        (3661, Reason.OUT_OF_RANGE),
        (10**30, Reason.OUT_OF_RANGE),
        ("x", Reason.WRONG_TYPE),
        (1.5, Reason.WRONG_TYPE),
    ],
)
def test_days_lie_between_none_and_ten_years(days, why):
    assert reason("order", days=days) is why


def test_an_order_without_a_number_is_refused():
    assert reason("order", order_id=...) is Reason.MISSING_FIELD


@pytest.mark.parametrize(
    ("transaction", "kind"), [("2304", "settled"), ("2207", "settled"), ("2305", "cancelled"), ("2208", "cancelled")]
)
def test_a_settlement_or_its_withdrawal_is_read_from_its_transaction(transaction, kind):
    assert read("settlement", infno=transaction).kind is SettlementKind(kind)


def test_a_2304_setlinfo_reads_as_the_canonical_settlement():
    aliases = {
        name: field.validation_alias.choices[1]
        for name, field in SettlementEvent.model_fields.items()
        if field.annotation is int and name not in {"occurred_at", "recorded_at"}
    }
    assert len(aliases) == 20
    amounts = {name: number for number, name in enumerate(aliases, start=1)}
    national = {aliases[name]: f"0.{number:02d}" for name, number in amounts.items()}
    event = read("settlement", total=..., settlement_id=..., setl_id="S9", setl_time=AT, occurred_at=..., **national)
    assert {name: getattr(event, name) for name in aliases} == amounts
    assert (event.settlement_id, event.occurred_at) == ("S9", AT_MS)


@pytest.mark.parametrize("name", ["settlement_id", "total"])
def test_a_settlement_without_its_number_or_total_is_refused(name):
    assert reason("settlement", **{name: ...}) is Reason.MISSING_FIELD


def test_an_answer_names_the_visit_or_the_department_and_month_of_its_alert():
    assert read("ack").visit_id == "V1"
    department = {"patient_id": ..., "visit_id": ..., "department": "D1", "month": 202403}
    assert read("ack", **department).month == 202403
    for missing in ("department", "month"):
        assert reason("ack", **department | {missing: ...}) is Reason.MISSING_FIELD
    assert reason("ack", visit_id=...) is Reason.MISSING_FIELD


@pytest.mark.parametrize("name", ["alert_id", "actor"])
def test_an_answer_says_to_what_and_by_whom(name):
    assert reason("ack", **{name: ...}) is Reason.MISSING_FIELD
    assert reason("ack", **{name: ""}) is Reason.MISSING_FIELD


def test_an_alert_id_holds_no_control_characters_and_no_megabytes():
    assert reason("ack", alert_id="a\x00", event_id="E1") is Reason.CONTROL_CHARACTER
    assert reason("ack", alert_id="a" * 10_000_000, event_id="E1") is Reason.TOO_LONG


def test_an_answer_may_give_its_reason_in_several_lines():
    assert read("ack", reason="病情需要\n已告知家属").reason == "病情需要\n已告知家属"
    assert reason("ack", reason="a\x00") is Reason.CONTROL_CHARACTER
    assert reason("ack", reason="x" * 1001) is Reason.TOO_LONG


@pytest.mark.parametrize("month", [-1, 210_013, 10**30])
def test_a_month_lies_within_bounds(month):
    assert reason("ack", month=month) is Reason.OUT_OF_RANGE
