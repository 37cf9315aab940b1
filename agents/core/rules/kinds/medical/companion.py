"""Items that are used only together with another: a drug with its service, a consumable with its operation."""

from collections.abc import Iterable, Sequence

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.medical.naming import days_text, names_of_others
from agents.core.rules.kinds.policy.claims import called, judged
from agents.core.rules.view import PROPOSED, Use, View


class CompanionParameters(Parameters):
    """grace_days: days after a line before it is judged in a stay that goes on: its companion may be charged later.

    A visit that has ended, and any outpatient visit, is judged at once.
    """

    grace_days: int = 0


class RequiredCompanion(Kind[CompanionParameters]):
    """The item is there, and none of the items that belong to it is.

    Of a point: item; others: items one of which must be charged, or stand as an open order while the stay goes on;
    procedures: operations of the visit that do as well; days: at most so many days apart (empty: anywhere in the
    visit).
    """

    name = "required_companion"
    title_zh = "须有配套项目"
    title_en = "needs its companion item"
    trigger = Trigger.ITEM
    parameters = CompanionParameters
    point_columns = ("item", "others", "other_names", "procedures", "days")
    needed_columns = (("item",), ("others", "procedures"))
    #: A companion may come with a later line or order, and the grace ends with a day.
    watches_others = True
    watches_day = True

    def check(self, view: View, bound: Bound[CompanionParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Lines without a companion, once the grace is over or the visit has ended."""
        point, facts = bound.the, view.facts
        if point.procedures and bound.procedures.any_of(facts.procedure_codes):
            return ()
        alone = judged(view, bound, uses)
        if not facts.is_ended:
            grace = bound.parameters.grace_days
            alone = [use for use in alone if use.source == PROPOSED or facts.today - use.day >= grace]
        companions = [use.day for use in view.uses(bound.others)] if point.others else []
        if point.others and (view.proposed or not facts.is_ended):
            companions += [order.day for order in view.ordered(bound.others) if order.is_open]
        if companions:
            if point.days is None:
                return ()
            apart = point.days
            alone = [use for use in alone if all(abs(use.day - day) > apart for day in companions)]
        return (self._hit(view, bound, alone),) if alone else ()

    @staticmethod
    def _hit(view: View, bound: Bound[CompanionParameters], uses: Sequence[Use]) -> Hit:
        point = bound.the
        name = called(view, bound, uses[0])
        needed = names_of_others(view, point) or f"手术 {point.procedures}"
        when = days_text([use.day for use in uses])
        within, within_en = "本次就诊", "in this visit"
        parameters = {"others": point.others or point.procedures}
        if point.days is not None:
            within = f"前后 {point.days} 天内" if point.days else "当日"
            within_en = f"within {point.days} days" if point.days else "on that day"
            parameters["days"] = f"{point.days} d"
        return Hit(
            f"「{name}」已使用（{when}），{within}未见配套的「{needed}」",
            f"{name} was used ({when}), and its companion {needed} is not to be found {within_en}",
            [Cited(use, use.amount_fen) for use in uses],
            parameters=parameters,
            inputs={"days": when},
        )
