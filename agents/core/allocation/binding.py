"""Binding a sum to its total: every share scaled by one factor, none beyond its limits, exact to the fen.

The factor λ solves Σ clamp(λ × wish, low, high) = total. What a share cannot take, the others take in proportion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from agents.core.allocation.rounding import apportion


@dataclass(frozen=True, slots=True)
class Share:
    """What one department would get (fen, not negative), and between which sums it must stay; high None: no limit."""

    wish: int
    low: int = 0
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """The shares after binding: they sum to the total. factor: λ. released: which limits could not be held."""

    amounts: tuple[int, ...]
    factor: Fraction
    released: str = ""


def bind(shares: Sequence[Share], total: int) -> Bound:
    """Share out `total` (not negative). Where the limits allow no such sum, those on the wrong side are released.

    Shares that all wish nothing get equal parts.
    """
    if not any(share.wish for share in shares):
        return Bound(tuple(apportion(total, [1] * len(shares))), Fraction(1))
    shares, released = _within_reach(shares, total)
    factor = _factor(shares, total)
    exact = [_clamp(factor * share.wish, share) for share in shares]
    # Limits are whole fen: a share at its limit has no remainder, so it never gets one of the fen that are left over.
    amounts = [value.numerator // value.denominator for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (amounts[place] - exact[place], place))
    for place in by_remainder[: total - sum(amounts)]:
        amounts[place] += 1
    return Bound(tuple(amounts), factor, released)


def _within_reach(shares: Sequence[Share], total: int) -> tuple[list[Share], str]:
    """The shares with limits between which the total lies, and which limits had to go for it."""
    if sum(share.low for share in shares) > total:
        return [Share(share.wish, 0, share.high) for share in shares], "floors"
    most = [share.high if share.wish else share.low for share in shares]
    if None not in most and sum(limit or 0 for limit in most) < total:
        return [Share(share.wish, share.low, None) for share in shares], "ceilings"
    return list(shares), ""


def _clamp(value: Fraction, share: Share) -> Fraction:
    value = max(value, Fraction(share.low))
    return value if share.high is None else min(value, Fraction(share.high))


def _sum_at(shares: Sequence[Share], factor: Fraction) -> Fraction:
    return sum((_clamp(factor * share.wish, share) for share in shares), Fraction())


def _factor(shares: Sequence[Share], total: int) -> Fraction:
    """λ. The sum grows with it, along a line between the values at which some share reaches one of its limits."""
    if _sum_at(shares, Fraction(1)) == total:
        return Fraction(1)
    wishing = [share for share in shares if share.wish]
    marks = sorted({Fraction(0)} | {Fraction(limit, share.wish) for share in wishing for limit in _limits(share)})
    low, high = 0, len(marks)
    while low < high:  # the first mark at which the sum is reached
        middle = (low + high) // 2
        if _sum_at(shares, marks[middle]) >= total:
            high = middle
        else:
            low = middle + 1
    if low < len(marks) and _sum_at(shares, marks[low]) == total:
        # Where every share is at a limit the sum stands still: of the factors that do, the one nearest to 1.
        while low + 1 < len(marks) and marks[low + 1] <= 1 and _sum_at(shares, marks[low + 1]) == total:
            low += 1
        return marks[low]
    start = marks[low - 1]
    free = [
        share
        for share in wishing
        if share.low <= start * share.wish and (share.high is None or share.high > start * share.wish)
    ]
    rest = total - _sum_at(shares, start) + sum((start * share.wish for share in free), Fraction())
    return rest / sum(share.wish for share in free)


def _limits(share: Share) -> tuple[int, ...]:
    return (share.low,) if share.high is None else (share.low, share.high)
