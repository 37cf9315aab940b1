"""One outpatient visit: registration, consultation, a few tests, drugs. No bed, no discharge.

Ordinary (care type 11), or of a registered chronic disease (14), whose drugs are for a month at most.
"""

from random import Random

from deploy.demo.hospital.care import ONE
from deploy.demo.hospital.catalogue import catalogue
from deploy.demo.hospital.departments import CHINESE_MEDICINE, Department
from deploy.demo.hospital.journal import MINUTE
from deploy.demo.hospital.visit import Visit

OUTPATIENT = "11"
CHRONIC = "14"
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
#: 门诊慢特病: the disease's code, the diagnosis, the drugs of a month.
_DISEASES = (
    ("M03900", "I10.x05", (("AMLO", 28), ("METO", 28))),
    ("M01600", "E11.900", (("METF", 90), ("INSU", 3))),
    ("M04600", "I25.103", (("ASPI", 28), ("CLOP", 28), ("ATOR", 28))),
)


def see(visit: Visit, department: Department, at: int, rng: Random) -> None:
    """Write the whole visit, beginning at `at` (epoch ms)."""
    doctor = rng.choice(department.doctors)
    diagnosis = rng.choice(("J06.900", "I10.x05", "E11.900", "K29.500", "M51.202"))
    drugs = tuple(rng.sample(_DRUGS, rng.randrange(1, 3)))
    disease: dict[str, str] = {}
    if visit.care_type == CHRONIC:
        visit.disease_code, diagnosis, drugs = rng.choice(_DISEASES)
        disease = {"disease_code": visit.disease_code}
    visit.admission(
        "register",
        at,
        rng.randrange(5, 120) * 1000,
        **visit.coverage(),
        care_type=visit.care_type,
        sex=visit.person.sex,
        birth_date=visit.person.birth_date,
        department=department.code,
        doctor=doctor,
        diagnoses=[{"code": diagnosis, "role": "main"}],
        **disease,
    )
    visit.charge("REGE" if rng.randrange(5) == 0 else "REGN", ONE, at + MINUTE, department.code, doctor)
    visit.charge("GENT" if rng.randrange(3) == 0 else "CONO", ONE, at + 2 * MINUTE, department.code, doctor)
    for key in rng.sample(_TESTS, rng.randrange(3)):
        seen_at = at + rng.randrange(10, 30) * MINUTE
        order_id = visit.order(catalogue()[key], seen_at, department.code, doctor, quantity=ONE)
        visit.charge(key, ONE, seen_at + 5 * MINUTE, department.code, doctor, order_id)
    paid_at = at + rng.randrange(60, 120) * MINUTE
    if department is CHINESE_MEDICINE and visit.care_type != CHRONIC:
        days = rng.choice((5, 7, 14))
        for key in (*rng.sample(_HERBS, 3), *(("EJIA",) if rng.randrange(4) == 0 else ())):
            visit.charge(key, days * ONE, paid_at, department.code, doctor)
        return
    days = 28 if visit.care_type == CHRONIC else 14
    for key, tablets in drugs:
        order_id = visit.order(catalogue()[key], paid_at, department.code, doctor, quantity=tablets * ONE, days=days)
        visit.charge(key, tablets * ONE, paid_at, department.code, doctor, order_id)
