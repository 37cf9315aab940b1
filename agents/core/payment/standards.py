"""The payment standard of a group: weight × rate, points × value, score × value, each with its coefficients. Fen.

Sources of the formulas: DOMAIN 2.4 (CHS-DRG 费率法 and 点数法, DIP specification). Rounded once, at the end.
"""

from agents.core.payment.deviation import marks_of
from agents.core.payment.ground import COVERS
from agents.core.payment.payers import GroupPayer
from schemas.book.payment import Dip, DrgPoints, DrgRate
from schemas.prediction import Grouped
from schemas.units import div_round

#: The base points of a group as costly as the mean of all (DOMAIN 2.4: 病组次均 ÷ 全部次均 × 100).
POINTS_OF_MEAN = 100


def group_payer(method: Dip | DrgRate | DrgPoints, group: Grouped) -> GroupPayer | None:
    """What the method pays for the group; None where the group has no score or weight."""
    if not group.code or group.score_e4 <= 0:
        return None
    if isinstance(method, Dip):
        base, numbers = _dip(method, group)
    elif isinstance(method, DrgRate):
        base, numbers = _drg_rate(method, group)
    else:
        base, numbers = _drg_points(method, group)
    numbers["coefficient_e4"] = method.coefficient
    reference = group.mean_fen or base
    numbers["mean_fen" if group.mean_fen else "reference_fen"] = reference
    marks = marks_of(method.deviation, max(1, reference), group.score_e4)
    return GroupPayer(base, COVERS[method.covers], marks, numbers)


def _dip(method: Dip, group: Grouped) -> tuple[int, dict[str, int]]:
    """分值 × 点值 × 机构系数 × 辅助系数 (1e-4 · 1e-6 yuan · 1e-4 · 1e-4 = 1e-16 fen)."""
    base = div_round(group.score_e4 * method.point_value * method.coefficient * group.auxiliary_e4, 10**16)
    numbers = {"score_e4": group.score_e4, "point_value_micro": method.point_value}
    if group.auxiliary_e4 != 10_000:
        numbers["auxiliary_e4"] = group.auxiliary_e4
    return base, numbers


def _drg_rate(method: DrgRate, group: Grouped) -> tuple[int, dict[str, int]]:
    """权重 × 费率 × 机构系数."""
    base = div_round(group.score_e4 * method.rate * method.coefficient, 10**12)
    return base, {"weight_e4": group.score_e4, "rate_micro": method.rate}


def _drg_points(method: DrgPoints, group: Grouped) -> tuple[int, dict[str, int]]:
    """基准点数 × 机构系数 × 点值; 点值 = 预算 ÷ 总点数 where it is not stated."""
    if group.points_e4:
        points, numbers = group.points_e4, {}
    elif method.mean_of_all and group.mean_fen:
        points = div_round(group.mean_fen * POINTS_OF_MEAN * 10_000, method.mean_of_all)
        numbers = {"group_mean_fen": group.mean_fen, "mean_of_all_fen": method.mean_of_all}
    else:
        points, numbers = group.score_e4 * POINTS_OF_MEAN, {"weight_e4": group.score_e4}
    numbers["points_e4"] = points
    if method.point_value is not None:
        numbers["point_value_micro"] = method.point_value
        return div_round(points * method.coefficient * method.point_value, 10**12), numbers
    # The book holds that one of the two is stated.
    budget, total = method.budget or 0, method.total_points or 1
    numbers |= {"budget_fen": budget, "total_points_e4": total}
    return div_round(points * method.coefficient * budget, total * 10_000), numbers
