"""What every entry of the book carries: source, scope, dates, status; and how the most specific entry is found.

The most specific valid entry wins: a named department outweighs a care type, which outweighs an insurance type, which
outweighs a hospital, which outweighs a region; of two regions the smaller one wins.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationInfo, model_validator

from schemas import units
from schemas.reasons import RejectError


def _yuan(value: object, info: ValidationInfo) -> int:
    """Money in a book is written in yuan: `"12000.00"`, or a whole number of yuan."""
    field = info.field_name or "amount"
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{field} must be yuan, as text with at most two decimals or as a whole number")  # noqa: TRY004 - pydantic collects ValueError
    try:
        return units.parse_fen(str(value), field)
    except RejectError as error:
        raise ValueError(f"{field}: {error.detail or error.reason.name.lower()}") from error


def _decimal(places: int, what: str) -> BeforeValidator:
    def read(value: object, info: ValidationInfo) -> int:
        field = info.field_name or what
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(f"{field} must be {what}, as text (quoted) or as a whole number")  # noqa: TRY004
        try:
            return units.parse_decimal(str(value), places, 10**15, field)
        except RejectError as error:
            raise ValueError(f"{field}: {error.detail or error.reason.name.lower()}") from error

    return BeforeValidator(read)


def _share(value: object, info: ValidationInfo) -> int:
    field = info.field_name or "share"
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f'{field} must be a percentage such as "85%" or "12.5%", or whole basis points')  # noqa: TRY004
    text = str(value).strip()
    try:
        return units.parse_decimal(text[:-1], 2, 10**9, field) if text.endswith("%") else int(text)
    except (RejectError, ValueError) as error:
        raise ValueError(f'{field} must be a percentage such as "85%" or "12.5%", or whole basis points') from error


def _text(places: int) -> PlainSerializer:
    """How a number is written again: as the decimal text it is read from."""

    def write(value: int) -> str:
        whole, rest = divmod(abs(value), 10**places)
        return f"{'-' if value < 0 else ''}{whole}.{rest:0{places}d}"

    return PlainSerializer(write, return_type=str, when_used="json")


#: Money, written in yuan, held in fen.
Yuan = Annotated[int, BeforeValidator(_yuan), _text(2)]
#: A share, written as `"85%"` or as basis points (8500), held in basis points.
Share = Annotated[int, BeforeValidator(_share)]
#: A number with up to four decimals (scores, weights, coefficients), held in 1e-4.
E4 = Annotated[int, _decimal(4, "a number with at most four decimals"), _text(4)]
#: A price in yuan with up to six decimals (unit prices, point values), held in 1e-6 yuan.
Micro = Annotated[int, _decimal(6, "a price in yuan with at most six decimals"), _text(6)]


class Part(BaseModel):
    """Base of the parts of entries: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, populate_by_name=True)


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
            raise ValueError("effective_from is after effective_to")
        return self

    @property
    def subject(self) -> str:
        """What entries of a section compete about: two of one subject and scope must not overlap in time."""
        return ""

    @property
    def is_active(self) -> bool:
        """Whether the entry counts at all."""
        return self.status is Status.ACTIVE

    def is_in_force(self, ordinal: int) -> bool:
        """Whether it holds on a day (`date.toordinal`)."""
        return self.effective_from.toordinal() <= ordinal <= self.effective_to.toordinal()
