"""What every entry of the book carries: source, scope, dates, status; and how the most specific entry is found.

The most specific valid entry wins: a named department outweighs a care type, which outweighs an insurance type, which
outweighs a hospital, which outweighs a region; of two regions the smaller one wins.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from schemas import units
from schemas.reasons import RejectError


def both(zh: str, en: str) -> str:
    """A sentence for people in both languages."""
    return f"{zh} | {en}"


def _unquoted(value: object) -> str:
    """What to say of a decimal without quotes: a binary fraction would not be the amount that was written."""
    return both(f'小数须加引号，写成 "{value}"', f'a decimal must be quoted: write "{value}"')


def _yuan(value: object) -> int:
    """Money in a book is written in yuan: `"12000.00"`, or a whole number of yuan."""
    if isinstance(value, float):
        raise ValueError(_unquoted(value))  # noqa: TRY004 - pydantic collects ValueError
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(both("应为金额（元）", "must be an amount in yuan"))  # noqa: TRY004
    try:
        return units.parse_fen(str(value), "")
    except RejectError as error:
        zh = '应为金额（元），最多两位小数，不写千分位与单位，如 "12000.00"'
        en = 'must be yuan with at most two decimals, no thousands separators, no unit, such as "12000.00"'
        raise ValueError(both(zh, en)) from error


def _decimal(places: int, zh: str, en: str) -> BeforeValidator:
    def read(value: object) -> int:
        if isinstance(value, float):
            raise ValueError(_unquoted(value))  # noqa: TRY004
        wrong = both(f"应为{zh}，最多 {places} 位小数", f"must be {en} with at most {places} decimals")
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(wrong)  # noqa: TRY004
        try:
            return units.parse_decimal(str(value), places, 10**15, "")
        except RejectError as error:
            raise ValueError(wrong) from error

    return BeforeValidator(read)


def _share(value: object) -> int:
    wrong = both(
        '应为百分比，如 "85%" 或 "12.5%"（也可写整数基点，8500 即 85%）',
        'must be a percentage such as "85%" or "12.5%" (or whole basis points: 8500 is 85 %)',
    )
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(wrong)  # noqa: TRY004
    text = str(value).strip()
    try:
        return units.parse_decimal(text[:-1], 2, 10**9, "") if text.endswith("%") else int(text)
    except (RejectError, ValueError) as error:
        raise ValueError(wrong) from error


def _text(places: int) -> PlainSerializer:
    """How a number is written again: as the decimal text it is read from."""

    def write(value: int) -> str:
        whole, rest = divmod(abs(value), 10**places)
        digits = f"{rest:0{places}d}"
        if places > 2:  # money keeps its two decimals
            digits = digits.rstrip("0")
        return f"{'-' if value < 0 else ''}{whole}{'.' if digits else ''}{digits}"

    return PlainSerializer(write, return_type=str, when_used="json")


def _percent(value: int) -> str:
    """How a share is written again."""
    text = f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"
    return f"{text.rstrip('0').rstrip('.')}%"


#: Money, written in yuan, held in fen.
Yuan = Annotated[int, BeforeValidator(_yuan), _text(2)]
#: A share, written as `"85%"` or as basis points (8500), held in basis points.
Share = Annotated[int, BeforeValidator(_share), PlainSerializer(_percent, return_type=str, when_used="json")]
#: A number with up to four decimals (scores, weights, coefficients), held in 1e-4.
E4 = Annotated[int, _decimal(4, "数字", "a number"), _text(4)]
#: A price in yuan with up to six decimals (unit prices, point values), held in 1e-6 yuan.
Micro = Annotated[int, _decimal(6, "金额（元）", "a price in yuan"), _text(6)]


class Part(BaseModel):
    """Base of the parts of entries: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, populate_by_name=True)


#: What is wrong with a span of days that ends before it begins.
BACKWARDS = both("effective_from 晚于 effective_to", "effective_from is after effective_to")


class Scope(Part):
    """Whom an entry is for. Empty means any. `region`: a 行政区划 code; trailing zeros stand for all below it."""

    region: str = ""
    hospital: str = ""
    insurance_type: str = ""
    care_type: str = ""
    department: str = ""

    @property
    def region_prefix(self) -> str:
        """What the region's code has in common with all below it: 440000 → 44, 440100 → 4401."""
        code = self.region
        while len(code) > 2 and code.endswith("00"):
            code = code[:-2]
        return code

    @property
    def specificity(self) -> tuple[int, int]:
        """Higher is more specific; no two different sets of named fields are equal."""
        named = (self.region, self.hospital, self.insurance_type, self.care_type, self.department)
        return sum(1 << place for place, value in enumerate(named) if value), len(self.region_prefix)

    def matches(self, subject: "Scope") -> bool:
        """Whether an entry of this scope is for the subject (whose fields are all named as far as they are known)."""
        return (
            (not self.region or subject.region.startswith(self.region_prefix))
            and (not self.hospital or self.hospital == subject.hospital)
            and (not self.department or self.department == subject.department)
            and (not self.care_type or self.care_type == subject.care_type)
            and (not self.insurance_type or self.insurance_type == subject.insurance_type)
        )


class Status(StrEnum):
    """Where an entry stands. Only `active` ones count; the others are kept to be read."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class BookEntry(Part):
    """What every entry carries: who says so, for whom, from when to when (both days included), whether it counts."""

    id: Annotated[str, Field(min_length=1, max_length=100)]
    scope: Scope = Scope()
    effective_from: date = date(1970, 1, 1)
    effective_to: date = date(2099, 12, 31)
    source: Annotated[str, Field(min_length=1)]
    status: Status = Status.ACTIVE

    @model_validator(mode="after")
    def _dates(self) -> "BookEntry":
        if self.effective_from > self.effective_to:
            raise ValueError(BACKWARDS)
        return self

    @property
    def subject(self) -> str:
        """What entries of a section compete about: two of one subject and scope must not overlap in time."""
        return ""

    @property
    def specificity(self) -> tuple[int, int]:
        """How specific the entry is among those of its subject; the highest wins."""
        return self.scope.specificity

    def matches(self, subject: Scope) -> bool:
        """Whether the entry is for the subject (`Scope.matches`)."""
        return self.scope.matches(subject)

    @property
    def is_active(self) -> bool:
        """Whether the entry counts at all."""
        return self.status is Status.ACTIVE

    def is_in_force(self, ordinal: int) -> bool:
        """Whether it holds on a day (`date.toordinal`)."""
        return self.effective_from.toordinal() <= ordinal <= self.effective_to.toordinal()
