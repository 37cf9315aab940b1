"""Execution against time (预算执行): of each budget, what is spent, and what should be by now.

Formulas (DOMAIN 1.6 F-02), d of D days of the month gone by:

- used = spent ÷ budget; time = days gone by ÷ days of the year
- to date = the shares of the months that are over + the share of this month × d ÷ D
- pace = spent ÷ to date (100 %: as planned); expected at the year's end = budget × pace

Spent is what schemas.history.SpendingRow says: charges by department and month, payments of the funds by the month of
admission of the visits the department answers for, those in bed included; as budget alerts count it.
"""

import calendar
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from agents.core.allocation.season import month_amounts
from schemas.book import Budget, Scope
from schemas.history import HistoryRow, SpendingRow
from schemas.ledger import WHOLE_HOSPITAL
from schemas.units import div_round, ratio_bp


class ExecutionRow(msgspec.Struct, frozen=True):
    """One budget and how it stands. Fen and basis points; department `*` is the whole hospital.

    pace_bp, expected_fen: None while nothing of the budget is due. month_*: of the month asked about.
    """

    budget_id: str
    department: str
    care_type: str
    insurance_type: str
    measure: str
    visits: int
    budget_fen: int
    to_date_fen: int
    spent_fen: int
    left_fen: int
    used_bp: int
    time_bp: int
    pace_bp: int | None
    expected_fen: int | None
    month_budget_fen: int
    month_spent_fen: int
    month_used_bp: int | None


class Execution(msgspec.Struct, frozen=True):
    """All budgets of a hospital and year, through a day (ISO date, included)."""

    hospital: str
    year: int
    through: str
    rows: tuple[ExecutionRow, ...]


def execute(
    budgets: Iterable[Budget], spending: Iterable[SpendingRow], hospital: Scope, through: date
) -> tuple[ExecutionRow, ...]:
    """Every active budget of the year of `through` for this hospital, the hospital's first, then by department.

    hospital: its code and region, as budgets are matched with.
    """
    rows = [row for row in spending if row.hospital == hospital.hospital and _is_due(row, through)]
    found = [
        budget
        for budget in budgets
        if budget.is_active
        and budget.year == through.year
        and budget.is_in_force(through.toordinal())
        and _is_for(budget, hospital)
    ]
    found.sort(key=lambda budget: (_scope(budget).department, *_kind(budget), budget.id))
    return tuple(_row(budget, rows, hospital, through) for budget in found)


def _is_due(row: SpendingRow, through: date) -> bool:
    return row.month // 100 == through.year and row.month % 100 <= through.month


def _is_for(budget: Budget, hospital: Scope) -> bool:
    return budget.scope.model_copy(update={"department": "", "care_type": "", "insurance_type": ""}).matches(hospital)


def _kind(budget: Budget) -> tuple[str, str]:
    return budget.scope.care_type, budget.scope.insurance_type


def _scope(budget: Budget) -> Scope:
    """Its scope; the hospital's may name no department, or `*`."""
    scope = budget.scope
    return scope.model_copy(update={"department": ""}) if scope.department == WHOLE_HOSPITAL else scope


def _row(budget: Budget, spending: Sequence[SpendingRow], hospital: Scope, through: date) -> ExecutionRow:
    scope = _scope(budget)
    rows = [
        row
        for row in spending
        if scope.matches(
            hospital.model_copy(
                update={
                    "department": row.department,
                    "care_type": row.care_type,
                    "insurance_type": row.insurance_type,
                }
            )
        )
    ]
    month = [row for row in rows if row.month % 100 == through.month]
    spent, spent_in_month = _spent(rows, budget.basis), _spent(month, budget.basis)
    amounts = month_amounts(budget.amount, budget.months)
    days = calendar.monthrange(through.year, through.month)[1]
    due = sum(amounts[: through.month - 1]) + div_round(amounts[through.month - 1] * through.day, days)
    year_days = 366 if calendar.isleap(through.year) else 365
    return ExecutionRow(
        budget_id=budget.id,
        department=scope.department or WHOLE_HOSPITAL,
        care_type=budget.scope.care_type,
        insurance_type=budget.scope.insurance_type,
        measure=budget.basis,
        visits=sum(row.visits for row in rows),
        budget_fen=budget.amount,
        to_date_fen=due,
        spent_fen=spent,
        left_fen=budget.amount - spent,
        used_bp=ratio_bp(spent, budget.amount) or 0,
        time_bp=div_round(10_000 * through.timetuple().tm_yday, year_days),
        pace_bp=ratio_bp(spent, due),
        expected_fen=div_round(budget.amount * spent, due) if due > 0 else None,
        month_budget_fen=amounts[through.month - 1],
        month_spent_fen=spent_in_month,
        month_used_bp=ratio_bp(spent_in_month, amounts[through.month - 1]),
    )


def _spent(rows: Iterable[SpendingRow], measure: str) -> int:
    if measure == "fund":
        return sum(row.fund_fen for row in rows)
    return sum(row.total_fen if measure == "total" else row.basic_fen for row in rows)


def spending_of(visits: Iterable[HistoryRow]) -> list[SpendingRow]:
    """Ended visits as spending, for a hospital whose visits are not in a store.

    All of a visit counts in its month of admission and in the department that answers for it; those in bed are not in.
    """
    return [
        SpendingRow(
            hospital=visit.hospital,
            department=visit.department,
            insurance_type=visit.insurance_type,
            care_type=visit.care_type,
            month=visit.admitted_month or visit.month,
            visits=1,
            total_fen=visit.total_fen,
            basic_fen=visit.basic_fen,
            fund_fen=visit.fund_fen or 0,
        )
        for visit in visits
    ]
