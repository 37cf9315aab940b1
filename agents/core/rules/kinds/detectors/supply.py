"""超量开药: supplies that overlap, more than treatment needs, too many days of drugs at discharge."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.codes import clinical_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.detectors.words import quantity_text
from agents.core.rules.view import PROPOSED, Use, View
from schemas.units import day_text, div_round

Days = Annotated[int, Field(ge=0)]


class OverlapParameters(Parameters):
    """overlap_days: a supply may begin so many days before the former one is used up."""

    overlap_days: Days = 7


class OverlappingSupply(Kind[OverlapParameters]):
    """A drug to take home was given while an earlier supply of it still lasts.

    Earlier supplies: of earlier days of this visit, and of the patient's visits before; lines of one day are one
    supply. Only lines that say how many days they last, or whose order does; of inpatients only what is taken home. At
    stake is the part of the line's days that lies beyond what may overlap.
    """

    name = "overlapping_supply"
    title_zh = "开药天数重叠"
    title_en = "overlapping supplies"
    trigger = Trigger.EVERY_ITEM
    parameters = OverlapParameters
    uses_history = True

    def check(self, view: View, bound: Bound[OverlapParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Each supply against all that came before it."""
        outpatient = view.facts.is_outpatient
        by_day: dict[int, list[tuple[Use, int]]] = {}
        for use in uses:
            days = _days(view, use) if outpatient or use.take_home else 0
            if days:
                by_day.setdefault(use.day, []).append((use, days))
        if not by_day:
            return ()
        allowed = bound.parameters.overlap_days
        until = _supplied(view, uses[0].codes)
        cited: list[Cited] = []
        most = lasted = 0
        for day, mine in sorted(by_day.items()):
            overlap = until - day
            if overlap > allowed:
                for use, days in mine:
                    cited.append(Cited(use, div_round(use.amount_fen * min(days, overlap - allowed), days)))
                if overlap > most:
                    most, lasted = overlap, until
            until = max(until, day) + max(days for _, days in mine)
        if not cited:
            return ()
        name = view.name(uses[0].item)
        latest = day_text(lasted - allowed)
        return (
            Hit(
                f"「{name}」既往开药可用至 {day_text(lasted)}，本次与之重叠 {most} 天，参考不超过 {allowed} 天",
                f"An earlier supply of {name} lasts until {day_text(lasted)}; this one overlaps with {most} days of it,"
                f" the reference is {allowed}",
                cited,
                parameters={"overlap_days": f"{allowed} d"},
                inputs={"overlap": f"{most} d", "supply_until": day_text(lasted), "allowed_from": latest},
                advice_zh=f"核对患者余药；{latest} 起可再开，或减少本次天数；已交付多余药品的按规定退费",
                advice_en=f"Ask what is left; it may be given again from {latest} on, or for fewer days now; what was"
                " too much is to be refunded",
            ),
        )


def _days(view: View, use: Use) -> int:
    """How long a line lasts: as it says, else as its order says; 0: nobody says."""
    if use.days or not use.order_id or use.source == PROPOSED:
        return use.days
    return next(
        (
            order.days
            for order in view.orders
            if order.id == use.order_id and not set(use.codes).isdisjoint(order.codes)
        ),
        0,
    )


def _supplied(view: View, codes: Sequence[str]) -> int:
    """The day until which earlier visits have supplied the item; 0: nothing known."""
    return max((past.supply_until for visit in view.past for past in visit.uses if past.item in codes), default=0)


class VolumeInPeriod(Kind[Parameters]):
    """Far more of a drug than treatment needs was charged within `days` days, earlier visits included (转卖 sign).

    quantity: the most that treatment needs in such a period; unit: what it counts. Day N after a use is within a period
    of `days` days while N < days. At stake is what lies beyond, on the latest lines.
    """

    name = "volume_in_period"
    title_zh = "周期内用药量"
    title_en = "quantity within a period"
    trigger = Trigger.ITEM
    point_columns = ("item", "quantity", "days")
    needed_columns = (("item",), ("quantity",), ("days",))
    uses_history = True

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Each line with all that came within the period before it."""
        point = bound.the
        most, period = point.quantity, point.days
        if most is None or not period:
            return ()
        taken: list[tuple[int, int]] = [
            (day, quantity)
            for visit in view.past
            for past in visit.uses
            if past.item in bound.own
            for day, quantity in past.days.items()
        ]
        cited: list[Cited] = []
        largest = last_day = 0
        for use in uses:
            total = use.quantity_e4 + sum(quantity for day, quantity in taken if use.day - period < day <= use.day)
            taken.append((use.day, use.quantity_e4))
            excess = min(use.quantity_e4, total - most)
            if excess > 0:
                cited.append(Cited(use, div_round(use.amount_fen * excess, use.quantity_e4)))
                if total > largest:
                    largest, last_day = total, use.day
        if not cited:
            return ()
        name, unit = point.name or view.name(uses[0].item), point.unit
        total_zh, most_zh = (f"{quantity_text(number)} {unit}".strip() for number in (largest, most))
        return (
            Hit(
                f"「{name}」截至 {day_text(last_day)} 的 {period} 天内共 {total_zh}，参考不超过 {most_zh}",
                f"{quantity_text(largest)} of {name} within {period} days up to {day_text(last_day)}; the reference is"
                f" at most {quantity_text(most)}",
                cited,
                parameters={"quantity": most_zh, "days": f"{period} d"},
                inputs={"quantity": total_zh, "until": day_text(last_day)},
            ),
        )


class DischargeParameters(Parameters):
    """How many days of a drug may be taken home.

    acute_days: in general. chronic_days, special_days: where a diagnosis of the visit begins with one of
    chronic_diagnoses, special_diagnoses (code prefixes or ranges).
    """

    acute_days: Days = 7
    chronic_days: Days = 14
    special_days: Days = 30
    chronic_diagnoses: tuple[str, ...] = ()
    special_diagnoses: tuple[str, ...] = ()


class DischargeSupply(Kind[DischargeParameters]):
    """Drugs to take home at discharge last longer than the kind of disease allows (急性 7、慢性 14、特殊 30 天)."""

    name = "discharge_supply"
    title_zh = "出院带药超天数"
    title_en = "too many days of drugs at discharge"
    trigger = Trigger.EVERY_ITEM
    parameters = DischargeParameters

    def check(self, view: View, bound: Bound[DischargeParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Lines to take home that say how long they last."""
        mine = [use for use in uses if use.take_home and use.days > 0]
        if not mine or view.facts.is_outpatient:
            return ()
        limits = bound.parameters
        most, zh, en = _most_days(view, limits)
        found = [use for use in mine if use.days > most]
        if not found:
            return ()
        name, longest = view.name(uses[0].item), max(use.days for use in found)
        return (
            Hit(
                f"「{name}」出院带药 {longest} 天，{zh}参考不超过 {most} 天",
                f"{longest} days of {name} to take home at discharge; the reference for {en} is {most}",
                [Cited(use, div_round(use.amount_fen * (use.days - most), use.days)) for use in found],
                parameters={"most_days": f"{most} d"},
                inputs={"days": f"{longest} d"},
            ),
        )


def _most_days(view: View, limits: DischargeParameters) -> tuple[int, str, str]:
    codes = view.facts.diagnosis_codes
    if clinical_codes(";".join(limits.special_diagnoses)).any_of(codes):
        return limits.special_days, "特殊疾病", "special diseases"
    if clinical_codes(";".join(limits.chronic_diagnoses)).any_of(codes):
        return limits.chronic_days, "慢性病", "chronic diseases"
    return limits.acute_days, "急性病", "acute diseases"
