"""Makes the view of a visit: from its running state, from an order-check request, or from both."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from agents.core.marks import OrderMark
from agents.core.outlook import settled_by_insurer
from agents.core.policy import Policy
from agents.core.rules.lines import Lines
from agents.core.rules.view import (
    INPATIENT,
    ORDER,
    OUTPATIENT,
    PHARMACY,
    Facts,
    Past,
    PastUse,
    Place,
    Use,
    View,
)
from agents.core.visit import Visit
from schemas.codes import LEVEL_COUNT, category_index, level_index
from schemas.events import OrderKind
from schemas.facts import VisitStatus
from schemas.ledger import OrderDetail
from schemas.units import day_number, day_of, line_amount_fen

NO_DETAIL = OrderDetail()
#: 41: 定点药店购药.
PHARMACY_CARE = frozenset({"41"})


def facts_of(visit: Visit, policy: Policy) -> Facts:
    """What is known of the visit apart from its lines."""
    stay, key, zone = visit.stay, visit.key, policy.zone
    hospital = policy.hospital(key.hospital)
    department, ward, bed = stay.whereabouts
    tally, as_of = visit.tally, visit.head.as_of
    settled = settled_by_insurer(visit)
    return Facts(
        hospital=key.hospital,
        patient_id=key.patient_id,
        visit_id=key.visit_id,
        region=hospital.region,
        tier=hospital.tier,
        tiers=policy.book.tiers,
        mode=stay.visit_mode or mode_of(stay.care_type, is_outpatient=stay.is_outpatient),
        is_outpatient=stay.is_outpatient,
        is_online=stay.is_online,
        is_urgent=stay.is_urgent,
        is_ended=stay.is_outpatient or stay.status is VisitStatus.DISCHARGED,
        is_cancelled=stay.status is VisitStatus.CANCELLED,
        insurance_type=stay.insurance_type,
        care_type=stay.care_type,
        person_type=stay.person_type,
        special_person=stay.special_person,
        person_no=stay.person_no,
        sex=stay.sex,
        birth_date=stay.birth_date,
        birth_day=birth_day(stay.birth_date),
        pregnancy=stay.pregnancy,
        department=department,
        ward=ward,
        bed=bed,
        doctor=stay.doctor,
        disease_code=stay.disease_code,
        discharge_way=stay.discharge_way,
        readmission=stay.readmission,
        main_diagnosis=stay.main_diagnosis.upper(),
        diagnoses=stay.diagnosis_details,
        procedures=stay.procedure_details,
        admitted_at=stay.admitted_at,
        discharged_at=stay.discharged_at,
        admitted_day=_day(stay.admitted_at, zone),
        discharged_day=_day(stay.discharged_at, zone),
        died_at=stay.died_at,
        as_of=as_of,
        today=day_of(as_of, zone),
        places=tuple(Place(place.department, place.ward, place.bed, place.entered_at) for place in stay.places),
        census=tuple(stay.census),
        census_days=tuple(day_of(at, zone) for at, _ in stay.census),
        leaves=tuple(stay.leaves),
        sexes=stay.sexes,
        birth_dates=stay.birth_dates,
        blood_types=stay.blood_types,
        settled_total_fen=settled.total_fen if settled else None,
        total_fen=tally.amount,
        by_category=tuple(
            sum(tally.cells[start : start + LEVEL_COUNT]) for start in range(0, len(tally.cells), LEVEL_COUNT)
        ),
        by_day=tally.days,
        zone=zone,
    )


def orders_of(visit: Visit, zone: tzinfo) -> list[Use]:
    """The visit's orders that were not cancelled, in order of time."""
    found = [
        _order(mark, visit.order_contents[mark.order_id], zone)
        for mark in visit.orders.values()
        if mark.kind != OrderKind.CANCELLED
    ]
    found.sort(key=lambda use: (use.at, use.id))
    return found


def _order(latest: OrderMark, content: tuple[int, OrderMark], zone: tzinfo) -> Use:
    begun, mark = content
    detail = mark.detail or NO_DETAIL
    return Use(
        mark.order_id,
        ORDER,
        mark.item,
        begun,
        day_of(begun, zone),
        mark.quantity_e4,
        line_amount_fen(mark.quantity_e4, mark.price_micro),
        mark.price_micro,
        category_index(detail.category) if detail.category else -1,
        level_index(detail.level),
        mark.hospital_item,
        detail.name,
        detail.list_type,
        mark.department,
        mark.doctor,
        mark.order_id,
        recorded_at=mark.recorded_at,
        days=mark.days,
        take_home=mark.take_home,
        herbal_use=detail.herbal_use,
        consent=detail.consent,
        doctor_grade=mark.doctor_grade,
        speciality=detail.speciality,
        prescription_id=detail.prescription_id,
        group=detail.group,
        dose=mark.dose,
        dose_unit=detail.dose_unit,
        frequency=mark.frequency,
        route=detail.route,
        long_term=mark.long_term,
        ends_at=latest.occurred_at if latest.kind == OrderKind.STOPPED else detail.ends_at,
        is_open=latest.kind != OrderKind.STOPPED,
    )


def past_of(visit: Visit, lines: Mapping[str, Sequence[Use]]) -> Past:
    """What the patient's other visits need to know of this one."""
    stay = visit.stay
    return Past(
        visit.key.visit_id,
        visit.begun_at,
        visit.ended_at or 0,
        stay.is_outpatient,
        stay.visit_mode or mode_of(stay.care_type, is_outpatient=stay.is_outpatient),
        stay.department,
        stay.main_diagnosis.upper(),
        tuple(code.upper() for code in stay.diagnoses),
        stay.procedures,
        stay.care_type,
        stay.insurance_type,
        stay.discharge_way,
        stay.doctor,
        visit.tally.amount,
        stay.is_urgent,
        tuple(_past_use(item, lines[item], visit.order_contents) for item in sorted(lines)),
    )


def _past_use(item: str, uses: Sequence[Use], orders: Mapping[str, tuple[int, OrderMark]]) -> PastUse:
    days: dict[int, int] = {}
    until = 0
    for use in uses:
        days[use.day] = days.get(use.day, 0) + use.quantity_e4
        order = orders.get(use.order_id)
        supply = use.days or (order[1].days if order is not None else 0)
        if supply:
            until = max(until, use.day + supply)
    return PastUse(item, days, until, sum(use.amount_fen for use in uses))


def view_of(
    visit: Visit,
    policy: Policy,
    lines: Lines | None = None,
    past: Iterable[Past] = (),
    inputs: Mapping[str, Any] | None = None,
    **more: Any,
) -> View:
    """The view of a visit as it stands. `more`: what the compiled library adds (names, prescribers, exemptions)."""
    lines = lines if lines is not None else Lines(visit)
    return View(
        facts_of(visit, policy),
        lines,
        orders_of(visit, policy.zone),
        (),
        past_before(visit, past),
        inputs,
        aliases=lines.aliases,
        **more,
    )


def past_before(visit: Visit, past: Iterable[Past]) -> list[Past]:
    """The patient's visits that began before this one, in this order."""
    begun = visit.begun_at
    before = [other for other in past if other.visit_id != visit.key.visit_id and _is_before(other, begun, visit)]
    before.sort(key=lambda other: (other.admitted_at, other.visit_id))
    return before


def _is_before(other: Past, begun: int, visit: Visit) -> bool:
    return (other.admitted_at, other.visit_id) < (begun, visit.key.visit_id)


def mode_of(care_type: str, *, is_outpatient: bool) -> str:
    """med_mdtrt_type as far as events say it: pharmacy by its care type, else outpatient or inpatient."""
    if care_type in PHARMACY_CARE:
        return PHARMACY
    return OUTPATIENT if is_outpatient else INPATIENT


def birth_day(text: str) -> int | None:
    """Day number of a birth date (`2015-06-01`, `20150601`, with or without a time); None for what is no date."""
    digits = text.strip()[:10]
    if len(text.strip()) >= 8 and digits[:8].isdigit():
        digits = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    try:
        return day_number(digits)
    except ValueError:
        return None


def _day(ms: int | None, zone: tzinfo) -> int | None:
    return None if ms is None else day_of(ms, zone)
