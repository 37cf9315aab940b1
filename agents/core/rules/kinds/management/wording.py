"""Numbers of a finding in words: quantities, hours, lists of codes; the same in Chinese and English."""

from collections.abc import Iterable, Sequence

from schemas.units import div_round

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
#: Names said in a sentence; further ones are only counted.
MOST_SAID = 3


def quantity_text(quantity_e4: int) -> str:
    """A quantity (1e-4) without needless decimals: 15000 is `1.5`."""
    sign, size = "-" if quantity_e4 < 0 else "", abs(quantity_e4)
    whole, rest = divmod(size, 10_000)
    return f"{sign}{whole}" if not rest else f"{sign}{whole}.{rest:04d}".rstrip("0")


def hours_text(ms: int) -> str:
    """A span (ms) in hours with at most one decimal: `36`, `36.5`."""
    tenths = div_round(ms * 10, HOUR_MS)
    return str(tenths // 10) if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"


def listed(names: Iterable[str], joined_by: str, more: str) -> str:
    """The first of some names, and how many more there are (`more` has a place for the number)."""
    found: Sequence[str] = tuple(names)
    said = joined_by.join(found[:MOST_SAID])
    return said if len(found) <= MOST_SAID else said + more.format(len(found) - MOST_SAID)
