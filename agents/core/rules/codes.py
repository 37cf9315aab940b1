"""Sets of codes as knowledge points write them: items with wildcards, diagnoses by prefix and range, ages."""

import re
from collections.abc import Iterable
from functools import lru_cache

from schemas.book.points import codes

_RANGE = re.compile(r"([A-Z])(\d{2})-([A-Z])(\d{2})\Z")
WILDCARD = "*"
DAYS_A_MONTH_E4, DAYS_A_YEAR_E4 = 304_375, 3_652_500


class Codes:
    """A set of codes: whole ones and beginnings. Immutable; equal cells share one (`item_codes`, `clinical_codes`)."""

    __slots__ = ("lengths", "prefixes", "whole")

    def __init__(self, whole: Iterable[str], prefixes: Iterable[str]) -> None:
        self.whole = frozenset(whole)
        self.prefixes = frozenset(prefixes)
        self.lengths = tuple(sorted({len(prefix) for prefix in self.prefixes}))

    def __contains__(self, code: str) -> bool:
        """Whether the code is one of the set."""
        if code in self.whole:
            return True
        return bool(self.lengths) and any(code[:length] in self.prefixes for length in self.lengths)

    def __bool__(self) -> bool:
        """Whether anything is in the set."""
        return bool(self.whole or self.prefixes)

    def any_of(self, others: Iterable[str]) -> bool:
        """Whether any of these codes is in the set."""
        return any(code in self for code in others)


@lru_cache(maxsize=65_536)
def item_codes(cell: str) -> Codes:
    """Items: whole codes; `XJ01*` is every code that begins with XJ01."""
    found = codes(cell)
    return Codes(
        (code for code in found if not code.endswith(WILDCARD)),
        (code[:-1] for code in found if code.endswith(WILDCARD)),
    )


@lru_cache(maxsize=65_536)
def clinical_codes(cell: str) -> Codes:
    """Diagnoses (ICD-10) or operations (ICD-9-CM-3): every code is a beginning; `C00-C97` includes both ends.

    Raises ValueError for a range whose end comes before its beginning.
    """
    prefixes: list[str] = []
    for part in codes(cell):
        code = part.upper().rstrip(WILDCARD)
        match = _RANGE.match(code)
        prefixes += _between(match) if match else [code]
    return Codes((), prefixes)


def _between(match: "re.Match[str]") -> list[str]:
    first = (ord(match[1]) - ord("A")) * 100 + int(match[2])
    last = (ord(match[3]) - ord("A")) * 100 + int(match[4])
    if last < first:
        raise ValueError(match[0])
    return [f"{chr(ord('A') + number // 100)}{number % 100:02d}" for number in range(first, last + 1)]


@lru_cache(maxsize=4_096)
def age_days_e4(text: str) -> int:
    """An age as written (`28d`, `6m`, `14y`) in 1e-4 days, to compare ages of different units."""
    number, unit = int(text[:-1]), text[-1]
    return number * {"d": 10_000, "m": DAYS_A_MONTH_E4, "y": DAYS_A_YEAR_E4}[unit]
