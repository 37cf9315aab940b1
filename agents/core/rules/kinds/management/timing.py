"""When lines were uploaded and when they were charged: late uploads, charges outside the stay."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.management.wording import HOUR_MS, lines_en, span_en, span_zh
from agents.core.rules.view import CHARGE, INPATIENT, Facts, Use, View

URGENT_CARE = "24"  # 急诊转住院
Hours = Annotated[int, Field(ge=0)]


class LateUploadParameters(Parameters):
    """hours: by when after it was charged a line must be recorded."""

    hours: Annotated[int, Field(ge=1)]


class LateUpload(Kind[LateUploadParameters]):
    """Fee lines that reached the system long after they were charged; one finding a visit, when it has ended.

    A line whose event says nothing of when it was recorded is taken as recorded at once.
    """

    name = "late_upload"
    title_zh = "费用明细未实时上传"
    title_en = "fee lines uploaded late"
    trigger = Trigger.VISIT
    parameters = LateUploadParameters
    at_end = True

    def check(self, view: View, bound: Bound[LateUploadParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Cites every late line."""
        if view.proposed:
            return ()
        limit = bound.parameters.hours * HOUR_MS
        late = [use for items in view.charges.values() for use in items if use.recorded_at - use.at > limit]
        if not late:
            return ()
        late.sort(key=lambda use: (use.at - use.recorded_at, use.id))
        longest, hours = late[0].recorded_at - late[0].at, bound.parameters.hours
        return (
            Hit(
                f"{len(late)} 条明细晚于 {hours} 小时上传，最长 {span_zh(longest)}（「{view.name(late[0].item)}」）",
                f"{lines_en(len(late))} uploaded later than {hours} hours, "
                f"the latest after {span_en(longest)} ({view.name(late[0].item)})",
                [Cited(use, 0) for use in late],
                parameters={"hours": f"{hours} 小时"},
                inputs={"lines": str(len(late)), "longest": span_zh(longest)},
            ),
        )


class OutsideStayParameters(Parameters):
    """before_hours, after_hours: how long before the admission and after the discharge a charge is still of the stay.

    urgent_hours: instead of before_hours where the patient was admitted as an emergency (care before the admission).
    """

    before_hours: Hours = 0
    after_hours: Hours = 0
    urgent_hours: Hours = 0


class OutsideStay(Kind[OutsideStayParameters]):
    """A line charged before the admission or after the discharge of an inpatient stay."""

    name = "outside_stay"
    title_zh = "计费日期与住院时间不符"
    title_en = "charged outside the stay"
    trigger = Trigger.EVERY_ITEM
    parameters = OutsideStayParameters

    def check(self, view: View, bound: Bound[OutsideStayParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Nothing of a side whose time is not known, and nothing of outpatient visits."""
        facts = view.facts
        if facts.is_outpatient or facts.mode != INPATIENT:
            return ()
        first, last = _span(facts, bound.parameters)
        early = [use for use in uses if use.source == CHARGE and first is not None and use.at < first]
        late = [use for use in uses if use.source == CHARGE and last is not None and use.at > last]
        if not early and not late:
            return ()
        return (_outside(view, bound.parameters, early, late),)


def _is_urgent(facts: Facts) -> bool:
    return facts.is_urgent or facts.care_type == URGENT_CARE


def _span(facts: Facts, parameters: OutsideStayParameters) -> tuple[int | None, int | None]:
    before = parameters.urgent_hours if _is_urgent(facts) else parameters.before_hours
    first = None if facts.admitted_at is None else facts.admitted_at - before * HOUR_MS
    last = None if facts.discharged_at is None else facts.discharged_at + parameters.after_hours * HOUR_MS
    return first, last


def _outside(view: View, parameters: OutsideStayParameters, early: Sequence[Use], late: Sequence[Use]) -> Hit:
    facts = view.facts
    lines = (*early, *late)
    name = view.name(lines[0].item)
    before = parameters.urgent_hours if _is_urgent(facts) else parameters.before_hours
    limits, inputs = {}, {"lines": str(len(lines))}
    zh, en = [], []
    if early:
        span = (facts.admitted_at or 0) - min(use.at for use in early)
        limits["before"] = f"{before} 小时"
        inputs["before"] = span_zh(span)
        zh.append(f"入院前 {span_zh(span)}（限 {before} 小时内）")
        en.append(f"{span_en(span)} before the admission (at most {before} h)")
    if late:
        span = max(use.at for use in late) - (facts.discharged_at or 0)
        limits["after"] = f"{parameters.after_hours} 小时"
        inputs["after"] = span_zh(span)
        zh.append(f"出院后 {span_zh(span)}（限 {parameters.after_hours} 小时内）")
        en.append(f"{span_en(span)} after the discharge (at most {parameters.after_hours} h)")
    return Hit(
        f"「{name}」{len(lines)} 条计费不在住院期间：{'、'.join(zh)}",
        f"{lines_en(len(lines))} of {name} charged outside the stay: {', '.join(en)}",
        [Cited(use, use.amount_fen) for use in lines],
        parameters=limits,
        inputs=inputs,
    )
