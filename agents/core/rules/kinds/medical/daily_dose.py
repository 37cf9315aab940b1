"""More of a drug a day than its label allows (超说明书用量)."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from pydantic import field_validator

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.medical.doses import Dose, dose_text, frequency_code, read_dose, strength_of, times_a_day
from agents.core.rules.kinds.medical.in_use import last_day_of_order, supply_days
from agents.core.rules.kinds.medical.naming import days_text
from agents.core.rules.kinds.policy.claims import called
from agents.core.rules.view import PROPOSED, Use, View
from schemas.book.entry import both
from schemas.book.points import Point
from schemas.units import div_round


class DailyDoseParameters(Parameters):
    """frequencies: what the hospital's own words for frequencies mean, `word=times a day`, beside the common ones."""

    frequencies: tuple[str, ...] = ()

    @field_validator("frequencies")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            word, _, times = entry.partition("=")
            if not word.strip() or not (times.isascii() and times.isdigit() and int(times)):
                raise ValueError(both(f"频次应写作“词=每日次数”：{entry}", f"a frequency is word=times a day: {entry}"))
        return value


@lru_cache(maxsize=256)
def _local(frequencies: tuple[str, ...]) -> dict[str, int]:
    return {frequency_code(word): int(times) for word, _, times in (entry.partition("=") for entry in frequencies)}


class DailyDose(Kind[DailyDoseParameters]):
    """The dose of a day is above the largest one of the label.

    Of a point: item; quantity and unit: the largest dose a day (`4`, `g`); role: what one charged unit contains
    (`500mg`), for lines without a dose; mode: in which way of care (2 inpatient) what is charged on a day is what is
    taken on that day (drugs dispensed dose by dose); empty: nowhere. An order: its dose × its frequency, together with
    the open orders of the drug that run on its day, else its quantity over its days. A fee line: its order's dose ×
    frequency, else its quantity over its days, else what is charged on the day. Doses in units that cannot be compared
    (片 with mg), as needed or not said, are passed over.
    """

    name = "daily_dose"
    title_zh = "日剂量上限"
    title_en = "largest dose a day"
    trigger = Trigger.ITEM
    parameters = DailyDoseParameters
    point_columns = ("item", "quantity", "unit", "role", "mode")
    needed_columns = (("item",), ("quantity",), ("unit",))

    def check(self, view: View, bound: Bound[DailyDoseParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """One hit: every line that goes beyond, with the share of it that does."""
        point = bound.the
        most = _largest(point)
        if most is None:
            return ()
        local = _local(bound.parameters.frequencies)
        cited: list[Cited] = []
        largest = 0
        for line, doses in self._judged(view, bound, uses, local, most.unit):
            if doses > most.millionths:
                largest = max(largest, doses)
                cited.append(Cited(line, div_round(line.amount_fen * (doses - most.millionths), doses)))
        if not cited:
            return ()
        name, given = called(view, bound, cited[0].use), Dose(largest, most.unit)
        when = days_text([line.use.day for line in cited])
        return (
            Hit(
                f"「{name}」日剂量 {dose_text(given)}（{when}），超说明书上限 {dose_text(most)}/日",
                f"{name}: {dose_text(given)} a day ({when}); the label's largest dose is {dose_text(most)} a day",
                cited,
                parameters={"largest_dose": f"{dose_text(most)}/d"},
                inputs={"dose": f"{dose_text(given)}/d", "days": when},
            ),
        )

    def _judged(
        self, view: View, bound: Bound[DailyDoseParameters], uses: Sequence[Use], local: dict[str, int], unit: str
    ) -> Iterable[tuple[Use, int]]:
        """Lines with the dose a day they stand for, in millionths of the unit."""
        point = bound.the
        if view.proposed:
            running = self._running(view, bound, local, unit)
            for use in uses:
                dose = _dose_of(use, local, unit) if use.source == PROPOSED else None
                if dose is None and use.source == PROPOSED:
                    dose = _supply_of(point, use, use.days, unit)
                if dose is not None:
                    yield use, dose + _beside(use, running)
            return
        whole_days: dict[int, list[Use]] = {}
        for use in uses:
            order = view.order_of(use)
            dose = _dose_of(order, local, unit) if order is not None else None
            if dose is None:
                dose = _supply_of(point, use, supply_days(view, use), unit)
            if dose is not None:
                yield use, dose
            elif point.mode and point.mode == view.facts.mode:
                whole_days.setdefault(use.day, []).append(use)
        for lines in whole_days.values():
            found = strength_of(sum(use.quantity_e4 for use in lines), point.role)
            if found is not None and found.unit == unit:
                for use in lines:
                    yield use, found.millionths

    @staticmethod
    def _running(
        view: View, bound: Bound[DailyDoseParameters], local: dict[str, int], unit: str
    ) -> list[tuple[Use, int]]:
        """Orders of the drug with their doses: those on record that are open, and those being placed."""
        placed = {use.id for use in view.proposed}
        orders = [use for use in view.uses(bound.own) if use.source == PROPOSED]
        orders += [order for order in view.ordered(bound.own) if order.is_open and order.id not in placed]
        return [(order, dose) for order in orders if (dose := _dose_of(order, local, unit)) is not None]


def _largest(point: Point) -> Dose | None:
    unit = read_dose("1", point.unit)
    if unit is None or not point.quantity:
        return None
    return Dose(unit.millionths * point.quantity // 10_000, unit.unit)


def _dose_of(order: Use, local: dict[str, int], unit: str) -> int | None:
    if not order.dose or not order.frequency:
        return None
    dose, times = read_dose(order.dose, order.dose_unit), times_a_day(order.frequency, local)
    return dose.millionths * times if dose is not None and times is not None and dose.unit == unit else None


def _supply_of(point: Point, use: Use, days: int, unit: str) -> int | None:
    if days <= 0 or not point.role:
        return None
    found = strength_of(use.quantity_e4, point.role)
    return found.millionths // days if found is not None and found.unit == unit else None


def _beside(use: Use, running: Sequence[tuple[Use, int]]) -> int:
    """What the other orders of the drug that run on the day of this one add to it."""
    return sum(other for order, other in running if order.id != use.id and _runs_on(order, use.day))


def _runs_on(order: Use, day: int) -> bool:
    return order.day <= day <= last_day_of_order(order)
