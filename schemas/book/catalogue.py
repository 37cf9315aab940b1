"""三大目录 (drugs, services, consumables), one row a line of a CSV, with what the hospital says about its items."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from schemas.book.entry import BACKWARDS, Micro, Share, both


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="ignore", coerce_numbers_to_str=True))
class CatalogueItem:
    """One row: an item found by its national code or the hospital's own, valid between two days (both included).

    level 01 甲 02 乙 03 丙. self_pay: first self-pay share (selfpay_prop); empty: 0 for 甲, the benefit's for 乙.
    price_cap: 定价上限 of one unit, yuan. limited_use: the text of the payment restriction (限制支付范围); such a line
    is paid only where the condition is met. region, insurance_type: whose catalogue it is; empty: everybody's.
    antibiotic, valuable, high_value: the hospital's flags. Columns it does not know are the hospital's own business.
    A dataclass with slots: a full catalogue has a quarter of a million rows, and a model takes three times the memory.
    """

    item_code: str = ""
    hospital_item_code: str = ""
    name: str = ""
    category: str = ""
    list_type: str = ""
    level: Annotated[str, Field(pattern="^(0?[123])?$")] = ""
    self_pay: Annotated[Share, Field(ge=0, le=10_000)] | None = None
    price_cap: Annotated[Micro, Field(gt=0)] | None = None
    limited_use: str = ""
    region: str = ""
    insurance_type: str = ""
    effective_from: date = date(1970, 1, 1)
    effective_to: date = date(2099, 12, 31)
    antibiotic: bool = False
    valuable: bool = False
    high_value: bool = False
    source: str = ""

    @model_validator(mode="after")
    def _whole(self) -> "CatalogueItem":
        if not (self.item_code or self.hospital_item_code):
            raise ValueError(
                both("item_code 与 hospital_item_code 至少要有一个", "an item needs item_code or hospital_item_code")
            )
        if self.effective_from > self.effective_to:
            raise ValueError(BACKWARDS)
        return self
