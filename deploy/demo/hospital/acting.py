"""Plays the scripted cases of the rules: writes their visits, and notes what each must come to.

Cases have patients, numbers and chance of their own, so that the rest of the hospital is the same with or without them.
What a case writes arrives promptly and in order: an order check is answered on what is known by then.
"""

from random import Random

from deploy.demo.hospital.care import lines
from deploy.demo.hospital.case import Ask, Bill, Case
from deploy.demo.hospital.catalogue import catalogue
from deploy.demo.hospital.expectation import Expectation
from deploy.demo.hospital.journal import DAY, HOUR, MINUTE, Journal
from deploy.demo.hospital.people import EMPLOYEE, Person
from deploy.demo.hospital.visit import APPROVED, Line, Visit
from schemas import units

CLINIC, WARD = "11", "21"
CLINIC_HOUR, ADMISSION_HOUR, DISCHARGE_HOUR = 8, 8, 15
#: A prompt event reaches the system so long after it happened, ms.
PROMPT_MS = 30_000
NIGHTLY, TREATMENT = lines("BED3, CONS, NLV2"), lines("TINF 2, NACL 2, MINF, MSYR 2")


class Actor:
    """Writes the visits of cases, one after another."""

    def __init__(self, seed: int, journal: Journal, first_day: int) -> None:
        self._seed = seed
        self._journal = journal
        self._first_day = first_day
        self._people: dict[str, Person] = {}
        self._visits = 0

    def act(self, case: Case, midnight: int, bed: str) -> tuple[Visit, int]:
        """Write the visit, whose first day begins at `midnight` (ms); returns it, and when the last of it happened."""
        self._visits += 1
        visit_id = f"{'ZY' if case.nights else 'MZ'}9{self._visits:06d}"
        rng = Random(f"{self._seed}/{visit_id}")  # noqa: S311 - reproducible, not secret
        person = self._person(case)
        care_type = case.care_type or (WARD if case.nights else CLINIC)
        visit = Visit(self._journal, person, visit_id, care_type, rng, lag_ms=PROMPT_MS)
        expectation = self._journal.expectation
        expectation.findings.update(((visit_id, rule), end.value) for rule, end in case.expects.items())
        expectation.cases[visit_id] = case.name
        ends = self._begin(visit, case, midnight, bed)
        for night in range(case.nights):
            self._charge(visit, case, Bill(NIGHTLY, night, 9), midnight)
            if not case.is_idle:
                self._charge(visit, case, Bill(TREATMENT, night, 11), midnight)
        for deed in case.does:
            if isinstance(deed, Ask):
                ends = max(ends, self._ask(visit, case, deed, midnight, expectation))
            else:
                ends = max(ends, self._charge(visit, case, deed, midnight))
        if case.nights and not case.stays:
            ends = max(ends, self._leave(visit, case, midnight, bed))
        return visit, ends

    # ------------------------------------------------------------ coming and going

    def _begin(self, visit: Visit, case: Case, midnight: int, bed: str) -> int:
        department = case.department
        at = midnight + (ADMISSION_HOUR if case.nights else CLINIC_HOUR) * HOUR
        visit.disease_code = str(case.more.get("disease_code", ""))
        place = {"ward": department.ward, "bed": bed} if case.nights else {}
        said = {
            **visit.coverage(),
            "care_type": visit.care_type,
            "sex": visit.person.sex,
            "birth_date": visit.person.birth_date,
            "department": department.code,
            "doctor": department.doctors[0],
            "diagnoses": _diagnoses(case, at),
            **place,
            **case.more,
        }
        visit.admission("admit" if case.nights else "register", at, PROMPT_MS, **said)
        if case.operation:
            day, code = case.operation
            visit.operate(code, midnight + day * DAY + 9 * HOUR)
        if case.late:
            day, fields = case.late
            at = midnight + day * DAY + 12 * HOUR
            visit.admission("update", at, PROMPT_MS, **fields)
        return at

    @staticmethod
    def _leave(visit: Visit, case: Case, midnight: int, bed: str) -> int:
        at = midnight + case.nights * DAY + DISCHARGE_HOUR * HOUR
        department = case.department
        said = {
            "department": department.code,
            "ward": department.ward,
            "bed": bed,
            "discharge_way": "1",
            "diagnoses": _diagnoses(case, at),
            **case.leaving,
        }
        visit.admission("discharge", at, PROMPT_MS, **said)
        return at

    # ------------------------------------------------------------ lines and orders

    @staticmethod
    def _charge(visit: Visit, case: Case, deed: Bill, midnight: int) -> int:
        department = case.department
        doctor = department.doctors[deed.doctor]
        at = midnight + deed.day * DAY + deed.hour * HOUR
        ends = at
        for place, (key, quantity) in enumerate(deed.items):
            item, order_id = catalogue()[key], ""
            charged_at = at + place * MINUTE
            if deed.order is not None:
                said = {"quantity": quantity, **deed.order}
                order_id = visit.order(item, charged_at - 5 * MINUTE, department.code, doctor, **said)
            line = visit.charge(
                key,
                quantity,
                charged_at,
                department.code,
                doctor,
                order_id,
                flawless=True,
                approval=APPROVED if item.high_value else "",
                met=True if item.limited_use else None,
                more=deed.fields,
            )
            ends = max(ends, charged_at, _taken_back(visit, line, deed.refunded_after))
        return ends

    @staticmethod
    def _ask(visit: Visit, case: Case, deed: Ask, midnight: int, expectation: Expectation) -> int:
        department = case.department
        doctor = department.doctors[deed.doctor]
        at = midnight + deed.day * DAY + deed.hour * HOUR
        said = {"quantity": deed.quantity, **deed.fields}
        order_id = visit.order(catalogue()[deed.item], at, department.code, doctor, **said)
        expectation.checks[f"{visit.visit_id}.{order_id}.placed"] = deed.finds
        if deed.is_withdrawn:
            visit.change_order(order_id, "cancelled", at + 10 * MINUTE, department.code, doctor)
        return at + 10 * MINUTE

    # ------------------------------------------------------------ people

    def _person(self, case: Case) -> Person:
        """The patient of a case: born so many years, and half a year, before the hospital's first day."""
        known = self._people.get(case.who)
        if known is not None:
            return known
        number = len(self._people) + 1
        born = self._first_day - case.age * 365_2425 // 10_000 - 180
        person = Person(
            patient_id=f"P9{number:05d}",
            person_no=f"998{number:09d}",
            sex=case.sex,
            birth_date=units.day_text(born),
            insurance_type=case.insurance_type,
            person_type=_person_type(case),
        )
        self._people[case.who] = person
        return person


def _taken_back(visit: Visit, line: Line, hours: int) -> int:
    """Take a line back so many hours later; returns when, 0: not at all."""
    if not hours:
        return 0
    at = line.charged_at + hours * HOUR
    visit.take_back(line, at)
    return at


def _diagnoses(case: Case, at: int) -> list[dict[str, object]]:
    return [
        {"code": code, "role": "other" if place else "main", "made_at": at} for place, code in enumerate(case.diagnoses)
    ]


def _person_type(case: Case) -> str:
    is_old = case.age >= 60
    if case.insurance_type == EMPLOYEE:
        return "1201" if is_old else "1101"
    if case.age < 18:
        return "1402" if case.age < 6 else "1403"
    return "16" if is_old else "1501"
