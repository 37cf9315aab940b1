"""The three-year mean, worked by hand beside it; years that do not count; the case mix."""

from fractions import Fraction

import pytest

from agents.core.allocation.base import base_of, mix_of
from agents.core.allocation.plan import Measure, Mix, Trim
from tests.agents.allocation.visits import case, plan


def cases(**by_year):
    """Fen by year, `y2023=[…]`."""
    return {int(year[1:]): sorted(case(value) for value in values) for year, values in by_year.items()}


def weighed(*pairs, **said):
    """Cases with a DRG weight: (fen, weight in 1e-4)."""
    return sorted(case(value, drg=weight, **said) for value, weight in pairs)


# A worked example. Three cases a year, in fen:
#
#   2023:   80 000, 100 000, 120 000   Σ 300 000   mean 100 000
#   2024:  100 000, 110 000, 150 000   Σ 360 000   mean 120 000
#   2025:  130 000, 150 000, 170 000   Σ 450 000   mean 150 000
#
#   weights 1:1:1   (100 000 + 120 000 + 150 000) ÷ 3           = 370 000 ÷ 3  = 123 333.33…
#   weights 1:2:7   (1×100 000 + 2×120 000 + 7×150 000) ÷ 10    = 1 390 000 ÷ 10 = 139 000
EXAMPLE = cases(y2023=[80_000, 100_000, 120_000], y2024=[100_000, 110_000, 150_000], y2025=[130_000, 150_000, 170_000])


@pytest.mark.parametrize(
    ("weights", "mean"), [((1, 1, 1), Fraction(370_000, 3)), ((1, 2, 7), Fraction(139_000)), ((0, 0, 1), 150_000)]
)
def test_the_three_year_mean_is_the_weighted_mean_of_the_years_means(weights, mean):
    base = base_of(EXAMPLE, plan(weights=weights))

    assert base.mean == mean
    assert [year.mean_fen for year in base.years] == [100_000, 120_000, 150_000]


def test_years_count_by_their_weight_and_not_by_their_number_of_cases():
    # 2025 has a hundred cases of 200, the others one of 100 each: (100 + 100 + 200) ÷ 3.
    base = base_of(cases(y2023=[100], y2024=[100], y2025=[200] * 100), plan())

    assert base.mean == Fraction(400, 3)


def test_a_year_without_cases_leaves_its_weight_to_the_others():
    # (2×120 000 + 7×150 000) ÷ 9
    base = base_of({year: EXAMPLE[year] for year in (2024, 2025)}, plan(weights=(1, 2, 7)))

    assert base.mean == Fraction(1_290_000, 9)
    assert [year.weight for year in base.years] == [0, 2, 7]


def test_a_year_with_too_few_cases_does_not_count_but_its_cases_do():
    base = base_of(cases(y2023=[9_999], y2024=[100, 100], y2025=[200, 200]), plan(min_year_cases=2))

    assert base.mean == 150
    assert base.cases == 5


def test_where_only_years_without_weight_have_cases_those_count():
    assert base_of(cases(y2023=[100]), plan(weights=(0, 1, 1))).mean == 100


def test_no_cases_have_no_mean():
    assert base_of({}, plan()).mean is None


def test_trimmed_cases_are_counted_with_their_money():
    base = base_of(cases(y2025=range(1, 101)), plan(trim=Trim(100, 200)))

    # 1 at the lower, 99 and 100 at the upper end.
    assert base.trimmed == (3, 200)
    assert base.mean == Fraction(5050 - 200, 97)


# The case mix. 2024: 2 cases of weight 1.0 and 3.0 cost 100 + 300: 100 a unit of weight, mean weight 2, mean cost 200.
# 2025: 2 cases of weight 1.0 and 1.0 cost 120 + 120: 120 a unit, mean weight 1, mean cost 120.
# Mean of the years 160; cost of a unit (100 + 120) ÷ 2 = 110; expected weight that of 2025 = 1: adjusted 110 × 1 = 110.
MIXED = {2024: weighed((100, 10_000), (300, 30_000)), 2025: weighed((120, 10_000), (120, 10_000))}


def test_the_mix_replaces_the_mean_by_the_cost_of_a_weight_times_the_weight_expected():
    base = base_of(MIXED, plan())
    found = mix_of(base, plan(), None)

    assert base.mean == 160
    assert (found.system, found.unit_fen, found.expected_e4, found.mean) == (Mix.DRG, 110, 10_000, 110)


def test_a_person_may_expect_another_mix():
    found = mix_of(base_of(MIXED, plan()), plan(), 25_000)

    assert found.mean == 275


def test_a_mix_that_does_not_change_changes_nothing():
    # Weight 2 for 150, weight 1 for 75, every year: 75 a unit, mean weight 1.5.
    same = weighed((150, 20_000), (75, 10_000))
    base = base_of({2023: same, 2024: same, 2025: same}, plan())

    assert mix_of(base, plan(), None).mean == base.mean == Fraction(225, 2)


def test_too_few_cases_with_a_weight_in_any_year_mean_no_adjustment():
    lacking = {2024: MIXED[2024], 2025: [*MIXED[2025], case(500)]}  # two of three in 2025

    assert mix_of(base_of(lacking, plan()), plan(), None) is None
    assert mix_of(base_of(lacking, plan()), plan(mix_coverage_bp=6_666), None).coverage_bp == 6_666


def test_the_system_that_covers_more_cases_is_taken_and_scores_are_never_added_to_weights():
    scored = {2025: sorted([case(100, dip=8_000_000, drg=10_000), case(200, dip=16_000_000)])}
    found = mix_of(base_of(scored, plan()), plan(), None)

    # 300 fen for 2400 points: a point costs an eighth of a fen, and 1200 points are expected.
    assert (found.system, found.mean, found.expected_e4) == (Mix.DIP, 150, 12_000_000)


def test_a_plan_may_choose_the_system_or_none():
    assert mix_of(base_of(MIXED, plan()), plan(mix=Mix.DIP), None) is None
    assert mix_of(base_of(MIXED, plan()), plan(mix=Mix.OFF), None) is None


def test_what_the_funds_pay_for_a_fen_of_quota_is_known_from_the_cases_whose_payment_is():
    paid = {2025: sorted([case(1000, fund=700, fund_known=1), case(3000)])}

    assert base_of(paid, plan()).ratio(Measure.FUND, Measure.BASIC) == Fraction(7, 10)
    assert base_of(EXAMPLE, plan()).ratio(Measure.FUND, Measure.BASIC) is None
    assert base_of(EXAMPLE, plan()).ratio(Measure.BASIC, Measure.BASIC) == 1


def test_total_cost_for_a_fen_of_basic_cost_is_that_of_the_cases_that_stay():
    dearer = {2025: [case(900, total=1000)]}

    assert base_of(dearer, plan()).ratio(Measure.TOTAL, Measure.BASIC) == Fraction(10, 9)
