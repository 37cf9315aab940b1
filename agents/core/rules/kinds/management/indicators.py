"""Indicators over many visits: hospital infections and unplanned readmissions; and the infection in one visit."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from agents.core.rules.codes import clinical_codes
from agents.core.rules.kind import Bound, Hit, Kind, P, Parameters, Trigger
from agents.core.rules.kinds.management.readmission import is_unplanned
from agents.core.rules.kinds.management.wording import HOUR_MS, span_en, span_zh
from agents.core.rules.population import Population, PopulationHit, PopulationKind, Summary
from agents.core.rules.view import INPATIENT, Use, View
from schemas.book.entry import Share
from schemas.units import percent_text, ratio_bp

WHOLE_HOSPITAL = "*"


class InfectionParameters(Parameters):
    """hours: from the admission on, where the point does not say; what is found earlier was brought along."""

    hours: Annotated[int, Field(ge=0)] = 48


class HospitalInfection(Kind[InfectionParameters]):
    """A further diagnosis of an infection, made so long after the admission that it may be the hospital's (院内感染).

    The main diagnosis says nothing, nor does one whose time is not stated. The first such diagnosis is named.
    """

    name = "hospital_infection"
    title_zh = "疑似院内感染"
    title_en = "possible hospital infection"
    trigger = Trigger.DIAGNOSIS
    parameters = InfectionParameters
    point_columns = ("diagnoses", "hours")
    needed_columns = (("diagnoses",),)

    def check(self, view: View, bound: Bound[InfectionParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """One finding a point."""
        facts = view.facts
        if facts.mode != INPATIENT or facts.admitted_at is None:
            return ()
        hours = bound.parameters.hours if bound.the.hours is None else bound.the.hours
        since = facts.admitted_at + hours * HOUR_MS
        found = sorted(
            (diagnosis.made_at, diagnosis.code.upper())
            for diagnosis in facts.diagnoses
            if diagnosis.made_at >= since
            and diagnosis.code.upper() in bound.diagnoses
            and diagnosis.code.upper() != facts.main_diagnosis
        )
        if not found:
            return ()
        at, code = found[0]
        name, after = f"{bound.the.name} {code}".strip(), at - facts.admitted_at
        return (
            Hit(
                f"诊断「{name}」于入院后 {span_zh(after)}作出，达到 {hours} 小时",
                f"Diagnosis {name} was made {span_en(after)} after the admission; {hours} h or more are looked at",
                parameters={"hours": f"{hours} 小时"},
                inputs={"after": span_zh(after), "diagnosis": code},
            ),
        )


class RateParameters(Parameters):
    """most: the rate that is not asked about. fewest: discharges below which a rate says nothing."""

    most: Share
    fewest: Annotated[int, Field(ge=1)] = 1


class CaseRate(PopulationKind[P]):
    """The share of some cases in all discharges of the period, of the hospital and of each department, beyond a line.

    Inpatient stays that ended in the period count. The subject is the department, `*` for the hospital.
    """

    noun: ClassVar[tuple[str, str]]

    def check_population(self, population: Population, bound: Bound[P]) -> Iterable[PopulationHit]:
        """At most one hit a department, and one of the hospital."""
        parameters = bound.parameters
        assert isinstance(parameters, RateParameters)
        discharges = [
            visit
            for visit in population.counted(bound)
            if visit.mode == INPATIENT and visit.is_ended and visit.ended_at
        ]
        cases = {(visit.patient_id, visit.visit_id) for visit in self.cases(population, discharges, bound)}
        groups: dict[str, list[Summary]] = {WHOLE_HOSPITAL: discharges}
        for visit in discharges:
            if visit.department:
                groups.setdefault(visit.department, []).append(visit)
        for department in sorted(groups):
            mine = groups[department]
            found = [visit for visit in mine if (visit.patient_id, visit.visit_id) in cases]
            if len(mine) >= parameters.fewest and len(found) * 10_000 > parameters.most * len(mine):
                yield self._hit(department, found, len(mine), parameters)

    @abstractmethod
    def cases(self, population: Population, discharges: Sequence[Summary], bound: Bound[P]) -> Iterable[Summary]:
        """Those of the discharges that are cases."""

    def _hit(self, department: str, found: Sequence[Summary], count: int, parameters: RateParameters) -> PopulationHit:
        rate, most = percent_text(ratio_bp(len(found), count)), percent_text(parameters.most)
        where_zh = "全院" if department == WHOLE_HOSPITAL else f"科室 {department} "
        where_en = "The hospital" if department == WHOLE_HOSPITAL else f"Department {department}"
        noun_zh, noun_en = self.noun
        return PopulationHit(
            Hit(
                f"{where_zh}{noun_zh} {len(found)} 例，占出院 {count} 例的 {rate}，超过 {most}",
                f"{where_en}: {noun_en} are {len(found)} of {count} discharges, {rate}, more than {most}",
                subject=department,
                parameters={"most": most, "fewest": f"{parameters.fewest} 例"},
                inputs={
                    "department": department,
                    "cases": f"{len(found)} 例",
                    "discharges": f"{count} 例",
                    "rate": rate,
                },
                visits=tuple(visit.visit_id for visit in found),
                amount_fen=0,
            ),
            department="" if department == WHOLE_HOSPITAL else department,
        )


class InfectionRate(CaseRate[RateParameters]):
    """Share of discharges with a hospital infection: a further diagnosis that says so (T81.4, Y95 …; the points).

    A stay whose input `infections` (a list of reported infections) is not empty is a case as well.
    """

    name = "infection_rate"
    title_zh = "院内感染发生率统计"
    title_en = "rate of hospital infections"
    parameters = RateParameters
    point_columns = ("diagnoses",)
    noun = ("院内感染", "hospital infections")

    def cases(
        self,
        population: Population,  # noqa: ARG002
        discharges: Sequence[Summary],
        bound: Bound[RateParameters],
    ) -> Iterable[Summary]:
        """Stays with such a diagnosis beside the main one, or a reported infection."""
        codes = clinical_codes(";".join(point.diagnoses for point in bound.points))
        for visit in discharges:
            others = (code for code in visit.diagnoses if code != visit.main_diagnosis)
            if visit.inputs.get("infections") or codes.any_of(others):
                yield visit


class ReadmissionRateParameters(RateParameters):
    """most, fewest: see RateParameters. days, diagnosis_characters: see UnplannedReadmissionParameters."""

    days: Annotated[int, Field(ge=0)] = 31
    diagnosis_characters: Annotated[int, Field(ge=1)] = 3


class ReadmissionRate(CaseRate[ReadmissionRateParameters]):
    """Share of discharges that were unplanned readmissions within `days` of the patient's last discharge."""

    name = "readmission_rate"
    title_zh = "非计划再入院率统计"
    title_en = "rate of unplanned readmissions"
    parameters = ReadmissionRateParameters
    noun = ("非计划再入院", "unplanned readmissions")

    def cases(
        self, population: Population, discharges: Sequence[Summary], bound: Bound[ReadmissionRateParameters]
    ) -> Iterable[Summary]:
        """Stays that began soon after another stay of the patient had ended."""
        parameters = bound.parameters
        for visit in discharges:
            before = (
                other
                for other in population.by_patient.get(visit.patient_id, ())
                if other.mode == INPATIENT
                and 0 < other.ended_at <= visit.admitted_at
                and other.visit_id != visit.visit_id
            )
            if any(
                visit.admitted_day - other.ended_day <= parameters.days
                and is_unplanned(
                    visit.readmission, visit.main_diagnosis, other.main_diagnosis, parameters.diagnosis_characters
                )
                for other in before
            ):
                yield visit
