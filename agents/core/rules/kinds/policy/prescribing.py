"""Limits on what a doctor prescribes: a second-line drug without a first-line one, and too large a supply."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from agents.core.rules.codes import clinical_codes, item_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, claimed, judged, listed, whole
from agents.core.rules.kinds.policy.counting import beyond, counted, full_e4, quantity_text
from agents.core.rules.view import PROPOSED, Use, View
from schemas.book.entry import both
from schemas.units import div_round

Days = Annotated[int, Field(ge=0)]


def _clinical(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Diagnoses by prefix or range. Raises ValueError where a range ends before it begins."""
    try:
        clinical_codes(";".join(parts))
    except ValueError as error:
        raise ValueError(both(f"区间颠倒：{error}", f"a range ends before it begins: {error}")) from error
    return parts


class SecondLineParameters(Parameters):
    """How long ago a first-line drug may have been used to count (days), and what excuses its absence.

    excusing: diagnoses (prefixes) that speak for an intolerance, such as a drug allergy.
    """

    days: Days
    excusing: Annotated[tuple[str, ...], AfterValidator(_clinical)] = ()


class SecondLine(Kind[SecondLineParameters]):
    """A second-line drug, and no first-line one (`others`) was used before, in this visit or an earlier one.

    A first-line drug counts that was charged or ordered earlier than the line, at most `days` days before. Nothing of
    lines whose condition the insurer or the hospital states to be met, nor where a diagnosis excuses it.
    """

    name = "second_line"
    title_zh = "限二线使用"
    title_en = "second line only"
    trigger = Trigger.ITEM
    parameters = SecondLineParameters
    point_columns = ("item", "others", "other_names")
    needed_columns = (("item",), ("others",))
    watches_others = True
    uses_history = True

    def check(self, view: View, bound: Bound[SecondLineParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """The lines without a first-line drug before them."""
        parameters = bound.parameters
        suspects = [use for use in judged(view, bound, uses) if not use.limited_use_met]
        if not suspects or clinical_codes(";".join(parameters.excusing)).any_of(view.facts.diagnosis_codes):
            return ()
        first_line = [(use.at, use.day) for use in (*view.charged(bound.others), *view.ordered(bound.others))]
        earlier = [day for past in view.past for used in past.uses if used.item in bound.others for day in used.days]
        wrong = [
            use
            for use in suspects
            if not any(at < use.at and use.day - day <= parameters.days for at, day in first_line)
            and not any(0 <= use.day - day <= parameters.days for day in earlier)
        ]
        if not wrong:
            return ()
        name, days = called(view, bound, wrong[0]), parameters.days
        first = bound.the.other_names or bound.the.others
        return (
            Hit(
                f"「{name}」限二线使用，但此前 {days} 天没有一线药品（{listed(first)}）使用无效或不能耐受的证据",
                f"{name} was used without evidence that a first-line drug ({first}) failed in the {days} days before",
                whole(wrong),
                parameters={"days": f"{days} 天", "first_line": bound.the.others},
                inputs={"first_line_uses": "0"},
            ),
        )


class SupplyParameters(Parameters):
    """Longest supply of one order in days, where the point names none; 0: no limit.

    days: outpatients; emergency_days, chronic_days: visits of `emergency_care_types` (急诊), `chronic_care_types`
    (门诊慢特病); take_home_days: drugs taken home after a stay.
    """

    days: Days = 0
    emergency_days: Days = 0
    emergency_care_types: tuple[str, ...] = ()
    chronic_days: Days = 0
    chronic_care_types: tuple[str, ...] = ()
    take_home_days: Days = 0


class SupplyLimit(Kind[SupplyParameters]):
    """One order of a drug lasts longer, or is more, than may be supplied at once.

    days: longest supply (of outpatients and of drugs taken home; the point's own weighs more than the parameters).
    quantity: the most of one item on one day. others: items that this point is not about, having limits of their own.
    Nothing of lines that do not say how long they last, nor of what inpatients use in hospital.
    """

    name = "supply_limit"
    title_zh = "限开药天数、开药量"
    title_en = "limited supply"
    trigger = Trigger.ITEM
    parameters = SupplyParameters
    point_columns = ("item", "days", "quantity", "others")
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[SupplyParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """What goes beyond, one finding an item where the point is about several."""
        facts, excepted = view.facts, item_codes(bound.the.others)
        by_item: dict[str, list[Use]] = {}
        for use in counted(view, bound.own, claimed(view, bound, uses)):
            if (facts.is_outpatient or use.take_home) and not excepted.any_of(use.codes):
                by_item.setdefault(use.item, []).append(use)
        for item in sorted(by_item):
            hit = self._judge(view, bound, by_item[item])
            if hit is not None:
                yield hit if _is_single(bound) else hit._replace(subject=item)

    def _judge(self, view: View, bound: Bound[SupplyParameters], lines: Sequence[Use]) -> Hit | None:
        cited: dict[str, Cited] = {}
        longest = 0, 0
        limit = _longest(view, bound)
        for use in lines:
            if limit and use.days > limit:
                over = div_round(use.amount_fen * (use.days - limit), use.days)
                cited[use.id] = Cited(use, over)
                longest = max(longest, (use.days, limit))
        most, largest = bound.the.quantity, 0
        by_day: dict[int, list[Use]] = {}
        for use in lines if most is not None else ():
            by_day.setdefault(use.day, []).append(use)
        for same_day in by_day.values():
            for found in beyond(same_day, most or 0, full_e4):
                known = cited.get(found.use.id)
                cited[found.use.id] = Cited(found.use, max(found.amount_fen, known.amount_fen if known else 0))
                largest = max(largest, sum(use.quantity_e4 for use in same_day))
        wrong = [line for line in cited.values() if not view.proposed or line.use.source == PROPOSED]
        if not wrong:
            return None
        wrong.sort(key=lambda line: (line.use.at, line.use.id))
        use = wrong[0].use
        name = called(view, bound, use) if _is_single(bound) else view.names.get(use.item) or use.name or use.item
        return _told(name, bound, longest, largest)._replace(lines=wrong)


def _is_single(bound: Bound[SupplyParameters]) -> bool:
    """Whether the point is about one item."""
    return not bound.own.prefixes and len(bound.own.whole) == 1


def _longest(view: View, bound: Bound[SupplyParameters]) -> int:
    """For how many days a line may last at most; 0: no limit."""
    limits = bound.parameters
    if bound.the.days is not None:
        return bound.the.days
    if view.facts.care_type in limits.emergency_care_types:
        return limits.emergency_days
    if view.facts.care_type in limits.chronic_care_types:
        return limits.chronic_days
    return limits.days if view.facts.is_outpatient else limits.take_home_days


def _told(name: str, bound: Bound[SupplyParameters], longest: tuple[int, int], largest: int) -> Hit:
    zh, en = [], []
    parameters, inputs = {}, {}
    if longest[0]:
        zh.append(f"一次开药 {longest[0]} 天，限 {longest[1]} 天")
        en.append(f"{longest[0]} days, at most {longest[1]}")
        parameters["days"], inputs["days"] = f"{longest[1]} 天", f"{longest[0]} 天"
    if largest:
        unit = bound.the.unit
        most = quantity_text(bound.the.quantity or 0)
        zh.append(f"一次开药 {quantity_text(largest)} {unit}，限 {most} {unit}".rstrip())
        en.append(f"{quantity_text(largest)} units, at most {most}")
        parameters["quantity"], inputs["quantity"] = most, quantity_text(largest)
    return Hit(
        f"「{name}」{'；'.join(zh)}", f"{name}: one order of {'; '.join(en)}", parameters=parameters, inputs=inputs
    )
