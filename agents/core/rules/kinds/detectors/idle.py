"""挂床: a bed is charged while nothing is done, the patient is away, or nobody is found in the bed.

A hit is a lead: it says what the record shows for which days, and rests on the bed fees of those days.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.detectors.words import HOUR_MS, Category, days_text, hours_text, indexes
from agents.core.rules.population import ABSENT
from agents.core.rules.view import Facts, Use, View, time_order
from schemas.book.entry import Share
from schemas.units import percent_text

BED_CATEGORY = 0  # 01 床位费
Hours = Annotated[int, Field(ge=1)]


class IdleParameters(Parameters):
    """What counts as idle.

    start_hours: so long after admission something must have been ordered or done. gap_hours: so long without anything
    is too long. routine_categories: fees that are no service by themselves (bed, consultation, nursing).
    """

    start_hours: Hours = 24
    gap_hours: Hours = 72
    routine_categories: tuple[Category, ...] = ("01", "02", "07")


class IdleStay(Kind[IdleParameters]):
    """Bed fees run on while nothing is ordered or charged but routine fees.

    Either for `gap_hours` in a row, or for more than `start_hours` after admission. Judged when the patient is
    discharged. Silent where no bed fee was charged in the gap. One hit, of all gaps.
    """

    name = "idle_stay"
    title_zh = "住院期间无诊疗记录"
    title_en = "a stay without any treatment for days"
    trigger = Trigger.VISIT
    parameters = IdleParameters
    at_end = True

    def check(self, view: View, bound: Bound[IdleParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Gaps between admission, every order and charged service, and discharge."""
        facts, limits = view.facts, bound.parameters
        begin, end = facts.admitted_at, facts.discharged_at
        if facts.is_outpatient or begin is None or end is None or end <= begin:
            return ()
        shortest = min(limits.gap_hours, limits.start_hours) * HOUR_MS
        if end - begin < shortest:
            return ()
        routine = indexes(limits.routine_categories)
        moments = [use.at for use in view.orders if begin <= use.at <= end]
        beds: list[Use] = []
        for lines in view.charges.values():
            for use in lines:
                if use.category not in routine:
                    if begin <= use.at <= end:
                        moments.append(use.at)
                elif use.category == BED_CATEGORY:
                    beds.append(use)
        moments.sort()
        idle: list[tuple[int, int]] = []
        first = moments[0] if moments else end
        if first - begin > limits.start_hours * HOUR_MS or first - begin >= limits.gap_hours * HOUR_MS:
            idle.append((begin, first))
        least = limits.gap_hours * HOUR_MS
        points = [*moments, end]
        idle += [(one, other) for one, other in pairwise(points) if other - one >= least]
        cited = [use for use in beds if any(one < use.at < other for one, other in idle)]
        if not cited:
            return ()
        longest = max(other - one for one, other in idle)
        hours, days = hours_text(longest), days_text(use.day for use in cited)
        return (
            Hit(
                f"住院期间最长连续 {hours} 小时无医嘱与诊疗收费，其间（{days}）仍收床位费，请核对病程与护理记录",
                f"For up to {hours} hours in a row nothing was ordered or charged but routine fees, while bed fees went"
                f" on ({days}); please look at the progress and nursing notes",
                [Cited(use, use.amount_fen) for use in sorted(cited, key=time_order)],
                parameters={
                    "start_hours": f"{limits.start_hours} h",
                    "gap_hours": f"{limits.gap_hours} h",
                    "routine_categories": ";".join(limits.routine_categories),
                },
                inputs={"longest_gap": f"{hours} h", "gaps": str(len(idle)), "days": days},
            ),
        )


class LeaveParameters(Parameters):
    """most_leaves: more leaves than this are too many. most_share: a larger share of the stay is too much."""

    most_leaves: Annotated[int, Field(ge=0)] = 3
    most_share: Share = 2_500


class LeaveExcess(Kind[LeaveParameters]):
    """The patient went on leave more often, or for a larger share of the stay, than a stay that is needed allows.

    Rests on no line: what is measured are the leaves the ward recorded. Days away count to the return, else to the
    discharge, else to the visit's clock.
    """

    name = "leave_excess"
    title_zh = "住院请假过多"
    title_en = "too much leave during a stay"
    trigger = Trigger.VISIT
    parameters = LeaveParameters

    def check(self, view: View, bound: Bound[LeaveParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Times and hours away against the stay so far."""
        facts, limits = view.facts, bound.parameters
        if not facts.leaves or facts.is_outpatient or facts.admitted_at is None:
            return ()
        end = facts.discharged_at if facts.discharged_at is not None else facts.as_of
        times, away = _away(facts, end)
        stay = end - facts.admitted_at
        by_share = stay > 0 and away * 10_000 > limits.most_share * stay
        if times <= limits.most_leaves and not by_share:
            return ()
        share = percent_text(away * 10_000 // stay if stay > 0 else 0)
        hours = hours_text(away)
        return (
            Hit(
                f"住院期间请假外出 {times} 次、共 {hours} 小时（占住院时间 {share}），"
                f"参考值 {limits.most_leaves} 次或 {percent_text(limits.most_share)}",
                f"{times} leave(s) of {hours} hours in all during the stay ({share} of it); the reference is"
                f" {limits.most_leaves} leaves or {percent_text(limits.most_share)}",
                parameters={
                    "most_leaves": f"{limits.most_leaves} times",
                    "most_share": percent_text(limits.most_share),
                },
                inputs={"leaves": f"{times} times", "away": f"{hours} h", "share": share},
            ),
        )


def _away(facts: Facts, end: int) -> tuple[int, int]:
    """How often the patient left, and for how long in all (ms)."""
    times = away = 0
    left_at: int | None = None
    for at, is_gone in facts.leaves:
        if is_gone and left_at is None:
            times, left_at = times + 1, at
        elif not is_gone and left_at is not None:
            away += max(0, min(at, end) - left_at)
            left_at = None
    if left_at is not None:
        away += max(0, end - left_at)
    return times, away


class AbsentParameters(Parameters):
    """fewest: so many days on which a ward visit found nobody in the bed are a lead."""

    fewest: Annotated[int, Field(ge=1)] = 2


class AbsentFromBed(Kind[AbsentParameters]):
    """Ward visits (探访) found nobody in the bed, without a leave on record, on days with a bed fee."""

    name = "absent_from_bed"
    title_zh = "查房不在床"
    title_en = "not found in the bed"
    trigger = Trigger.VISIT
    parameters = AbsentParameters

    def check(self, view: View, bound: Bound[AbsentParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Ward visits that found nobody, and the bed fees of those days."""
        facts, fewest = view.facts, bound.parameters.fewest
        if len(facts.census) < fewest or facts.is_outpatient:
            return ()
        absences = {
            day
            for (at, found), day in zip(facts.census, facts.census_days, strict=True)
            if found == ABSENT and not _on_leave(facts, at)
        }
        if len(absences) < fewest:
            return ()
        cited = [
            use
            for lines in view.charges.values()
            for use in lines
            if use.category == BED_CATEGORY and use.day in absences
        ]
        if not cited:
            return ()
        days, checks = len(absences), len(facts.census)
        return (
            Hit(
                f"住院期间探访 {checks} 次，有 {days} 天患者不在床且无请假记录，请核对在院情况",
                f"Of {checks} ward visits, those of {days} days found nobody in the bed, without a leave on record;"
                " please look at whether the patient was there",
                [Cited(use, use.amount_fen) for use in sorted(cited, key=time_order)],
                parameters={"fewest": f"{fewest} d"},
                inputs={"absent": f"{days} d", "ward_visits": f"{checks} times"},
            ),
        )


def _on_leave(facts: Facts, at: int) -> bool:
    state = False
    for moment, is_gone in facts.leaves:
        if moment > at:
            break
        state = is_gone
    return state


class TreatmentParameters(Parameters):
    """hours: shorter stays are left alone. treatment_categories: fees of which any is treatment."""

    hours: Hours = 48
    treatment_categories: tuple[Category, ...] = ("05", "06", "08", "09", "10", "11")


class NoTreatment(Kind[TreatmentParameters]):
    """A whole stay with beds, consultations and tests only: no drug, treatment, operation or material was charged.

    Judged when the patient is discharged; silent for stays with a recorded operation. Rests on the bed fees.
    """

    name = "no_treatment"
    title_zh = "住院无实质治疗"
    title_en = "a stay without treatment"
    trigger = Trigger.VISIT
    parameters = TreatmentParameters
    at_end = True

    def check(self, view: View, bound: Bound[TreatmentParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Sums of the categories; lines are only looked at for what is cited."""
        facts, limits = view.facts, bound.parameters
        if facts.is_outpatient or facts.admitted_at is None or facts.discharged_at is None or facts.procedures:
            return ()
        span = facts.discharged_at - facts.admitted_at
        if span < limits.hours * HOUR_MS or not facts.by_category[BED_CATEGORY]:
            return ()
        if any(facts.by_category[index] for index in indexes(limits.treatment_categories)):
            return ()
        beds = [use for lines in view.charges.values() for use in lines if use.category == BED_CATEGORY]
        hours = hours_text(span)
        return (
            Hit(
                f"住院 {hours} 小时，仅有床位、诊察、检查等收费，未见药品、治疗、手术、材料收费，请核对住院必要性",
                f"A stay of {hours} hours with beds, consultations and tests only: no drug, treatment, operation or"
                " material was charged; please look at whether it was needed",
                [Cited(use, use.amount_fen) for use in sorted(beds, key=time_order)],
                parameters={
                    "hours": f"{limits.hours} h",
                    "treatment_categories": ";".join(limits.treatment_categories),
                },
                inputs={"stay": f"{hours} h"},
            ),
        )
