"""The whole allocation on small hospitals, worked by hand."""

from fractions import Fraction

import pytest

from agents.core.allocation.plan import AllocationError, Forecast, Measure, Pot, Trim
from agents.core.allocation.result import Method, NoteKind
from tests.agents.allocation.visits import adjustment, allocated, plan, quota_of, quotas, visit, years

#: A: 12 visits a year of 1000, 1000, 1300 yuan, so (1000 + 1000 + 1300) ÷ 3 = 1100. B: 24 of 2000 yuan each year.
ROWS = [*years([1000] * 12, [1000] * 12, [1300] * 12), *years(*[[2000] * 24] * 3, department="B")]


def total(yuan, **said):
    return Pot(yuan * 100, said.pop("measure", Measure.BASIC), **said)


def notes(allocation):
    return {note.kind: note for note in allocation.notes}


# -------------------------------------------------------------------------------------------------------- unbound


def test_without_a_total_the_quota_is_the_mean_and_the_budget_is_quota_times_last_years_cases():
    found = allocated(ROWS)

    assert (quota_of(found).quota_fen, quota_of(found, "B").quota_fen) == (110_000, 200_000)
    assert [(row.department, row.amount_fen) for row in found.budgets] == [("A", 1_320_000), ("B", 4_800_000)]
    assert notes(found)[NoteKind.UNBOUND].numbers == (2, 2)


def test_growth_raises_the_quota_and_growth_of_cases_the_budget():
    row = quota_of(allocated(ROWS, growth_bp=300, case_growth_bp=2_500))

    # 1100 × 1.03 = 1133.00; 12 × 1.25 = 15 cases; 15 × 1133 = 16 995.
    assert (row.quota_fen, row.expected_cases, row.budget_fen) == (113_300, 15, 1_699_500)


def test_expected_cases_may_be_the_weighted_mean_of_the_years():
    rows = years([1000] * 12, [1000] * 24, [1000] * 48)

    # (1×12 + 2×24 + 7×48) ÷ 10 = 396 ÷ 10 = 39.6
    assert quota_of(allocated(rows, weights=(1, 2, 7), forecast=Forecast.MEAN)).expected_cases == 40


def test_a_last_year_of_nine_months_is_scaled_up_to_twelve_and_said_so():
    rows = [*years([1000] * 12, [1000] * 12, [1000] * 9)]  # January to September of 2025
    found = allocated(rows)

    assert quota_of(found).expected_cases == 12
    assert notes(found)[NoteKind.INCOMPLETE_YEAR].numbers == (2025, 9)
    assert notes(found)[NoteKind.INCOMPLETE_YEAR].names == ("10", "11", "12")


# ---------------------------------------------------------------------------------------------------------- bound


def test_a_total_scales_every_department_alike_to_the_fen():
    # 12 × 1100 + 24 × 2000 = 13 200 + 48 000 = 61 200 wished for, 51 000 there: × 5/6.
    found = allocated(ROWS, pots=(total(51_000),))

    a, b = quota_of(found), quota_of(found, "B")
    assert (a.budget_fen, b.budget_fen) == (1_100_000, 4_000_000)
    assert (a.quota_fen, b.quota_fen) == (91_667, 166_667)  # 1100 × 5/6 = 916.666…, 2000 × 5/6 = 1666.666…
    [pot] = found.pots
    assert (pot.wished_fen, pot.amount_fen, pot.sum_fen, pot.factor_e4) == (6_120_000, 5_100_000, 5_100_000, 8_333)
    assert NoteKind.UNBOUND not in notes(found)


def test_a_total_of_fund_payments_is_shared_by_what_the_funds_pay_for_each_department():
    # A's quota of 1000 means 500 of the funds, B's 800. Twelve cases each: 6000 + 9600 = 15 600; half of it is there.
    rows = [
        *years(*[[1000] * 12] * 3, fund_fen=50_000),
        *years(*[[1000] * 12] * 3, department="B", fund_fen=80_000),
    ]
    found = allocated(rows, pots=(total(7_800, measure=Measure.FUND),))

    assert [(row.measure, row.amount_fen) for row in found.budgets] == [("fund", 300_000), ("fund", 480_000)]
    assert quota_of(found).quota_fen == quota_of(found, "B").quota_fen == 50_000, "quotas still count basic cost"


def test_a_department_without_known_fund_payments_borrows_the_hospitals_share():
    rows = [*years(*[[1000] * 12] * 3, fund_fen=50_000), *years(*[[1000] * 12] * 3, department="B")]
    found = allocated(rows, budget_measure=Measure.FUND)

    assert [row.amount_fen for row in found.budgets] == [600_000, 600_000]
    assert notes(found)[NoteKind.FUND_BORROWED].numbers == (1,)


def test_a_total_of_fund_payments_without_any_known_payment_is_refused():
    with pytest.raises(AllocationError, match="基金支付"):
        allocated(ROWS, pots=(total(1000, measure=Measure.FUND),))


def test_each_kind_of_visit_is_paid_from_the_most_specific_total():
    rows = [*ROWS, *years(*[[100] * 12] * 3, care_type="11"), *years(*[[500] * 12] * 3, insurance_type="390")]
    pots = (
        total(100_000, id="all"),
        total(2_000, care_type="11", id="out"),
        total(9_000, insurance_type="390", id="residents"),
    )
    found = allocated(rows, pots=pots)

    assert {pot.id: (pot.amount_fen, pot.sum_fen) for pot in found.pots} == {
        "all": (10_000_000, 10_000_000), "out": (200_000, 200_000), "residents": (900_000, 900_000),
    }  # fmt: skip
    assert quota_of(found, insurance_type="390").quota_fen == 75_000
    scopes = {(row.department, row.care_type, row.insurance_type) for row in found.budgets}
    assert scopes == {("A", "", ""), ("B", "", ""), ("A", "11", ""), ("A", "", "390")}


def test_a_total_that_is_for_other_visits_too_is_said_to_be():
    rows = [*ROWS, *years(*[[100] * 12] * 3, care_type="11")]

    assert NoteKind.WIDER_TOTAL in notes(allocated(rows, care_types=("21",), pots=(total(1_000, id="all"),)))
    own = total(1_000, care_type="21", id="inpatient")
    assert NoteKind.WIDER_TOTAL not in notes(allocated(rows, care_types=("21",), pots=(own,)))


def test_a_total_that_nobody_is_paid_from_is_said_to_be_unused():
    found = allocated(ROWS, pots=(total(61_200), total(5_000, care_type="52", id="birth")))

    assert [pot.amount_fen for pot in found.pots] == [6_120_000]
    assert notes(found)[NoteKind.UNUSED_TOTAL].names == ("birth",)


# ---------------------------------------------------------------------------------------------------- by hand


def test_a_factor_multiplies_the_quota_before_the_total_is_shared():
    # A: 12 × 1100 × 2 = 26 400, B: 48 000; together 74 400, there are 37 200.
    found = allocated(ROWS, pots=(total(37_200),), adjustments=(adjustment(factor=2),))

    assert [row.amount_fen for row in found.budgets] == [1_320_000, 2_400_000]
    assert (quota_of(found).factor_e4, quota_of(found).reason, quota_of(found).who) == (20_000, "test", "tester")


def test_a_fixed_quota_stays_and_the_others_share_the_rest():
    # A: 12 × 900 = 10 800 of 50 000; B gets 39 200 for 24: 1633.33.
    found = allocated(ROWS, pots=(total(50_000),), adjustments=(adjustment(quota=900),))

    assert [row.amount_fen for row in found.budgets] == [1_080_000, 3_920_000]
    assert (quota_of(found).quota_fen, quota_of(found).method) == (90_000, Method.FIXED)
    assert quota_of(found, "B").quota_fen == 163_333


def test_a_fixed_budget_stays_and_says_its_quota():
    found = allocated(ROWS, pots=(total(50_000),), adjustments=(adjustment(budget=14_400),))

    assert [row.amount_fen for row in found.budgets] == [1_440_000, 3_560_000]
    assert quota_of(found).quota_fen == 120_000, "14 400 ÷ 12"


def test_a_fixed_budget_of_a_department_is_shared_by_its_kinds_of_visit():
    rows = [*ROWS, *years(*[[100] * 12] * 3, care_type="11")]
    found = allocated(rows, adjustments=(adjustment(budget=2_880),))  # wished: 13 200 + 1200 = 14 400, a fifth of it

    assert [row.quota_fen for row in found.quotas if row.department == "A"] == [2_000, 22_000]
    assert found.budgets[0].amount_fen == 288_000


def test_a_person_may_expect_other_cases():
    assert quota_of(allocated(ROWS, adjustments=(adjustment(cases=30),))).budget_fen == 3_300_000


def test_a_named_care_type_outweighs_an_adjustment_of_the_whole_department():
    rows = [*ROWS, *years(*[[100] * 12] * 3, care_type="11")]
    found = allocated(rows, adjustments=(adjustment(factor=2), adjustment(care_type="11", factor=3)))

    assert quota_of(found, care_type="11").quota_fen == 30_000
    assert quota_of(found, care_type="21").quota_fen == 220_000


def test_fixing_more_than_the_total_is_refused():
    with pytest.raises(AllocationError, match=r"13200\.00 元，总额只有 10000\.00 元"):
        allocated(ROWS, pots=(total(10_000),), adjustments=(adjustment(quota=1100),))


def test_fixing_less_than_the_total_for_everybody_is_refused():
    with pytest.raises(AllocationError, match="没有科室可以承接"):
        allocated(ROWS, pots=(total(99_999),), adjustments=(adjustment(quota=1), adjustment("B", quota=1)))


def test_a_fixed_budget_paid_from_two_totals_is_refused():
    rows = [*ROWS, *years(*[[100] * 12] * 3, care_type="11")]
    pots = (total(100_000), total(2_000, care_type="11"))
    with pytest.raises(AllocationError, match="care_type"):
        allocated(rows, pots=pots, adjustments=(adjustment(budget=1000),))


# ---------------------------------------------------------------------------------------------------------- limits


def test_no_quota_changes_more_than_the_limit_against_the_last_one():
    found = allocated(ROWS, quotas(A=1000, B=2500), limit_bp=500)

    # A's mean of 1100 is 10 % up: 1050. B's of 2000 is 20 % down: 2375.
    assert (quota_of(found).quota_fen, quota_of(found).limited, quota_of(found).change_bp) == (105_000, "ceiling", 500)
    assert (quota_of(found, "B").quota_fen, quota_of(found, "B").limited) == (237_500, "floor")


def test_without_a_last_quota_the_change_is_measured_against_the_last_years_mean():
    row = quota_of(allocated(ROWS, limit_bp=1_000))

    # The mean of 2025 is 1300, its floor 1170; 1170 ÷ 1300 − 1 = −10 %.
    assert (row.reference_fen, row.reference_is_quota, row.quota_fen, row.change_bp) == (
        130_000,
        False,
        117_000,
        -1_000,
    )


def test_limits_hold_while_the_total_is_shared():
    # A may have 1092.50 to 1207.50, B 1900 to 2100. 58 800 of 61 200 would leave A 1056.86: it keeps its floor, 12 of
    # which are 13 110, and B gets 45 690 for 24, or 1903.75.
    found = allocated(ROWS, quotas(A=1150, B=2000), pots=(total(58_800),), limit_bp=500)

    assert [row.amount_fen for row in found.budgets] == [1_311_000, 4_569_000]
    assert [(row.quota_fen, row.limited) for row in found.quotas] == [(109_250, "floor"), (190_375, "")]


def test_limits_that_the_total_does_not_allow_are_let_go_and_said_so():
    # A's floor of 1235 × 12 = 14 820 and B's of 1900 × 24 = 45 600 are more than the 60 000 there are.
    found = allocated(ROWS, quotas(A=1300, B=2000), pots=(total(60_000),), limit_bp=500)

    assert notes(found)[NoteKind.RELEASED].names[0] == "floors"
    assert sum(row.amount_fen for row in found.budgets) == 6_000_000


def test_a_factor_lifts_the_limit():
    found = allocated(ROWS, quotas(A=1000, B=2000), limit_bp=500, adjustments=(adjustment(factor=3),))

    assert quota_of(found).quota_fen == 330_000
    assert quota_of(found, "B").quota_fen == 200_000


# ------------------------------------------------------------------------------------------------ few and new cases

FEW = [*ROWS, *years([], [], [7000] * 2, department="C")]


def test_a_department_with_few_cases_keeps_its_last_quota():
    row = quota_of(allocated(FEW, quotas(C=5000), min_cases=3, growth_bp=1_000), "C")

    assert (row.method, row.quota_fen, row.growth_bp) == (Method.LAST, 500_000, 0)


def test_without_a_last_quota_it_gets_the_hospitals_mean_of_that_care():
    row = quota_of(allocated(FEW, min_cases=3), "C")

    # 2023 and 2024: (12 × 1000 + 24 × 2000) ÷ 36 = 1666.67; 2025: (12 × 1300 + 24 × 2000 + 2 × 7000) ÷ 38 = 2042.11.
    mean = Fraction(1, 3) * (2 * Fraction(60_000, 36) + Fraction(77_600, 38))
    assert row.method is Method.HOSPITAL
    assert row.quota_fen == round(mean * 100) == 179_181


def test_few_cases_of_one_insurance_fall_back_to_the_departments_own_mean():
    rows = [*ROWS, *years([], [], [9000], insurance_type="390")]
    found = allocated(rows, min_cases=3, adjustments=(adjustment(insurance_type="390", cases=2),))

    row = quota_of(found, insurance_type="390")
    # With the one visit of 9000, 2025 has (12 × 1300 + 9000) ÷ 13 = 1892.31; (1000 + 1000 + 1892.31) ÷ 3.
    assert (row.method, row.quota_fen, row.expected_cases) == (Method.DEPARTMENT, 129_744, 2)


def test_an_insurance_type_with_cases_enough_gets_a_quota_of_its_own_when_asked():
    rows = [*ROWS, *years(*[[500] * 4] * 3, insurance_type="390"), *years(*[[100]] * 3, insurance_type="340")]

    split = allocated(rows, by_insurance=True, min_cases=12)
    assert {row.insurance_type: row.cases for row in split.quotas if row.department == "A"} == {
        "": 3,
        "310": 36,
        "390": 12,
    }
    assert [row.insurance_type for row in allocated(rows, min_cases=12).quotas] == ["", ""]


def test_a_new_department_is_named_with_its_cases_and_gets_the_hospitals_mean_or_its_own_quota():
    new = adjustment("N", care_type="21", cases=10, factor="1.5")
    row = quota_of(allocated(ROWS, adjustments=(new,)), "N")
    # The hospital: (12 × 1000 + 24 × 2000) ÷ 36 = 1666.67 twice, then 1766.67: 1700, × 1.5.
    assert (row.method, row.quota_fen, row.budget_fen) == (Method.HOSPITAL, 255_000, 2_550_000)

    named = adjustment("N", care_type="52", cases=10, quota=4000)
    row = quota_of(allocated(ROWS, adjustments=(named,)), "N")
    assert (row.method, row.quota_fen, row.budget_fen) == (Method.FIXED, 400_000, 4_000_000)


def test_a_new_department_without_cases_or_without_anything_to_go_by_is_refused():
    with pytest.raises(AllocationError, match="新科室"):
        allocated(ROWS, adjustments=(adjustment("N", factor=2),))
    with pytest.raises(AllocationError, match="没有历史，也没有原定额"):
        allocated(ROWS, adjustments=(adjustment("N", care_type="52", cases=10),))


def test_a_department_that_closed_gets_no_budget_and_is_named():
    found = allocated([*ROWS, *years([500] * 12, [500] * 12, [], department="Z")])

    assert quota_of(found, "Z").expected_cases == 0
    assert notes(found)[NoteKind.NO_BUDGET].names == ("Z",)
    assert sum(row.amount_fen for row in found.budgets if row.department == "Z") == 0


# ------------------------------------------------------------------------------------------------------ what counts


def test_what_does_not_count_is_left_out_and_said():
    others = [
        visit(9_999, hospital="H2"), visit(9_999, 2022), visit(9_999, insurance_type=""), visit(0), visit(-5),
        visit(9_999, department=""),
    ]  # fmt: skip
    found = allocated([*ROWS, *others])

    assert found.quotas == allocated(ROWS).quotas
    left_out = {note.names[0]: note.numbers[0] for note in found.notes if note.kind is NoteKind.LEFT_OUT}
    assert left_out == {"other_hospital": 1, "other_year": 1, "uninsured": 1, "no_department": 1, "no_cost": 2}


def test_uninsured_visits_count_when_asked():
    assert allocated([*ROWS, visit(1000, insurance_type="")], with_uninsured=True).cases == allocated(ROWS).cases + 1


def test_only_the_care_and_insurance_types_asked_for_count_and_budgets_are_for_them():
    rows = [*ROWS, *years(*[[100] * 12] * 3, care_type="11"), *years(*[[50] * 12] * 3, insurance_type="390")]
    found = allocated(rows, care_types=("21",), insurance_types=("310",))

    assert {(row.care_type, row.insurance_type) for row in found.budgets} == {("21", "310")}
    assert found.cases == allocated(ROWS).cases


def test_quotas_may_count_total_cost():
    rows = years(*[[1000] * 12] * 3, total_fen=120_000)

    assert quota_of(allocated(rows, quota_measure=Measure.TOTAL)).quota_fen == 120_000
    assert quota_of(allocated(rows, budget_measure=Measure.TOTAL)).budget_fen == 12 * 120_000


def test_a_history_without_a_single_case_is_refused_with_what_was_left_out():
    with pytest.raises(AllocationError, match="uninsured 1"):
        allocated([visit(100, insurance_type="")])


def test_outliers_do_not_move_the_quota_and_their_money_is_shown():
    rows = [*years(*[[1000] * 99] * 3), visit(1_000_000)]
    row = quota_of(allocated(rows, trim=Trim(0, 100)))

    assert (row.quota_fen, row.trimmed_count, row.trimmed_fen) == (100_000, 1, 100_000_000)


def test_budgets_fall_on_months_as_the_departments_own_seasons_or_the_hospitals():
    summer = [visit(1000, year, "S", month=7) for year in (2023, 2024, 2025) for _ in range(12)]
    found = allocated([*ROWS, *summer], min_cases=36)

    by_department = {row.department: row for row in found.budgets}
    assert by_department["S"].months_bp == (0, 0, 0, 0, 0, 0, 10_000, 0, 0, 0, 0, 0)
    few = allocated([*ROWS, *summer[:3]], min_cases=36)
    assert {row.department: row.months_from for row in few.budgets} == {
        "A": "department",
        "B": "department",
        "S": "hospital",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": (0, 0, 0)}, {"weights": (1, -1, 1)}, {"quota_measure": Measure.FUND}, {"growth_bp": -10_000},
        {"limit_bp": 10_001},
    ],
)  # fmt: skip
def test_a_plan_that_makes_no_sense_is_refused_in_both_languages(wrong):
    with pytest.raises(AllocationError) as refused:
        plan(**wrong)
    assert refused.value.zh.endswith("。")
    assert refused.value.en.endswith(".")
