"""The fee lines of a visit as rules see them: by item, net of refunds, kept up to date line by line.

A line and the refunds that name it count as one; a refund that names no line (or one not seen) is taken from the lines
of its item, the latest before it first. What is left depends on no order of arrival.
"""

from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from typing import Any

import msgspec

from agents.core.marks import ChargeMark
from agents.core.rules.view import CHARGE, Use, time_order
from agents.core.visit import Visit
from schemas.ledger import ChargeDetail

NO_DETAIL = ChargeDetail()


class Lines(Mapping[str, Sequence[Use]]):
    """Net lines of a visit by item. Owned by whoever audits the visit; `touch` what was folded, then read.

    Items whose lines were all taken back are not there. Department of a line: the ordering one, else where the patient
    lay when it was charged.
    """

    __slots__ = ("_item_of", "_members", "_uses", "_visit", "aliases")

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        #: item → ids of its lines and of refunds without a line, in the order in which they were seen.
        self._members: dict[str, dict[str, None]] = {}
        self._item_of: dict[str, str] = {}
        #: The hospital's own codes → items that were ever charged under them.
        self.aliases: dict[str, dict[str, None]] = {}
        self._uses: dict[str, tuple[Use, ...]] = {}
        for charge_id in visit.charges:
            self._place(charge_id)

    def touch(self, charge_ids: Iterable[str]) -> set[str]:
        """Take in charges that were folded since; the items whose lines may differ now."""
        touched: set[str] = set()
        for charge_id in charge_ids:
            touched.update(self._place(charge_id))
            for refund in self._visit.waiting.get(charge_id, ()):  # refunds that came before their line
                touched.update(self._place(refund))
        for item in touched:
            self._uses.pop(item, None)
        return touched

    def _place(self, charge_id: str) -> Iterable[str]:
        visit = self._visit
        mark = visit.effective.get(charge_id) or visit.charges[charge_id]
        line = visit.charges.get(mark.refund_of) if mark.refund_of else None
        if line is not None and line.refund_of:
            line = None  # a refund of a refund: taken from the item's lines
        before = self._item_of.pop(charge_id, None)
        if before is not None:
            del self._members[before][charge_id]
        if line is not None:  # counts with its line
            item = line.item
        else:
            item = mark.item
            if mark.hospital_item:
                self.aliases.setdefault(mark.hospital_item, {})[item] = None
            self._item_of[charge_id] = item
            self._members.setdefault(item, {})[charge_id] = None
        return (item,) if before is None else (item, before)

    def _of(self, item: str) -> tuple[Use, ...]:
        found = self._uses.get(item)
        if found is None:
            members = self._members.get(item)
            if members is None:
                return ()
            found = self._uses[item] = self._net(members)
        return found

    def __getitem__(self, item: str) -> tuple[Use, ...]:
        """Net lines of an item in order of time."""
        found = self._of(item)
        if not found:
            raise KeyError(item)
        return found

    def get(self, item: str, default: Any = None) -> Any:
        """Net lines of an item, or the default."""
        return self._of(item) or default

    def __iter__(self) -> Iterator[str]:
        """Items that have lines left."""
        return (item for item in list(self._members) if self._of(item))

    def items(self) -> ItemsView[str, tuple[Use, ...]]:
        """Items that have lines left, with them."""
        return {item: uses for item in self._members if (uses := self._of(item))}.items()

    def values(self) -> ValuesView[tuple[Use, ...]]:
        """The lines of each item that has any left."""
        return {item: uses for item in self._members if (uses := self._of(item))}.values()

    def __len__(self) -> int:
        """How many items have lines left."""
        return sum(1 for _ in self)

    def __contains__(self, item: object) -> bool:
        """Whether an item has lines left."""
        return isinstance(item, str) and bool(self._of(item))

    def _net(self, members: Iterable[str]) -> tuple[Use, ...]:
        visit = self._visit
        charges, effective, waiting = visit.charges, visit.effective, visit.waiting
        lines: list[Use] = []
        loose: list[ChargeMark] = []
        for charge_id in members:
            mark = effective.get(charge_id) or charges[charge_id]
            quantity, amount = mark.quantity_e4, mark.amount_fen
            if amount < 0 or quantity < 0 or mark.refund_of:
                loose.append(mark)
                continue
            for refund_id in waiting.get(charge_id, ()):
                refund = effective.get(refund_id) or charges[refund_id]
                quantity += refund.quantity_e4
                amount += refund.amount_fen
            if amount > 0 or (amount == 0 and quantity > 0 and mark.amount_fen == 0):
                lines.append(self._use(mark, max(0, quantity), amount))
        lines.sort(key=time_order)
        for mark in sorted(loose, key=lambda refund: (refund.charged_at, refund.charge_id)):
            lines = _taken(lines, mark)
        return tuple(lines)

    def _use(self, mark: ChargeMark, quantity_e4: int, amount_fen: int) -> Use:
        detail = mark.detail or NO_DETAIL
        department = mark.department
        if not department:
            stay = self._visit.stay
            place = stay.place_index(mark.charged_at)
            department = stay.places[place].department if place >= 0 else ""
        return Use(
            mark.charge_id, CHARGE, mark.item, mark.charged_at, mark.day, quantity_e4, amount_fen, mark.price_micro,
            mark.category, mark.level, mark.hospital_item, detail.name, mark.list_type, department, mark.doctor,
            mark.order_id, mark.executing_department, detail.executing_doctor, mark.trace_code, mark.approval,
            mark.recorded_at, detail.days, detail.take_home, detail.herbal_use, detail.consent, detail.incision_group,
            mark.pricing.limited_use_met if mark.pricing else None,
        )  # fmt: skip


def _taken(lines: list[Use], refund: ChargeMark) -> list[Use]:
    """The lines without what a refund that names none of them takes back."""
    quantity, amount = -refund.quantity_e4, -refund.amount_fen
    earlier = [use for use in reversed(lines) if use.at <= refund.charged_at]
    later = [use for use in lines if use.at > refund.charged_at]
    left: dict[str, Use | None] = {}
    for use in (*earlier, *later):
        if amount <= 0:
            break
        part, pieces = min(amount, use.amount_fen), min(max(0, quantity), use.quantity_e4)
        amount -= part
        quantity -= pieces
        rest = use.amount_fen - part
        left[use.id] = _less(use, use.quantity_e4 - pieces, rest) if rest > 0 else None
    found = (left.get(use.id, use) for use in lines)
    return [use for use in found if use is not None]


def _less(use: Use, quantity_e4: int, amount_fen: int) -> Use:
    return msgspec.structs.replace(use, quantity_e4=quantity_e4, amount_fen=amount_fen)
