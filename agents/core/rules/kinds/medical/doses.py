"""Doses and frequencies as orders write them, read into numbers: `500mg`, `2片`, `0.5` and a unit; `tid`, `q8h`.

What cannot be read is None, never a guess: ranges (`1-2片`), rates (`5ml/h`), as needed (`prn`), local words nobody
explained.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from schemas.reasons import RejectError
from schemas.units import parse_decimal

#: Units that can be turned into each other: written → (common unit, how many millionths of it one is).
_UNITS: dict[str, tuple[str, int]] = {
    "ng": ("mg", 1),
    "ug": ("mg", 1_000),
    "μg": ("mg", 1_000),
    "µg": ("mg", 1_000),
    "mcg": ("mg", 1_000),
    "微克": ("mg", 1_000),
    "mg": ("mg", 1_000_000),
    "毫克": ("mg", 1_000_000),
    "g": ("mg", 1_000_000_000),
    "克": ("mg", 1_000_000_000),
    "ul": ("ml", 1_000),
    "μl": ("ml", 1_000),
    "ml": ("ml", 1_000_000),
    "毫升": ("ml", 1_000_000),
    "l": ("ml", 1_000_000_000),
    "升": ("ml", 1_000_000_000),
    "u": ("IU", 1_000_000),
    "iu": ("IU", 1_000_000),
    "单位": ("IU", 1_000_000),
    "ku": ("IU", 1_000_000_000),
    "万u": ("IU", 10_000_000_000),
    "万iu": ("IU", 10_000_000_000),
    "万单位": ("IU", 10_000_000_000),
}
ONE = 1_000_000
_DIGITS = frozenset("0123456789.")
_LONGEST = 20
#: Whole units with a fraction beyond this are not doses.
_MOST = 10**12

#: How often on a day when it is given: a drug given every second day is given once on its day.
_TIMES: dict[str, int] = {
    "qd": 1, "od": 1, "qn": 1, "hs": 1, "qhs": 1, "qm": 1, "qam": 1, "qpm": 1, "st": 1, "stat": 1, "once": 1, "qod": 1,
    "qw": 1, "biw": 1, "tiw": 1, "q2w": 1, "q3w": 1, "q4w": 1, "bid": 2, "tid": 3, "qid": 4, "qh": 24,
    "每日一次": 1, "每日1次": 1, "一日一次": 1, "一日1次": 1, "每日两次": 2, "每日二次": 2, "每日2次": 2, "一日两次": 2,
    "一日2次": 2, "每日三次": 3, "每日3次": 3, "一日三次": 3, "一日3次": 3, "每日四次": 4, "每日4次": 4, "一日四次": 4,
    "一日4次": 4, "每晚": 1, "每晚一次": 1, "睡前": 1, "立即": 1, "隔日一次": 1, "每周一次": 1,
}  # fmt: skip


class Dose(NamedTuple):
    """A dose: millionths of a unit. mg, ml and IU are common units; any other is as it was written (片, 支)."""

    millionths: int
    unit: str


@lru_cache(maxsize=16_384)
def read_dose(text: str, unit: str = "") -> Dose | None:
    """A number and a unit; the unit may stand beside it. None where it is not exactly one number and one unit."""
    compact = text.replace(" ", "").strip()
    end = 0
    while end < len(compact) and compact[end] in _DIGITS:
        end += 1
    number, written = compact[:end], compact[end:] or unit.strip()
    if not number or len(number) > _LONGEST or not written or written[0] in "-~～—至/":
        return None
    try:
        millionths = parse_decimal(number, 6, _MOST, "")
    except RejectError:
        return None
    known = _UNITS.get(written.lower())
    if known is not None:
        return Dose(millionths * known[1] // ONE, known[0])
    if any(not letter.isalpha() for letter in written):
        return None
    return Dose(millionths, written)


def strength_of(quantity_e4: int, strength: str) -> Dose | None:
    """What so many (1e-4) charged units of a strength (`500mg`) contain."""
    one = read_dose(strength)
    return None if one is None else Dose(one.millionths * quantity_e4 // 10_000, one.unit)


@lru_cache(maxsize=4_096)
def frequency_code(text: str) -> str:
    """How a frequency is looked up: in lower case, without dots and blanks."""
    return text.strip().lower().replace(".", "").replace(" ", "")


def times_a_day(frequency: str, local: Mapping[str, int]) -> int | None:
    """How often a day, on a day when it is given; None: as needed (prn), or a word nobody explained.

    local: what the hospital's own words mean, by `frequency_code`.
    """
    code = frequency_code(frequency)
    found = local.get(code) or _TIMES.get(code)
    if found is not None:
        return found
    if len(code) > 2 and code[0] == "q" and code[-1] == "h" and code[1:-1].isascii() and code[1:-1].isdigit():
        hours = int(code[1:-1])
        return max(1, -(-24 // hours)) if hours else None
    return None


def number_text(millionths: int) -> str:
    """Millionths as a decimal without trailing zeros."""
    whole, rest = divmod(millionths, ONE)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


def dose_text(dose: Dose) -> str:
    """A dose for people: `1500mg`, `2片`."""
    return f"{number_text(dose.millionths)}{dose.unit}"
