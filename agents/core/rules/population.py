"""Rules over many visits: what they look at, how they are called, and findings of what they find. Pure.

A visit is summed up when it is audited (`summary_of`); the summaries of a period are small enough for a year of a
hospital, and the visits themselves need not be kept. A kind over many visits (`PopulationKind`) is called once with all
of them. What it finds belongs to one visit, or to a doctor, a department or the hospital where there is no one visit.

The same whatever the order of the summaries: they are sorted before any kind sees them.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import msgspec

from agents.core.rules.kind import Bound, Hit, Kind, P, Trigger
from agents.core.rules.view import CHARGE, Facts, Use, View

if TYPE_CHECKING:
    from agents.core.rules.rulebook import ScopedRules  # the library knows the kinds, and they know this module

DAY_MS = 86_400_000
K = TypeVar("K", bound=Hashable)


class Bed(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A stretch in one bed, ms; `until` is the visit's clock where the patient still lies there."""

    ward: str
    bed: str
    since: int
    until: int


class Traced(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A line that carries a trace code (追溯码)."""

    code: str
    line_id: str
    item: str
    at: int
    day: int
    quantity_e4: int
    amount_fen: int

    @property
    def use(self) -> Use:
        """The line, to be cited."""
        return Use(self.line_id, CHARGE, self.item, self.at, self.day, self.quantity_e4, self.amount_fen)


class Ordering(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What one doctor charged in the visit on one day; only of doctors whose `person_no` the book knows."""

    doctor: str
    day: int
    first_at: int
    last_at: int
    line_id: str
    item: str
    amount_fen: int


class Summary(msgspec.Struct, frozen=True, gc=False):
    """One visit for rules over many. Texts empty, times 0 where nothing is known; times ms, days as schemas.units.

    ended_at: discharge; of an outpatient visit its beginning; 0: still open. days: length of stay (same day: 1;
    outpatients: 0). operated: an operation is recorded or charged (06 手术费). group, weight_e4: DRG and its weight,
    where they are known. tier: of the hospital. census: how often a ward visit (探访) looked for the patient, and how
    often nobody was there. exempt: ids of the book's exemptions it falls under. inputs: declared optional inputs.
    """

    hospital: str
    patient_id: str
    visit_id: str
    person_no: str = ""
    sex: str = ""
    birth_date: str = ""
    insurance_type: str = ""
    care_type: str = ""
    mode: str = ""
    is_outpatient: bool = False
    is_urgent: bool = False
    is_ended: bool = False
    department: str = ""
    doctor: str = ""
    admitted_at: int = 0
    ended_at: int = 0
    admitted_day: int = 0
    ended_day: int = 0
    days: int = 0
    discharge_way: str = ""
    readmission: str = ""
    died_at: int = 0
    main_diagnosis: str = ""
    diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    operated: bool = False
    amount_fen: int = 0
    by_category: tuple[int, ...] = ()
    group: str = ""
    weight_e4: int = 0
    tier: str = ""
    census: tuple[int, int] = (0, 0)
    beds: tuple[Bed, ...] = ()
    traces: tuple[Traced, ...] = ()
    ordering: tuple[Ordering, ...] = ()
    exempt: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = {}

    @property
    def order(self) -> tuple[int, str, str]:
        """How visits are sorted: when they began, then by patient and number."""
        return self.admitted_at, self.patient_id, self.visit_id


OPERATION_CATEGORY = 5  # 06 手术费
#: What a ward visit says of an empty bed.
ABSENT = "absent"


@lru_cache(maxsize=65_536)
def _shared(code: str) -> str:
    """One text for equal codes: a year of visits names the same few thousand."""
    return code


def summary_of(view: View, group: str = "", weight_e4: int = 0) -> Summary:
    """A visit summed up. Cancelled visits are not to be summed up."""
    facts = view.facts
    admitted_at = facts.admitted_at if facts.admitted_at is not None else facts.as_of
    admitted_day = facts.admitted_day if facts.admitted_day is not None else facts.today
    if facts.is_outpatient:
        ended_at, ended_day, days = admitted_at, admitted_day, 0
    else:
        ended_at, ended_day = facts.discharged_at or 0, facts.discharged_day or 0
        days = max(1, (ended_day or facts.today) - admitted_day)
    return Summary(
        hospital=_shared(facts.hospital),
        patient_id=facts.patient_id,
        visit_id=facts.visit_id,
        person_no=facts.person_no,
        sex=_shared(facts.sex),
        birth_date=facts.birth_date,
        insurance_type=_shared(facts.insurance_type),
        care_type=_shared(facts.care_type),
        mode=_shared(facts.mode),
        is_outpatient=facts.is_outpatient,
        is_urgent=facts.is_urgent,
        is_ended=facts.is_ended,
        department=_shared(facts.department),
        doctor=_shared(facts.doctor),
        admitted_at=admitted_at,
        ended_at=ended_at,
        admitted_day=admitted_day,
        ended_day=ended_day,
        days=days,
        discharge_way=_shared(facts.discharge_way),
        readmission=_shared(facts.readmission),
        died_at=facts.died_at,
        main_diagnosis=_shared(facts.main_diagnosis),
        diagnoses=tuple(map(_shared, facts.diagnosis_codes)),
        procedures=tuple(map(_shared, facts.procedure_codes)),
        operated=bool(facts.procedures) or facts.by_category[OPERATION_CATEGORY] > 0,
        amount_fen=facts.total_fen,
        by_category=facts.by_category,
        group=_shared(group),
        weight_e4=weight_e4,
        tier=_shared(facts.tier),
        census=(len(facts.census), sum(found == ABSENT for _, found in facts.census)),
        beds=_beds(facts),
        traces=_traces(view),
        ordering=_ordering(view),
        exempt=tuple(row.id for row in view.exemptions if view.is_exempt((row.id,))),
        inputs=dict(view.inputs),
    )


def _beds(facts: Facts) -> tuple[Bed, ...]:
    if facts.is_outpatient:
        return ()
    ends = [place.entered_at for place in facts.places[1:]]
    ends.append(facts.discharged_at if facts.discharged_at is not None else facts.as_of)
    return tuple(
        Bed(_shared(place.ward), _shared(place.bed), place.entered_at, until)
        for place, until in zip(facts.places, ends, strict=False)
        if place.bed
    )


def _traces(view: View) -> tuple[Traced, ...]:
    found = [
        Traced(use.trace_code, use.id, _shared(use.item), use.at, use.day, use.quantity_e4, use.amount_fen)
        for uses in view.charges.values()
        for use in uses
        if use.trace_code
    ]
    return tuple(sorted(found, key=lambda line: (line.code, line.at, line.line_id)))


def _ordering(view: View) -> tuple[Ordering, ...]:
    known = {doctor for doctor, row in view.prescribers.items() if row.person_no}
    if not known:
        return ()
    days: dict[tuple[str, int], list[Use]] = {}
    for uses in view.charges.values():
        for use in uses:
            if use.doctor in known:
                days.setdefault((use.doctor, use.day), []).append(use)
    found = []
    for (doctor, day), uses in sorted(days.items()):
        first = min(uses, key=lambda use: (use.at, use.id))
        amount = sum(use.amount_fen for use in uses)
        last_at = max(use.at for use in uses)
        found.append(Ordering(_shared(doctor), day, first.at, last_at, first.id, _shared(first.item), amount))
    return tuple(found)


class Population:
    """The visits of one hospital that rules look at together, sorted; groupings are made once.

    `visits`: all, with those outside the period that are known of its patients. `asked`: those that ended in the
    period: findings are about them, and indicators count them alone.
    """

    def __init__(
        self, summaries: Iterable[Summary], period: tuple[int, int] | None = None, rulebook: "ScopedRules | None" = None
    ) -> None:
        """`period`: first and last day, both included; None: every visit is asked about."""
        self.visits: tuple[Summary, ...] = tuple(sorted(summaries, key=lambda visit: visit.order))
        self.period = period
        self.names: Mapping[str, str] = rulebook.book.names if rulebook else {}
        self.prescribers = rulebook.book.prescribers if rulebook else {}
        self._groups: dict[str, dict[Any, tuple[Summary, ...]]] = {}

    def name(self, item: str) -> str:
        """What an item is called; its code where nobody says."""
        return self.names.get(item) or item

    def is_asked(self, visit: Summary) -> bool:
        """Whether the visit ended in the period."""
        if self.period is None:
            return True
        return visit.ended_at > 0 and self.period[0] <= visit.ended_day <= self.period[1]

    @cached_property
    def asked(self) -> tuple[Summary, ...]:
        """The visits that ended in the period."""
        return tuple(visit for visit in self.visits if self.is_asked(visit))

    def counted(self, bound: Bound[Any]) -> list[Summary]:
        """The visits asked about that are not exempt from the rule: what an indicator counts."""
        exemptions = bound.active.rule.exemptions
        if not exemptions:
            return list(self.asked)
        return [visit for visit in self.asked if not is_exempt(visit, exemptions)]

    def by(self, name: str, key: Callable[[Summary], K]) -> dict[K, tuple[Summary, ...]]:
        """All visits grouped by a key, in order of time; an empty key counts for nothing. `name`: of the grouping."""
        found = self._groups.get(name)
        if found is None:
            lists: dict[K, list[Summary]] = {}
            for visit in self.visits:
                if value := key(visit):
                    lists.setdefault(value, []).append(visit)
            found = self._groups[name] = {value: tuple(visits) for value, visits in lists.items()}
        return found

    @property
    def by_patient(self) -> dict[str, tuple[Summary, ...]]:
        """Visits of each patient number."""
        return self.by("patient", lambda visit: visit.patient_id)

    @property
    def by_person(self) -> dict[str, tuple[Summary, ...]]:
        """Visits of each insured person (psn_no), whatever the patient number."""
        return self.by("person", lambda visit: visit.person_no)

    @property
    def by_department(self) -> dict[str, tuple[Summary, ...]]:
        """Visits of each department."""
        return self.by("department", lambda visit: visit.department)


def is_exempt(visit: Summary, exemptions: Collection[str]) -> bool:
    """Whether the visit falls under any of these exemptions."""
    return any(name in exemptions for name in visit.exempt)


class PopulationHit(NamedTuple):
    """What a kind over many visits found: about one visit, or (visit None) about a doctor, a department, the hospital.

    A hit without a visit needs a `subject` that tells it apart (`D01`, `D01|202603`).
    """

    hit: Hit
    visit: Summary | None = None
    department: str = ""
    doctor: str = ""


class PopulationKind(Kind[P]):
    """A kind of rule over many visits. Its points, if any, are all in `bound.points`."""

    trigger: ClassVar[Trigger] = Trigger.POPULATION

    def check(self, view: View, bound: Bound[P], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Nothing can be said of one visit alone."""
        return ()

    @abstractmethod
    def check_population(self, population: Population, bound: Bound[P]) -> Iterable[PopulationHit]:
        """What is wrong with some of these visits, doctors or departments."""
