"""The stay: who lies where, since when, under which coverage, folded from all admission events in time order.

Folding the sorted events afresh makes the order of arrival irrelevant: a late transfer or a late card is just one
more event in its place.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from agents.core.marks import StayMark
from schemas.events import AdmissionKind
from schemas.facts import VisitStatus
from schemas.ledger import Clinical, Diagnosis, Entitlement, Procedure, YearToDate

#: At the same moment: opening before moving, moving before closing, closing before its withdrawal.
KIND_RANK = {
    AdmissionKind.REGISTER: 0,
    AdmissionKind.ADMIT: 0,
    AdmissionKind.COVER: 1,
    AdmissionKind.UPDATE: 1,
    AdmissionKind.TRANSFER: 2,
    AdmissionKind.DISCHARGE: 3,
    AdmissionKind.CANCEL_DISCHARGE: 4,
    AdmissionKind.CANCEL_ADMIT: 5,
}
#: Kinds whose department says where the patient lies from then on (2403 carries transfers under `update`).
MOVING = frozenset({AdmissionKind.ADMIT, AdmissionKind.REGISTER, AdmissionKind.TRANSFER, AdmissionKind.UPDATE})
SAID = ("insurance_type", "care_type", "person_type", "sex", "birth_date", "doctor", "disease_code")


@dataclass(slots=True)
class Place:
    """One stretch in one department, from `entered_at` on."""

    department: str
    ward: str
    bed: str
    entered_at: int


@dataclass(slots=True)
class Stay:
    """The folded stay. `places` are in time order; times in ms; empty text means not said."""

    status: VisitStatus = VisitStatus.PENDING
    admitted_at: int | None = None
    discharged_at: int | None = None
    is_outpatient: bool = False
    person_no: str = ""
    insurance_type: str = ""
    care_type: str = ""
    person_type: str = ""
    sex: str = ""
    birth_date: str = ""
    doctor: str = ""
    disease_code: str = ""
    discharge_way: str = ""
    on_leave: bool = False
    main_diagnosis: str = ""
    diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    special_person: str = ""
    out_of_area: str = ""
    account_balance: int | None = None
    account_used: bool = True
    year_to_date: YearToDate | None = None
    pregnancy: str = ""
    is_urgent: bool = False
    is_online: bool = False
    blood_types: tuple[str, ...] = ()
    died_at: int = 0
    readmission: str = ""
    visit_mode: str = ""
    #: Ward visits (探访) in time order: when, in_bed, leave or absent.
    census: list[tuple[int, str]] = field(default_factory=list)
    #: Leaves in time order: when, gone or back.
    leaves: list[tuple[int, bool]] = field(default_factory=list)
    #: Every diagnosis and operation with its times, as last stated.
    diagnosis_details: tuple[Diagnosis, ...] = ()
    procedure_details: tuple[Procedure, ...] = ()
    #: Sexes and birth dates said, where they contradict each other.
    sexes: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    places: list[Place] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    @property
    def department(self) -> str:
        """Where the patient lies, or was discharged from: the department that answers for the visit."""
        return self.places[-1].department if self.places else ""

    @property
    def whereabouts(self) -> tuple[str, str, str]:
        """Department, ward and bed of now, or of the discharge; empty where nothing is known."""
        last = self.places[-1] if self.places else None
        return (last.department, last.ward, last.bed) if last else ("", "", "")

    def place_index(self, at: int) -> int:
        """Index of the place at a moment: the latest entered by then; before the first, the first; −1 if none."""
        if not self.places:
            return -1
        return max(0, bisect_right(self.starts, at) - 1)


def time_order(mark: StayMark) -> tuple[int, int, int, str]:
    """The order in which events are folded: when they happened, then their kind, then when they were recorded."""
    return mark.occurred_at, KIND_RANK[AdmissionKind(mark.body.kind)], mark.recorded_at, mark.event_id


def fold_stay(marks: Iterable[StayMark]) -> Stay:
    """The stay that these events describe, in whatever order they came."""
    stay = Stay()
    for mark in sorted(marks, key=time_order):
        _apply(stay, mark)
    stay.starts = [place.entered_at for place in stay.places]
    return stay


def _apply(stay: Stay, mark: StayMark) -> None:
    body, kind = mark.body, AdmissionKind(mark.body.kind)
    stay.person_no = mark.person_no or stay.person_no
    for name in SAID:
        if said := getattr(body, name):
            setattr(stay, name, said)
    if body.diagnoses:
        stay.diagnoses = tuple(diagnosis.code for diagnosis in body.diagnoses)
        mains = [diagnosis.code for diagnosis in body.diagnoses if diagnosis.role == "main"]
        stay.main_diagnosis = mains[0] if mains else stay.diagnoses[0]
        stay.diagnosis_details = body.diagnoses
    if body.procedures:
        stay.procedures = tuple(procedure.code for procedure in body.procedures)
        stay.procedure_details = body.procedures
    if body.leave is not None:
        stay.on_leave = body.leave
        stay.leaves.append((mark.occurred_at, body.leave))
    stay.sexes = _also(stay.sexes, body.sex)
    stay.birth_dates = _also(stay.birth_dates, body.birth_date)
    if body.clinical is not None:
        _examine(stay, mark, body.clinical)
    if body.entitlement is not None:
        _entitle(stay, body.entitlement)
    _apply_kind(stay, mark, kind)
    if kind in MOVING:
        _move(stay, mark)


def _also(known: tuple[str, ...], said: str) -> tuple[str, ...]:
    return known if not said or said in known else (*known, said)


def _examine(stay: Stay, mark: StayMark, said: Clinical) -> None:
    stay.pregnancy = said.pregnancy or stay.pregnancy
    stay.is_urgent = stay.is_urgent if said.urgent is None else said.urgent
    stay.is_online = stay.is_online if said.online is None else said.online
    stay.blood_types = _also(stay.blood_types, said.blood_type)
    stay.died_at = said.died_at or stay.died_at
    stay.readmission = said.readmission or stay.readmission
    stay.visit_mode = said.visit_mode or stay.visit_mode
    if said.census:
        stay.census.append((mark.occurred_at, said.census))


def _entitle(stay: Stay, said: Entitlement) -> None:
    stay.special_person = said.special_person or stay.special_person
    stay.out_of_area = said.out_of_area or stay.out_of_area
    if said.account_balance_fen is not None:
        stay.account_balance = said.account_balance_fen
    if said.account_used is not None:
        stay.account_used = said.account_used
    if said.year_to_date is not None and (
        stay.year_to_date is None or said.year_to_date.as_of >= stay.year_to_date.as_of
    ):
        stay.year_to_date = said.year_to_date


def _apply_kind(stay: Stay, mark: StayMark, kind: AdmissionKind) -> None:
    match kind:
        case AdmissionKind.ADMIT | AdmissionKind.REGISTER:
            if stay.admitted_at is None:
                stay.admitted_at = mark.occurred_at
                stay.is_outpatient = kind is AdmissionKind.REGISTER
            stay.status = VisitStatus.DISCHARGED if stay.discharged_at is not None else VisitStatus.OPEN
        case AdmissionKind.DISCHARGE:
            stay.discharged_at = mark.occurred_at
            stay.discharge_way = mark.body.discharge_way or stay.discharge_way
            stay.status = VisitStatus.DISCHARGED
        case AdmissionKind.CANCEL_DISCHARGE:
            stay.discharged_at = None
            stay.discharge_way = ""
            stay.status = VisitStatus.OPEN if stay.admitted_at is not None else VisitStatus.PENDING
        case AdmissionKind.CANCEL_ADMIT:
            stay.admitted_at = stay.discharged_at = None
            stay.status = VisitStatus.CANCELLED
        case _:
            pass


def _move(stay: Stay, mark: StayMark) -> None:
    """A new department opens a new place; the same one only changes ward and bed."""
    body = mark.body
    last = stay.places[-1] if stay.places else None
    if body.department and (last is None or last.department != body.department):
        stay.places.append(Place(body.department, body.ward, body.bed, mark.occurred_at))
    elif last is not None:
        last.ward = body.ward or last.ward
        last.bed = body.bed or last.bed
