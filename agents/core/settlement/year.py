"""A patient's year so far (累计): what ended visits add to it, and what a visit begins with.

A visit is reckoned on what the insurer stated last, and on the patient's own visits that ended after that statement
and before this visit ends. Whose year a visit counts to is the benefit's rule; a visit that was split counts to both.
"""

from collections.abc import Iterable

import msgspec

from agents.core.case import Case
from schemas.ledger import LayerYear, PoolYear, YearToDate
from schemas.settlement import SimulatedSettlement, StepKind

#: Where a visit that has not ended stands: behind all that have.
OPEN_END = 1 << 62


class YearShare(msgspec.Struct, array_like=True, frozen=True):
    """What one visit adds to one year, fen. layers: base and payment by LayerKind; limits: use by the limit's key."""

    year: int
    pool: str = ""
    admissions: int = 0
    deductible_fen: int = 0
    base_fen: int = 0
    fund_fen: int = 0
    layers: dict[str, tuple[int, int]] = {}
    limits: dict[str, int] = {}


class Ended(msgspec.Struct, array_like=True, frozen=True):
    """What an ended visit adds to its patient's years; times in ms (an outpatient visit ends as it begins)."""

    visit_id: str
    admitted_at: int
    ended_at: int
    years: tuple[YearShare, ...] = ()


def ended_of(case: Case, settlement: SimulatedSettlement) -> Ended:
    """What this visit adds, read from the steps of its settlement. Nothing where it was not covered."""
    shares: dict[int, _Share] = {}
    admissions = int(settlement.admission_number > 0)
    for step in settlement.steps:
        year = settlement.periods[step.period].year if settlement.periods else settlement.year
        share = shares.setdefault(year, _Share())
        numbers, amount = step.numbers, step.amount_fen
        if step.kind in {StepKind.DEDUCTIBLE, StepKind.TAKEN_BACK}:
            # A stay that is split counts as an admission once, in the year it was first reckoned in.
            share.admissions += admissions
            admissions = 0
        match step.kind:
            case StepKind.DEDUCTIBLE:
                share.deductible += amount
            case StepKind.BAND:
                share.base += numbers[0]
                share.fund += amount
            case StepKind.FUND_LIMIT | StepKind.CAP:
                share.fund -= amount
            case StepKind.TAKEN_BACK:
                share.fund += amount
            case StepKind.LAYER:
                base, paid = share.layers.get(step.name, (0, 0))
                share.layers[step.name] = (base + numbers[0], paid + amount)
            case _:
                pass
        if step.name and step.kind in {StepKind.SCOPE_LIMIT, StepKind.FUND_LIMIT}:
            share.limited[step.name] = StepKind(step.kind)
    found = [share.counted(year, settlement.pool) for year, share in sorted(shares.items())]
    ended_at = case.admitted_at if case.is_outpatient else case.ended_at
    nothing = YearShare(0)
    years = tuple(share for share in found if msgspec.structs.replace(share, year=0, pool="") != nothing)
    return Ended(case.visit_id, case.admitted_at, ended_at, years)


class _Share:
    """A YearShare while it is added up."""

    __slots__ = ("admissions", "base", "deductible", "fund", "layers", "limited")

    def __init__(self) -> None:
        self.admissions = self.deductible = self.base = self.fund = 0
        self.layers: dict[str, tuple[int, int]] = {}
        self.limited: dict[str, StepKind] = {}

    def counted(self, year: int, pool: str) -> YearShare:
        """What is limited is the fund's payment, or the cost that was reckoned."""
        limits = {
            key: self.fund if kind is StepKind.FUND_LIMIT else self.deductible + self.base
            for key, kind in self.limited.items()
        }
        return YearShare(year, pool, self.admissions, self.deductible, self.base, self.fund, self.layers, limits)


def year_before(case: Case, stated: YearToDate | None, ended: Iterable[Ended], year: int) -> YearToDate:
    """The year that this visit is reckoned on: stated figures, and own visits that ended since and before this one.

    Ended at the very moment of the statement counts as ended since. A statement about another year says nothing.
    """
    known = stated if stated is not None and stated.year == year else None
    ends = case.admitted_at if case.is_outpatient else case.ended_at if case.is_ended else OPEN_END
    place = (ends, case.admitted_at, case.visit_id)
    admissions = known.admissions if known else 0
    pools = dict(known.pools) if known else {}
    layers = dict(known.layers) if known else {}
    limits = dict(known.limits) if known else {}
    for visit in ended:
        if (visit.ended_at, visit.admitted_at, visit.visit_id) >= place or visit.visit_id == case.visit_id:
            continue
        if known is not None and visit.ended_at < known.as_of:
            continue
        for share in visit.years:
            if share.year != year:
                continue
            admissions += share.admissions
            pool = pools.get(share.pool, PoolYear())
            pools[share.pool] = PoolYear(
                pool.deductible_fen + share.deductible_fen,
                pool.base_fen + share.base_fen,
                pool.fund_fen + share.fund_fen,
            )
            for kind, (base, paid) in share.layers.items():
                layer = layers.get(kind, LayerYear())
                layers[kind] = LayerYear(layer.base_fen + base, layer.paid_fen + paid)
            for key, used in share.limits.items():
                limits[key] = limits.get(key, 0) + used
    return YearToDate(year, known.as_of if known else 0, admissions, pools, layers, limits)
