"""A bundle split into its parts: charged one by one, they come to more than the bundle."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.codes import item_codes
from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.counting import Excess, at_fault, days_text
from agents.core.rules.view import Use, View
from schemas.book.points import Point
from schemas.units import div_round
from schemas.wording import money

BUNDLE, PART = "bundle", "part"
MICRO_A_FEN = 10_000
#: One part alone is no bundle.
FEWEST_PARTS = 2


class SplitParameters(Parameters):
    """may_lack: how many of a bundle's parts may be missing, and it still counts as split."""

    may_lack: Annotated[int, Field(ge=0)] = 0


class BundleSplit(Kind[SplitParameters]):
    """On one day all (or most) parts of a bundle were charged, not the bundle, and they come to more than its price.

    A group has one point with role `bundle` (with its price) and one with role `part` for every part. What is at stake
    is what the parts cost beyond the bundle, shared out over the lines. Nothing where the bundle was charged as well
    (that is charging together), where its price is not known, or where the parts cost no more.
    """

    name = "bundle_split"
    title_zh = "分解收费"
    title_en = "bundle charged in parts"
    trigger = Trigger.GROUP
    parameters = SplitParameters
    point_columns = ("item", "group", "role", "price")
    needed_columns = (("item",), ("group",), ("role",))
    roles = (BUNDLE, PART)

    def check(self, view: View, bound: Bound[SplitParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """The lines of the parts, with their share of what is too much; one finding a bundle."""
        bundle = next((point for point in bound.points if point.role == BUNDLE), None)
        parts = [point for point in bound.points if point.role == PART]
        if bundle is None or not bundle.price or not parts:
            return ()
        fewest = max(FEWEST_PARTS, len(parts) - bound.parameters.may_lack)
        price_fen = div_round(bundle.price, MICRO_A_FEN)
        excess: list[Excess] = []
        worst = 0, 0, 0
        by_day: dict[int, list[Use]] = {}
        for use in uses:
            by_day.setdefault(use.day, []).append(use)
        for day in sorted(by_day):
            lines, kinds, is_bundled = _parts_of(by_day[day], bundle, parts)
            total = sum(use.amount_fen for use in lines)
            if is_bundled or kinds < fewest or total <= price_fen:
                continue
            excess += _shared(lines, total - price_fen, total)
            worst = max(worst, (total, kinds, -day))
        wrong = at_fault(view, excess)
        if not wrong:
            return ()
        total, kinds, _ = worst
        zh, en = days_text(cited.use.day for cited in wrong)
        name, charged, price = bundle.name or view.name(bundle.item), money(total), money(price_fen)
        return (
            Hit(
                f"「{name}」分解为 {kinds} 个子项收费（{zh}），共 {charged} 元，合并价 {price} 元",
                f"{name} was charged as {kinds} parts ({en}): {charged} yuan instead of {price}",
                wrong,
                parameters={"bundle": bundle.item, "price": f"{price} 元", "fewest_parts": str(fewest)},
                inputs={"parts": str(kinds), "charged": f"{charged} 元", "on": zh},
                advice_zh=f"改按「{name}」收费，多收部分退费",
                advice_en=f"Charge {name} instead, refund the rest",
            ),
        )


def _parts_of(lines: Sequence[Use], bundle: Point, parts: Sequence[Point]) -> tuple[list[Use], int, bool]:
    """The lines that are parts, how many kinds of part there are, and whether the bundle was charged too."""
    whole = item_codes(bundle.item)
    found: list[Use] = []
    kinds: set[str] = set()
    for use in lines:
        if whole.any_of(use.codes):
            return [], 0, True
        for part in parts:
            if item_codes(part.item).any_of(use.codes):
                found.append(use)
                kinds.add(part.item)
                break
    return found, len(kinds), False


def _shared(lines: Sequence[Use], over_fen: int, total_fen: int) -> Iterable[Excess]:
    """An amount over lines in proportion to what they cost; what rounding leaves falls on the last."""
    left = over_fen
    for place, use in enumerate(lines):
        is_last = place == len(lines) - 1
        part = left if is_last else min(left, div_round(over_fen * use.amount_fen, total_fen))
        left -= part
        yield Excess(use, use.quantity_e4, part)
