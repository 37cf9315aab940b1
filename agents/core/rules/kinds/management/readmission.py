"""Stays soon after a stay: split ones (分解住院), and unplanned readmissions."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.management.wording import HOUR_MS, span_en, span_zh
from agents.core.rules.view import INPATIENT, Facts, Past, Use, View
from schemas.units import day_text

Count = Annotated[int, Field(ge=0)]
PLANNED, UNPLANNED = "planned", "unplanned"


class SplitStayParameters(Parameters):
    """days: between discharge and admission, calendar days, at most. transfer_hours: for a change of department.

    diagnosis_characters, operation_characters: how many characters of the main diagnosis and of the first operation
    (points left out) must be the same. near_departments: departments that count as one, codes parted by `;`.
    left_by: ways of leaving (dscg_way) after which a stay is a new one. self_pay: kinds of insurance that are none.
    """

    days: Count = 15
    transfer_hours: Count = 24
    diagnosis_characters: Annotated[int, Field(ge=1)] = 3
    operation_characters: Annotated[int, Field(ge=1)] = 3
    near_departments: tuple[str, ...] = ()
    left_by: tuple[str, ...] = ()
    self_pay: tuple[str, ...] = ()


class SplitStay(Kind[SplitStayParameters]):
    """A stay that may be the continuation of one before it.

    (same) within `days` of the discharge, with the same main diagnosis, department and treatment (the same operation,
    none in either, or planned before); (transfer) discharged and admitted again elsewhere within `transfer_hours`;
    (coverage) an insured stay, a self-paid one and an insured one, each within `days` of the one before. Emergencies
    say nothing, nor does a stay whose main diagnosis is not stated yet (for `same`).
    """

    name = "split_stay"
    title_zh = "分解住院"
    title_en = "split stay"
    trigger = Trigger.VISIT
    parameters = SplitStayParameters
    uses_history = True

    def check(self, view: View, bound: Bound[SplitStayParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """At most one finding of each sign, on the latest stay that shows it."""
        facts, begun = view.facts, begun_at(view)
        if view.proposed or not view.past or facts.is_urgent or facts.mode != INPATIENT or begun is None:
            return ()
        parameters = bound.parameters
        found: dict[str, Hit] = {}
        for past in reversed(stays_before(view, begun, parameters.days)):
            if past.discharge_way in parameters.left_by:
                continue
            hit = _same(facts, begun, past, parameters) or _transfer(facts, begun, past, parameters)
            hit = hit or _coverage(view, begun, past, parameters)
            if hit is not None:
                found.setdefault(hit.subject, hit)
        return [found[subject] for subject in sorted(found)]


def begun_at(view: View) -> int | None:
    """When the visit began (ms): its admission; while a check asks before anything was charged, the moment it asks."""
    admitted_at = view.facts.admitted_at
    if admitted_at is None and view.facts.as_of and next(iter(view.charges), None) is None:
        return view.facts.as_of
    return admitted_at


def stays_before(view: View, begun: int, days: int) -> list[Past]:
    """Inpatient stays that ended at most so many calendar days before this one began, in order of time."""
    return [past for past in view.past if _is_stay(past) and 0 <= _gap(view.facts, begun, past) <= days]


def _is_stay(past: Past) -> bool:
    return not past.is_outpatient and past.mode == INPATIENT and past.ended_at > 0


def _gap(facts: Facts, begun: int, past: Past) -> int:
    """Calendar days from the discharge to the admission; negative where they overlap."""
    return -1 if past.ended_at > begun else facts.day_of(begun) - facts.day_of(past.ended_at)


def _same(facts: Facts, begun: int, past: Past, parameters: SplitStayParameters) -> Hit | None:
    mine, theirs = facts.main_diagnosis, past.main_diagnosis
    size = parameters.diagnosis_characters
    if not mine or not theirs or beginning(mine, size) != beginning(theirs, size):
        return None
    if not _is_near(facts.department, past.department, parameters) or not _is_same_treatment(facts, past, parameters):
        return None
    gap, left = _gap(facts, begun, past), day_text(facts.day_of(past.ended_at))
    return Hit(
        f"距上次出院（{left}）{gap} 天再入院，诊断 {mine}、科室、治疗与上次相同",
        f"Admitted again {gap} days after the last discharge ({left}) with the same "
        f"diagnosis {mine}, department and treatment",
        subject="same",
        parameters={"days": f"{parameters.days} 天", "diagnosis_characters": str(size)},
        inputs={
            "gap": f"{gap} 天",
            "discharged": left,
            "diagnosis": mine,
            "before": theirs,
            "department": facts.department,
        },
        visits=(past.visit_id,),
        amount_fen=0,
    )


def _is_near(mine: str, theirs: str, parameters: SplitStayParameters) -> bool:
    if not mine or not theirs:
        return False
    return mine == theirs or any({mine, theirs} <= set(group.split(";")) for group in parameters.near_departments)


def _is_same_treatment(facts: Facts, past: Past, parameters: SplitStayParameters) -> bool:
    if facts.readmission == PLANNED:
        return True
    mine, theirs = facts.procedure_codes, past.procedures
    if not mine or not theirs:
        return not mine and not theirs
    size = parameters.operation_characters
    return beginning(mine[0], size) == beginning(theirs[0], size)


def _transfer(facts: Facts, begun: int, past: Past, parameters: SplitStayParameters) -> Hit | None:
    elapsed = begun - past.ended_at
    known = bool(facts.department) and bool(past.department)
    if not known or elapsed > parameters.transfer_hours * HOUR_MS:
        return None
    if _is_near(facts.department, past.department, parameters):
        return None
    return Hit(
        f"出院 {span_zh(elapsed)}后由科室 {past.department} 转入 {facts.department} 重新办理入院",
        f"Admitted again to {facts.department} {span_en(elapsed)} after the discharge from {past.department}",
        subject="transfer",
        parameters={"transfer_hours": f"{parameters.transfer_hours} 小时"},
        inputs={"elapsed": span_zh(elapsed), "from": past.department, "to": facts.department},
        visits=(past.visit_id,),
        amount_fen=0,
    )


def _coverage(view: View, begun: int, between: Past, parameters: SplitStayParameters) -> Hit | None:
    """`between` was paid by the patient, and an insured stay came shortly before it."""
    facts = view.facts
    mine = facts.insurance_type
    if not mine or mine in parameters.self_pay or between.insurance_type not in parameters.self_pay:
        return None
    began = facts.day_of(between.admitted_at)
    before = [
        past
        for past in view.past
        if _is_stay(past)
        and past.insurance_type
        and past.insurance_type not in parameters.self_pay
        and past.ended_at <= between.admitted_at
        and began - facts.day_of(past.ended_at) <= parameters.days
    ]
    if not before:
        return None
    gap = _gap(facts, begun, between)
    return Hit(
        f"住院依次为医保、自费、医保，距自费住院出院 {gap} 天",
        f"Stays were insured, self-paid and insured in turn; the self-paid one ended {gap} days before",
        subject="coverage",
        parameters={"days": f"{parameters.days} 天"},
        inputs={"gap": f"{gap} 天", "insurance_type": mine},
        visits=(before[-1].visit_id, between.visit_id),
        amount_fen=0,
    )


class UnplannedReadmissionParameters(Parameters):
    """days: from discharge to admission, calendar days, at most. diagnosis_characters: see UnplannedReadmission."""

    days: Count = 31
    diagnosis_characters: Annotated[int, Field(ge=1)] = 3


class UnplannedReadmission(Kind[UnplannedReadmissionParameters]):
    """An unplanned stay within `days` of the patient's last discharge.

    One that the admission calls unplanned counts whatever it is for; where nothing is said, one for the same disease
    does (so many characters of the main diagnosis).
    """

    name = "unplanned_readmission"
    title_zh = "非计划再入院"
    title_en = "unplanned readmission"
    trigger = Trigger.VISIT
    parameters = UnplannedReadmissionParameters
    uses_history = True

    def check(self, view: View, bound: Bound[UnplannedReadmissionParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """At most one finding, on the latest stay before this one."""
        facts, begun, parameters = view.facts, begun_at(view), bound.parameters
        if view.proposed or not view.past or facts.mode != INPATIENT or begun is None:
            return ()
        size = parameters.diagnosis_characters
        for past in reversed(stays_before(view, begun, parameters.days)):
            if is_unplanned(facts.readmission, facts.main_diagnosis, past.main_diagnosis, size):
                gap, left = _gap(facts, begun, past), day_text(facts.day_of(past.ended_at))
                said = facts.readmission == UNPLANNED
                return (
                    Hit(
                        f"距上次出院（{left}）{gap} 天非计划再入院，限 {parameters.days} 天内"
                        + ("" if said else f"，诊断 {facts.main_diagnosis} 与上次相近"),
                        f"Unplanned readmission {gap} days after the discharge of {left}, "
                        f"{parameters.days} days are looked at",
                        parameters={"days": f"{parameters.days} 天", "diagnosis_characters": str(size)},
                        inputs={
                            "gap": f"{gap} 天",
                            "discharged": left,
                            "diagnosis": facts.main_diagnosis,
                            "before": past.main_diagnosis,
                        },
                        visits=(past.visit_id,),
                        amount_fen=0,
                    ),
                )
        return ()


def is_unplanned(said: str, mine: str, theirs: str, characters: int) -> bool:
    """Whether a stay soon after another was not planned."""
    if said:
        return said == UNPLANNED
    return bool(mine) and beginning(mine, characters) == beginning(theirs, characters)


def beginning(code: str, characters: int) -> str:
    """The first characters of a code, its point left out: 4 of `I25.103` are `I251`."""
    return code.replace(".", "")[:characters].upper()
