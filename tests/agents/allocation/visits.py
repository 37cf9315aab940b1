"""Short makers for allocation tests: visits, cases, plans. Money in yuan, as a person would write it."""

from collections.abc import Callable, Iterable
from typing import Any

from agents.core.allocation.adjustment import Adjustment
from agents.core.allocation.allocate import allocate
from agents.core.allocation.plan import Plan, Trim
from agents.core.allocation.result import Allocation, QuotaRow
from agents.core.allocation.sample import Case, Key
from schemas.history import HistoryRow

HOSPITAL = "H1"
NO_TRIM = Trim(0, 0)


def visit(yuan: float, year: int = 2025, department: str = "A", **said: Any) -> HistoryRow:
    """An ended inpatient visit that cost so much, all of it basic."""
    plain: dict[str, Any] = {
        "hospital": HOSPITAL, "department": department, "insurance_type": "310", "care_type": "21",
        "month": year * 100 + said.pop("month", 6), "total_fen": round(yuan * 100), "basic_fen": round(yuan * 100),
    }  # fmt: skip
    return HistoryRow(**(plain | said))


def years(*by_year: Iterable[int], department: str = "A", **said: Any) -> list[HistoryRow]:
    """Visits of 2023, 2024, 2025, in every month of the year in turn, so that no year lacks one."""
    return [
        visit(yuan, year, department, month=1 + place % 12, **said)
        for year, costs in zip((2023, 2024, 2025), by_year, strict=True)
        for place, yuan in enumerate(costs)
    ]


def case(value: int, **said: int) -> Case:
    """A case of so many fen."""
    names = ("value", "total", "basic", "fund", "fund_known", "month", "days", "drg", "dip")
    plain = {"value": value, "total": value, "basic": value, "month": 6} | said
    return tuple(plain.get(name, 0) for name in names)


def plan(**said: Any) -> Plan:
    """A plan of 2026 that trims nothing and takes any number of cases, unless it says otherwise."""
    plain = {"hospital": HOSPITAL, "year": 2026, "trim": NO_TRIM, "min_cases": 1, "min_year_cases": 1}
    return Plan(**(plain | said))


def adjustment(department: str = "A", **said: Any) -> Adjustment:
    """A line of the adjustment file; values as they are written there."""
    return Adjustment.model_validate({"department": department, "reason": "test", "who": "tester"} | said)


def no_quota(_: Key) -> None:
    """A book without quotas."""


def quotas(**by_department: int) -> Callable[[Key], int | None]:
    """Last quotas in yuan by department."""
    return lambda key: by_department[key.department] * 100 if key.department in by_department else None


def allocated(rows: Iterable[HistoryRow], last: Callable[[Key], int | None] = no_quota, **said: Any) -> Allocation:
    """Allocate under `plan(**said)`."""
    return allocate(rows, plan(**said), last)


def quota_of(allocation: Allocation, department: str = "A", **said: str) -> QuotaRow:
    """The only quota row of a department (with these fields)."""
    [found] = [
        row
        for row in allocation.quotas
        if row.department == department and all(getattr(row, name) == value for name, value in said.items())
    ]
    return found
