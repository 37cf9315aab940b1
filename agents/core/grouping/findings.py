"""What grouping looks at: diagnoses, operations, sex, age and way of discharge of a visit; and the grouper itself."""

from functools import lru_cache
from typing import NamedTuple, Protocol

from agents.core.case import Case
from schemas.prediction import Grouped
from schemas.units import day_number

UNKNOWN_AGE = -1


class Findings(NamedTuple):
    """Everything that can change a group. Two visits with the same findings are in the same group.

    others: the other diagnoses, sorted; procedures: the first one recorded (主要手术), then the rest sorted: the order
    in which the rest was written down says nothing. age_days: at admission, UNKNOWN_AGE where no birth date is known.
    """

    main: str
    others: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    sex: str = ""
    age_days: int = UNKNOWN_AGE
    discharge_way: str = ""


class Grouper(Protocol):
    """Puts a visit into its group. Total: what cannot be grouped has a status that says why, never an exception."""

    def group(self, case: Case) -> Grouped:
        """The group of a visit as it is recorded now."""


def findings_of(case: Case) -> Findings:
    """The findings of a case; blank and repeated codes are left out."""
    main = case.main_diagnosis.strip()
    others = {code.strip() for code in case.diagnoses} - {main, ""}
    procedures = list(dict.fromkeys(code.strip() for code in case.procedures if code.strip()))
    return Findings(
        main,
        tuple(sorted(others)),
        (procedures[0], *sorted(procedures[1:])) if procedures else (),
        case.sex,
        age_days(case.birth_date, case.admitted_day),
        case.discharge_way,
    )


@lru_cache(maxsize=65_536)
def age_days(birth_date: str, day: int) -> int:
    """Age in days on a day; UNKNOWN_AGE where the birth date is missing, unreadable or later."""
    try:
        born = day_number(birth_date.strip()[:10])
    except ValueError:
        return UNKNOWN_AGE
    return day - born if day >= born else UNKNOWN_AGE


def is_of_age(age: int, youngest: int | None, oldest: int | None) -> bool:
    """Whether an age (days) lies between two, both included; an unknown age fits only where there is no bound."""
    if youngest is None and oldest is None:
        return True
    return age != UNKNOWN_AGE and (youngest is None or age >= youngest) and (oldest is None or age <= oldest)
