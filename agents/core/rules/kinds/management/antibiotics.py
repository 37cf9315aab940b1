"""Antibiotics (抗菌药物): who may prescribe which level, and when they are given around an operation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import Field, field_validator

from agents.core.rules.codes import Codes, clinical_codes, item_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.management.wording import HOUR_MS, MINUTE_MS, span_en, span_zh
from agents.core.rules.view import Facts, Use, View
from schemas.book.entry import both
from schemas.reasons import RejectError
from schemas.units import parse_ms

LEVELS_ZH = ("无", "非限制使用级", "限制使用级", "特殊使用级")
LEVELS_EN = ("none", "unrestricted", "restricted", "special")


class AntibioticLevelParameters(Parameters):
    """grades: what a doctor's title may prescribe where the book's prescribers do not name the doctor: `title:level`.

    urgent_days: how many days, from its first use on, an emergency may go one level beyond (越级使用).
    """

    grades: tuple[str, ...] = ()
    urgent_days: Annotated[int, Field(ge=0)] = 0

    @field_validator("grades")
    @classmethod
    def _levels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            title, _, level = part.rpartition(":")
            if not title or level not in {"0", "1", "2", "3"}:
                raise ValueError(both("应为“职称:级别（0–3）”", "must be `title:level` with a level of 0–3"))
        return value

    @property
    def level_of_grade(self) -> dict[str, int]:
        """Title → level."""
        return {title: int(level) for title, _, level in (part.rpartition(":") for part in self.grades)}


class AntibioticLevel(Kind[AntibioticLevelParameters]):
    """An antibiotic of a higher level than its prescriber may order.

    The prescriber is the doctor of the line or order. The book's table of prescribers outweighs the title; a doctor of
    whom neither is known says nothing. Emergencies may go one level beyond for some days.
    """

    name = "antibiotic_level"
    title_zh = "抗菌药物分级使用：医师级别低于药品级别"
    title_en = "antibiotic beyond the prescriber's level"
    trigger = Trigger.ITEM
    parameters = AntibioticLevelParameters
    point_columns = ("item", "level")
    needed_columns = (("item",), ("level",))

    def check(self, view: View, bound: Bound[AntibioticLevelParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Cites the lines and orders whose prescriber may not."""
        wanted, parameters = bound.the.level, bound.parameters
        grades = parameters.level_of_grade
        last = min(use.day for use in uses) + parameters.urgent_days
        at_fault: list[tuple[Use, int]] = []
        for use in uses:
            mine = _level_of(view, use, grades)
            if mine is None or mine >= wanted:
                continue
            if view.facts.is_urgent and mine + 1 == wanted and use.day < last:
                continue
            at_fault.append((use, mine))
        if not at_fault:
            return ()
        (first, mine), name = at_fault[0], view.name(bound.the.item)
        days = {"urgent_days": f"{parameters.urgent_days} 天"} if view.facts.is_urgent else {}
        return (
            Hit(
                f"「{name}」为{LEVELS_ZH[min(wanted, 3)]}抗菌药物，医师 {first.doctor} 权限为{LEVELS_ZH[mine]}",
                f"{name} is a {LEVELS_EN[min(wanted, 3)]} antibiotic, "
                f"doctor {first.doctor} may order up to: {LEVELS_EN[mine]}",
                [Cited(use, use.amount_fen) for use, _ in at_fault],
                parameters={"level": LEVELS_ZH[min(wanted, 3)], **days},
                inputs={"doctor": first.doctor, "doctor_level": LEVELS_ZH[mine]},
            ),
        )


def _level_of(view: View, use: Use, grades: Mapping[str, int]) -> int | None:
    prescriber = view.prescribers.get(use.doctor)
    if prescriber is not None:
        return prescriber.antibiotic_level
    grade = use.doctor_grade
    if not grade:
        order = view.order_of(use)
        grade = order.doctor_grade if order is not None and order.doctor == use.doctor else ""
    return grades.get(grade)


class ProphylaxisParameters(Parameters):
    """antibiotics: their items (`XJ01*`). infections: diagnoses under which antibiotics treat, and nothing is asked.

    earliest_minutes, latest_minutes: before the incision, between which the first dose is to be given. hours: after the
    end of the operation, until when prophylaxis may go on, where the point does not say.
    """

    antibiotics: tuple[str, ...] = ()
    infections: tuple[str, ...] = ()
    earliest_minutes: Annotated[int, Field(ge=0)] = 120
    latest_minutes: Annotated[int, Field(ge=0)] = 30
    hours: Annotated[int, Field(ge=0)] = 24


class Operation(NamedTuple):
    """One operation of the input `surgery_record`; times ms."""

    code: str
    incision_at: int
    ended_at: int


class Dose(NamedTuple):
    """One administration of the input `surgery_record`."""

    item: str
    at: int


class PerioperativeAntibiotic(Kind[ProphylaxisParameters]):
    """Prophylactic antibiotics outside their time around an operation: too early, too late, for too long.

    Input `surgery_record`: an object; `operations`: list of {code, incision_at, ended_at}; `doses`: list of {item, at},
    when antibiotics were given. Times as events write them. The point names operations and the hours allowed after
    them. (a) the last dose up to the incision was not within the window before it; (b) doses go on beyond the hours
    allowed: then the lines charged after that moment are cited. Each is a subject of the point. A visit with a
    diagnosis of an infection says nothing, nor an operation before which no antibiotic was given.
    """

    name = "perioperative_antibiotic"
    title_zh = "围手术期抗菌药物预防性使用时间"
    title_en = "time of perioperative antibiotics"
    trigger = Trigger.PROCEDURE
    parameters = ProphylaxisParameters
    point_columns = ("procedures", "hours")
    needed_columns = (("procedures",),)
    watches_visit = True

    def check(self, view: View, bound: Bound[ProphylaxisParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Raises ValueError for an input of another shape."""
        if "surgery_record" not in view.inputs:
            return ()
        parameters, facts = bound.parameters, view.facts
        if _codes(parameters.infections).any_of(facts.diagnosis_codes):
            return ()
        antibiotics = item_codes(";".join(parameters.antibiotics))
        operations, doses = read_surgery_record(view.inputs["surgery_record"], facts)
        mine = [operation for operation in operations if operation.code in bound.procedures]
        given = [dose for dose in doses if dose.item in antibiotics]
        if not mine or not given:
            return ()
        found = [_before(bound, operation, given, parameters) for operation in mine]
        found.append(_after(view, bound, mine[-1], given, antibiotics))
        return [hit for hit in found if hit is not None]


def _before(
    bound: Bound[ProphylaxisParameters], operation: Operation, doses: Sequence[Dose], parameters: ProphylaxisParameters
) -> Hit | None:
    last = max((dose.at for dose in doses if dose.at <= operation.incision_at), default=None)
    if last is None:
        return None
    minutes = (operation.incision_at - last) // MINUTE_MS
    if parameters.latest_minutes <= minutes <= parameters.earliest_minutes:
        return None
    span = f"{parameters.latest_minutes}–{parameters.earliest_minutes}"
    return Hit(
        f"手术 {operation.code} 术前 {minutes} 分钟给抗菌药物，应在术前 {span} 分钟",
        f"Operation {operation.code}: antibiotic {minutes} minutes before the incision; {span} minutes are called for",
        subject=f"{_id(bound)}:before:{operation.code}",
        parameters={"window": f"{span} 分钟"},
        inputs={"before": f"{minutes} 分钟", "operation": operation.code},
    )


def _after(
    view: View, bound: Bound[ProphylaxisParameters], operation: Operation, doses: Sequence[Dose], antibiotics: Codes
) -> Hit | None:
    hours = bound.parameters.hours if bound.the.hours is None else bound.the.hours
    until = operation.ended_at + hours * HOUR_MS
    late = [dose for dose in doses if dose.at > until]
    if not late:
        return None
    last = max(dose.at for dose in late) - operation.ended_at
    lines = [use for use in view.charged(antibiotics) if use.at > until]
    return Hit(
        f"手术 {operation.code} 术后 {span_zh(last)}仍给预防性抗菌药物，限术后 {hours} 小时内",
        f"Operation {operation.code}: antibiotic prophylaxis {span_en(last)} after its end; at most {hours} h",
        [Cited(use, use.amount_fen) for use in lines],
        f"{_id(bound)}:after:{operation.code}",
        parameters={"hours": f"{hours} 小时"},
        inputs={"after": span_zh(last), "doses": str(len(late)), "operation": operation.code},
    )


def _id(bound: Bound[ProphylaxisParameters]) -> str:
    return bound.the.id or bound.the.procedures


def _codes(parts: Sequence[str]) -> Codes:
    return clinical_codes(";".join(parts))


def read_surgery_record(value: object, facts: Facts) -> tuple[list[Operation], list[Dose]]:
    """Operations and doses in order of time. Raises ValueError (中文 | English) for another shape."""
    if not isinstance(value, dict):
        raise ValueError(both("surgery_record 应为对象", "surgery_record must be an object"))  # noqa: TRY004
    operations, doses = _rows(value, "operations"), _rows(value, "doses")
    try:
        return (
            sorted(
                (
                    Operation(
                        str(row.get("code", "")).upper(), _at(row, "incision_at", facts), _at(row, "ended_at", facts)
                    )
                    for row in operations
                ),
                key=lambda operation: (operation.incision_at, operation.code),
            ),
            sorted(
                (Dose(str(row.get("item", "")), _at(row, "at", facts)) for row in doses),
                key=lambda dose: (dose.at, dose.item),
            ),
        )
    except RejectError as error:
        raise ValueError(
            both(f"surgery_record 的时间有误：{error}", f"a time of surgery_record is wrong: {error}")
        ) from error


def _rows(value: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    rows = () if value.get(name) is None else value[name]
    if not isinstance(rows, list | tuple) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(both(f"surgery_record.{name} 应为对象列表", f"surgery_record.{name} must list objects"))
    return rows


def _at(row: Mapping[str, Any], name: str, facts: Facts) -> int:
    return parse_ms(row.get(name), facts.zone, name)
