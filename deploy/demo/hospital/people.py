"""The people of the 示例 city: who comes to the hospital, how they are insured, what their year was like before."""

from random import Random
from typing import NamedTuple

from deploy.demo.hospital.departments import OBSTETRICS, PAEDIATRICS, Department
from schemas import units

EMPLOYEE, RESIDENT = "310", "390"
LOW_INCOME = "2"
#: Share of patients, percent: insured as residents; without any insurance (of the others); of a kind.
RESIDENTS, UNINSURED = 30, 1
CIVIL_SERVANTS, POOR, FROM_ELSEWHERE, ILL_BEFORE = 8, 6, 3, 8


class YearBefore(NamedTuple):
    """What the insurer knows of the patient's year before the first visit here: inpatient pool and 大病, fen."""

    admissions: int = 0
    deductible: int = 0
    base: int = 0
    fund: int = 0
    critical_base: int = 0
    critical_paid: int = 0


NOTHING_BEFORE = YearBefore()


class Person(NamedTuple):
    """A patient who does not exist. Codes as in schemas/codes/codes.csv and the book's codes.csv; money in fen."""

    patient_id: str
    person_no: str
    sex: str
    birth_date: str
    insurance_type: str
    person_type: str
    special_person: str = ""
    out_of_area: str = ""
    balance_fen: int = 0
    account_used: bool = True
    year_before: YearBefore = NOTHING_BEFORE

    def insured_as(self, insurance_type: str) -> "Person":
        """The same adult under another insurance (费别变动)."""
        is_old = self.person_type in {"12", "1201", "1202", "16"}
        kind = {EMPLOYEE: ("1101", "1201"), RESIDENT: ("1501", "16")}[insurance_type][is_old]
        return self._replace(insurance_type=insurance_type, person_type=kind, special_person="", balance_fen=0)


def make_person(number: int, department: Department, insurance_type: str | None, first_day: int, rng: Random) -> Person:
    """The `number`-th patient, fit for a department; `insurance_type` None: as chance has it, empty: uninsured."""
    if insurance_type is None:
        luck = rng.randrange(100)
        resident = 75 if department is PAEDIATRICS else RESIDENTS
        insurance_type = RESIDENT if luck < resident else EMPLOYEE if luck < 100 - UNINSURED else ""
    age_days = rng.randrange(30, 13 * 365) if department is PAEDIATRICS else rng.randrange(18 * 365, 88 * 365)
    if department is OBSTETRICS:
        age_days = rng.randrange(20 * 365, 44 * 365)
    is_old = age_days >= 60 * 365
    if department is PAEDIATRICS:
        insurance_type = insurance_type and RESIDENT
        person_type = "1402" if age_days < 6 * 365 else "1403"
    elif insurance_type == RESIDENT:
        person_type = "16" if is_old else "1501"
    elif rng.randrange(100) < CIVIL_SERVANTS:
        person_type = "1202" if is_old else "1102"
    else:
        person_type = "1201" if is_old else "1101"
    person = Person(
        patient_id=f"P{number:06d}",
        person_no=f"99{number:010d}" if insurance_type else "",
        sex="2" if department is OBSTETRICS else rng.choice("12"),
        birth_date=units.day_text(first_day - age_days),
        insurance_type=insurance_type,
        person_type=person_type if insurance_type else "",
    )
    return _with_benefits(person, rng) if insurance_type else person


def _with_benefits(person: Person, rng: Random) -> Person:
    """What is particular to this insured person."""
    changes: dict[str, object] = {}
    if person.insurance_type == EMPLOYEE:
        changes["balance_fen"] = rng.randrange(0, 600_000)
        changes["account_used"] = rng.randrange(10) > 0
    elif rng.randrange(100) < POOR:
        changes["special_person"] = LOW_INCOME
    if rng.randrange(100) < FROM_ELSEWHERE:
        changes["out_of_area"] = rng.choice(("resident", "referred", "unreferred"))
    if rng.randrange(100) < ILL_BEFORE:
        base = rng.randrange(400_000, 3_000_000)
        paid = 85 if person.insurance_type == EMPLOYEE else 65
        fund = base * paid // 100
        changes["year_before"] = YearBefore(rng.randrange(1, 4), 80_000, base, fund, base - fund + 80_000)
    return person._replace(**changes)  # type: ignore[arg-type]  # names of its own fields
