"""What decides how a line is split: its class, the insurer's answer on it, the catalogue, the benefit's defaults.

DOMAIN 2.3. In this order: an approval that was refused, a restricted item whose condition is not met, and 丙 make a
line full self-pay; what the insurer said of the line outweighs the catalogue; what neither says, the benefit decides.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from agents.core.marks import ChargeMark
from agents.core.settlement.lines import LineTerms
from schemas.book import CatalogueItem
from schemas.book.entry import Scope
from schemas.codes import LEVEL_INDEX
from schemas.ledger import Pricing
from schemas.units import EPOCH_ORDINAL

CLASS_A, CLASS_B, CLASS_C, NO_CLASS = range(4)
#: hosp_appr_flag: not approved, the patient pays.
REFUSED = "2"
SELF_PAID = LineTerms(is_full_self_pay=True)
UNSAID = Pricing()
CACHE_LIMIT = 200_000


class ItemTerms(NamedTuple):
    """What the catalogue says of an item on a day; `is_listed`: it has a row at all."""

    is_listed: bool = False
    level: int = NO_CLASS
    self_pay_bp: int | None = None
    price_cap_micro: int | None = None
    is_restricted: bool = False


NOT_LISTED = ItemTerms()


class Catalogue:
    """The rows of a book's catalogue by code, the national ones and the hospital's own.

    Where several rows of an item are in force, each field is taken from the most specific row that fills it: a row of
    the line's own hospital code before one of the national code alone, that before one of the national code under
    another hospital code; a smaller region before a larger one, a named insurance type before none, the later row
    before the earlier one.
    """

    def __init__(self, items: Iterable[CatalogueItem]) -> None:
        self._rows: dict[str, list[CatalogueItem]] = {}
        for item in items:
            for code in {item.item_code, item.hospital_item_code} - {""}:
                self._rows.setdefault(code, []).append(item)
        self._changes: dict[str, tuple[int, ...]] = {}

    def stretch(self, code: str, day: int) -> int:
        """Which stretch of time, between two changes of an item's rows, a day lies in."""
        changes = self._changes.get(code)
        if changes is None:
            rows = self._rows.get(code)
            if rows is None:
                return 0
            days = {row.effective_from.toordinal() for row in rows} | {row.effective_to.toordinal() + 1 for row in rows}
            changes = self._changes[code] = tuple(sorted(day - EPOCH_ORDINAL for day in days))
        return bisect_right(changes, day)

    def terms(self, hospital_code: str, code: str, day: int, region: str, insurance_type: str) -> ItemTerms:
        """What holds for an item under its codes on a day, in a region, under an insurance."""
        ordinal = day + EPOCH_ORDINAL
        own = tuple(dict.fromkeys(one for one in (hospital_code, code) if one))
        rows = {id(row): row for one in own for row in self._rows.get(one, ())}
        found = []
        for place, row in enumerate(rows.values()):
            prefix = Scope(region=row.region).region_prefix
            if (
                row.effective_from.toordinal() <= ordinal <= row.effective_to.toordinal()
                and row.insurance_type in {"", insurance_type}
                and region.startswith(prefix)
            ):
                is_own = 2 if row.hospital_item_code in own else 0 if row.hospital_item_code else 1
                rank = (is_own, len(prefix), bool(row.insurance_type), row.effective_from, place)
                found.append((rank, row))
        if not found:
            return NOT_LISTED
        ordered = [row for _, row in sorted(found, key=_rank, reverse=True)]
        return ItemTerms(
            True,
            next((LEVEL_INDEX[row.level] for row in ordered if row.level), NO_CLASS),
            next((row.self_pay for row in ordered if row.self_pay is not None), None),
            next((row.price_cap for row in ordered if row.price_cap is not None), None),
            any(row.limited_use for row in ordered),
        )


def _rank(found: tuple[tuple[object, ...], CatalogueItem]) -> tuple[object, ...]:
    return found[0]


class LineRules:
    """How lines are split under one benefit: shared by all terms that split lines alike, so that it can be compared."""

    __slots__ = ("_cache", "_catalogue", "_class_b_bp", "_is_covered", "_place", "_unmapped_is_self_pay")

    def __init__(
        self,
        catalogue: Catalogue,
        region: str = "",
        insurance_type: str = "",
        *,
        class_b_bp: int = 0,
        is_unmapped_self_pay: bool = False,
        is_covered: bool = True,
    ) -> None:
        self._catalogue = catalogue
        self._place = (region, insurance_type)
        self._class_b_bp = class_b_bp
        self._unmapped_is_self_pay = is_unmapped_self_pay
        self._is_covered = is_covered
        self._cache: dict[object, LineTerms] = {}

    def line_terms(self, mark: ChargeMark) -> LineTerms:
        """How this line is split; without coverage everything is the patient's."""
        if not self._is_covered:
            return SELF_PAID
        code, own = mark.item, mark.hospital_item
        stretch = self._catalogue.stretch
        day = mark.day
        key = (code, own, mark.level, mark.approval, mark.pricing, stretch(code, day), own and stretch(own, day))
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[key] = self._decide(mark)
        return found

    def _decide(self, mark: ChargeMark) -> LineTerms:
        said = mark.pricing or UNSAID
        item = self._catalogue.terms(mark.hospital_item, mark.item, mark.day, *self._place)
        level = mark.level if mark.level != NO_CLASS else item.level
        # An insurer that answers "not met" for every item that is not restricted at all must not make them self-pay.
        is_barred = said.limited_use_met is False and (item.is_restricted or not item.is_listed)
        if mark.approval == REFUSED or is_barred or level == CLASS_C:
            return SELF_PAID
        share = said.first_self_pay_bp
        # A share the catalogue gives its own class says nothing of a line that the insurer put in another class.
        if share is None and (mark.level == NO_CLASS or item.level in {NO_CLASS, mark.level}):
            share = item.self_pay_bp
        is_unmapped = level == NO_CLASS and share is None
        if is_unmapped and self._unmapped_is_self_pay:
            return SELF_PAID._replace(is_unmapped=True)
        if share is None:
            share = self._class_b_bp if level == CLASS_B else 0
        cap = said.price_cap_micro if said.price_cap_micro is not None else item.price_cap_micro
        # 2301 answers a cap of 0 where an item has none.
        return LineTerms(
            first_self_pay_bp=min(max(share, 0), 10_000), price_cap_micro=cap or None, is_unmapped=is_unmapped
        )
