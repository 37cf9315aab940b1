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
    """

    covered: tuple[int, int, int]
    fund: int
    patient: int
    hospital: int
    days: int

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
    )


def grown(ground: Ground, total: int, days: int) -> Ground:
    """The sums at a later total, in the proportions they have now."""
    now = ground.total
    if total == now or now <= 0:
        return ground if days == ground.days else ground._replace(days=days)
    _, basic, within = ground.covered
    return Ground(
        (total, div_round(basic * total, now), div_round(within * total, now)),
        div_round(ground.fund * total, now),
        div_round(ground.patient * total, now),
        div_round(ground.hospital * total, now),
        days,
    )
