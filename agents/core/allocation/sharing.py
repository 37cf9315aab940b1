"""How a total becomes the budgets of its kinds of visit: what is fixed first, the rest bound. Exact to the fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from agents.core.allocation.binding import Share, bind
from agents.core.allocation.plan import AllocationError, Pot
from agents.core.allocation.proposal import Proposal
from agents.core.allocation.rounding import apportion, rounded
from agents.core.allocation.sample import Key
from schemas.units import yuan_text


@dataclass(frozen=True, slots=True)
class Granted:
    """What a kind of visit gets in the end: its quota (fen a visit) and its budget (fen), and which limit it met."""

    quota: int
    budget: int
    limited: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """A total, shared out. wished, fixed: fen. factor: λ of what was not fixed. released: limits that did not hold."""

    granted: dict[Key, Granted]
    wished: int
    fixed: int
    factor: Fraction
    released: str


def share_out(proposals: Sequence[Proposal], pot: Pot | None) -> Shared:
    """Quotas and budgets of the kinds that one total pays for; without a total, as proposed. Raises AllocationError."""
    wishes = {found.key: rounded(found.budget(found.adjusted)) for found in proposals}
    granted = _fixed_budgets(proposals, wishes)
    free: list[Proposal] = []
    for found in proposals:
        if found.key in granted:
            continue
        if found.fixed or pot is None:
            granted[found.key] = Granted(found.adjusted, wishes[found.key], _limit_met(found, found.adjusted))
        else:
            free.append(found)
    fixed = sum(grant.budget for grant in granted.values()) if pot else 0
    wished = sum(wishes.values())
    if pot is None:
        return Shared(granted, wished, 0, Fraction(1), "")
    rest = pot.amount_fen - fixed
    _check_rest(pot, fixed, rest, sum(wishes[found.key] for found in free))
    bound = bind([_share(found, wishes[found.key]) for found in free], rest)
    for found, amount in zip(free, bound.amounts, strict=True):
        quota = _scaled(found, wishes[found.key], amount, bound.factor)
        if not bound.released:
            quota = max(quota, found.low or 0) if found.high is None else min(max(quota, found.low or 0), found.high)
        granted[found.key] = Granted(quota, amount, _limit_met(found, quota))
    return Shared(granted, wished, fixed, bound.factor, bound.released)


def _fixed_budgets(proposals: Sequence[Proposal], wishes: dict[Key, int]) -> dict[Key, Granted]:
    """Budgets that a person fixed, each shared by the kinds it is for in proportion to what they would get."""
    granted: dict[Key, Granted] = {}
    groups: dict[tuple[str, str, str], list[Proposal]] = {}
    for found in proposals:
        if found.adjustment is not None and found.adjustment.budget is not None:
            groups.setdefault(found.adjustment.kind, []).append(found)
    for group in groups.values():
        adjustment = group[0].adjustment
        assert adjustment is not None
        assert adjustment.budget is not None
        amounts = apportion(adjustment.budget, [wishes[found.key] for found in group])
        for found, amount in zip(group, amounts, strict=True):
            granted[found.key] = Granted(_scaled(found, wishes[found.key], amount, Fraction(1)), amount)
    return granted


def _scaled(found: Proposal, wish: int, amount: int, factor: Fraction) -> int:
    """The quota that goes with a budget; of a kind without expected cases, the quota scaled by the common factor."""
    return rounded(Fraction(found.adjusted * amount, wish) if wish else found.adjusted * factor)


def _share(found: Proposal, wish: int) -> Share:
    if found.low is None or found.high is None or not wish:
        return Share(wish)
    lowest, highest = found.budget(found.low), found.budget(found.high)
    low = -(-lowest.numerator // lowest.denominator)
    return Share(wish, low, max(low, highest.numerator // highest.denominator))


def _limit_met(found: Proposal, quota: int) -> str:
    if found.low is None or found.high is None:
        return ""
    return "floor" if quota <= found.low else "ceiling" if quota >= found.high else ""


def _check_rest(pot: Pot, fixed: int, rest: int, wished: int) -> None:
    total = yuan_text(pot.amount_fen)
    if rest < 0 or (rest == 0 and wished):
        raise AllocationError(
            f"人工固定的预算与定额合计 {yuan_text(fixed)} 元，总额只有 {total} 元，其余科室无可分配。",
            f"What was fixed by hand comes to {yuan_text(fixed)} yuan of a total of {total}: nothing is left for the "
            "other departments.",
        )
    if rest and not wished:
        raise AllocationError(
            f"总额 {total} 元中有 {yuan_text(rest)} 元没有科室可以承接：没有预计人次，或全部由人工固定。",
            f"Of the total of {total} yuan, {yuan_text(rest)} cannot be given to any department: none expects cases, "
            "or all of them were fixed by hand.",
        )
