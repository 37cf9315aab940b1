"""串换 signs: one item charged under several names, or at prices too far apart, within one visit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.view import Use, View
from schemas.book.entry import Share
from schemas.units import div_round, percent_text


class DriftParameters(Parameters):
    """What is too far apart.

    most_spread: the highest price may lie so much above the lowest. compare_names: whether names are compared at all;
    a hospital whose names carry remarks switches it off.
    """

    most_spread: Annotated[Share, Field(ge=0)] = 2_000
    compare_names: bool = True


class ItemDrift(Kind[DriftParameters]):
    """Lines of one item differ in name or price as lines of one thing do not: another one may stand behind the code.

    Spaces and brackets' shape in names do not count. At stake: of a price, what lies above the lowest; of a name, the
    lines under any but the usual one (the most frequent, then the first).
    """

    name = "item_drift"
    title_zh = "同一编码名称或单价不一"
    title_en = "one code, several names or prices"
    trigger = Trigger.EVERY_ITEM
    parameters = DriftParameters

    def check(self, view: View, bound: Bound[DriftParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Prices, then names, of the lines of one item."""
        price, name = uses[0].price_micro, uses[0].name
        for use in uses:
            if use.price_micro != price or use.name != name:
                break
        else:
            return ()  # nearly every item
        limits = bound.parameters
        found = []
        prices = [use.price_micro for use in uses if use.price_micro > 0]
        if prices:
            lowest, highest = min(prices), max(prices)
            if (highest - lowest) * 10_000 > limits.most_spread * lowest:
                found.append(_price_hit(view, uses, lowest, highest, limits.most_spread))
        if limits.compare_names and len({use.name for use in uses}) > 1:
            names = [_plain(use.name) for use in uses]
            if len({name for name in names if name}) > 1:
                found.append(_name_hit(view, uses, names))
        return found


def _plain(name: str) -> str:
    return "".join(name.split()).replace("（", "(").replace("）", ")")


def _price_hit(view: View, uses: Sequence[Use], lowest: int, highest: int, most_bp: int) -> Hit:
    above = [use for use in uses if (use.price_micro - lowest) * 10_000 > most_bp * lowest]
    cited = [Cited(use, div_round(use.amount_fen * (use.price_micro - lowest), use.price_micro)) for use in above]
    name, low, high = view.name(uses[0].item), _price_text(lowest), _price_text(highest)
    return Hit(
        f"「{name}」同一次就诊单价 {low}～{high} 元，相差超过 {percent_text(most_bp)}，请核对实际使用的项目",
        f"{name} was charged at {low} to {high} yuan in one visit, more than {percent_text(most_bp)} apart;"
        " please check what was used",
        cited,
        subject="price",
        parameters={"most_spread": percent_text(most_bp)},
        inputs={"lowest": f"{low} yuan", "highest": f"{high} yuan"},
    )


def _name_hit(view: View, uses: Sequence[Use], names: Sequence[str]) -> Hit:
    counts = Counter(name for name in names if name)
    usual = max(counts, key=lambda name: (counts[name], -names.index(name)))
    cited = [
        Cited(use, use.amount_fen) for use, name in zip(uses, names, strict=True) if name not in {"", usual}
    ]  # fmt: skip
    others = "、".join(sorted({name for name in names if name not in {"", usual}}))
    return Hit(
        f"「{usual}」的编码 {uses[0].item} 下另有名称「{others}」，请核对实际使用的项目",
        f"Code {uses[0].item} of {view.name(uses[0].item)} was charged under {len(counts)} names; please check what was"
        " used",
        cited,
        subject="name",
        parameters={"compare_names": "true"},
        inputs={"usual": usual, "others": others, "names": str(len(counts))},
    )


def _price_text(price_micro: int) -> str:
    whole, rest = divmod(price_micro, 1_000_000)
    digits = f"{rest:06d}".rstrip("0")
    return f"{whole}.{digits.ljust(2, '0')}"
