"""Execution against time, worked by hand."""

from datetime import date

from agents.core.allocation.execution import execute, spending_of
from schemas.book import Budget, Scope
from schemas.history import SpendingRow
from tests.agents.allocation.visits import HOSPITAL, visit

HERE = Scope(region="610100", hospital=HOSPITAL)
#: 20 % in January, 10 % in February, 7 % in each of the other ten months.
MONTHS = ["20%", "10%", *["7%"] * 10]


def budget(yuan, **said):
    plain = {"id": "b", "source": "test", "year": 2026, "amount": yuan, "basis": "basic", "scope": {}}
    return Budget.model_validate(plain | said)


def spending(month, yuan, department="A", **said):
    plain = {
        "hospital": HOSPITAL, "department": department, "insurance_type": "310", "care_type": "21",
        "month": 202600 + month, "visits": 1, "total_fen": yuan * 200, "basic_fen": yuan * 100, "fund_fen": yuan * 50,
    }  # fmt: skip
    return SpendingRow(**(plain | said))


def through(month, day, *budgets, rows=()):
    return execute(budgets, rows, HERE, date(2026, month, day))


def test_what_is_due_is_the_months_that_are_over_and_the_days_of_this_one():
    [row] = through(2, 14, budget(10_000, months=MONTHS), rows=[spending(1, 1500), spending(2, 1250)])

    # January 2000 + February 1000 × 14/28 = 2500 due, 2750 spent: 110 %, and so 11 000 at the year's end.
    assert (row.to_date_fen, row.spent_fen, row.left_fen) == (250_000, 275_000, 725_000)
    assert (row.used_bp, row.pace_bp, row.expected_fen) == (2_750, 11_000, 1_100_000)
    assert row.time_bp == 1_233, "45 of 365 days"
    assert (row.month_budget_fen, row.month_spent_fen, row.month_used_bp) == (100_000, 125_000, 12_500)


def test_a_budget_without_months_is_due_in_twelve_parts():
    [row] = through(6, 30, budget(12_000))

    assert (row.to_date_fen, row.time_bp) == (600_000, 4_959)  # 181 ÷ 365


def test_at_the_years_end_all_of_it_is_due():
    [row] = through(12, 31, budget(777, months=MONTHS))

    assert (row.to_date_fen, row.time_bp) == (77_700, 10_000)


def test_where_nothing_is_due_yet_there_is_no_pace():
    [row] = through(1, 31, budget(100, months=["0%", "100%", *["0%"] * 10]), rows=[spending(1, 5)])

    assert (row.pace_bp, row.expected_fen, row.spent_fen) == (None, None, 500)


def test_each_budget_counts_its_own_money():
    rows = [spending(1, 100)]
    found = {
        basis: through(1, 31, budget(9, basis=basis), rows=rows)[0].spent_fen for basis in ("fund", "basic", "total")
    }

    assert found == {"fund": 5_000, "basic": 10_000, "total": 20_000}


def test_a_budget_is_spent_by_its_department_and_kind_of_visit_and_the_hospitals_by_all():
    rows = [
        spending(1, 1), spending(1, 20, "B"), spending(1, 300, care_type="11"),
        spending(1, 4000, insurance_type="390"), spending(1, 50_000, hospital="H2"), spending(2, 600_000),
    ]  # fmt: skip
    found = through(
        1, 31,
        budget(1, id="hospital"), budget(1, id="star", scope={"department": "*", "care_type": "11"}),
        budget(1, id="A", scope={"department": "A"}),
        budget(1, id="A inpatient", scope={"department": "A", "care_type": "21", "insurance_type": "310"}),
        rows=rows,
    )  # fmt: skip

    assert [(row.budget_id, row.department, row.spent_fen // 100) for row in found] == [
        ("hospital", "*", 4321), ("star", "*", 300), ("A", "A", 4301), ("A inpatient", "A", 1),
    ]  # fmt: skip


def test_only_budgets_in_force_of_the_year_and_hospital_are_shown():
    others = [
        budget(1, status="draft"), budget(1, year=2025), budget(1, effective_to="2026-03-31"),
        budget(1, scope={"hospital": "H2"}), budget(1, scope={"region": "440000"}),
    ]  # fmt: skip

    assert through(4, 1, *others) == ()
    assert len(through(4, 1, *others, budget(1, scope={"hospital": HOSPITAL, "region": "610000"}))) == 1


def test_ended_visits_are_spending_of_their_month_of_admission():
    [row] = spending_of([visit(100, 2026, month=2, admitted_month=202601, fund_fen=7000)])

    assert row == SpendingRow(HOSPITAL, "A", "310", "21", 202601, 1, 10_000, 10_000, 7_000)
