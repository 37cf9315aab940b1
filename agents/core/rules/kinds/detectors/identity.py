"""冒名 signs within a visit: what is said of the person contradicts itself, charges after death, two places at once.

Signs are leads to look at the identity check and the records; registration mistakes are their usual cause.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from agents.core.rules.codes import item_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.detectors.words import HOUR_MS, MINUTE_MS, days_text, hours_text
from agents.core.rules.view import Facts, Past, Use, View, time_order
from schemas.codes import name_zh

Fact = Literal["sex", "birth_date", "blood_type"]
NAMES: dict[Fact, tuple[str, str]] = {
    "sex": ("性别", "sex"),
    "birth_date": ("出生日期", "birth date"),
    "blood_type": ("血型", "blood type"),
}


class IdentityParameters(Parameters):
    """facts: what is compared."""

    facts: Annotated[tuple[Fact, ...], Field(min_length=1)] = ("sex", "birth_date", "blood_type")


class IdentityConflict(Kind[IdentityParameters]):
    """Sex, birth date or blood type of the patient were stated differently within one visit.

    Rests on no line. One and the same date written differently is no contradiction.
    """

    name = "identity_conflict"
    title_zh = "身份信息前后矛盾"
    title_en = "contradictory identity"
    trigger = Trigger.VISIT
    parameters = IdentityParameters

    def check(self, view: View, bound: Bound[IdentityParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """What was said of the patient, more than one value each."""
        facts = view.facts
        if len(facts.sexes) < 2 and len(facts.birth_dates) < 2 and len(facts.blood_types) < 2:
            return ()
        said: dict[str, tuple[str, ...]] = {
            "sex": facts.sexes,
            "birth_date": tuple(dict.fromkeys(map(_date, facts.birth_dates))),
            "blood_type": facts.blood_types,
        }
        found: list[Fact] = [fact for fact in bound.parameters.facts if len(said[fact]) > 1]
        if not found:
            return ()
        zh = "、".join(f"{NAMES[fact][0]}（{'/'.join(_shown(fact, said[fact]))}）" for fact in found)
        en = ", ".join(f"{NAMES[fact][1]} ({' / '.join(said[fact])})" for fact in found)
        return (
            Hit(
                f"同一次就诊中患者的{zh}前后记录不一致，请核对人证与登记信息",
                f"Within one visit the patient's {en} is recorded differently; please check the identity and the"
                " registration",
                parameters={"facts": ";".join(bound.parameters.facts)},
                inputs={fact: "/".join(said[fact]) for fact in found},
            ),
        )


def _date(text: str) -> str:
    digits = "".join(character for character in text[:10] if character.isdigit())[:8]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else text


def _shown(fact: Fact, values: Iterable[str]) -> list[str]:
    return [name_zh("sex", value) if fact == "sex" else value for value in values]


class DeathParameters(Parameters):
    """What counts as after death.

    grace_hours: what is charged so soon after is bookkeeping. death_ways: discharge ways that mean death (dscg_way);
    without a time of death, the discharge is it.
    """

    grace_hours: Annotated[int, Field(ge=0)] = 2
    death_ways: tuple[str, ...] = ("5",)


class AfterDeath(Kind[DeathParameters]):
    """Lines whose service lies after the patient's death. Points: items that are provided to the dead (尸体料理)."""

    name = "after_death"
    title_zh = "死亡后收费"
    title_en = "charged after death"
    trigger = Trigger.POINTS
    parameters = DeathParameters
    point_columns = ("item",)

    def check(self, view: View, bound: Bound[DeathParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Silent while no death is known."""
        limits = bound.parameters
        died_at = _death(view.facts, limits.death_ways)
        if not died_at:
            return ()
        latest = died_at + limits.grace_hours * HOUR_MS
        allowed = item_codes(";".join(point.item for point in bound.points))
        found = [
            use for lines in view.charges.values() for use in lines if use.at > latest and not allowed.any_of(use.codes)
        ]
        if not found:
            return ()
        found.sort(key=time_order)
        hours = hours_text(found[-1].at - died_at)
        return (
            Hit(
                f"患者死亡 {limits.grace_hours} 小时后仍有 {len(found)} 条收费，最晚在死亡后 {hours} 小时",
                f"{len(found)} lines were charged more than {limits.grace_hours} hours after the patient's death, the"
                f" latest {hours} hours after it",
                [Cited(use, use.amount_fen) for use in found],
                parameters={"grace_hours": f"{limits.grace_hours} h", "death_ways": ";".join(limits.death_ways)},
                inputs={"lines": str(len(found)), "latest": f"{hours} h"},
            ),
        )


def _death(facts: Facts, ways: Sequence[str]) -> int:
    if facts.died_at:
        return facts.died_at
    return (facts.discharged_at or 0) if facts.discharge_way in ways else 0


class TwoPlacesParameters(Parameters):
    """What may overlap.

    margin_hours: an overlap at either end of the stay so short is the handling of admission or discharge.
    ignored_care_types: visits of these care types (med_type) are no second place.
    """

    margin_hours: Annotated[int, Field(ge=0)] = 12
    ignored_care_types: tuple[str, ...] = ()


class VisitDuringStay(Kind[TwoPlacesParameters]):
    """The visit began while the patient lay in hospital under another number: two places at once.

    Told of the later visit, whatever its kind; rests on its lines, and is silent while there are none. An open stay
    counts as going on.
    """

    name = "visit_during_stay"
    title_zh = "住院期间另有就诊"
    title_en = "a visit during a stay"
    trigger = Trigger.VISIT
    parameters = TwoPlacesParameters
    uses_history = True

    def check(self, view: View, bound: Bound[TwoPlacesParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Stays before this visit that had not ended when it began."""
        facts, limits = view.facts, bound.parameters
        begin = facts.admitted_at
        if not view.past or begin is None or facts.care_type in limits.ignored_care_types:
            return ()
        margin = limits.margin_hours * HOUR_MS
        stays = [past for past in view.past if _covers(past, begin, margin)]
        if not stays:
            return ()
        lines = sorted(view.all_uses(), key=time_order)
        if not lines:
            return ()
        first = stays[0]
        kind_zh, kind_en = ("门诊就诊", "outpatient visit") if facts.is_outpatient else ("再次入院", "admission")
        return (
            Hit(
                f"本次{kind_zh}发生在患者另一次住院（{first.department or '科室未知'}）期间，请核对是否本人就诊与结算",
                f"This {kind_en} lies within another stay of the patient"
                f" (department {first.department or 'unknown'}); please check who was treated and what was settled",
                [Cited(use, use.amount_fen) for use in lines],
                parameters={
                    "margin_hours": f"{limits.margin_hours} h",
                    "ignored_care_types": ";".join(limits.ignored_care_types),
                },
                inputs={"stays": str(len(stays))},
                visits=tuple(past.visit_id for past in stays),
            ),
        )


def _covers(past: Past, begin: int, margin: int) -> bool:
    if past.is_outpatient or begin < past.admitted_at + margin:
        return False
    return not past.ended_at or begin < past.ended_at - margin


class TwoDepartmentsParameters(Parameters):
    """minutes: so close together, services in two departments cannot both have had the patient."""

    minutes: Annotated[int, Field(ge=1)] = 10


class TwoDepartments(Kind[TwoDepartmentsParameters]):
    """Services for which the patient must be present were done in two departments at nearly the same time.

    Points of one group: such services. Of each pair the later line is cited; lines without an executing department are
    left out. Times are those of the charge: a lead to compare with the reports.
    """

    name = "two_departments"
    title_zh = "同时在两个科室接受服务"
    title_en = "served in two departments at once"
    trigger = Trigger.GROUP
    parameters = TwoDepartmentsParameters
    point_columns = ("item", "group")
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[TwoDepartmentsParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Neighbours in time of different executing departments."""
        span = bound.parameters.minutes * MINUTE_MS
        known = [use for use in uses if use.executing_department]
        cited: dict[str, Cited] = {}
        first: tuple[Use, Use] | None = None
        for place, use in enumerate(known):
            for other in reversed(known[:place]):
                if use.at - other.at >= span:
                    break
                if other.executing_department != use.executing_department:
                    cited[use.id] = Cited(use, use.amount_fen)
                    cited.setdefault(other.id, Cited(other, 0, is_violating=False))
                    first = first or (other, use)
                    break
        if first is None:
            return ()
        one, two = first
        minutes = (two.at - one.at) // MINUTE_MS
        day = days_text((two.day,))
        return (
            Hit(
                f"「{view.name(one.item)}」与「{view.name(two.item)}」于 {day} 相隔 {minutes} 分钟在两个科室"
                f"（{one.executing_department}、{two.executing_department}）执行，请核对执行时间",
                f"{view.name(one.item)} and {view.name(two.item)} were done {minutes} minutes apart on {day} in two"
                f" departments ({one.executing_department}, {two.executing_department}); please check the times",
                list(cited.values()),
                parameters={"minutes": f"{bound.parameters.minutes} min"},
                inputs={"apart": f"{minutes} min", "day": day},
            ),
        )
