"""Persons over many visits.

One person in two places, patients who always come together, a doctor who lies in hospital, one bed with two patients.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Cited, Hit, Parameters
from agents.core.rules.kinds.detectors.words import HOUR_MS, MINUTE_MS, hours_text
from agents.core.rules.population import Bed, Ordering, Population, PopulationHit, PopulationKind, Summary
from agents.core.rules.view import CHARGE, Use
from schemas.units import day_text

OPEN_END = 1 << 62


def _end(visit: Summary) -> int:
    return visit.ended_at or OPEN_END


class PersonParameters(Parameters):
    """margin_hours: an overlap so short is the handling of admission or discharge."""

    margin_hours: Annotated[int, Field(ge=0)] = 12


class PersonTwice(PopulationKind[PersonParameters]):
    """One insured person (psn_no) was treated under two patient numbers, one of the visits within a stay of the other.

    Told of the later visit. Overlaps within one patient number are another rule's (visit_during_stay).
    """

    name = "person_twice"
    title_zh = "同一参保人两处同时就诊"
    title_en = "one insured person in two places"
    parameters = PersonParameters

    def check_population(self, population: Population, bound: Bound[PersonParameters]) -> Iterable[PopulationHit]:
        """Visits that began within a stay of the same person under another patient number."""
        margin = bound.parameters.margin_hours * HOUR_MS
        for visits in population.by_person.values():
            stays = [visit for visit in visits if not visit.is_outpatient]
            if not stays or len({visit.patient_id for visit in visits}) < 2:
                continue
            for visit in visits:
                others = [stay for stay in stays if _lies_within(visit, stay, margin)]
                if others:
                    yield PopulationHit(_person_hit(visit, others, bound.parameters.margin_hours), visit)


def _lies_within(visit: Summary, stay: Summary, margin: int) -> bool:
    return (
        stay.patient_id != visit.patient_id
        and stay.order < visit.order
        and stay.admitted_at + margin <= visit.admitted_at < _end(stay) - margin
    )


def _person_hit(visit: Summary, others: list[Summary], margin_hours: int) -> Hit:
    what_zh, what_en = ("门诊就诊", "outpatient visit") if visit.is_outpatient else ("住院", "stay")
    day = day_text(visit.admitted_day)
    return Hit(
        f"同一参保人以另一病历号在院期间，于 {day} 发生本次{what_zh}，请核对是否本人就诊",
        f"While the same insured person lay in hospital under another patient number, this {what_en} began on {day};"
        " please check who was treated",
        parameters={"margin_hours": f"{margin_hours} h"},
        inputs={"day": day, "stays": str(len(others))},
        visits=tuple(sorted(other.visit_id for other in others)),
    )


class CompanionParameters(Parameters):
    """What counts as coming together.

    fewest_patients: so many patients. fewest_days: on so many days, to one doctor. minutes: registered so close to each
    other.
    """

    fewest_patients: Annotated[int, Field(ge=2)] = 2
    fewest_days: Annotated[int, Field(ge=2)] = 3
    minutes: Annotated[int, Field(ge=1)] = 30


class Companions(PopulationKind[CompanionParameters]):
    """The same patients saw one doctor together on several days (结伴就医).

    Two patients come together on a day when they registered within `minutes` of each other; who came together with
    somebody of a group belongs to it. Told once a patient, of the latest visit they came together for.
    """

    name = "companions"
    title_zh = "结伴就医"
    title_en = "patients who always come together"
    parameters = CompanionParameters

    def check_population(self, population: Population, bound: Bound[CompanionParameters]) -> Iterable[PopulationHit]:
        """Doctor by doctor; only patients who came often enough to the doctor are paired."""
        limits = bound.parameters
        exempt = frozenset(bound.active.rule.exemptions)
        by_doctor: dict[str, dict[str, list[Summary]]] = {}
        for visit in population.asked:
            if visit.is_outpatient and visit.doctor and not exempt.intersection(visit.exempt):
                by_doctor.setdefault(visit.doctor, {}).setdefault(visit.patient_id, []).append(visit)
        for _, patients in sorted(by_doctor.items()):
            often = {
                patient: visits
                for patient, visits in patients.items()
                if len({visit.admitted_day for visit in visits}) >= limits.fewest_days
            }
            yield from _groups_of(often, limits)


def _groups_of(often: dict[str, list[Summary]], limits: CompanionParameters) -> Iterator[PopulationHit]:
    together: dict[tuple[str, str], set[int]] = {}
    by_day: dict[int, list[Summary]] = {}
    for visits in often.values():
        for visit in visits:
            by_day.setdefault(visit.admitted_day, []).append(visit)
    for day, visits in by_day.items():
        visits.sort(key=lambda visit: visit.order)
        for place, one in enumerate(visits):
            for other in visits[place + 1 :]:
                if other.admitted_at - one.admitted_at > limits.minutes * MINUTE_MS:
                    break
                if one.patient_id != other.patient_id:
                    pair = min(one.patient_id, other.patient_id), max(one.patient_id, other.patient_id)
                    together.setdefault(pair, set()).add(day)
    linked: dict[str, dict[str, set[int]]] = {}
    for (one_id, other_id), days in together.items():
        if len(days) >= limits.fewest_days:
            linked.setdefault(one_id, {})[other_id] = days
            linked.setdefault(other_id, {})[one_id] = days
    for group in _components(linked):
        if len(group) < limits.fewest_patients:
            continue
        for patient in group:
            days = set().union(*linked[patient].values())
            shared = [visit for visit in often[patient] if visit.admitted_day in days]
            yield PopulationHit(_companion_hit(group, patient, days, often, limits), max(shared, key=lambda v: v.order))


def _components(linked: dict[str, dict[str, set[int]]]) -> Iterator[list[str]]:
    seen: set[str] = set()
    for start in sorted(linked):
        if start in seen:
            continue
        group, waiting = set(), [start]
        while waiting:
            patient = waiting.pop()
            if patient not in group:
                group.add(patient)
                waiting += linked[patient]
        seen |= group
        yield sorted(group)


def _companion_hit(
    group: list[str], patient: str, days: set[int], often: dict[str, list[Summary]], limits: CompanionParameters
) -> Hit:
    others = [
        visit
        for other in group
        if other != patient
        for visit in often[other]
        if visit.admitted_day in days
    ]  # fmt: skip
    return Hit(
        f"与另 {len(group) - 1} 名患者有 {len(days)} 天先后 {limits.minutes} 分钟内在同一医师处就诊，请核对就诊必要性",
        f"On {len(days)} days this patient registered within {limits.minutes} minutes of {len(group) - 1} other"
        " patient(s) with the same doctor; please look at whether the visits were needed",
        parameters={
            "fewest_patients": str(limits.fewest_patients),
            "fewest_days": f"{limits.fewest_days} d",
            "minutes": f"{limits.minutes} min",
        },
        inputs={"patients": str(len(group)), "other_patients": str(len(group) - 1), "days": f"{len(days)} d"},
        visits=tuple(sorted(visit.visit_id for visit in others)),
    )


class DoctorParameters(Parameters):
    """margin_hours: at either end of the doctor's own stay, what is ordered may still be duty."""

    margin_hours: Annotated[int, Field(ge=0)] = 24


class DoctorInHospital(PopulationKind[DoctorParameters]):
    """A doctor ordered for patients while lying in hospital. Needs the doctor's own `person_no` (book: prescribers).

    Rests, for each visit, on one line a day; its amount is that of all lines the doctor ordered on the day.
    """

    name = "doctor_in_hospital"
    title_zh = "医师住院期间收治患者"
    title_en = "a doctor treating while in hospital"
    parameters = DoctorParameters

    def check_population(self, population: Population, bound: Bound[DoctorParameters]) -> Iterable[PopulationHit]:
        """What doctors ordered within their own stays."""
        margin = bound.parameters.margin_hours * HOUR_MS
        stays = {
            doctor: [visit for visit in population.by_person.get(row.person_no, ()) if not visit.is_outpatient]
            for doctor, row in population.prescribers.items()
            if row.person_no
        }
        stays = {doctor: found for doctor, found in stays.items() if found}
        if not stays:
            return
        for visit in population.asked:
            for doctor in sorted({ordering.doctor for ordering in visit.ordering if ordering.doctor in stays}):
                found = [
                    ordering
                    for ordering in visit.ordering
                    if ordering.doctor == doctor and any(_during(ordering, stay, margin) for stay in stays[doctor])
                ]
                if found:
                    hit = _doctor_hit(found, stays[doctor], bound.parameters.margin_hours)
                    yield PopulationHit(hit._replace(subject=doctor), visit, doctor=doctor)


def _during(ordering: Ordering, stay: Summary, margin: int) -> bool:
    return stay.admitted_at + margin <= ordering.first_at and ordering.last_at < _end(stay) - margin


def _doctor_hit(found: list[Ordering], stays: list[Summary], margin_hours: int) -> Hit:
    days = sorted({ordering.day for ordering in found})
    uses = [Use(one.line_id, CHARGE, one.item, one.first_at, one.day, amount_fen=one.amount_fen) for one in found]
    return Hit(
        f"开单医师 {found[0].doctor} 在本人住院期间（{day_text(days[0])} 起 {len(days)} 天）仍有开单，请核对诊疗医师",
        f"Doctor {found[0].doctor} ordered on {len(days)} day(s) from {day_text(days[0])} on while lying in hospital;"
        " please check who treated the patient",
        [Cited(use, use.amount_fen) for use in uses],
        parameters={"margin_hours": f"{margin_hours} h"},
        inputs={"days": f"{len(days)} d", "first_day": day_text(days[0])},
        visits=tuple(sorted(stay.visit_id for stay in stays)),
    )


class BedParameters(Parameters):
    """overlap_hours: two patients in one bed for so long are no mere handing over of the bed."""

    overlap_hours: Annotated[int, Field(ge=1)] = 4


class SharedBed(PopulationKind[BedParameters]):
    """Two or more patients held one bed of one ward at the same time (一床多人).

    Told of each of their visits; newborns beside their mother need a bed number of their own to be left out.
    """

    name = "shared_bed"
    title_zh = "一床多人"
    title_en = "one bed, several patients"
    parameters = BedParameters

    def check_population(self, population: Population, bound: Bound[BedParameters]) -> Iterable[PopulationHit]:
        """Bed by bed, in order of time."""
        least = bound.parameters.overlap_hours * HOUR_MS
        by_bed: dict[tuple[str, str], list[tuple[Bed, Summary]]] = {}
        for visit in population.visits:
            for bed in visit.beds:
                by_bed.setdefault((bed.ward or visit.department, bed.bed), []).append((bed, visit))
        longest: dict[tuple[str, str], tuple[int, Bed]] = {}
        others: dict[tuple[str, str], dict[str, None]] = {}
        visits: dict[tuple[str, str], Summary] = {}
        for stretches in by_bed.values():
            stretches.sort(key=lambda pair: (pair[0].since, pair[1].order))
            for place, (bed, visit) in enumerate(stretches):
                for later, other in stretches[place + 1 :]:
                    if bed.until - later.since < least:
                        break
                    overlap = min(bed.until, later.until) - later.since
                    if overlap < least or other.patient_id == visit.patient_id:
                        continue
                    for mine, their, where in ((visit, other, bed), (other, visit, later)):
                        key = mine.patient_id, mine.visit_id
                        visits[key] = mine
                        others.setdefault(key, {})[their.visit_id] = None
                        if overlap > longest.get(key, (0, where))[0]:
                            longest[key] = overlap, where
        for key, visit in visits.items():
            overlap, where = longest[key]
            yield PopulationHit(_bed_hit(where, overlap, sorted(others[key]), bound.parameters.overlap_hours), visit)


def _bed_hit(bed: Bed, overlap: int, others: list[str], overlap_hours: int) -> Hit:
    hours = hours_text(overlap)
    place = f"{bed.ward} {bed.bed}".strip()
    return Hit(
        f"床位 {place} 与另 {len(others)} 名在院患者同时登记，最长重叠 {hours} 小时，请核对床位与在院情况",
        f"Bed {place} was held by {len(others)} other patient(s) at the same time, for up to {hours} hours; please"
        " check beds and presence",
        parameters={"overlap_hours": f"{overlap_hours} h"},
        inputs={"bed": place, "others": str(len(others)), "overlap": f"{hours} h"},
        visits=tuple(others),
    )
