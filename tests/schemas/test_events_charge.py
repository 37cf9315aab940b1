"""Charges and refunds at the border (2301 feedetail)."""

import pytest

from schemas.reasons import Reason
from tests.schemas.border import AT, AT_MS, WHOSE, read, reason, same_but_ids

NATIONAL = {
    "patn_id": "P1", "mdtrt_id": "V1", "fixmedins_code": "H1", "feedetl_sn": "C1", "init_feedetl_sn": "C0",
    "drord_no": "O1", "med_list_codg": "XA01", "medins_list_codg": "D-1", "cnt": "-1.5", "pric": "2.000001",
    "det_item_fee_sumamt": "-3.00", "med_chrgitm_type": "09", "chrgitm_lv": "02", "hilist_type": "101",
    "bilg_dept_codg": "D1", "bilg_dr_codg": "Dr", "acord_dept_codg": "D2", "fee_ocur_time": AT,
    "hosp_appr_flag": "1", "drug_trac_codg": "T1",
}  # fmt: skip
CANONICAL = {
    **WHOSE, "hospital": "H1", "charge_id": "C1", "refund_of": "C0", "order_id": "O1", "item_code": "XA01",
    "hospital_item_code": "D-1", "quantity": "-1.5", "unit_price": "2.000001", "amount": -300, "category": "09",
    "level": "02", "list_type": "101", "ordering_department": "D1", "ordering_doctor": "Dr",
    "executing_department": "D2", "charged_at": AT, "approval": "1", "trace_code": "T1",
}  # fmt: skip
ABSENT = dict.fromkeys(("patient_id", "visit_id", "charge_id", "amount", "charged_at"), ...)


def test_a_2301_line_reads_as_the_canonical_charge():
    national = read("charge", **ABSENT | NATIONAL)
    assert national == read("charge", **CANONICAL)
    assert (national.quantity, national.unit_price, national.amount) == (-15_000, 2_000_001, -300)
    assert national.occurred_at == national.recorded_at == AT_MS


def test_the_line_happened_when_it_was_charged_unless_it_says_otherwise():
    assert read("charge").occurred_at == AT_MS
    assert read("charge", occurred_at=AT_MS + 5).occurred_at == AT_MS + 5
    assert read("charge", occurred_at=AT_MS + 5).charged_at == AT_MS
    assert read("charge", charged_at=..., occurred_at=AT).charged_at == AT_MS
    assert read("charge", charged_at=None, occurred_at=AT).charged_at == AT_MS
    assert reason("charge", charged_at=...) is Reason.MISSING_FIELD


@pytest.mark.parametrize("amount", [100, "1.00", " 1 ", "+1.000"])
def test_an_amount_is_integer_fen_or_text_in_yuan(amount):
    assert read("charge", amount=amount).amount == 100


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        (1.0, Reason.FLOAT_AMOUNT),
        (float("nan"), Reason.NOT_FINITE),
        (float("-inf"), Reason.NOT_FINITE),
        ("NaN", Reason.NOT_FINITE),
        ("1e400", Reason.BAD_DECIMAL),
        ("1.005", Reason.BAD_DECIMAL),
        ("", Reason.BAD_DECIMAL),
        ("9" * 10_000_000, Reason.OUT_OF_RANGE),
        (10**16, Reason.OUT_OF_RANGE),
        (10**400, Reason.OUT_OF_RANGE),
        (True, Reason.WRONG_TYPE),
        ([], Reason.WRONG_TYPE),
        ({"yuan": 1}, Reason.WRONG_TYPE),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_amount_is_refused_with_its_reason(amount, why):
    assert reason("charge", amount=amount) is why


@pytest.mark.parametrize("name", ["quantity", "unit_price"])
@pytest.mark.parametrize(
    ("value", "why"),
    [(1.5, Reason.FLOAT_AMOUNT), ("x", Reason.BAD_DECIMAL), (10**17, Reason.OUT_OF_RANGE), (False, Reason.WRONG_TYPE)],
)
def test_quantity_and_price_are_read_as_strictly(name, value, why):
    assert reason("charge", **{name: value}) is why


def test_an_amount_may_be_left_to_quantity_and_price():
    assert read("charge", amount=None, quantity="2", unit_price="0.505").amount is None
    assert reason("charge", amount=None) is Reason.AMOUNT_MISSING
    assert reason("charge", amount=None, quantity=1) is Reason.AMOUNT_MISSING
    assert reason("charge", amount=None, unit_price="1") is Reason.AMOUNT_MISSING


def test_a_product_beyond_the_national_field_is_refused():
    huge = {"quantity": "999999999999", "unit_price": "9999999999"}
    assert reason("charge", amount=None, **huge) is Reason.OUT_OF_RANGE


def test_a_refund_of_a_line_may_leave_out_both_amount_and_quantity():
    refund = read("charge", refund_of="C0", amount=None)
    assert (refund.amount, refund.quantity) == (None, None)
    assert read("charge", refund_of="C0", amount=None, unit_price="5").amount is None
    assert reason("charge", refund_of="C0", amount=None, quantity=-1) is Reason.AMOUNT_MISSING
    assert reason("charge", refund_of="", amount=None) is Reason.AMOUNT_MISSING


@pytest.mark.parametrize(("quantity", "amount"), [(1, -100), (-1, 100), ("0.0001", -1)])
def test_quantity_and_amount_have_the_same_sign(quantity, amount):
    assert reason("charge", quantity=quantity, amount=amount) is Reason.SIGN_MISMATCH


@pytest.mark.parametrize(("quantity", "amount"), [(0, 5), (0, -5), (1, 0), (-1, 0), (-1, -5), (None, -5)])
def test_a_zero_goes_with_either_sign(quantity, amount):
    assert read("charge", quantity=quantity, amount=amount).amount == amount


@pytest.mark.parametrize(
    "changes", [{"amount": 100}, {"amount": None, "quantity": 1, "unit_price": 1}, {"amount": 0, "quantity": 1}]
)
def test_a_refund_is_negative(changes):
    assert reason("charge", refund_of="C0", **changes) is Reason.REFUND_NOT_NEGATIVE


def test_a_negative_price_does_not_turn_a_refund_into_a_charge():
    """−1 × −5.00 is +5.00: the amount that is reckoned obeys the rules of the amount that is stated."""
    turned = {"amount": None, "quantity": -1, "unit_price": "-5.00"}
    assert reason("charge", refund_of="C0", **turned) is Reason.SIGN_MISMATCH
    assert reason("charge", **turned) is Reason.SIGN_MISMATCH
    assert reason("charge", amount=None, quantity=1, unit_price="-5.00") is Reason.SIGN_MISMATCH


def test_a_correction_without_a_reference_may_be_negative():
    assert read("charge", amount=-100, quantity=-1).amount == -100


@pytest.mark.parametrize("name", ["charge_id", "refund_of", "order_id", "item_code", "category", "ordering_department"])
def test_texts_hold_no_control_characters_and_no_megabytes(name):
    changes = {"amount": -100, name: "a\x00"}
    assert reason("charge", **changes) is Reason.CONTROL_CHARACTER
    assert reason("charge", **changes | {name: "x" * 10_000_000}) is Reason.TOO_LONG


@pytest.mark.parametrize("value", [..., None, ""])
def test_a_line_without_a_number_is_refused(value):
    assert reason("charge", charge_id=value) is Reason.MISSING_FIELD


def test_integers_are_good_enough_for_codes():
    event = read("charge", category=9, level=1, charge_id=77, ordering_department=301)
    assert (event.category, event.level, event.charge_id, event.ordering_department) == ("9", "1", "77", "301")


def test_unknown_codes_pass():
    event = read("charge", category="99", level="9", list_type="501", approval="7")
    assert same_but_ids(event, read("charge", category="99", level="9", list_type="501", approval="7", event_id="x"))
    assert event.category == "99"


def test_the_insurers_terms_of_a_line_are_read_under_their_national_names():
    national = {"selfpay_prop": "0.1000", "pric_uplmt_amt": "12.345678", "lmt_used_flag": "0"}
    event = read("charge", **ABSENT | NATIONAL | national)
    canonical = {"first_self_pay_share": "0.1", "price_cap": 12_345_678, "limited_use_met": False}
    assert event == read("charge", **CANONICAL | canonical)
    assert (event.first_self_pay_share, event.price_cap, event.limited_use_met) == (1000, 12_345_678, False)


@pytest.mark.parametrize("nothing", [None, "", ...])
@pytest.mark.parametrize(
    "name",
    ["first_self_pay_share", "price_cap", "limited_use_met", "selfpay_prop", "pric_uplmt_amt", "lmt_used_flag"],
)
def test_terms_that_the_insurer_leaves_empty_are_not_said(name, nothing):
    assert read("charge", **{name: nothing}) == read("charge")


@pytest.mark.parametrize(
    ("share", "e4"),
    [("0", 0), ("1", 10_000), ("1.0000", 10_000), (0, 0), (1, 10_000), (1250, 1250), ("0.0001", 1)],
)
def test_a_share_is_a_decimal_of_one_or_counts_ten_thousandths(share, e4):
    assert read("charge", first_self_pay_share=share).first_self_pay_share == e4


@pytest.mark.parametrize(
    ("share", "why"),
    [
        ("1.0001", Reason.OUT_OF_RANGE),
        ("-0.0001", Reason.OUT_OF_RANGE),
        (10_001, Reason.OUT_OF_RANGE),
        (-1, Reason.OUT_OF_RANGE),
        ("10%", Reason.BAD_DECIMAL),
        ("0.00001", Reason.BAD_DECIMAL),
        (0.1, Reason.FLOAT_AMOUNT),
        (True, Reason.WRONG_TYPE),
    ],
)
def test_a_share_that_is_none_is_refused(share, why):
    assert reason("charge", first_self_pay_share=share) is why


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("price_cap", "1.0000001", Reason.BAD_DECIMAL),
        ("price_cap", 1.5, Reason.FLOAT_AMOUNT),
        ("limited_use_met", "perhaps", Reason.WRONG_TYPE),
        ("limited_use_met", [], Reason.WRONG_TYPE),
    ],
)
def test_a_cap_or_a_condition_that_is_none_is_refused(name, value, why):
    assert reason("charge", **{name: value}) is why
