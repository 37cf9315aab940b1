"""The line split (DOMAIN 2.3): every fen of a line is full self-pay, over the limit, first self-pay, or within scope.

Sources: 2301 result fields; order of operations as in DOMAIN 2.3. A refund takes the proportions of the line it takes
back, cumulated over the line's refunds, so that a line refunded in pieces leaves nothing behind, to the fen.
"""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.units import div_round


class LineTerms(NamedTuple):
    """How a line is split. `is_unmapped`: neither the line nor the catalogue states a class."""

    is_full_self_pay: bool = False
    first_self_pay_bp: int = 0
    price_cap_micro: int | None = None
    is_unmapped: bool = False


class Split(NamedTuple):
    """The four parts of a line, fen; they sum to its amount."""

    full_self_pay: int
    over_limit: int
    first_self_pay: int
    within_scope: int


NOTHING = Split(0, 0, 0, 0)


def split_line(amount_fen: int, quantity_e4: int, price_micro: int, terms: LineTerms) -> Split:
    """Split one line. A line that states no unit price is held to the cap by its amount ÷ quantity.

    over = round(max(0, (price − cap) × quantity)); first = round((amount − over) × share); within = the rest. A
    negative line (a refund that names no line) is split as the positive one, with the sign turned.
    """
    if terms.is_full_self_pay:
        return Split(amount_fen, 0, 0, 0)
    over = 0
    cap = terms.price_cap_micro
    if cap is not None and quantity_e4:
        size = abs(amount_fen)
        if price_micro:
            over = min(size, max(0, div_round((price_micro - cap) * abs(quantity_e4), 10**8)))
        else:
            over = max(0, size - div_round(cap * abs(quantity_e4), 10**8))
        if amount_fen < 0:
            over = -over
    share = terms.first_self_pay_bp
    first = div_round((amount_fen - over) * share, 10_000) if share else 0
    return Split(0, over, first, amount_fen - over - first)


def split_of_net(original: Split, amount_fen: int, net_fen: int) -> Split:
    """What a line of `amount_fen` comes to once refunds leave `net_fen` of it, in the proportions of `original`."""
    if net_fen == amount_fen:
        return original
    if amount_fen == 0:
        return Split(0, 0, 0, net_fen)
    full = div_round(original.full_self_pay * net_fen, amount_fen)
    over = div_round(original.over_limit * net_fen, amount_fen)
    first = div_round(original.first_self_pay * net_fen, amount_fen)
    return Split(full, over, first, net_fen - full - over - first)


def split_refunds(original: Split, amount_fen: int, refunds_fen: Sequence[int]) -> list[Split]:
    """The split of each refund of a line, in this order: the difference that it makes to what is left of the line."""
    found = []
    left, before = amount_fen, original
    for refund in refunds_fen:
        left += refund
        after = split_of_net(original, amount_fen, left)
        found.append(Split(*(new - old for new, old in zip(after, before, strict=True))))
        before = after
    return found


class LineSums:
    """Sums of split lines, fen. `test_within`: of within_scope, categories 03 and 04; `unmapped`: without a class."""

    __slots__ = ("first_self_pay", "full_self_pay", "over_limit", "test_within", "total", "unmapped", "within_scope")

    def __init__(self) -> None:
        self.total = self.full_self_pay = self.over_limit = self.first_self_pay = 0
        self.within_scope = self.test_within = self.unmapped = 0

    def add(self, split: Split, sign: int = 1, *, is_test: bool = False, is_unmapped: bool = False) -> None:
        """Add a line's split, or take it away (`sign` −1)."""
        full, over, first, within = split
        amount = full + over + first + within
        self.total += sign * amount
        self.full_self_pay += sign * full
        self.over_limit += sign * over
        self.first_self_pay += sign * first
        self.within_scope += sign * within
        if is_test:
            self.test_within += sign * within
        if is_unmapped:
            self.unmapped += sign * amount

    def add_sums(self, other: "LineSums", sign: int = 1) -> None:
        """Add other sums, e.g. those of another day, or take them away (`sign` −1)."""
        for name in LineSums.__slots__:
            setattr(self, name, getattr(self, name) + sign * getattr(other, name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LineSums) and all(
            getattr(self, name) == getattr(other, name) for name in LineSums.__slots__
        )

    __hash__ = None  # type: ignore[assignment]  # sums change
