"""Sums that stay exact: a total shared out in whole units by largest remainders (最大余额法), and fractions rounded."""

from collections.abc import Sequence
from fractions import Fraction

from schemas.units import div_round


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Whole shares of `total` (not negative) in proportion to the weights (not negative); they sum to it exactly.

    Every share is its exact value rounded down, and the units left over go to the largest remainders, of equal ones to
    the earlier. Where all weights are zero the shares are equal. Nothing to share among: an empty list.
    """
    if not weights:
        return []
    whole = sum(weights)
    if whole == 0:
        return apportion(total, [1] * len(weights))
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares


def rounded(value: Fraction) -> int:
    """The nearest integer, half away from zero."""
    return div_round(value.numerator, value.denominator)
