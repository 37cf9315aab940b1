"""Deviation rules at their edges: exact, and without a jump where the rule has none."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.payment.deviation import Marks, deviate, marks_of
from schemas.book.payment import Deviation
from schemas.prediction import Outlier

MARKS = Marks(800_000, 5_000, 20_000, 50_000, "ratio", "excess")


@pytest.mark.parametrize(
    ("cost", "outlier"),
    [
        (-100, Outlier.LOW),
        (0, Outlier.LOW),
        (399_999, Outlier.LOW),
        (400_000, Outlier.NORMAL),
        (1_600_000, Outlier.NORMAL),
        (1_600_001, Outlier.HIGH),
        (4_000_000, Outlier.HIGH),
        (4_000_001, Outlier.EXTREME),
    ],
)
def test_a_cost_exactly_at_a_mark_is_still_inside(cost: int, outlier: Outlier) -> None:
    assert deviate(MARKS, 1_000_000, cost).outlier == outlier


def test_an_extreme_mark_alone_changes_no_standard() -> None:
    marks = Marks(800_000, None, None, 50_000, "ratio", "excess")
    assert deviate(marks, 1_000_000, 9_000_000) == (1_000_000, Outlier.EXTREME, "")


def test_a_cost_below_zero_is_worth_nothing_more() -> None:
    for pays in ("ratio", "by_item"):
        marks = MARKS._replace(low_pays=pays)
        assert deviate(marks, 1_000_000, -5_000).standard == 0


@given(st.integers(1, 10**8), st.integers(1, 10**8), st.integers(0, 10**10))
def test_the_standard_is_the_formula_rounded_once(standard: int, mean: int, cost: int) -> None:
    found = deviate(MARKS._replace(reference=mean), standard, cost)
    share = Fraction(cost, mean)
    if share < Fraction(1, 2):
        exact = standard * share
    elif share > 2:
        exact = standard * (share - 2 + 1)
    else:
        exact = Fraction(standard)
    assert abs(found.standard - exact) <= Fraction(1, 2)


@given(st.integers(1, 10**8), st.integers(1, 10**8), st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_cost_never_lowers_the_standard(standard: int, mean: int, cost: int, more: int) -> None:
    for low_pays in ("ratio",):
        for high_pays in ("excess", "by_item", "standard"):
            marks = MARKS._replace(reference=mean, low_pays=low_pays, high_pays=high_pays)
            assert deviate(marks, standard, cost + more).standard >= deviate(marks, standard, cost).standard


def test_the_mark_of_the_heaviest_step_reached_holds() -> None:
    rules = Deviation.model_validate({
        "high": "300%", "by_weight": [{"weight": "1", "high": "200%"}, {"weight": "2", "high": "150%"}]
    })  # fmt: skip
    assert [marks_of(rules, 1, weight).high for weight in (9_999, 10_000, 19_999, 20_000)] == [
        30_000, 20_000, 20_000, 15_000
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rules",
    [
        {"low": "200%", "high": "50%"},
        {"high": "300%", "by_weight": [{"weight": "2", "high": "200%"}, {"weight": "1", "high": "150%"}]},
        {"by_weight": [{"weight": "1", "high": "200%"}]},
    ],
)
def test_rules_that_contradict_themselves_are_refused(rules: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"ascend|needs a high"):
        Deviation.model_validate(rules)
