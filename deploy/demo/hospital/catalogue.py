"""The price list of the 示例 hospital: what can be charged. Read from the item list of the demo's policy book."""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from schemas import units

ITEMS_FILE = Path(__file__).parents[2] / "policies" / "demo" / "items.csv"
CLASS_B, CLASS_C = "02", "03"
DRUG_CATEGORIES = frozenset({"09", "11"})
MATERIAL_CATEGORY = "08"


class Item(NamedTuple):
    """One line of the price list; prices in 1e-6 yuan, codes in the shapes of DOMAIN 2.2.

    self_pay_bp: first self-pay share (None: as the class has it). limited_use: what its payment is restricted to.
    """

    key: str
    item_code: str
    name: str
    category: str
    level: str
    list_type: str
    price_micro: int
    antibiotic: bool
    valuable: bool
    high_value: bool
    self_pay_bp: int | None = None
    price_cap_micro: int | None = None
    limited_use: str = ""


@cache
def catalogue() -> dict[str, Item]:
    """Hospital item code → item, in file order."""
    with ITEMS_FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["hospital_item_code"]: Item(
                key=row["hospital_item_code"],
                item_code=row["item_code"],
                name=row["name"],
                category=row["category"],
                level=row["level"],
                list_type=row["list_type"],
                price_micro=units.parse_price_micro(row["price"]),
                antibiotic=row["antibiotic"] == "1",
                valuable=row["valuable"] == "1",
                high_value=row["high_value"] == "1",
                self_pay_bp=int(row["self_pay"].rstrip("%")) * 100 if row["self_pay"] else None,
                price_cap_micro=units.parse_price_micro(row["price_cap"]) if row["price_cap"] else None,
                limited_use=row["limited_use"],
            )
            for row in csv.DictReader(file)
        }
