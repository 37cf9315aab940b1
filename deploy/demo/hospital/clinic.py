"""One outpatient visit (care type 11): registration, consultation, a few tests, drugs. No bed, no discharge."""

from random import Random

from deploy.demo.hospital.care import ONE
from deploy.demo.hospital.catalogue import catalogue
from deploy.demo.hospital.departments import CHINESE_MEDICINE, Department
from deploy.demo.hospital.journal import MINUTE
from deploy.demo.hospital.visit import Visit

OUTPATIENT = "11"
_TESTS = ("LBRT", "LURT", "LCRP", "LHBA", "ECG1", "XRAY", "USAB", "LLIV")
_DRUGS = (
    ("AMOX", 21),
    ("PANT", 14),
    ("ATOR", 28),
    ("AMLO", 28),
    ("METF", 90),
    ("METO", 28),
    ("LHQW", 18),
    ("HXZT", 54),
)
_HERBS = ("HQHA", "DGUI", "FULI", "GCAO")


def see(visit: Visit, department: Department, at: int, rng: Random) -> None:
    """Write the whole visit, beginning at `at` (epoch ms)."""
    doctor = rng.choice(department.doctors)
    visit.admission(
        "register",
        at,
        rng.randrange(5, 120) * 1000,
        insurance_type=visit.known_insurance,
        care_type=visit.care_type,
        person_type=visit.person.person_type if visit.known_insurance else "",
        sex=visit.person.sex,
        birth_date=visit.person.birth_date,
        department=department.code,
        doctor=doctor,
        diagnoses=[{"code": rng.choice(("J06.900", "I10.x05", "E11.900", "K29.500", "M51.202")), "role": "main"}],
    )
    visit.charge("REGE" if rng.randrange(5) == 0 else "REGN", ONE, at + MINUTE, department.code, doctor)
    visit.charge("GENT" if rng.randrange(3) == 0 else "CONO", ONE, at + 2 * MINUTE, department.code, doctor)
    for key in rng.sample(_TESTS, rng.randrange(3)):
        seen_at = at + rng.randrange(10, 30) * MINUTE
        order_id = visit.order(catalogue()[key], seen_at, department.code, doctor, quantity=ONE)
        visit.charge(key, ONE, seen_at + 5 * MINUTE, department.code, doctor, order_id)
    paid_at = at + rng.randrange(60, 120) * MINUTE
    if department is CHINESE_MEDICINE:
        days = rng.choice((5, 7, 14))
        for key in (*rng.sample(_HERBS, 3), *(("EJIA",) if rng.randrange(4) == 0 else ())):
            visit.charge(key, days * ONE, paid_at, department.code, doctor)
        return
    for key, tablets in rng.sample(_DRUGS, rng.randrange(1, 3)):
        order_id = visit.order(catalogue()[key], paid_at, department.code, doctor, quantity=tablets * ONE, days=14)
        visit.charge(key, tablets * ONE, paid_at, department.code, doctor, order_id)
