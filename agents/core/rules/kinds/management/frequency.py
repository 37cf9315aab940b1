"""Frequent visits, purchases and stays, and stays that may not have needed a bed."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.codes import Codes, item_codes
from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.management.readmission import begun_at
from agents.core.rules.view import INPATIENT, Past, Use, View
from schemas.book.entry import Yuan
from schemas.units import month_of, yuan_text

OPERATION = 5  # 06 手术费
NAMES_ZH = {"1": "门诊", "2": "住院", "3": "购药"}
NAMES_EN = {"1": "outpatient visits", "2": "stays", "3": "purchases"}


class FrequentVisitsParameters(Parameters):
    """most: so many visits are not too many. days: of the period, which ends with this visit; 0: its calendar month.

    modes: ways of care that count (1 outpatient, 2 inpatient, 3 pharmacy); the first names them. items: where filled,
    only visits with one of these items count (`X*`: beginnings). consecutive_days: so many days running are a finding
    of their own; 0: not looked at.
    """

    most: Annotated[int, Field(ge=0)]
    days: Annotated[int, Field(ge=0)] = 0
    modes: Annotated[tuple[str, ...], Field(min_length=1)]
    items: tuple[str, ...] = ()
    consecutive_days: Annotated[int, Field(ge=0)] = 0


class FrequentVisits(Kind[FrequentVisitsParameters]):
    """More visits of one way of care in a period than usual; or purchases on several days running.

    Only visits to this hospital are known. The visit itself counts.
    """

    name = "frequent_visits"
    title_zh = "频繁就诊、购药、住院"
    title_en = "frequent visits"
    trigger = Trigger.VISIT
    parameters = FrequentVisitsParameters
    uses_history = True

    def check(self, view: View, bound: Bound[FrequentVisitsParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """At most one finding of the count and one of the days running."""
        facts, begun, parameters = view.facts, begun_at(view), bound.parameters
        if view.proposed or not view.past or facts.mode not in parameters.modes or begun is None:
            return ()
        day = facts.day_of(begun)
        if len(view.past) < parameters.most and not parameters.consecutive_days:
            return ()
        items = item_codes(";".join(parameters.items))
        if items and not any(item in items for item in view.charges):
            return ()
        alike = [past for past in view.past if past.mode in parameters.modes and _has(past, items)]
        found = [self._often(view, alike, parameters, day), _running(view, alike, parameters, day)]
        return [hit for hit in found if hit is not None]

    def _often(self, view: View, alike: Sequence[Past], parameters: FrequentVisitsParameters, day: int) -> Hit | None:
        facts = view.facts
        begun = [(facts.day_of(past.admitted_at), past.visit_id) for past in alike]
        if parameters.days:
            inside = [visit for at, visit in begun if day - parameters.days < at <= day]
            span_zh, span_en = f"{parameters.days} 天内", f"within {parameters.days} days"
        else:
            inside = [visit for at, visit in begun if month_of(at) == month_of(day)]
            span_zh, span_en = "本月", "in this month"
        count = len(inside) + 1
        if count <= parameters.most:
            return None
        name_zh, name_en = _names(parameters)
        return Hit(
            f"{span_zh}{name_zh} {count} 次，超过 {parameters.most} 次",
            f"{count} {name_en} {span_en}, more than {parameters.most}",
            subject="count",
            parameters={"most": f"{parameters.most} 次", "period": span_zh},
            inputs={"count": f"{count} 次"},
            visits=tuple(inside),
            amount_fen=0,
        )


def _names(parameters: FrequentVisitsParameters) -> tuple[str, str]:
    mode = "3" if parameters.items else parameters.modes[0]
    return NAMES_ZH.get(mode, "就诊"), NAMES_EN.get(mode, "visits")


def _has(past: Past, items: Codes) -> bool:
    return not items or any(use.item in items for use in past.uses)


def _running(view: View, alike: Sequence[Past], parameters: FrequentVisitsParameters, day: int) -> Hit | None:
    facts = view.facts
    wanted = parameters.consecutive_days
    if not wanted:
        return None
    visits = {facts.day_of(past.admitted_at): past.visit_id for past in alike}
    running, cited = 1, []
    while day - running in visits:
        cited.append(visits[day - running])
        running += 1
    if running < wanted:
        return None
    name_zh, name_en = _names(parameters)
    return Hit(
        f"连续 {running} 天{name_zh}，达到 {wanted} 天",
        f"{name_en.capitalize()} on {running} days running; {wanted} or more are looked at",
        subject="days",
        parameters={"consecutive_days": f"{wanted} 天"},
        inputs={"running": f"{running} 天"},
        visits=tuple(reversed(cited)),
        amount_fen=0,
    )


class LowStandardStayParameters(Parameters):
    """days: a stay is short below so many days (same day: 1). most_amount: up to which total it is asked about, yuan.

    substantive: items that are treatment needing a bed: injections, infusions, operations, rescue (`0033*`:
    beginnings). left_by: ways of leaving (dscg_way) that are asked about.
    """

    days: Annotated[int, Field(ge=1)] = 3
    most_amount: Yuan = 300_000
    substantive: tuple[str, ...] = ()
    left_by: tuple[str, ...] = ()


class LowStandardStay(Kind[LowStandardStayParameters]):
    """A short, cheap stay without operation in which only oral drugs and tests were charged (低标准入院).

    Judged when the stay has ended; one that was charged nothing says nothing.
    """

    name = "low_standard_stay"
    title_zh = "无指征住院（低标准入院）"
    title_en = "stay that may not have needed a bed"
    trigger = Trigger.VISIT
    parameters = LowStandardStayParameters
    at_end = True

    def check(self, view: View, bound: Bound[LowStandardStayParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """At most one finding; items are looked through only for short and cheap stays."""
        facts, parameters = view.facts, bound.parameters
        first, last, total = facts.admitted_day, facts.discharged_day, facts.total_fen
        if facts.mode != INPATIENT or view.proposed or first is None or last is None or last < first:
            return ()
        days = max(1, last - first)
        if days >= parameters.days or not 0 < total <= parameters.most_amount:
            return ()
        if facts.procedures or facts.by_category[OPERATION] > 0 or facts.discharge_way not in parameters.left_by:
            return ()
        substantive = item_codes(";".join(parameters.substantive))
        if any(item in substantive for item in view.charges):
            return ()
        amount, most = yuan_text(total), yuan_text(parameters.most_amount)
        return (
            Hit(
                f"住院 {days} 天、费用 {amount} 元，无手术、无注射输液等治疗收费，仅口服药与检查",
                f"A stay of {days} days and {amount} yuan without operation, injection or infusion: "
                "oral drugs and tests only",
                parameters={"days": f"不足 {parameters.days} 天", "most_amount": f"{most} 元"},
                inputs={"days": f"{days} 天", "total": f"{amount} 元"},
                amount_fen=0,
            ),
        )
