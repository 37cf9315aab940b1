"""Knowledge points (知识点): the content of the rules, one row a line of a CSV. A full library has 250,000.

A point names its rule, the item it is about, and what the rule needs to know: only the columns its kind reads are
filled. A dataclass with slots, as the catalogue's: a model takes three times the memory.
"""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from schemas.book.entry import BACKWARDS, E4, Micro, Share, Yuan

#: Several codes in one cell are parted by semicolons.
SEPARATOR = ";"


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid", coerce_numbers_to_str=True))
class Point:
    """One knowledge point.

    rule: code of the rule. id: empty: `rule` and a number. item: national or hospital code; `X…*`: every code that
    begins so; several parted by `;`; empty where the point is about a diagnosis, a procedure or the visit. name: of the
    item. group: points of one group are judged together (a class of drugs, parts of a bundle, operations of one
    incision). role: what the item is within its group or pair. others, other_names: codes of what it is paired with,
    must not meet, must be preceded by, must be accompanied by; codes as in `item`.
    diagnoses: code prefixes and ranges, `I10;E10-E14`; procedures likewise. sex: 1 male, 2 female. age_from, age_to:
    ages with a unit, `28d`, `6m`, `14y`; from is included, to is not. insurance_types, care_types, departments,
    specialities, grades: codes parted by `;`. mode: 1 outpatient, 2 inpatient, 3 pharmacy, 4 other. tier: lowest tier
    of the hospital. level: a level of its own (of antibiotics: 1–3). quantity: in units with four decimals. days,
    times, hours: counts. amount: yuan; price: yuan a unit; share: percentage. unit: what a quantity counts, for people.
    clause, clause_en: the words of the policy; source: where they stand; advice, advice_en: what to do instead;
    alternative: code of what may be used instead. region, insurance_type: where it holds; empty: everywhere.
    """

    rule: Annotated[str, Field(min_length=1)]
    id: str = ""
    item: str = ""
    name: str = ""
    group: str = ""
    role: str = ""
    others: str = ""
    other_names: str = ""
    diagnoses: str = ""
    procedures: str = ""
    sex: Annotated[str, Field(pattern="^[12]?$")] = ""
    age_from: Annotated[str, Field(pattern=r"^(\d+[dmy])?$")] = ""
    age_to: Annotated[str, Field(pattern=r"^(\d+[dmy])?$")] = ""
    insurance_types: str = ""
    care_types: str = ""
    departments: str = ""
    specialities: str = ""
    grades: str = ""
    mode: str = ""
    tier: str = ""
    level: Annotated[int, Field(ge=0)] = 0
    quantity: Annotated[E4, Field(ge=0)] | None = None
    days: Annotated[int, Field(ge=0)] | None = None
    times: Annotated[int, Field(ge=0)] | None = None
    hours: Annotated[int, Field(ge=0)] | None = None
    amount: Annotated[Yuan, Field(ge=0)] | None = None
    price: Annotated[Micro, Field(ge=0)] | None = None
    share: Annotated[Share, Field(ge=0)] | None = None
    unit: str = ""
    clause: str = ""
    clause_en: str = ""
    source: str = ""
    advice: str = ""
    advice_en: str = ""
    alternative: str = ""
    region: str = ""
    insurance_type: str = ""
    effective_from: date = date(1970, 1, 1)
    effective_to: date = date(2099, 12, 31)

    @model_validator(mode="after")
    def _whole(self) -> "Point":
        if self.effective_from > self.effective_to:
            raise ValueError(BACKWARDS)
        return self


def codes(cell: str) -> tuple[str, ...]:
    """The codes of a cell."""
    return tuple(part for code in cell.split(SEPARATOR) if (part := code.strip()))
