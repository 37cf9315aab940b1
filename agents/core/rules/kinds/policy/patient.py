"""Limits by who the patient is: age and sex."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, judged, whole
from agents.core.rules.view import Use, View
from schemas.codes import name_en, name_zh
from schemas.units import EPOCH_ORDINAL

UNITS_ZH = {"d": "天", "m": "个月", "y": "岁"}
UNITS_EN = {"d": "days", "m": "months", "y": "years"}
#: Ages below this many years are told in months as well, below as many months in days.
SMALL_YEARS, SMALL_MONTHS = 3, 3
#: An age with a unit; empty: none.
Age = Annotated[str, Field(pattern=r"^(\d{1,5}[dmy])?$")]
SEXES = frozenset({"1", "2"})


@lru_cache(maxsize=65_536)
def day_of_age(birth_day: int, age: str) -> int:
    """The day on which someone reaches an age (`28d`, `6m`, `14y`), by the calendar.

    One born on 31 August is six months old on 1 March; one born on 29 February has other years' birthdays on 1 March.
    """
    number, unit = int(age[:-1]), age[-1]
    if unit == "d":
        return birth_day + number
    born = date.fromordinal(birth_day + EPOCH_ORDINAL)
    months = born.year * 12 + born.month - 1 + number * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    if year >= date.max.year:
        return date.max.toordinal() - EPOCH_ORDINAL
    try:
        reached = date(year, month + 1, born.day)
    except ValueError:
        reached = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return reached.toordinal() - EPOCH_ORDINAL


@lru_cache(maxsize=4_096)
def age_words(birth_day: int, day: int) -> tuple[str, str]:
    """An age on a day as people say it: `2 岁 3 个月`, `45 岁`, `12 天`; and in English."""
    born, now = date.fromordinal(birth_day + EPOCH_ORDINAL), date.fromordinal(day + EPOCH_ORDINAL)
    months = (now.year - born.year) * 12 + now.month - born.month - (now.day < born.day)
    years, rest = divmod(months, 12)
    if months < SMALL_MONTHS:
        return f"{day - birth_day} 天", f"{day - birth_day} days"
    if years >= SMALL_YEARS or not rest:
        return f"{years} 岁", f"{years} years"
    if not years:
        return f"{months} 个月", f"{months} months"
    return f"{years} 岁 {rest} 个月", f"{years} years {rest} months"


def range_words(age_from: str, age_to: str) -> tuple[str, str]:
    """A range of ages in words: `未满 14 岁`, `出生 28 天以内`, `满 16 岁、未满 63 岁`."""
    zh = {age: f"{age[:-1]} {UNITS_ZH[age[-1]]}" for age in (age_from, age_to) if age}
    en = {age: f"{age[:-1]} {UNITS_EN[age[-1]]}" for age in (age_from, age_to) if age}
    if age_from and age_to:
        return f"满 {zh[age_from]}、未满 {zh[age_to]}", f"from {en[age_from]} to under {en[age_to]}"
    if age_to.endswith("d"):
        return f"出生 {int(age_to[:-1]) - 1} 天以内", f"up to {int(age_to[:-1]) - 1} days old"
    if age_to:
        return f"未满 {zh[age_to]}", f"under {en[age_to]}"
    return f"满 {zh[age_from]}", f"{en[age_from]} or older"


class AgeParameters(Parameters):
    """Ages with a unit (`28d`, `6m`, `14y`) where the point names none: age_from is included, age_to is not."""

    age_from: Age = ""
    age_to: Age = ""


class AgeLimit(Kind[AgeParameters]):
    """The item is for patients of an age, and the patient was younger or older on the day of use.

    A point with a sex is about patients of that sex only (working ages). Nothing while the birth date is not known.
    """

    name = "age_limit"
    title_zh = "限年龄"
    title_en = "for an age only"
    trigger = Trigger.ITEM
    parameters = AgeParameters
    point_columns = ("item", "age_from", "age_to", "sex")
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[AgeParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """The lines of days on which the patient was not of the age."""
        point, limits, born = bound.the, bound.parameters, view.facts.birth_day
        if born is None or (point.sex and point.sex != view.facts.sex):
            return ()
        youngest, oldest = point.age_from, point.age_to
        if not youngest and not oldest:
            youngest, oldest = limits.age_from, limits.age_to
        first = day_of_age(born, youngest) if youngest else born
        end = day_of_age(born, oldest) if oldest else None
        wrong = [
            use
            for use in judged(view, bound, uses)
            if use.day >= born and (use.day < first or (end is not None and use.day >= end))
        ]
        if not wrong:
            return ()
        zh, en = range_words(youngest, oldest)
        age_zh, age_en = age_words(born, wrong[0].day)
        name = called(view, bound, wrong[0])
        whom_zh = {"1": "男性", "2": "女性"}.get(point.sex, "患者")
        whom_en = {"1": "men ", "2": "women "}.get(point.sex, "patients ")
        return (
            Hit(
                f"「{name}」限{zh}{whom_zh}使用，患者使用当日 {age_zh}",
                f"{name} is for {whom_en}{en}; the patient was {age_en} old on the day",
                whole(wrong),
                parameters={"age": zh},
                inputs={"age": age_zh, "sex": view.facts.sex},
            ),
        )


class SexLimit(Kind[Parameters]):
    """The item is for one sex, and the patient is of the other. Nothing while the sex is not known."""

    name = "sex_limit"
    title_zh = "限性别"
    title_en = "for one sex only"
    trigger = Trigger.ITEM
    point_columns = ("item", "sex")
    needed_columns = (("item",), ("sex",))

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """All lines, where the sex is the other."""
        allowed, sex = bound.the.sex, view.facts.sex
        if not allowed or sex not in SEXES or sex == allowed:
            return ()
        wrong = judged(view, bound, uses)
        if not wrong:
            return ()
        name = called(view, bound, wrong[0])
        return (
            Hit(
                f"「{name}」与限定性别不符：限{name_zh('sex', allowed)}性，患者为{name_zh('sex', sex)}性",
                f"{name} is for {name_en('sex', allowed)} patients only; the patient is {name_en('sex', sex)}",
                whole(wrong),
                parameters={"sex": allowed},
                inputs={"sex": sex},
            ),
        )
