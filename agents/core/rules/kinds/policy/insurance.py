"""Items that only certain kinds of insurance pay for (限工伤, 限生育)."""

from collections.abc import Iterable, Sequence

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, judged, whole
from agents.core.rules.view import Use, View
from schemas.book.points import codes
from schemas.codes import is_known, name_en, name_zh


class InsuranceParameters(Parameters):
    """allowed: codes of insutype that pay, where the point names none.

    care_types: kinds of visit that are paid whatever the insurance type says: maternity is settled by the employees'
    insurance in most regions, and then only the care type (51, 52 …) tells it.
    """

    allowed: tuple[str, ...] = ()
    care_types: tuple[str, ...] = ()


class InsuranceLimit(Kind[InsuranceParameters]):
    """The item is paid by certain kinds of insurance only, and the visit is covered by another.

    Nothing while the coverage is not known, nor where neither the point nor the rule names who pays.
    """

    name = "insurance_limit"
    title_zh = "限险种"
    title_en = "paid by certain insurance only"
    trigger = Trigger.ITEM
    parameters = InsuranceParameters
    point_columns = ("item", "insurance_types")
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[InsuranceParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """All lines, where the visit is covered by another insurance."""
        insurance, care_type = view.facts.insurance_type, view.facts.care_type
        allowed = codes(bound.the.insurance_types) or bound.parameters.allowed
        if not allowed or not insurance or insurance in allowed or care_type in bound.parameters.care_types:
            return ()
        wrong = judged(view, bound, uses)
        if not wrong:
            return ()
        rule = bound.active.rule
        if all(is_known("insurance_type", code) for code in allowed):
            limit_zh = "限" + "、".join(name_zh("insurance_type", code) for code in allowed)
            limit_en = "paid by " + ", ".join(name_en("insurance_type", code) for code in allowed) + " only"
        else:  # a code of the region's own has no name in the national table: the rule's name says it
            limit_zh = "限" + rule.name_zh.rpartition("限")[2]
            limit_en = rule.name_en[:1].lower() + rule.name_en[1:]
        name, mine_zh = called(view, bound, wrong[0]), name_zh("insurance_type", insurance)
        return (
            Hit(
                f"「{name}」{limit_zh}，患者险种为{mine_zh}",
                f"{name}: {limit_en}; the patient is covered by {name_en('insurance_type', insurance)}",
                whole(wrong),
                parameters={"insurance_types": ";".join(allowed), "care_types": ";".join(bound.parameters.care_types)},
                inputs={"insurance_type": insurance, "care_type": care_type},
            ),
        )
