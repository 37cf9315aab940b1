"""What a policy book says beforehand: the totals of the year, and the quotas that held before it."""

from collections.abc import Iterable

from agents.core.allocation.plan import Measure, Pot
from agents.core.allocation.sample import Key
from agents.core.policy import Policy, active, most_specific
from schemas.book import Budget, Scope, Status
from schemas.ledger import WHOLE_HOSPITAL
from schemas.units import day_number


def totals_of(budgets: Iterable[Budget], hospital: Scope, year: int) -> tuple[Pot, ...]:
    """The hospital's budgets of the year, one a kind of visit: the most specific one; an active one before a draft.

    A budget that names a department is no total. hospital: its code and region.
    """
    best: dict[tuple[str, str], Budget] = {}
    for budget in budgets:
        scope = budget.scope
        if budget.year != year or budget.status is Status.RETIRED or scope.department not in {"", WHOLE_HOSPITAL}:
            continue
        own = Scope(region=scope.region, hospital=scope.hospital)
        if not scope.hospital or not own.matches(hospital):
            continue
        kind = (scope.care_type, scope.insurance_type)
        if kind not in best or _rank(budget) > _rank(best[kind]):
            best[kind] = budget
    return tuple(
        Pot(found.amount, Measure(found.basis), care_type, insurance_type, found.id)
        for (care_type, insurance_type), found in sorted(best.items())
    )


def _rank(budget: Budget) -> tuple[bool, tuple[int, int], str]:
    return budget.is_active, budget.scope.specificity, budget.id


class LastQuotas:
    """The quotas in force on the last day before the year. Called with a kind of visit, it answers fen a visit or None.

    other_basis: kinds of visit whose quota counts other money than the plan's; those are not compared with.
    """

    def __init__(self, policy: Policy, hospital: str, year: int, measure: Measure) -> None:
        self._policy = policy
        self._quotas = active(policy.book.quotas)
        self._hospital = hospital
        self._day = day_number(f"{year - 1:04d}-12-31")
        self._measure = measure
        self.other_basis: set[Key] = set()

    def __call__(self, key: Key) -> int | None:
        """The quota of this kind of visit."""
        entry = most_specific(self._quotas, self._policy.subject(self._hospital, *key), self._day)
        if entry is None:
            return None
        if entry.basis != self._measure:
            self.other_basis.add(key)
            return None
        return entry.quota
