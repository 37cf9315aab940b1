"""Binding to a total: proportional, within limits, exact to the fen."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from agents.core.allocation.binding import Share, bind


@st.composite
def shares(draw):
    wish = draw(st.integers(0, 10**9))
    if draw(st.booleans()) or not wish:
        return Share(wish)
    return Share(wish, draw(st.integers(0, wish)), wish + draw(st.integers(0, 10**9)))


many = st.lists(shares(), min_size=1, max_size=25)
totals = st.integers(1, 10**10)


def test_without_limits_every_share_is_scaled_by_the_same_factor():
    found = bind([Share(100), Share(300)], 200)

    assert found.amounts == (50, 150)
    assert found.factor == Fraction(1, 2)


def test_what_a_share_at_its_limit_cannot_give_the_others_give():
    # 1000 + 1000 must come to 1400: scaled by 0.7 the first would be 700, but its floor is 900, so the second is 500.
    found = bind([Share(1000, 900, 1100), Share(1000, 0, 1100)], 1400)

    assert found.amounts == (900, 500)
    assert found.factor == Fraction(1, 2)


def test_what_a_share_at_its_limit_cannot_take_the_others_take():
    found = bind([Share(1000, 900, 1100), Share(1000), Share(2000)], 5000)

    # 1100, and 3900 for the other two as 1 : 2.
    assert found.amounts == (1100, 1300, 2600)


def test_a_fen_that_is_left_over_goes_to_no_share_at_its_limit():
    found = bind([Share(100, 0, 100), Share(100), Share(100)], 501)

    assert found.amounts == (100, 201, 200)


def test_a_total_beyond_all_ceilings_lets_them_go_and_says_so():
    found = bind([Share(100, 90, 110), Share(100, 90, 110)], 300)

    assert (found.amounts, found.released) == ((150, 150), "ceilings")


def test_a_total_below_all_floors_lets_them_go_and_says_so():
    found = bind([Share(100, 90, 110), Share(100, 90, 110)], 100)

    assert (found.amounts, found.released) == ((50, 50), "floors")


def test_a_total_that_is_the_sum_changes_nothing():
    found = bind([Share(7, 7, 7), Share(5)], 12)

    assert (found.amounts, found.factor, found.released) == ((7, 5), 1, "")


def test_nobody_wishing_anything_share_alike():
    assert bind([Share(0), Share(0), Share(0)], 100).amounts == (34, 33, 33)


@given(many, totals)
def test_the_sum_is_exact_whatever_the_wishes_and_limits(shares, total):
    found = bind(shares, total)

    assert sum(found.amounts) == total
    assert min(found.amounts) >= 0


@given(many, totals)
def test_limits_hold_unless_they_are_released(shares, total):
    found = bind(shares, total)

    for share, amount in zip(shares, found.amounts, strict=True):
        if share.wish and found.released != "floors":
            assert amount >= share.low
        if share.wish and share.high is not None and found.released != "ceilings":
            assert amount <= share.high


@given(many, totals)
def test_shares_between_their_limits_keep_their_proportions(shares, total):
    found = bind(shares, total)
    if not any(share.wish for share in shares):
        return
    for share, amount in zip(shares, found.amounts, strict=True):
        low = 0 if found.released == "floors" else share.low
        high = None if found.released == "ceilings" else share.high
        if low < amount and (high is None or amount < high) and share.wish:
            assert abs(amount - found.factor * share.wish) < 1


@given(many, totals)
def test_binding_again_to_the_same_total_changes_nothing(shares, total):
    found = bind(shares, total)
    again = bind([Share(amount) for amount in found.amounts], total)

    assert again.amounts == found.amounts


@given(many, totals, st.integers(1, 10**6))
def test_a_larger_total_takes_nothing_from_anybody(shares, total, more):
    less, larger = bind(shares, total), bind(shares, total + more)

    if not (less.released or larger.released):
        assert all(after >= before - 1 for before, after in zip(less.amounts, larger.amounts, strict=True))
