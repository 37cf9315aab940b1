"""The price list of the 示例 hospital: what can be charged. Read from the item list of the demo's policy book."""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from schemas import units

ITEMS_FILE = Path(__file__).parents[2] / "policies" / "demo" / "items.csv"
CLASS_C = "03"
DRUG_CATEGORIES = frozenset({"09", "11"})
MATERIAL_CATEGORY = "08"


class Item(NamedTuple):
    """One line of the price list; `price_micro` in 1e-6 yuan, codes in the shapes of DOMAIN 2.2."""

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
            )
            for row in csv.DictReader(file)
        }
