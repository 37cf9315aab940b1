"""The check before discharge (出院前自查): what to withdraw or refund, to reduce or explain, and to look at."""

from collections.abc import Iterable
from dataclasses import dataclass

from agents.core.rules.engine import Draft
from agents.core.rules.findings import in_order
from agents.core.rules.view import CHARGE, PROPOSED, Use, View, time_order
from schemas.book.rules import Grade
from schemas.finding import Finding
from schemas.units import div_round

WHOLE_E4 = 10_000


@dataclass(frozen=True, slots=True)
class ToRefund:
    """One fee line that must be taken back, whole or in part; of one that several rules are about, the largest part.

    quantity_e4: so much of it that the amount is its price; nothing where that would be a part of a whole piece: then
    only the price is put right. rules: their codes.
    """

    use: Use
    name: str
    quantity_e4: int
    amount_fen: int
    rules: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the line is left."""
        return self.amount_fen == self.use.amount_fen

    @property
    def is_price_only(self) -> bool:
        """Whether the line stays, at a lower price."""
        return self.quantity_e4 == 0 and self.use.quantity_e4 != 0


@dataclass(frozen=True, slots=True)
class ToWithdraw:
    """One open order that must not stand as it is; nothing was charged of it yet."""

    use: Use
    name: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """Three lists. suspicions: to reduce, or to explain; leads: to look at."""

    refunds: tuple[ToRefund, ...]
    withdrawals: tuple[ToWithdraw, ...]
    violations: tuple[Finding, ...]
    suspicions: tuple[Finding, ...]
    leads: tuple[Finding, ...]

    @property
    def refund_fen(self) -> int:
        """What all refunds come to, each line once."""
        return sum(line.amount_fen for line in self.refunds)

    @property
    def suspicion_fen(self) -> int:
        """What is doubtful besides, as the findings state it."""
        return sum(finding.amount_fen for finding in self.suspicions)


def self_check_of(view: View, drafts: Iterable[Draft], findings: Iterable[Finding]) -> SelfCheck:
    """The lists, of drafts and findings that are not on trial. Refunds and withdrawals in order of time."""
    parts: dict[str, tuple[Use, int, dict[str, None]]] = {}
    orders: dict[str, tuple[Use, dict[str, None]]] = {}
    for draft in drafts:
        active = draft.check.bound.active
        if active.grade is not Grade.VIOLATION:
            continue
        for cited in draft.hit.lines:
            use = cited.use
            if cited.is_violating and use.source == CHARGE and cited.amount_fen > 0:
                _, most, rules = parts.get(use.id, (use, 0, {}))
                rules[active.rule.code] = None
                parts[use.id] = (use, max(most, min(cited.amount_fen, use.amount_fen)), rules)
            elif cited.is_violating and use.source == PROPOSED:
                orders.setdefault(use.id, (use, {}))[1][active.rule.code] = None
    listed = sorted(findings, key=lambda finding: finding.finding_id)
    by_grade = {grade: tuple(in_order(one for one in listed if one.grade is grade)) for grade in Grade}
    return SelfCheck(
        tuple(
            ToRefund(use, use.name or view.name(use.item), _quantity(use, amount), amount, tuple(rules))
            for use, amount, rules in sorted(parts.values(), key=lambda part: time_order(part[0]))
        ),
        tuple(
            ToWithdraw(use, use.name or view.name(use.item), tuple(rules))
            for use, rules in sorted(orders.values(), key=lambda part: time_order(part[0]))
        ),
        by_grade[Grade.VIOLATION],
        by_grade[Grade.SUSPICION],
        by_grade[Grade.LEAD],
    )


def _quantity(use: Use, amount_fen: int) -> int:
    """So much of a line as the amount is of its amount; a line that is refunded whole: all of it."""
    if amount_fen >= use.amount_fen or not use.amount_fen:
        return use.quantity_e4
    quantity = div_round(use.quantity_e4 * amount_fen, use.amount_fen)
    is_in_pieces = use.quantity_e4 % WHOLE_E4 == 0
    return 0 if is_in_pieces and quantity % WHOLE_E4 else quantity


def refund_events(check: SelfCheck, visit_id: str, patient_id: str, hospital: str) -> list[dict[str, str | int]]:
    """The refunds as charge events, to see what the settlement would be after them."""
    return [
        {
            "type": "charge", "hospital": hospital, "patient_id": patient_id, "visit_id": visit_id,
            "charge_id": f"{line.use.id}~self-check", "refund_of": line.use.id, "charged_at": line.use.at,
            "item_code": line.use.item, "quantity": _decimal(-line.quantity_e4), "amount": _yuan(-line.amount_fen),
        }
        for line in check.refunds
    ]  # fmt: skip


def _decimal(value_e4: int) -> str:
    return f"{'-' if value_e4 < 0 else ''}{abs(value_e4) // 10_000}.{abs(value_e4) % 10_000:04d}"


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
