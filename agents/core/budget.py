"""The budget of a department or of the whole hospital (总额预算) in a month, and how fast it is spent (预算执行).

Source: the `budgets` of the book; DOMAIN 1.6 F-02 (execution against time), 2.4 (总额控制). Where d of
a month's D days are gone by in hospital time, the day of the latest event included: to date = month's budget × d ÷ D,
pace = spent ÷ to date.
"""

import calendar
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import NamedTuple
from weakref import WeakKeyDictionary

from agents.core.allocation.season import month_amounts
from agents.core.policy import Policy, active, most_specific
from schemas.book import Budget
from schemas.ledger import WHOLE_HOSPITAL
from schemas.units import EPOCH_ORDINAL, day_of, div_round


@dataclass(frozen=True, slots=True)
class MonthBudget:
    """A budget's part for one month, fen. basis: what counts against it (`fund`, `total`, `basic`)."""

    policy_id: str
    source: str
    basis: str
    amount_fen: int


class Execution(NamedTuple):
    """How a month's budget stands: days gone by of its days, what is due by now, what is spent. Fen."""

    budget: MonthBudget
    days_gone: int
    days: int
    to_date_fen: int
    spent_fen: int


Place = tuple[str, str, int]
"""hospital, department (`*`: the whole hospital), month YYYYMM"""

#: Policy → what was found in it; a policy that is no longer used takes its findings with it.
_found: WeakKeyDictionary[Policy, dict[Place, MonthBudget | None]] = WeakKeyDictionary()


def month_budget(policy: Policy, hospital: str, department: str, month: int) -> MonthBudget | None:
    """The budget in force on the first of the month: the department's own, or for `*` the one that names no department.

    A budget for some kinds of insurance or care only is none here: a department's month does not know them apart.
    """
    known = _found.setdefault(policy, {})
    place = (hospital, department, month)
    if place not in known:
        known[place] = _resolve(policy, *place)
    return known[place]


def _resolve(policy: Policy, hospital: str, department: str, month: int) -> MonthBudget | None:
    if not department:
        return None  # charges whose department is not known yet: an entry that names none is the hospital's
    year, number = divmod(month, 100)
    own = {"", WHOLE_HOSPITAL} if department == WHOLE_HOSPITAL else {department}
    budgets = [b for b in active(policy.book.budgets) if b.year == year and b.scope.department in own]
    first = date(year, number, 1).toordinal() - EPOCH_ORDINAL
    entry: Budget | None = most_specific(budgets, policy.subject(hospital, department, "", ""), first)
    if entry is None:
        return None
    return MonthBudget(entry.id, entry.source, entry.basis, month_amounts(entry.amount, entry.months)[number - 1])


def execution(budget: MonthBudget, month: int, as_of: int, zone: tzinfo, spent_fen: int) -> Execution:
    """The budget at a moment (ms): before the month nothing is due, after it all of it."""
    year, number = divmod(month, 100)
    days = calendar.monthrange(year, number)[1]
    first = date(year, number, 1).toordinal() - EPOCH_ORDINAL
    gone = max(0, min(days, day_of(as_of, zone) - first + 1))
    return Execution(budget, gone, days, div_round(budget.amount_fen * gone, days), spent_fen)
