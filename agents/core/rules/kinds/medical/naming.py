"""What hits call the items they are about."""

from collections.abc import Sequence

from agents.core.rules.view import Use, View
from schemas.book.points import Point, codes
from schemas.units import day_text

#: As many codes as a sentence can bear.
MOST_CODES = 3


def name_of_use(view: View, use: Use) -> str:
    """What a line is called: by the catalogue, by itself, else its code."""
    return view.names.get(use.item) or use.name or view.name(use.hospital_item or use.item)


def names_of_others(view: View, point: Point) -> str:
    """What the items a point is paired with are called."""
    return point.other_names or "、".join(dict.fromkeys(view.name(code) for code in codes(point.others)))


def days_text(days: Sequence[int]) -> str:
    """One day, or the first and the last."""
    first, last = min(days), max(days)
    return day_text(first) if first == last else f"{day_text(first)}~{day_text(last)}"


def codes_text(found: Sequence[str]) -> str:
    """Codes for a sentence: the first few, and how many there are."""
    some = "、".join(found[:MOST_CODES])
    return some if len(found) <= MOST_CODES else f"{some} 等 {len(found)} 项"
