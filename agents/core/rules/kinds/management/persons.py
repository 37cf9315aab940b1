"""Diagnoses and operations that do not go with the patient's sex or age: a slip of coding, or another person's record.

Judged on the last sex and birth date that were said; nothing while they are not known.
"""

from collections.abc import Iterable, Sequence

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.view import Facts, Use, View
from schemas.book.points import Point
from schemas.units import day_text

SEXES_ZH, SEXES_EN = {"1": "男", "2": "女"}, {"1": "male", "2": "female"}
UNITS_ZH, UNITS_EN = {"d": "天", "m": "个月", "y": "岁"}, {"d": "days", "m": "months", "y": "years"}
E4_DAYS_A_MONTH = 304_375


def _sex_hit(view: View, point: Point, code: str, noun_zh: str, noun_en: str) -> Hit:
    mine, wanted = view.facts.sex, point.sex
    name = f"{point.name} {code}".strip()
    return Hit(
        f"{noun_zh}「{name}」与限定性别不符：限{SEXES_ZH[wanted]}性，患者为{SEXES_ZH[mine]}性",
        f"{noun_en} {name} does not go with the sex: {SEXES_EN[wanted]} only, the patient is {SEXES_EN[mine]}",
        parameters={"sex": SEXES_ZH[wanted]},
        inputs={"sex": SEXES_ZH[mine], "code": code},
    )


class DiagnosisSex(Kind[Parameters]):
    """A diagnosis of one sex on the record of the other."""

    name = "diagnosis_sex"
    title_zh = "诊断与患者性别不符"
    title_en = "diagnosis against the patient's sex"
    trigger = Trigger.DIAGNOSIS
    point_columns = ("diagnoses", "sex")
    needed_columns = (("diagnoses",), ("sex",))

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """One finding a point; nothing while the sex is not known."""
        if view.facts.sex not in SEXES_ZH or view.facts.sex == bound.the.sex:
            return ()
        found = [code for code in view.facts.diagnosis_codes if code in bound.diagnoses]
        return (_sex_hit(view, bound.the, found[0], "诊断", "Diagnosis"),) if found else ()


class ProcedureSex(Kind[Parameters]):
    """An operation of one sex on the record of the other."""

    name = "procedure_sex"
    title_zh = "手术操作编码与性别不符"
    title_en = "operation against the patient's sex"
    trigger = Trigger.PROCEDURE
    point_columns = ("procedures", "sex")
    needed_columns = (("procedures",), ("sex",))

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """One finding a point; nothing while the sex is not known."""
        if view.facts.sex not in SEXES_ZH or view.facts.sex == bound.the.sex:
            return ()
        found = [code for code in view.facts.procedure_codes if code.upper() in bound.procedures]
        return (_sex_hit(view, bound.the, found[0], "手术操作", "Operation"),) if found else ()


class DiagnosisAge(Kind[Parameters]):
    """A diagnosis of one time of life at another: newborn's, child's, old person's diseases, pregnancies.

    The age counts on the day of admission. Years are counted by birthday, months as a twelfth of a year, days as they
    are; `age_from` is included, `age_to` is not.
    """

    name = "diagnosis_age"
    title_zh = "诊断与患者年龄不符"
    title_en = "diagnosis against the patient's age"
    trigger = Trigger.DIAGNOSIS
    point_columns = ("diagnoses", "age_from", "age_to")
    needed_columns = (("diagnoses",), ("age_from", "age_to"))

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """One finding a point; nothing while the birth date is not known or lies after the admission."""
        facts, point = view.facts, bound.the
        day = facts.today if facts.admitted_day is None else facts.admitted_day
        age = facts.age_on(day)
        if age is None:
            return ()
        too_young = bool(point.age_from) and not has_reached(age, point.age_from)
        too_old = bool(point.age_to) and has_reached(age, point.age_to)
        found = [code for code in facts.diagnosis_codes if code in bound.diagnoses] if too_young or too_old else []
        if not found:
            return ()
        name = f"{point.name} {found[0]}".strip()
        mine_zh, mine_en = age_words(age)
        zh, en = range_words(point.age_from, point.age_to)
        return (
            Hit(
                f"诊断「{name}」与患者年龄不符：限{zh}，患者入院时 {mine_zh}",
                f"Diagnosis {name} does not go with the age: {en} only, the patient was {mine_en} at admission",
                parameters={name: value for name in ("age_from", "age_to") if (value := getattr(point, name))},
                inputs={"age": mine_zh, "on": day_text(day), "code": found[0], **birth(facts)},
            ),
        )


def birth(facts: Facts) -> dict[str, str]:
    """The birth date as an input of a finding."""
    return {} if facts.birth_day is None else {"birth_date": day_text(facts.birth_day)}


def has_reached(age: tuple[int, int], text: str) -> bool:
    """Whether an age (days, years by birthday) has reached one as written (`28d`, `6m`, `14y`)."""
    days, years = age
    number, unit = int(text[:-1]), text[-1]
    if unit == "y":
        return years >= number
    return days * 10_000 >= number * E4_DAYS_A_MONTH if unit == "m" else days >= number


def age_words(age: tuple[int, int]) -> tuple[str, str]:
    """An age in words: years, or days below one year."""
    days, years = age
    return (f"{years} 岁", f"{years} years old") if years else (f"{days} 天", f"{days} days old")


def range_words(age_from: str, age_to: str) -> tuple[str, str]:
    """A span of ages in words."""
    zh, en = [], []
    if age_from:
        zh.append(f"满 {age_from[:-1]} {UNITS_ZH[age_from[-1]]}")
        en.append(f"from {age_from[:-1]} {UNITS_EN[age_from[-1]]}")
    if age_to:
        zh.append(f"不满 {age_to[:-1]} {UNITS_ZH[age_to[-1]]}")
        en.append(f"below {age_to[:-1]} {UNITS_EN[age_to[-1]]}")
    return "、".join(zh), " and ".join(en)
