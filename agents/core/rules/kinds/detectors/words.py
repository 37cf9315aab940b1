"""What the sentences of detectors have in common: hours, lists of categories, days."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from schemas.codes import category_index
from schemas.units import day_text

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
TENTH_OF_AN_HOUR_MS = 360_000
#: A fee category as parameters write it: 01–14.
Category = Annotated[str, Field(pattern="^(0[1-9]|1[0-4])$")]


def indexes(categories: Iterable[str]) -> frozenset[int]:
    """Categories as lines have them."""
    return frozenset(map(category_index, categories))


def hours_text(span_ms: int) -> str:
    """A span in hours, rounded down to a tenth: `72`, `72.5`."""
    whole, tenth = divmod(span_ms // TENTH_OF_AN_HOUR_MS, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


def quantity_text(quantity_e4: int) -> str:
    """A number held in 1e-4 without the zeros behind its point: `1`, `0.5`."""
    whole, rest = divmod(quantity_e4, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0") if rest else str(whole)


def days_text(days: Iterable[int]) -> str:
    """A span of days: `2026-03-02`, `2026-03-02～2026-03-05`."""
    known = sorted(set(days))
    if not known:
        return "—"
    return day_text(known[0]) if len(known) == 1 else f"{day_text(known[0])}～{day_text(known[-1])}"
