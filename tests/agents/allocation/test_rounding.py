"""Sums that stay exact."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.allocation.rounding import apportion, rounded

weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("total", "shares", "found"),
    [
        (100, [1, 1, 1], [34, 33, 33]),  # 33⅓ each: the fen left over goes to the first of equal remainders
        (100, [2, 3, 6], [18, 27, 55]),  # 18.18…, 27.27…, 54.54…: 54.54 has the largest remainder
        (10, [0, 5], [0, 10]),
        (10, [0, 0], [5, 5]),
        (0, [3, 4], [0, 0]),
        (7, [], []),
    ],
)
def test_what_is_left_over_goes_to_the_largest_remainders(total, shares, found):
    assert apportion(total, shares) == found


@given(st.integers(0, 10**15), weights)
def test_shares_always_sum_to_the_total_and_are_less_than_one_unit_off(total, shares):
    found = apportion(total, shares)

    assert sum(found) == total
    whole = sum(shares) or len(shares)
    for share, weight in zip(found, shares if sum(shares) else [1] * len(shares), strict=True):
        assert abs(share - Fraction(total * weight, whole)) < 1


@given(st.integers(0, 10**15), weights)
def test_a_larger_weight_never_gets_less(total, shares):
    found = list(zip(shares, apportion(total, shares), strict=True))

    assert all(less <= more for weight, less in found for other, more in found if weight < other)


def test_a_fraction_is_rounded_half_away_from_zero():
    assert [rounded(Fraction(part, 2)) for part in (-3, -1, 1, 3)] == [-2, -1, 1, 2]
