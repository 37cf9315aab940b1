"""How amounts are explained to people: one explanation for each, with the arithmetic in yuan, Chinese and English."""

import msgspec

#: schemas.book.settlement.LayerKind → its name in Chinese and English.
LAYER_NAMES = {
    "large_amount": ("大额医疗费用补助", "Large-amount subsidy"),
    "critical_illness": ("大病保险", "Critical-illness insurance"),
    "civil_servant": ("公务员医疗补助", "Civil-servant subsidy"),
    "enterprise": ("企业补充医疗保险", "Enterprise supplement"),
    "disabled": ("伤残军人医疗补助", "Disabled veterans' subsidy"),
    "assistance": ("医疗救助", "Medical assistance"),
    "other": ("其他基金", "Other funds"),
}


class Explanation(msgspec.Struct, frozen=True):
    """One amount explained. `what`: the field of SimulatedSettlement without `_fen`, else the StepKind.

    `formula` is arithmetic in yuan and ends in `= amount`; `entry_id` and `source` name the book entry that decided.
    """

    what: str
    title_zh: str
    title_en: str
    amount_fen: int
    formula: str
    text_zh: str
    text_en: str
    entry_id: str = ""
    source: str = ""


def money(fen: int) -> str:
    """Fen as yuan with separators: `17,800.00`."""
    return f"{'−' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def operand(fen: int) -> str:
    """Fen as a part of a sum or difference: a negative amount in brackets."""
    return f"({money(fen)})" if fen < 0 else money(fen)


def share_text(bp: int) -> str:
    """Basis points as a percentage without needless zeros: 8500 is `85%`, 1250 is `12.5%`."""
    whole, rest = divmod(bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"
