"""Money, quantities, prices and ratios are exact integers; what is no number says why."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import units
from schemas.reasons import Reason, RejectError


def reason_of(parse, value) -> Reason:
    with pytest.raises(RejectError) as error:
        parse(value)
    return error.value.reason


@given(st.integers(-(10**20), 10**20), st.integers(-(10**12), 10**12).filter(bool))
def test_division_rounds_half_away_from_zero(numerator, denominator):
    exact = (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    # Decimal's own quotient is rounded to 28 digits first; compare by the definition instead.
    found = units.div_round(numerator, denominator)
    assert abs(2 * (found * denominator - numerator)) <= abs(denominator)
    if abs(2 * (found * denominator - numerator)) == abs(denominator):
        assert abs(found * denominator) > abs(numerator)
    if abs(numerator) < 10**12:
        assert found == exact


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(1, 2, 1), (-1, 2, -1), (5, 10, 1), (-15, 10, -2), (14, 10, 1), (1, -2, -1)],
)
def test_a_half_is_rounded_away_from_zero(numerator, denominator, rounded):
    assert units.div_round(numerator, denominator) == rounded


@given(st.integers(-(10**10), 10**10), st.integers(-(10**10), 10**10))
def test_a_line_amount_is_price_times_quantity_rounded_to_the_fen(quantity, price):
    exact = Decimal(quantity) * Decimal(price) / Decimal(10**10)  # yuan
    assert Decimal(units.line_amount_fen(quantity, price)) / 100 == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        ("12.30", 1230),
        (" 12.30 ", 1230),
        ("\u300012.3\u00a0", 1230),
        ("+0.01", 1),
        ("-0.01", -1),
        (".5", 50),
        ("-.5", -50),
        ("5.", 500),
        ("007", 700),
        ("-0", 0),
        ("1.2300000", 123),
        (1234, 1234),
        (-1, -1),
        ("99999999999999.99", units.MAX_FEN),
        (units.MAX_FEN, units.MAX_FEN),
        (-units.MAX_FEN, -units.MAX_FEN),
    ],
)
def test_text_is_yuan_and_an_integer_is_fen(value, fen):
    assert units.parse_fen(value) == fen


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1e400", Reason.BAD_DECIMAL),
        ("1E2", Reason.BAD_DECIMAL),
        ("", Reason.BAD_DECIMAL),
        ("  ", Reason.BAD_DECIMAL),
        (".", Reason.BAD_DECIMAL),
        ("-", Reason.BAD_DECIMAL),
        ("--1", Reason.BAD_DECIMAL),
        ("1,234.00", Reason.BAD_DECIMAL),
        ("￥1", Reason.BAD_DECIMAL),
        ("１２", Reason.BAD_DECIMAL),
        ("１２．３", Reason.BAD_DECIMAL),
        ("²", Reason.BAD_DECIMAL),
        ("1_000", Reason.BAD_DECIMAL),
        ("0x10", Reason.BAD_DECIMAL),
        ("1\x002", Reason.BAD_DECIMAL),
        ("12.345", Reason.BAD_DECIMAL),
        ("NaN", Reason.NOT_FINITE),
        ("Infinity", Reason.NOT_FINITE),
        ("-inf", Reason.NOT_FINITE),
        (float("nan"), Reason.NOT_FINITE),
        (float("inf"), Reason.NOT_FINITE),
        (12.3, Reason.FLOAT_AMOUNT),
        (0.0, Reason.FLOAT_AMOUNT),
        (1e300, Reason.FLOAT_AMOUNT),
        (True, Reason.WRONG_TYPE),
        (None, Reason.WRONG_TYPE),
        ([1], Reason.WRONG_TYPE),
        ({}, Reason.WRONG_TYPE),
        (b"12", Reason.WRONG_TYPE),
        ("100000000000000.00", Reason.OUT_OF_RANGE),
        ("9" * 63, Reason.OUT_OF_RANGE),
        ("9" * 100, Reason.OUT_OF_RANGE),
        ("9" * 100 + ".00", Reason.OUT_OF_RANGE),
        ("9" * 10_000_000, Reason.OUT_OF_RANGE),
        ("x" * 10_000_000, Reason.BAD_DECIMAL),
        (units.MAX_FEN + 1, Reason.OUT_OF_RANGE),
        (-(10**400), Reason.OUT_OF_RANGE),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_amount_says_why(value, reason):
    assert reason_of(units.parse_fen, value) is reason


@given(st.decimals(min_value=Decimal(-(10**13)), max_value=Decimal(10**13), places=2, allow_nan=False))
def test_yuan_text_reads_back_as_the_same_fen(yuan):
    fen = int(yuan * 100)
    assert units.parse_fen(units.yuan_text(fen)) == fen
    assert units.parse_fen(format(yuan, "f")) == fen


@given(st.text(max_size=40) | st.integers() | st.floats() | st.binary(max_size=5) | st.booleans() | st.none())
def test_nothing_but_a_numbered_refusal_comes_out_of_the_parsers(value):
    for parse in (units.parse_fen, units.parse_price_micro, units.parse_quantity_e4):
        try:
            assert type(parse(value)) is int
        except RejectError as refusal:
            assert refusal.reason in Reason  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    ("value", "e4"), [(2, 20_000), (-1, -10_000), ("0.3333", 3_333), ("1.5", 15_000), (0, 0), ("-2", -20_000)]
)
def test_an_integer_quantity_counts_whole_units(value, e4):
    assert units.parse_quantity_e4(value) == e4


@pytest.mark.parametrize("value", ["1.23456", "1e4", "½"])
def test_a_quantity_has_at_most_four_decimals(value):
    assert reason_of(units.parse_quantity_e4, value) is Reason.BAD_DECIMAL


@pytest.mark.parametrize("value", [10**13, -(10**13), 10**400, "9999999999999.0"])
def test_a_quantity_fits_its_national_field(value):
    if value == "9999999999999.0":
        value = "10000000000000"
    assert reason_of(units.parse_quantity_e4, value) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(("value", "micro"), [("0.35", 350_000), (350_000, 350_000), ("1.234567", 1_234_567)])
def test_a_price_counts_millionths_of_a_yuan(value, micro):
    assert units.parse_price_micro(value) == micro


def test_a_price_has_at_most_six_decimals():
    assert reason_of(units.parse_price_micro, "0.1234567") is Reason.BAD_DECIMAL


@pytest.mark.parametrize(
    ("part", "whole", "bp"),
    [(1, 3, 3333), (2, 3, 6667), (1, 20_000, 1), (1, 20_001, 0), (5, 0, None), (5, -1, None), (-1, 4, -2500)],
)
def test_a_ratio_is_rounded_and_says_nothing_of_a_whole_that_is_not_positive(part, whole, bp):
    assert units.ratio_bp(part, whole) == bp


@pytest.mark.parametrize(
    ("part", "whole", "bp"), [(2, 3, 6666), (39_999, 100_000, 3999), (4, 10, 4000), (5, 0, 0), (5, -1, 0)]
)
def test_a_line_counts_as_reached_only_when_it_is(part, whole, bp):
    assert units.reached_bp(part, whole) == bp


def test_a_ratio_of_a_fortune_to_a_fen_still_fits_into_64_bits():
    """Two lines of opposite sign can leave one fen; the state could not be written, nor the worker ever go on."""
    for ratio in (units.ratio_bp(units.MAX_FEN, 1), units.reached_bp(units.MAX_FEN, 1)):
        assert ratio == units.MAX_BP < 2**63
    assert units.reached_bp(-units.MAX_FEN, 1) == units.ratio_bp(-units.MAX_FEN, 1) == -units.MAX_BP


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-1234, "-12.34"), (100, "1.00")])
def test_fen_are_shown_as_yuan(fen, text):
    assert units.yuan_text(fen) == text


@pytest.mark.parametrize(
    ("bp", "text"), [(None, "—"), (0, "0.00%"), (4000, "40.00%"), (-5, "-0.05%"), (123456, "1234.56%")]
)
def test_basis_points_are_shown_as_a_percentage(bp, text):
    assert units.percent_text(bp) == text
