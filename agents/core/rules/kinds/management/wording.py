"""Numbers of a finding in words: quantities, hours, lists of codes; the same in Chinese and English."""

from collections.abc import Iterable, Sequence

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
#: Names said in a sentence; further ones are only counted.
MOST_SAID = 3


def quantity_text(quantity_e4: int) -> str:
    """A quantity (1e-4) without needless decimals: 15000 is `1.5`."""
    sign, size = "-" if quantity_e4 < 0 else "", abs(quantity_e4)
    whole, rest = divmod(size, 10_000)
    return f"{sign}{whole}" if not rest else f"{sign}{whole}.{rest:04d}".rstrip("0")


def span_zh(ms: int) -> str:
    """A span (ms) in hours and minutes, Chinese: `36 小时`, `24 小时 1 分`."""
    hours, minutes = divmod(ms // MINUTE_MS, 60)
    return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"


def span_en(ms: int) -> str:
    """The same in English: `36 h`, `24 h 1 min`."""
    hours, minutes = divmod(ms // MINUTE_MS, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def lines_en(count: int) -> str:
    """So many lines, in English."""
    return "1 line" if count == 1 else f"{count} lines"


def listed(names: Iterable[str], joined_by: str, more: str) -> str:
    """The first of some names, and how many more there are (`more` has a place for the number)."""
    found: Sequence[str] = tuple(names)
    said = joined_by.join(found[:MOST_SAID])
    return said if len(found) <= MOST_SAID else said + more.format(len(found) - MOST_SAID)
