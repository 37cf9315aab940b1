"""A visit as settlement, grouping and payment look at it: who, under which coverage, what was found and done, the sums.

Built from the running state of a visit (`case_of`, agents/core/visit.py), so that the stream and the command line
reckon the very same thing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from agents.core.policy import Policy
from agents.core.rating import Pricer, rate
from agents.core.settlement.lines import LineSums
from agents.core.visit import Visit
from agents.core.watching import length_of_stay
from schemas.codes import LEVEL_COUNT
from schemas.events import SettlementKind
from schemas.facts import VisitStatus
from schemas.units import day_of

OPERATION_CATEGORY = 5  # 06 手术费


@dataclass(slots=True)
class Case:
    """One visit. Days are day numbers (schemas.units), codes as they came; empty means not said.

    is_ended: discharged, or an outpatient visit. days: length of stay (outpatients: 0). end_day: discharge, else the
    day of the visit's clock; ended_at: the same in ms (outpatients: when they registered). basic_fen: total − 丙.
    by_day: the split sums of each charge day; `sums` is their total. mid_stay_days: days through which a mid-stay
    settlement (中途结算) reckoned. admitted_at (ms) orders visits. operation_fen: charged under 06 手术费.
    departments: where the patient lay, in this order, each once.
    """

    hospital: str = ""
    patient_id: str = ""
    visit_id: str = ""
    department: str = ""
    insurance_type: str = ""
    care_type: str = ""
    person_type: str = ""
    special_person: str = ""
    out_of_area: str = ""
    sex: str = ""
    birth_date: str = ""
    main_diagnosis: str = ""
    diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    disease_code: str = ""
    discharge_way: str = ""
    is_outpatient: bool = False
    is_ended: bool = False
    admitted_at: int = 0
    ended_at: int = 0
    admitted_day: int = 0
    end_day: int = 0
    days: int = 0
    basic_fen: int = 0
    sums: LineSums = field(default_factory=LineSums)
    by_day: Mapping[int, LineSums] = field(default_factory=dict)
    mid_stay_days: tuple[int, ...] = ()
    account_balance_fen: int | None = None
    account_used: bool = True
    operation_fen: int = 0
    departments: tuple[str, ...] = ()


def case_of(visit: Visit, policy: Policy, terms: Pricer) -> Case:
    """The visit as it stands, its lines split under these terms."""
    stay, zone, key = visit.stay, policy.zone, visit.key
    rating = rate(visit, terms)
    admitted_at, ended_at = visit.begun_at, visit.ended_at
    if ended_at is None:
        ended_at = visit.head.as_of
    return Case(
        hospital=key.hospital,
        patient_id=key.patient_id,
        visit_id=key.visit_id,
        department=stay.department,
        insurance_type=stay.insurance_type,
        care_type=stay.care_type,
        person_type=stay.person_type,
        special_person=stay.special_person,
        out_of_area=stay.out_of_area,
        sex=stay.sex,
        birth_date=stay.birth_date,
        main_diagnosis=stay.main_diagnosis,
        diagnoses=stay.diagnoses,
        procedures=stay.procedures,
        disease_code=stay.disease_code,
        discharge_way=stay.discharge_way,
        is_outpatient=stay.is_outpatient,
        is_ended=stay.is_outpatient or stay.status is VisitStatus.DISCHARGED,
        admitted_at=admitted_at,
        ended_at=ended_at,
        admitted_day=day_of(admitted_at, zone),
        end_day=day_of(ended_at, zone),
        days=length_of_stay(visit, policy) or 0,
        basic_fen=visit.tally.basic,
        sums=rating.sums,
        by_day=rating.by_day,
        mid_stay_days=_mid_stay_days(visit, zone) if visit.mid_stay else (),
        account_balance_fen=stay.account_balance,
        account_used=stay.account_used,
        operation_fen=sum(visit.tally.cells[OPERATION_CATEGORY * LEVEL_COUNT : (OPERATION_CATEGORY + 1) * LEVEL_COUNT]),
        departments=tuple(dict.fromkeys([place.department for place in stay.places])),
    )


def _mid_stay_days(visit: Visit, zone: tzinfo) -> tuple[int, ...]:
    settled = (mark for mark in visit.mid_stay.values() if mark.body.kind == SettlementKind.SETTLED)
    return tuple(sorted(day_of(mark.occurred_at, zone) for mark in settled))
