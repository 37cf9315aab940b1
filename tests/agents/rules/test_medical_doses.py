"""Doses, frequencies and days of use are read as they are meant, or not at all."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.rules.kinds.medical.doses import ONE, Dose, dose_text, read_dose, strength_of, times_a_day
from agents.core.rules.kinds.medical.in_use import Span, common_days, merged, on_days, share_fen
from agents.core.rules.view import CHARGE, Use


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("500mg", "", "500mg"),
        ("0.5g", "", "500mg"),
        ("0.5", "g", "500mg"),
        (" 0.5 G ", "", "500mg"),
        ("100ug", "", "0.1mg"),
        ("50μg", "", "0.05mg"),
        ("10毫克", "", "10mg"),
        ("1L", "", "1000ml"),
        ("80万U", "", "800000IU"),
        ("400", "单位", "400IU"),
        ("2片", "", "2片"),
        ("1", "支", "1支"),
        ("1.5mg", "g", "1.5mg"),
    ],
)
def test_a_dose_is_a_number_and_a_unit(text: str, unit: str, expected: str) -> None:
    dose = read_dose(text, unit)
    assert dose is not None
    assert dose_text(dose) == expected


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", "mg"), ("0.5", ""), ("1-2片", ""), ("1~2", "片"), ("5ml/h", ""), ("10mg/kg", ""), ("适量", ""),
        ("半片", ""), ("1.2.3mg", ""), ("-5mg", ""), ("1*2片", ""), ("5", "mg/kg"),
        ("0.1234567g", ""), ("." * 9, "mg"), ("9" * 40, "mg"),
    ],
)  # fmt: skip
def test_what_is_no_single_dose_is_not_guessed(text: str, unit: str) -> None:
    assert read_dose(text, unit) is None


@given(st.text(max_size=12), st.text(max_size=4))
def test_any_text_can_be_asked_for_its_dose(text: str, unit: str) -> None:
    dose = read_dose(text, unit)
    assert dose is None or dose.millionths >= 0


@pytest.mark.parametrize(
    ("frequency", "times"),
    [
        ("qd", 1), ("QD", 1), ("b.i.d.", 2), ("tid", 3), ("q.i.d", 4), ("qn", 1), ("qod", 1), ("st", 1), ("q8h", 3),
        ("Q6H", 4), ("q12h", 2), ("q5h", 5), ("q48h", 1), ("qh", 24), ("每日三次", 3), (" 一日2次 ", 2),
        ("prn", None), ("必要时", None), ("", None), ("q0h", None), ("qxh", None), ("q²h", None),
    ],
)  # fmt: skip
def test_frequencies_are_times_a_day_and_unknown_ones_are_not_guessed(frequency: str, times: int | None) -> None:
    assert times_a_day(frequency, {}) == times


def test_the_words_of_the_hospital_outweigh_the_common_ones() -> None:
    assert times_a_day("早晚", {"早晚": 2}) == 2
    assert times_a_day("QD", {"qd": 2}) == 2


def test_a_quantity_of_a_strength_is_a_dose() -> None:
    assert strength_of(15_000, "500mg") == Dose(750 * ONE, "mg")
    assert strength_of(10_000, "") is None


def span(first: int, last: int, amount_fen: int = 100) -> Span:
    return Span(Use(f"{first}-{last}", CHARGE, "X", first, first, 10_000, amount_fen), first, last)


SPANS = st.lists(st.builds(lambda first, length: span(first, first + length), st.integers(0, 40), st.integers(0, 9)))


def days_of(intervals: list[tuple[int, int]]) -> set[int]:
    return {day for first, last in intervals for day in range(first, last + 1)}


@given(SPANS, st.integers(0, 5))
def test_merged_days_are_every_day_of_a_span_and_behind_it(spans: list[Span], after: int) -> None:
    found = merged(spans, after)
    assert days_of(found) == {day for one in spans for day in range(one.first, one.last + after + 1)}
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(found))


@given(SPANS, SPANS)
def test_common_days_are_the_days_of_both(ours: list[Span], theirs: list[Span]) -> None:
    one, other = merged(ours), merged(theirs)
    shared = common_days(one, other)
    assert days_of(shared) == days_of(one) & days_of(other)
    assert set(on_days(ours, shared)) == {
        item for item in ours if set(range(item.first, item.last + 1)) & days_of(shared)
    }


def test_a_supply_that_is_half_common_is_at_fault_by_half() -> None:
    assert share_fen(span(1, 10, 101), [(6, 20)]) == 51
    assert share_fen(span(1, 10, 101), [(1, 10)]) == 101
    assert share_fen(span(1, 1_000_000, 101), [(5, 6)]) == 101
