"""Orders and charges that do not match (医嘱和费用不对照), and self-pay lines without the patient's consent."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.detectors.words import HOUR_MS, Category, hours_text, indexes, quantity_text
from agents.core.rules.view import CHARGE, Use, View, time_order
from schemas.book.entry import Share, Yuan
from schemas.units import div_round, percent_text

SELF_PAY_LEVEL = 2
REFUSED = "2"  # hosp_appr_flag: 审批不通过


class BeyondOrderParameters(Parameters):
    """What is left alone.

    tolerance: charged beyond the order by so much is still its rounding (packages, parts of a unit).
    ignored_categories: fees that another rule compares (中药饮片: charged_beyond_ordered).
    """

    tolerance: Share = 0
    ignored_categories: tuple[Category, ...] = ()


class BeyondOrder(Kind[BeyondOrderParameters]):
    """More was charged against a temporary order than it asked for.

    Long-term orders say what is given each time, and are left out, as are orders without a quantity or of another item.
    Judged when the visit is ended. At stake is what lies beyond the order; its latest lines are cited.
    """

    name = "beyond_order"
    title_zh = "收费数量超过医嘱"
    title_en = "charged beyond the order"
    trigger = Trigger.VISIT
    parameters = BeyondOrderParameters
    at_end = True

    def check(self, view: View, bound: Bound[BeyondOrderParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Lines by order."""
        orders = {order.id: order for order in view.orders if not order.long_term and order.quantity_e4 > 0}
        if not orders:
            return ()
        charged: dict[str, list[Use]] = {}
        ignored = indexes(bound.parameters.ignored_categories)
        for lines in view.charges.values():
            for use in lines:
                order = orders.get(use.order_id)
                if _is_of(use, order) and use.category not in ignored:
                    charged.setdefault(use.order_id, []).append(use)
        bp = bound.parameters.tolerance
        found = []
        for order_id, lines in sorted(charged.items()):
            order, total = orders[order_id], sum(use.quantity_e4 for use in lines)
            if (total - order.quantity_e4) * 10_000 > bp * order.quantity_e4:
                found.append(_beyond(view, order, sorted(lines, key=time_order), total, bound.parameters))
        return found


def _beyond(view: View, order: Use, lines: list[Use], total_e4: int, limits: BeyondOrderParameters) -> Hit:
    excess = total_e4 - order.quantity_e4
    cited = []
    for use in reversed(lines):
        part = min(excess, use.quantity_e4)
        if part <= 0:
            break
        excess -= part
        cited.append(Cited(use, div_round(use.amount_fen * part, use.quantity_e4)))
    name, ordered, charged = view.name(order.item), quantity_text(order.quantity_e4), quantity_text(total_e4)
    return Hit(
        f"「{name}」医嘱数量 {ordered}，收费数量 {charged}，请核对医嘱执行与计费",
        f"{charged} of {name} were charged against an order of {ordered}; please compare what was done and charged",
        [*cited, Cited(order, 0, is_violating=False)],
        subject=order.id,
        parameters={
            "tolerance": percent_text(limits.tolerance),
            "ignored_categories": ";".join(limits.ignored_categories),
        },
        inputs={"ordered": ordered, "charged": charged},
    )


class AfterStopParameters(Parameters):
    """grace_hours: what is charged so soon after the stop was done before it."""

    grace_hours: Annotated[int, Field(ge=0)] = 24


class AfterStop(Kind[AfterStopParameters]):
    """Lines against a long-term order were charged after the order was stopped. One hit an order."""

    name = "after_stop"
    title_zh = "停嘱后继续收费"
    title_en = "charged after the order was stopped"
    trigger = Trigger.VISIT
    parameters = AfterStopParameters
    at_end = True

    def check(self, view: View, bound: Bound[AfterStopParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Lines by stopped order."""
        orders = {order.id: order for order in view.orders if order.long_term and order.ends_at}
        if not orders:
            return ()
        hours = bound.parameters.grace_hours
        late: dict[str, list[Use]] = {}
        for lines in view.charges.values():
            for use in lines:
                order = orders.get(use.order_id)
                if order is not None and use.at > order.ends_at + hours * HOUR_MS:
                    late.setdefault(use.order_id, []).append(use)
        return [_late(view, orders[order_id], sorted(lines, key=time_order), hours) for order_id, lines in late.items()]


def _late(view: View, order: Use, lines: list[Use], grace_hours: int) -> Hit:
    name, latest = view.name(order.item), hours_text(lines[-1].at - order.ends_at)
    return Hit(
        f"「{name}」停嘱 {grace_hours} 小时后仍收费 {len(lines)} 条，最晚在停嘱后 {latest} 小时",
        f"{len(lines)} lines of {name} were charged more than {grace_hours} hours after its order was stopped, the"
        f" latest {latest} hours after it",
        [*(Cited(use, use.amount_fen) for use in lines), Cited(order, 0, is_violating=False)],
        subject=order.id,
        parameters={"grace_hours": f"{grace_hours} h"},
        inputs={"lines": str(len(lines)), "latest": f"{latest} h"},
    )


class ConsentParameters(Parameters):
    """Which lines need consent.

    min_amount: an item that comes to less needs none. unsaid_counts: a line that says nothing of consent counts as
    without it; only where HIS sends the field. refused_counts: a line whose approval was refused (审批不通过) is paid
    by the patient too.
    """

    min_amount: Yuan = 0
    unsaid_counts: bool = False
    refused_counts: bool = True


class ConsentMissing(Kind[ConsentParameters]):
    """Items that the patient pays alone (丙, or approval refused) were used without the patient's consent on record.

    A consent on the order of the item holds for its lines.
    """

    name = "consent_missing"
    title_zh = "自费项目未见知情同意"
    title_en = "self-pay without consent"
    trigger = Trigger.EVERY_ITEM
    parameters = ConsentParameters

    def check(self, view: View, bound: Bound[ConsentParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Lines of one item."""
        limits = bound.parameters
        paid = [
            use
            for use in uses
            if (use.level == SELF_PAY_LEVEL or (limits.refused_counts and use.approval == REFUSED))
            and (use.consent is False or (use.consent is None and limits.unsaid_counts))
        ]
        if paid and any(use.order_id for use in paid if use.source == CHARGE):
            agreed = {order.id: order for order in view.orders if order.consent}
            paid = [use for use in paid if not _is_of(use, agreed.get(use.order_id))]
        amount = sum(use.amount_fen for use in paid)
        if not paid or amount < limits.min_amount:
            return ()
        name = view.name(uses[0].item)
        return (
            Hit(
                f"「{name}」为自费项目，{len(paid)} 条记录未见自费知情同意",
                f"{name} is paid by the patient; {len(paid)} line(s) are without consent on record",
                [Cited(use, use.amount_fen) for use in paid],
                parameters={
                    "min_amount": f"{limits.min_amount // 100}.{limits.min_amount % 100:02d} yuan",
                    "unsaid_counts": str(limits.unsaid_counts).lower(),
                    "refused_counts": str(limits.refused_counts).lower(),
                },
                inputs={"lines": str(len(paid))},
            ),
        )


def _is_of(use: Use, order: Use | None) -> bool:
    """Whether a line is of this order's item."""
    return order is not None and not set(use.codes).isdisjoint(order.codes)
