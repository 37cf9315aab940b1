"""Tests and treatment without an indication, or repeated too soon (无指征、反复)."""

from collections import deque
from collections.abc import Iterable, Sequence

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.medical.in_use import recent
from agents.core.rules.kinds.medical.naming import codes_text, days_text
from agents.core.rules.kinds.policy.claims import called, judged, whole
from agents.core.rules.kinds.policy.counting import counted, quantity_text
from agents.core.rules.view import PROPOSED, Use, View
from schemas.units import div_round


class IndicationParameters(Parameters):
    """counts_history: what was done in earlier visits of the patient counts for repetition."""

    counts_history: bool = False


class WithoutIndication(Kind[IndicationParameters]):
    """A test or treatment that no diagnosis of the visit calls for, or that is repeated too soon to tell anything new.

    Of a point: item (codes of equal tests in one cell count together); diagnoses: what calls for it; empty: not
    looked at; days: within so many days, the day itself included, it is reasonable `times` (1 if empty). Lines count
    by quantity, at least once. Silent on indications while the visit has no diagnosis at all.
    """

    name = "without_indication"
    title_zh = "无指征或反复"
    title_en = "without an indication, or repeated"
    trigger = Trigger.ITEM
    parameters = IndicationParameters
    point_columns = ("item", "diagnoses", "days", "times")
    needed_columns = (("item",), ("diagnoses", "days"))
    uses_history = True

    def check(self, view: View, bound: Bound[IndicationParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Without an indication every line; else those beyond what is reasonable."""
        point, stated = bound.the, view.facts.diagnosis_codes
        if point.diagnoses and stated and not bound.diagnoses.any_of(stated):
            wrong = judged(view, bound, uses)
            if not wrong:
                return ()
            name = called(view, bound, wrong[0])
            return (
                Hit(
                    f"「{name}」本次就诊诊断 {codes_text(stated)} 不在其指征范围内",
                    f"{name}: the diagnoses of the visit ({', '.join(stated)}) are not among its indications",
                    whole(wrong),
                    parameters={"diagnoses": point.diagnoses},
                    inputs={"diagnoses": ";".join(stated)},
                ),
            )
        if point.days:
            return _repeated(view, bound, uses, point.days, point.times if point.times is not None else 1)
        return ()


def _repeated(
    view: View, bound: Bound[IndicationParameters], uses: Sequence[Use], days: int, times: int
) -> Iterable[Hit]:
    lines = sorted(counted(view, bound.own, uses), key=lambda use: (use.day, use.source == PROPOSED, use.at, use.id))
    done = _done_before(view, bound, lines[0].day, days) if lines and bound.parameters.counts_history else []
    allowed = times * 10_000
    if not done and sum(_counted(use) for use in lines) <= allowed:
        return ()
    entries: list[tuple[int, int, Use | None]] = [(use.day, _counted(use), use) for use in lines]
    if done:
        entries = sorted([*((day, quantity, None) for day, quantity in done), *entries], key=lambda entry: entry[0])
    window: deque[tuple[int, int]] = deque()
    within = 0
    cited: list[Cited] = []
    most, before = 0, ""
    for day, quantity, use in entries:
        while window and window[0][0] <= day - days:
            within -= window.popleft()[1]
        over = min(quantity, within + quantity - allowed)
        if use is not None and over > 0 and (not view.proposed or use.source == PROPOSED):
            cited.append(Cited(use, div_round(use.amount_fen * over, quantity)))
            if within + quantity > most:
                most, before = within + quantity, days_text([earlier for earlier, _ in window] or [day])
        window.append((day, quantity))
        within += quantity
    if not cited:
        return ()
    name, number = called(view, bound, cited[0].use), quantity_text(most)
    return (
        Hit(
            f"「{name}」{days} 天内做了 {number} 次（此前 {before}），限 {days} 天 {times} 次",
            f"{name} was done {number} times within {days} days (before: {before}), at most {times}",
            cited,
            parameters={"days": f"{days} 天", "times": f"{times} 次"},
            inputs={"done": f"{number} 次", "before": before},
        ),
    )


def _counted(use: Use) -> int:
    return use.quantity_e4 or 10_000


def _done_before(view: View, bound: Bound[IndicationParameters], first: int, days: int) -> list[tuple[int, int]]:
    """Days and quantities (1e-4) of the item in earlier visits, less than `days` before the first day."""
    own = bound.own
    return [
        (day, quantity)
        for past in recent(view, days)
        for use in past.uses
        if use.item in own
        for day, quantity in use.days.items()
        if day > first - days and quantity > 0
    ]
