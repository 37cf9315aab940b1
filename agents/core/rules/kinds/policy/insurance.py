"""Items that only certain kinds of insurance pay for (限工伤, 限生育)."""

from collections.abc import Iterable, Sequence

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.view import Use, View
from schemas.book.points import codes
from schemas.codes import name_en, name_zh


class InsuranceParameters(Parameters):
    """allowed: codes of insutype that pay, where the point names none."""

    allowed: tuple[str, ...] = ()


class InsuranceLimit(Kind[InsuranceParameters]):
    """The item is paid by certain kinds of insurance only, and the visit is covered by another."""

    name = "insurance_limit"
    title_zh = "限险种"
    title_en = "paid by certain insurance only"
    trigger = Trigger.ITEM
    parameters = InsuranceParameters
    point_columns = ("item", "insurance_types")
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[InsuranceParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Nothing while the coverage is not known, and nothing of lines that the patient pays anyway."""
        insurance = view.facts.insurance_type
        allowed = codes(bound.the.insurance_types) or bound.parameters.allowed
        if not insurance or insurance in allowed:
            return ()
        name, mine = view.name(bound.the.item), name_zh("insurance_type", insurance)
        zh, en = (
            "、".join(name_zh("insurance_type", code) for code in allowed),
            ", ".join(name_en("insurance_type", code) for code in allowed),
        )
        return (
            Hit(
                f"「{name}」限{zh}支付，患者险种为{mine}",
                f"{name} is paid by {en} only; the patient is covered by {name_en('insurance_type', insurance)}",
                [Cited(use, use.amount_fen) for use in uses],
                parameters={"insurance_types": ";".join(allowed)},
                inputs={"insurance_type": insurance},
            ),
        )
