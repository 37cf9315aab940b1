"""The national code tables as data. Unknown codes are passed through with a warning: provinces extend these tables."""

import csv
from functools import cache
from importlib.resources import files

import msgspec

CATEGORY_COUNT = 14


class Code(msgspec.Struct, frozen=True):
    """One value of a code table, with the table's source."""

    table: str
    code: str
    name_zh: str
    name_en: str
    source: str


@cache
def code_tables() -> dict[str, dict[str, Code]]:
    """Every shipped table: table name → code → Code. Read once from `codes.csv` beside this file."""
    tables: dict[str, dict[str, Code]] = {}
    with files(__package__).joinpath("codes.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            tables.setdefault(row["table"], {})[row["code"]] = Code(**row)
    return tables


def is_known(table: str, code: str) -> bool:
    """Whether the code is in the shipped table; an absent (empty) code is not unknown."""
    return not code or code in code_tables()[table]


def name_zh(table: str, code: str) -> str:
    """The Chinese name of a code, or the code itself where the table does not know it."""
    found = code_tables()[table].get(code)
    return found.name_zh if found else code


def name_en(table: str, code: str) -> str:
    """The English name of a code, or the code itself where the table does not know it."""
    found = code_tables()[table].get(code)
    return found.name_en if found else code


def category_index(code: str) -> int:
    """0–13 for the fourteen categories 01–14; an unknown or absent one counts as 14 其他费."""
    return CATEGORY_INDEX.get(code, CATEGORY_COUNT - 1)


CATEGORY_INDEX = {f"{number:02d}": number - 1 for number in range(1, CATEGORY_COUNT + 1)}
CATEGORY_INDEX |= {str(number): number - 1 for number in range(1, 10)}
CATEGORY_CODES = tuple(f"{number:02d}" for number in range(1, CATEGORY_COUNT + 1))

#: 甲, 乙, 丙, and what carries no class yet ("not in catalogue", never silently self-pay: DOMAIN G-10).
LEVEL_INDEX = {"01": 0, "02": 1, "03": 2, "1": 0, "2": 1, "3": 2}
LEVEL_COUNT = 4


def level_index(code: str) -> int:
    """0 甲, 1 乙, 2 丙, 3 without a class."""
    return LEVEL_INDEX.get(code, LEVEL_COUNT - 1)
