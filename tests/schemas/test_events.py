"""Every event at the border: what all of them share. Names, defaults, nulls, ids, and the reasons for a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.accept import validate
from schemas.events import EVENT_TYPES
from schemas.reasons import Reason, RejectError
from tests.schemas.border import AT, AT_MS, CONTEXT, SMALLEST, read, reason, refusal

ALL = sorted(SMALLEST)


def test_every_event_type_has_an_example_here():
    assert set(EVENT_TYPES) == set(SMALLEST)


@pytest.mark.parametrize("event_type", ALL)
def test_the_smallest_event_is_accepted_and_its_defaults_are_filled_in(event_type):
    event = read(event_type)
    assert event.hospital == "H1"
    assert event.occurred_at == event.recorded_at == AT_MS
    assert event.event_id
    assert event.person_no == ""


@pytest.mark.parametrize("event_type", ALL)
def test_national_names_are_read_as_the_canonical_ones(event_type):
    national = {
        "patient_id": ..., "patn_id": "P1", "visit_id": ..., "mdtrt_id": "V1", "fixmedins_code": "H7", "psn_no": "N1",
    }  # fmt: skip
    event = read(event_type, **national)
    assert (event.patient_id, event.visit_id, event.hospital, event.person_no) == ("P1", "V1", "H7", "N1")


@pytest.mark.parametrize("event_type", ["admission", "order", "charge", "settlement"])
def test_the_inpatient_number_stands_for_the_visit(event_type):
    assert read(event_type, visit_id=..., ipt_otp_no="V9").visit_id == "V9"


@pytest.mark.parametrize("event_type", ALL)
def test_the_canonical_name_wins_over_the_national_one(event_type):
    assert read(event_type, patn_id="P2").patient_id == "P1"


@pytest.mark.parametrize("event_type", ALL)
def test_an_explicit_null_means_absent(event_type):
    event = read(event_type, hospital=None, recorded_at=None, event_id=None, person_no=None)
    assert event == read(event_type)


@pytest.mark.parametrize("event_type", ALL)
def test_an_unknown_field_is_passed_over(event_type):
    assert read(event_type, surprise={"deep": [1]}, event_id="E1") == read(event_type, event_id="E1")


@pytest.mark.parametrize("event_type", ALL)
@pytest.mark.parametrize(("number", "text"), [(12, "12"), (0, "0"), (10**20, "1" + "0" * 20)])
def test_an_integer_is_good_enough_for_an_id(event_type, number, text):
    event = read(event_type, patient_id=number, event_id=number)
    assert (event.patient_id, event.event_id) == (text, text)


@pytest.mark.parametrize("event_type", ALL)
@pytest.mark.parametrize("value", [1e22, 0.5, float("nan"), float("inf"), True, [1], {"a": 1}])
def test_an_id_is_neither_a_float_nor_a_flag_nor_a_list(event_type, value):
    """A float has lost digits: two long ids would have become one."""
    assert reason(event_type, patient_id=value) is Reason.WRONG_TYPE
    assert reason(event_type, event_id=value) is Reason.WRONG_TYPE


@pytest.mark.parametrize("event_type", ["admission", "order", "charge", "settlement"])
@pytest.mark.parametrize("name", ["patient_id", "visit_id"])
@pytest.mark.parametrize("value", [..., None, "", "   "])
def test_without_patient_and_visit_nothing_can_be_done(event_type, name, value):
    assert reason(event_type, **{name: value}) is Reason.MISSING_FIELD


@pytest.mark.parametrize(
    ("event_type", "name"),
    [
        ("admission", "department"), ("admission", "adm_dept_codg"), ("order", "department"),
        ("charge", "ordering_department"), ("charge", "acord_dept_codg"),
    ],
)  # fmt: skip
def test_no_department_may_be_called_as_the_whole_hospital_is(event_type, name):
    assert reason(event_type, **{name: "*"}) is Reason.RESERVED_CHARACTER
    assert read(event_type, **{name: "*1"})


@pytest.mark.parametrize("event_type", ALL)
@pytest.mark.parametrize("name", ["patient_id", "visit_id", "hospital"])
def test_the_separator_of_keys_may_not_stand_in_them(event_type, name):
    assert reason(event_type, **{name: "a|b"}) is Reason.RESERVED_CHARACTER


@pytest.mark.parametrize("event_type", ALL)
@pytest.mark.parametrize("name", ["patient_id", "visit_id", "hospital", "event_id", "person_no"])
@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "a\x7f", "a\x1bb"])
def test_control_characters_are_refused(event_type, name, value):
    assert reason(event_type, **{name: value}) is Reason.CONTROL_CHARACTER


@pytest.mark.parametrize("event_type", ALL)
@pytest.mark.parametrize("name", ["patient_id", "event_id"])
def test_ten_megabytes_are_no_id(event_type, name):
    assert reason(event_type, **{name: "x" * 10_000_000}) is Reason.TOO_LONG


@pytest.mark.parametrize("event_type", ALL)
def test_surrounding_blanks_do_not_make_another_patient(event_type):
    assert read(event_type, patient_id=" P1 ", event_id="E") == read(event_type, event_id="E")


@pytest.mark.parametrize("event_type", ALL)
@pytest.mark.parametrize("value", ["nonsense", "1899-01-01", True, 1.5, [], 10**30])
def test_a_time_that_is_none_is_refused(event_type, value):
    assert reason(event_type, occurred_at=value) is Reason.BAD_TIME
    assert reason(event_type, recorded_at=value) is Reason.BAD_TIME


@pytest.mark.parametrize("event_type", ["admission", "order", "settlement", "ack"])
def test_an_event_that_says_no_time_is_refused(event_type):
    assert reason(event_type, occurred_at=...) is Reason.MISSING_FIELD


def test_the_derived_event_id_of_the_same_event_is_the_same():
    for event_type in ALL:
        assert read(event_type).event_id == read(event_type).event_id


@pytest.mark.parametrize(
    ("event_type", "changes", "event_id"),
    [
        ("charge", {}, "C1"),
        ("order", {}, f"O1:placed@{AT}"),
        ("order", {"kind": "stopped"}, f"O1:stopped@{AT}"),
        ("settlement", {}, "S1:settled"),
        ("settlement", {"kind": "cancelled"}, "S1:cancelled"),
        ("settlement", {"settlement_id": ..., "setl_id": 7, "infno": "2305"}, "7:2305"),
        ("ack", {}, f"H1|P1|V1|case_cost||1:n1@{AT}"),
    ],
)
def test_an_event_without_an_id_is_named_by_what_it_is_about(event_type, changes, event_id):
    assert read(event_type, **changes).event_id == event_id


def test_two_admission_events_that_differ_have_two_derived_ids():
    ids = {read("admission", **changes).event_id for changes in ({}, {"bed": "1"}, {"kind": "transfer"}, {"sex": "1"})}
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("event_type", "long"),
    [("order", {"order_id": "O" * 128}), ("settlement", {"settlement_id": "S" * 128}), ("ack", {"actor": "n" * 128})],
)
def test_a_long_id_is_no_reason_to_refuse_the_event_named_after_it(event_type, long):
    event = read(event_type, **long)
    assert len(event.event_id) == 128
    other = {name: value[:-1] + "X" for name, value in long.items()}
    assert read(event_type, **other).event_id != event.event_id


def test_a_refusal_names_fields_and_never_values():
    error = refusal("order", days="secret-a", long_term="secret-b", dose="x" * 300)
    assert "days" in error.detail
    assert "long_term" in error.detail
    assert "dose" in error.detail
    assert "secret" not in str(error)
    assert "xxx" not in str(error)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("event_type", ALL)
@given(data=st.data())
def test_no_content_does_more_than_be_refused(event_type, data):
    """A validator that raised anything else would end the worker, again and again."""
    names = [*EVENT_TYPES[event_type].model_fields, "infno", "setl_id", "fee_ocur_time", "diseinfo", "begntime"]
    changes = data.draw(st.dictionaries(st.sampled_from(names), _anything, min_size=1, max_size=4))
    try:
        event = validate(event_type, {**SMALLEST[event_type], **changes}, CONTEXT)
    except RejectError as refused:
        assert refused.reason in Reason  # noqa: PT017 - either is right
    else:
        assert event.event_id
