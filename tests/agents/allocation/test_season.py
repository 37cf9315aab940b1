"""Months: seasons of the history, and amounts by month that sum exactly."""

from hypothesis import given
from hypothesis import strategies as st

from agents.core.allocation.season import EQUAL, month_amounts, month_sums, season_of
from tests.agents.allocation.visits import case

ALL = set(range(1, 13))


def test_money_falls_on_the_month_of_the_case():
    assert month_sums([case(5, month=1), case(7, month=12), case(1, month=1)]) == [6, *[0] * 10, 7]


def test_a_season_is_the_share_of_each_month():
    # Of 1300: 1/13 is 769.23, 2/13 is 1538.46. Rounded down 11 × 769 + 1538 = 9997: three left over, for July with .46
    # and the first two with .23.
    twice_in_july = [100] * 6 + [200] + [100] * 5

    found = season_of({2025: twice_in_july}, {2025: ALL})
    assert found == (770, 770, 769, 769, 769, 769, 1539, 769, 769, 769, 769, 769)


def test_a_month_that_one_year_lacks_is_the_mean_of_the_years_that_have_it():
    # January to June have two years of 100, July to December one year of 100: all months are alike.
    by_year = {2024: [100] * 12, 2025: [100] * 6 + [0] * 6}

    assert season_of(by_year, {2024: ALL, 2025: set(range(1, 7))}) == EQUAL


def test_a_month_that_no_year_has_is_as_usual():
    assert season_of({2025: [100] * 11 + [0]}, {2025: ALL - {12}}) == EQUAL


def test_a_month_without_cases_in_a_year_that_has_it_gets_nothing():
    assert season_of({2025: [100] * 11 + [0]}, {2025: ALL})[11] == 0


def test_no_history_has_no_season():
    assert season_of({}, {2025: set()}) is None
    assert season_of({2025: [0] * 12}, {2025: ALL}) is None


@given(
    st.dictionaries(st.sampled_from([2023, 2024, 2025]), st.lists(st.integers(0, 10**12), min_size=12, max_size=12)),
    st.sets(st.integers(1, 12)),
)
def test_shares_of_months_always_sum_to_one_hundred_per_cent(by_year, months):
    found = season_of(by_year, {2023: ALL, 2024: months, 2025: set()})

    assert found is None or (sum(found) == 10_000 and len(found) == 12 and min(found) >= 0)


@given(st.integers(1, 10**13))
def test_amounts_of_months_sum_to_the_year_and_twelve_parts_are_equal_to_a_fen(amount):
    equal = month_amounts(amount, ())

    assert sum(equal) == sum(month_amounts(amount, EQUAL)) == amount
    assert max(equal) - min(equal) <= 1
