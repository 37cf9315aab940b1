"""Whether a method admits a visit (准入条件), and every reason why not.

What a running stay may still come to fulfil is judged by what it is expected to come to: a stay of yesterday is not
"too short" for a method that pays from the third day on, and not yet too cheap; its way of discharge is open.
"""

from dataclasses import dataclass

from agents.core.grouping.prefixes import Prefixes, prefix_set
from schemas.book.payment import Conditions
from schemas.prediction import Admissibility

NO_REASONS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the conditions look at. expected_days: of a running stay, what it is expected to reach at least."""

    care_type: str
    main: str
    diagnoses: tuple[str, ...]
    procedures: tuple[str, ...]
    discharge_way: str
    days: int
    expected_days: int
    is_ended: bool


class Admission:
    """The conditions of one method, compiled."""

    __slots__ = ("_conditions", "_diagnoses", "_procedures", "_without_diagnoses", "_without_procedures", "max", "min")

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._diagnoses = prefix_set(conditions.diagnoses)
        self._procedures = prefix_set(conditions.procedures)
        self._without_diagnoses = prefix_set(conditions.without_diagnoses)
        self._without_procedures = prefix_set(conditions.without_procedures)
        self.min, self.max = conditions.min_total, conditions.max_total

    def is_for(self, care_type: str) -> bool:
        """Whether visits of this care type are admitted at all."""
        wanted = self._conditions.care_types
        return not wanted or care_type.startswith(wanted)

    def reasons(self, visit: Applicant) -> tuple[str, ...]:
        """Every condition that the visit does not meet, whatever it costs."""
        conditions = self._conditions
        found: list[str] = []
        if not self.is_for(visit.care_type):
            found.append(Admissibility.CARE_TYPE)
        if self._diagnoses and not self._diagnoses.knows(visit.main):
            found.append(Admissibility.DIAGNOSIS)
        if self._procedures and not _any(self._procedures, visit.procedures):
            found.append(Admissibility.PROCEDURE)
        if self._without_diagnoses and _any(self._without_diagnoses, visit.diagnoses):
            found.append(Admissibility.EXCLUDED_DIAGNOSIS)
        if self._without_procedures and _any(self._without_procedures, visit.procedures):
            found.append(Admissibility.EXCLUDED_PROCEDURE)
        ways = conditions.discharge_ways
        if ways and visit.discharge_way and visit.discharge_way not in ways:
            found.append(Admissibility.DISCHARGE_WAY)
        reached = visit.days if visit.is_ended else max(visit.days, visit.expected_days)
        if conditions.min_days is not None and reached < conditions.min_days:
            found.append(Admissibility.TOO_SHORT)
        if conditions.max_days is not None and visit.days > conditions.max_days:
            found.append(Admissibility.TOO_LONG)
        return tuple(found)

    def reasons_of_cost(self, total: int, *, is_ended: bool) -> tuple[str, ...]:
        """The reasons that lie in the cost alone; an open stay can only grow dearer."""
        if self.min is None and self.max is None:
            return NO_REASONS
        if self.min is not None and total < self.min and is_ended:
            return (Admissibility.TOO_CHEAP,)
        if self.max is not None and total > self.max:
            return (Admissibility.TOO_DEAR,)
        return NO_REASONS


def _any(prefixes: Prefixes[bool], codes: tuple[str, ...]) -> bool:
    return any(map(prefixes.knows, codes))
