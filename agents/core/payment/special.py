"""特例单议: why a visit under DRG or DIP is a candidate to be judged by itself.

Kinds: 医保办发〔2024〕9号; the marks are local (schemas.book.payment.SpecialCase).
"""

from agents.core.case import Case
from schemas.book.payment import SpecialCase
from schemas.prediction import Grouped, Outlier

WHOLE_BP = 10_000


def special_reasons(
    case: Case, rule: SpecialCase, group: Grouped, covered: int, reference: int, outlier: str
) -> tuple[str, ...]:
    """The reasons. covered: the cost that its method stands for; reference: the group's mean or else standard, fen."""
    found: list[str] = []
    expected = group.expected_days
    is_long = rule.long_stay_days is not None and case.days >= rule.long_stay_days
    if rule.long_stay_share is not None and expected is not None:
        is_long = is_long or case.days * WHOLE_BP > rule.long_stay_share * expected
    if is_long:
        found.append("long_stay")
    is_dear = rule.high_cost_share is not None and covered * WHOLE_BP > rule.high_cost_share * reference
    if is_dear or outlier == Outlier.EXTREME:
        found.append("high_cost")
    if rule.departments is not None and len(case.departments) >= rule.departments:
        found.append("several_departments")
    return tuple(found)
