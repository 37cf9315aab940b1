"""Outliers: how many go, which ones, and that the middle always stays."""

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.allocation.plan import AllocationError, Trim
from agents.core.allocation.trimming import trim_cases
from tests.agents.allocation.visits import case

costs = st.lists(st.integers(1, 10**8), min_size=2, max_size=60)
trims = st.builds(Trim, st.integers(0, 2500), st.integers(0, 2500), st.sampled_from([0, 20_000, 35_000, 50_000]))


def values(cases):
    return [found[0] for found in cases]


def cases_of(values_of):
    return sorted(case(value) for value in values_of)


def test_of_two_hundred_cases_one_per_cent_at_either_end_is_two_cases_each():
    found = trim_cases(cases_of(range(1, 201)), Trim(100, 100))

    assert (values(found.low), values(found.high)) == ([1, 2], [199, 200])
    assert values(found.kept) == list(range(3, 199))


def test_shares_are_rounded_down_to_whole_cases():
    assert values(trim_cases(cases_of(range(1, 100)), Trim(100, 100)).kept) == list(range(1, 100))


def test_cases_far_from_the_median_go_at_either_end():
    # The median of 19, 100, 100, 500, 501 is 100; five times is 500, a fifth is 20.
    found = trim_cases(cases_of([19, 100, 100, 500, 501]), Trim(0, 0, 50_000))

    assert (values(found.low), values(found.kept), values(found.high)) == ([19], [100, 100, 500], [501])


def test_the_median_of_an_even_number_lies_between_the_two_in_the_middle():
    # (10 + 30) ÷ 2 = 20: twice is 40, half is 10.
    assert values(trim_cases(cases_of([9, 10, 30, 41]), Trim(0, 0, 20_000)).kept) == [10, 30]


def test_no_cases_are_no_cases():
    assert trim_cases([], Trim(100, 100, 50_000)).kept == []


@given(costs, trims)
def test_every_case_is_kept_or_trimmed_once_and_one_always_stays(costs, trim):
    found = trim_cases(cases_of(costs), trim)

    assert values([*found.low, *found.kept, *found.high]) == sorted(costs)
    assert found.kept


@given(costs, st.integers(0, 2500))
def test_trimming_is_symmetric(costs, share):
    """The same share at either end takes as many cases off both; the mirror image is trimmed to the mirror image."""
    found = trim_cases(cases_of(costs), Trim(share, share))
    mirrored = trim_cases(cases_of(10**9 - cost for cost in costs), Trim(share, share))

    assert len(found.low) == len(found.high)
    assert values(found.kept) == sorted(10**9 - value for value in values(mirrored.kept))


@given(costs, st.integers(2, 9))
def test_trimming_by_the_median_is_symmetric_in_proportions(costs, times):
    """What is trimmed above, is trimmed below among the reciprocals (an odd number: the median is one of them)."""
    costs = costs if len(costs) % 2 else costs[1:]
    found = trim_cases(cases_of(costs), Trim(0, 0, times * 10_000))
    inverted = trim_cases(cases_of(prod(set(costs)) // cost for cost in costs), Trim(0, 0, times * 10_000))

    assert (len(found.low), len(found.high)) == (len(inverted.high), len(inverted.low))


@pytest.mark.parametrize("wrong", [(-1, 0, 0), (0, 2501, 0), (0, 0, 19_999)])
def test_a_trim_that_could_take_the_median_is_refused(wrong):
    with pytest.raises(AllocationError):
        Trim(*wrong)
