"""Sums of fee lines: the fourteen categories by class, the parts the ratios need, shares per department and month."""

from collections.abc import Iterable

from agents.core.marks import ChargeMark
from schemas.codes import CATEGORY_CODES, CATEGORY_COUNT, LEVEL_COUNT
from schemas.facts import CategoryTotal, DepartmentShare, Ratios
from schemas.units import MAX_MICRO, div_round, month_of, ratio_bp

SELF_PAY = 2  # 丙类 among the levels
TEST_CATEGORIES = frozenset({2, 3})  # 03 检查费, 04 化验费
MATERIAL_CATEGORY = 7  # 08 卫生材料费
DRUG_CATEGORIES = frozenset({8, 10})  # 09 西药费, 11 中成药费
HERBAL_CATEGORY = 9  # 10 中药饮片费


class Share:
    """What one department cost in one month, fen."""

    __slots__ = ("amount", "count", "drug", "herbal", "material", "self_pay", "test")

    def __init__(self) -> None:
        self.amount = self.drug = self.herbal = self.material = self.test = self.self_pay = self.count = 0

    def add(self, category: int, level: int, amount: int, sign: int) -> None:
        """Add one line, or take it away (`sign` −1)."""
        self.count += sign
        amount *= sign
        self.amount += amount
        if category in DRUG_CATEGORIES:
            self.drug += amount
        elif category in TEST_CATEGORIES:
            self.test += amount
        elif category == MATERIAL_CATEGORY:
            self.material += amount
        elif category == HERBAL_CATEGORY:
            self.herbal += amount
        if level == SELF_PAY:
            self.self_pay += amount

    @classmethod
    def sum_of(cls, shares: Iterable["Share"]) -> "Share":
        """What several shares come to."""
        found = Share()
        for share in shares:
            for name in Share.__slots__:
                setattr(found, name, getattr(found, name) + getattr(share, name))
        return found

    @property
    def is_empty(self) -> bool:
        """No line and no money left."""
        return not (
            self.count or self.amount or self.drug or self.herbal or self.material or self.test or self.self_pay
        )


class Tally(Share):
    """A visit's sums: those of a share, the category × class cells, gross and refunds, days, items."""

    __slots__ = (
        "antibiotics",
        "cells",
        "days",
        "drug_self_pay",
        "gross",
        "items",
        "refund",
        "refund_count",
        "segments",
        "shares",
        "unfamiliar",
    )

    def __init__(self) -> None:
        super().__init__()
        self.gross = self.refund = self.refund_count = self.drug_self_pay = 0
        #: fen by category × class, row by row.
        self.cells = [0] * (CATEGORY_COUNT * LEVEL_COUNT)
        self.shares: dict[tuple[str, int], Share] = {}
        self.days: dict[int, int] = {}
        #: index of the stay's place → fen charged in that time.
        self.segments: dict[int, int] = {}
        self.items: dict[str, ItemUse] = {}
        #: Uses under a code nobody has looked up yet (publish.py asks the policy once), and the 抗菌药 among the rest.
        self.unfamiliar: list[ItemUse] = []
        self.antibiotics: list[ItemUse] = []

    def add_line(self, mark: ChargeMark, department: str, place: int, sign: int = 1) -> tuple[str, int]:
        """Add one effective line (or take it away); returns the key of the share that it touched.

        `department` bears the cost; `place` is the index of where the patient lay, −1 while that is unknown.
        """
        category, level, amount = mark.category, mark.level, mark.amount_fen
        self.add(category, level, amount, sign)
        if amount < 0 or mark.refund_of:
            self.refund += sign * amount
            self.refund_count += sign
        else:
            self.gross += sign * amount
        if level == SELF_PAY and (category in DRUG_CATEGORIES or category == HERBAL_CATEGORY):
            self.drug_self_pay += sign * amount
        self.cells[category * LEVEL_COUNT + level] += sign * amount
        self.segments[place] = self.segments.get(place, 0) + sign * amount
        self.days[mark.day] = self.days.get(mark.day, 0) + sign * amount
        key = (department, month_of(mark.day))
        share = self.shares.get(key)
        if share is None:
            share = self.shares[key] = Share()
        share.add(category, level, amount, sign)
        if mark.item:
            use = self.items.get(mark.item)
            if use is None:
                use = self.items[mark.item] = ItemUse(mark.item)
                self.unfamiliar.append(use)
            use.amount += sign * amount
            use.quantity += sign * mark.quantity_e4
            use.days[mark.day] = use.days.get(mark.day, 0) + sign * mark.quantity_e4
            use.price = max(use.price, mark.price_micro or _reckoned_price(mark))
            use.categories |= 1 << category
            if mark.hospital_item and mark.hospital_item not in use.codes:
                use.codes = (*use.codes, mark.hospital_item)
                self.unfamiliar.append(use)
        return key

    @property
    def basic(self) -> int:
        """基本医疗费用: total − 丙."""
        return self.amount - self.self_pay

    def categories(self) -> tuple[CategoryTotal, ...]:
        """The categories with any money in them."""
        found = []
        for index, code in enumerate(CATEGORY_CODES):
            row = self.cells[index * LEVEL_COUNT : (index + 1) * LEVEL_COUNT]
            if any(row):
                found.append(CategoryTotal(code, sum(row), *row))
        return tuple(found)

    def ratios(self) -> Ratios:
        """DOMAIN 6.3."""
        total, drugs = self.amount, self.drug + self.herbal
        return Ratios(
            drug_bp=ratio_bp(self.drug, total),
            drug_with_herbal_bp=ratio_bp(drugs, total),
            material_bp=ratio_bp(self.material, total),
            test_bp=ratio_bp(self.test, total),
            service_bp=ratio_bp(total - drugs - self.material - self.test, total),
            self_pay_bp=ratio_bp(self.self_pay, total),
            catalogue_drug_bp=ratio_bp(drugs - self.drug_self_pay, drugs),
        )

    def department_shares(self) -> tuple[DepartmentShare, ...]:
        """Non-empty shares, by department and month."""
        return tuple(
            DepartmentShare(
                department, month, share.amount, share.drug, share.herbal, share.material, share.test, share.self_pay,
                share.count,
            )
            for (department, month), share in sorted(self.shares.items())
            if not share.is_empty
        )  # fmt: skip


def _reckoned_price(mark: ChargeMark) -> int:
    """The unit price (1e-6 yuan) of a line that states its amount and quantity only; 0 where that says nothing."""
    if mark.amount_fen * mark.quantity_e4 <= 0:
        return 0
    return min(MAX_MICRO, div_round(mark.amount_fen * 10**8, mark.quantity_e4))


class ItemUse:
    """Use of one item in a visit: fen, quantity (1e-4) in all and by day, the highest unit price seen (1e-6 yuan).

    `codes`: every code it goes by, the hospital's own among them. `categories`: a bit for each it was charged under.
    """

    __slots__ = ("amount", "categories", "codes", "days", "price", "quantity")

    def __init__(self, item: str) -> None:
        self.amount = self.quantity = self.price = self.categories = 0
        self.codes: tuple[str, ...] = (item,)
        self.days: dict[int, int] = {}
