"""The sums of a visit that payment is reckoned on: as they stand, and as they are foreseen at discharge."""

from typing import NamedTuple

from agents.core.case import Case
from schemas.settlement import SimulatedSettlement
from schemas.units import div_round

TOTAL, BASIC, WITHIN_SCOPE = range(3)
#: `covers` of a method → index into Ground.covered.
COVERS = {"total": TOTAL, "basic": BASIC, "within_scope": WITHIN_SCOPE}


class Ground(NamedTuple):
    """Fen. covered: total, basic (total − 丙) and within-scope cost. days: length of stay, outpatients 0.

    fund: what the funds pay by the simulated settlement, patient: the patient's part, hospital: the hospital's.
    is_open: the stay is still running, so that cost can only be judged as too high, never as too low.
    """

    covered: tuple[int, int, int]
    fund: int
    patient: int
    hospital: int
    days: int
    is_open: bool = False

    @property
    def total(self) -> int:
        """All that was charged."""
        return self.covered[TOTAL]


def ground_of(case: Case, settlement: SimulatedSettlement) -> Ground:
    """The sums as they stand."""
    return Ground(
        (settlement.total_fen, case.basic_fen, settlement.within_scope_fen),
        settlement.fund_total_fen,
        settlement.patient_part_fen,
        settlement.hospital_part_fen,
        case.days,
        not case.is_ended,
    )


def grown(ground: Ground, total: int, days: int) -> Ground:
    """The sums at discharge, at a total of then, in the proportions they have now. What has ended stays as it is."""
    if not ground.is_open:
        return ground
    now = ground.total
    if total == now or now <= 0:
        return ground._replace(days=days, is_open=False)
    _, basic, within = ground.covered
    return Ground(
        (total, div_round(basic * total, now), div_round(within * total, now)),
        div_round(ground.fund * total, now),
        div_round(ground.patient * total, now),
        div_round(ground.hospital * total, now),
        days,
    )
