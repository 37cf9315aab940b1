"""A visit as rules look at it: who, under which coverage, what was found, what is used, what came before. Pure data.

Made from the running state (agents/core/rules/viewing.py), from an order-check request, or of both. Uses are net: a
line that was refunded whole is not there, of one refunded in part there is what is left. Nothing here depends on the
order in which events arrived.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from agents.core.rules.codes import Codes, clinical_codes
from schemas.book.rules import Exemption, Prescriber
from schemas.ledger import Diagnosis, Procedure
from schemas.units import EPOCH_ORDINAL, SHANGHAI, day_of

T = TypeVar("T")
OUTPATIENT, INPATIENT, PHARMACY, OTHER = "1", "2", "3", "4"
CHARGE, ORDER, PROPOSED = "charge", "order", "proposed"


class Use(msgspec.Struct, frozen=True, gc=False):
    """One fee line (net of its refunds), order on record, or order being checked.

    source: charge, order or proposed. item: the national code, else the hospital's own; hospital_item: the hospital's
    own beside a national one. category: 0–13 (schemas.codes), −1 not said; level: 0 甲 1 乙 2 丙 3 none. Quantities
    1e-4, price 1e-6 yuan, fen, times ms; `day` of `at`. days: how long the supply lasts (0: not said). ends_at: of an
    order. is_open: of an order: neither stopped nor cancelled. Texts are empty, flags None where nothing was said.
    """

    id: str
    source: str
    item: str
    at: int
    day: int
    quantity_e4: int = 0
    amount_fen: int = 0
    price_micro: int = 0
    category: int = -1
    level: int = 3
    hospital_item: str = ""
    name: str = ""
    list_type: str = ""
    department: str = ""
    doctor: str = ""
    order_id: str = ""
    executing_department: str = ""
    executing_doctor: str = ""
    trace_code: str = ""
    approval: str = ""
    recorded_at: int = 0
    days: int = 0
    take_home: bool | None = None
    herbal_use: str = ""
    consent: bool | None = None
    incision_group: str = ""
    limited_use_met: bool | None = None
    doctor_grade: str = ""
    speciality: str = ""
    prescription_id: str = ""
    group: str = ""
    dose: str = ""
    dose_unit: str = ""
    frequency: str = ""
    route: str = ""
    long_term: bool = False
    ends_at: int = 0
    is_open: bool = True

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code the line is known by."""
        return (self.item, self.hospital_item) if self.hospital_item else (self.item,)


class PastUse(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One item in another visit of the patient: quantity (1e-4) by day; until which day its supply lasts, 0 unknown."""

    item: str
    days: dict[int, int]
    supply_until: int = 0
    amount_fen: int = 0


class Past(msgspec.Struct, array_like=True, frozen=True):
    """A visit of the same patient at this hospital that began before this one. Times ms; ended_at 0: still open."""

    visit_id: str
    admitted_at: int
    ended_at: int
    is_outpatient: bool
    mode: str
    department: str
    main_diagnosis: str
    diagnoses: tuple[str, ...]
    procedures: tuple[str, ...]
    care_type: str
    insurance_type: str
    discharge_way: str
    doctor: str
    amount_fen: int
    is_urgent: bool = False
    uses: tuple[PastUse, ...] = ()


@dataclass(slots=True)
class Place:
    """Where the patient lay from `entered_at` on."""

    department: str
    ward: str
    bed: str
    entered_at: int


@dataclass(slots=True)
class Facts:
    """What is known of the visit apart from its lines. Empty text: not said. Times ms, days as schemas.units.

    mode: 1 outpatient, 2 inpatient, 3 pharmacy, 4 other. tier: the hospital's, as the book's `tiers` name it; `tiers`
    from low to high. is_ended: discharged, or an outpatient visit. as_of: the visit's clock. pregnancy: 1 pregnant,
    2 nursing. census: ward visits (in_bed, leave, absent); census_days: their days; leaves: (when, gone or back).
    sexes, birth_dates, blood_types: all that were ever said, more than one where they contradict each other.
    """

    hospital: str = ""
    patient_id: str = ""
    visit_id: str = ""
    region: str = ""
    tier: str = ""
    tiers: tuple[str, ...] = ()
    mode: str = ""
    is_outpatient: bool = False
    is_online: bool = False
    is_urgent: bool = False
    is_ended: bool = False
    is_cancelled: bool = False
    insurance_type: str = ""
    care_type: str = ""
    person_type: str = ""
    special_person: str = ""
    person_no: str = ""
    sex: str = ""
    birth_date: str = ""
    birth_day: int | None = None
    pregnancy: str = ""
    department: str = ""
    ward: str = ""
    bed: str = ""
    doctor: str = ""
    disease_code: str = ""
    discharge_way: str = ""
    readmission: str = ""
    main_diagnosis: str = ""
    diagnoses: tuple[Diagnosis, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    admitted_at: int | None = None
    discharged_at: int | None = None
    admitted_day: int | None = None
    discharged_day: int | None = None
    died_at: int = 0
    as_of: int = 0
    today: int = 0
    places: tuple[Place, ...] = ()
    census: tuple[tuple[int, str], ...] = ()
    census_days: tuple[int, ...] = ()
    leaves: tuple[tuple[int, bool], ...] = ()
    sexes: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    blood_types: tuple[str, ...] = ()
    settled_total_fen: int | None = None
    quota_fen: int = 0
    total_fen: int = 0
    by_category: tuple[int, ...] = (0,) * 14
    by_day: Mapping[int, int] = field(default_factory=dict)
    zone: tzinfo = SHANGHAI

    def day_of(self, at: int) -> int:
        """The hospital's calendar day of a moment (ms), as of the patient's other visits."""
        return day_of(at, self.zone)

    @property
    def diagnosis_codes(self) -> tuple[str, ...]:
        """Every diagnosis, in upper case."""
        return tuple(diagnosis.code.upper() for diagnosis in self.diagnoses)

    @property
    def procedure_codes(self) -> tuple[str, ...]:
        """Every operation."""
        return tuple(procedure.code for procedure in self.procedures)

    @property
    def tier_rank(self) -> int | None:
        """Position of the hospital's tier among the book's, None where it is not known."""
        return self.tiers.index(self.tier) if self.tier in self.tiers else None

    def age_on(self, day: int) -> tuple[int, int] | None:
        """Age on a day: whole days, and whole years by birthday; None where the birth date is not known."""
        if self.birth_day is None or day < self.birth_day:
            return None
        return day - self.birth_day, years_between(self.birth_day, day)


def years_between(birth_day: int, day: int) -> int:
    """Whole years by birthday (someone born on 29 February has it on 1 March)."""
    born, now = date.fromordinal(birth_day + EPOCH_ORDINAL), date.fromordinal(day + EPOCH_ORDINAL)
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


class View:
    """One visit: its facts, the lines by item, the orders, what is proposed, the patient's visits before."""

    __slots__ = (
        "_exempt",
        "_matching",
        "_memo",
        "_orders",
        "_orders_by_id",
        "_orders_by_item",
        "aliases",
        "charges",
        "exemptions",
        "facts",
        "failures",
        "inputs",
        "names",
        "orders",
        "past",
        "prescribers",
        "proposed",
    )

    def __init__(
        self,
        facts: Facts,
        charges: Mapping[str, Sequence[Use]],
        orders: Sequence[Use] = (),
        proposed: Sequence[Use] = (),
        past: Sequence[Past] = (),
        inputs: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
        prescribers: Mapping[str, Prescriber] | None = None,
        exemptions: Sequence[Exemption] = (),
        aliases: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """`charges`: net fee lines by item code, each in order of time. `orders`: on record, not cancelled.

        aliases: the hospital's own codes → items they were charged under; None: found from the lines when asked for.
        """
        self.facts = facts
        self.charges = charges
        self.orders = orders
        self.proposed = proposed
        #: Visits of the patient that began before this one, in this order.
        self.past = past
        #: Declared optional inputs (stock_ledger, settlement_list, medical_record …) by name.
        self.inputs: Mapping[str, Any] = inputs or {}
        self.names: Mapping[str, str] = names or {}
        self.prescribers: Mapping[str, Prescriber] = prescribers or {}
        self.exemptions = exemptions
        self.aliases = aliases
        #: Rules that could not be judged to the end: code, what went wrong.
        self.failures: list[tuple[str, Exception]] = []
        self._memo: dict[object, Any] = {}
        self._matching: dict[tuple[int, Codes], tuple[Use, ...]] = {}
        self._orders: dict[Codes, tuple[Use, ...]] = {}
        self._orders_by_id: dict[str, Use] | None = None
        self._orders_by_item: dict[str, list[Use]] | None = None
        self._exempt: dict[str, bool] = {}

    def name(self, item: str) -> str:
        """What an item is called: as the book says, else its lines; its code where nobody says."""
        known = self.names.get(item)
        if known:
            return known
        uses = self.charges.get(item)
        return (uses[0].name if uses else "") or item

    def uses(self, codes: Codes) -> tuple[Use, ...]:
        """Fee lines and proposed orders of these items, in order of time."""
        return self._found(0, codes)

    def charged(self, codes: Codes) -> tuple[Use, ...]:
        """Fee lines of these items, in order of time."""
        return self._found(1, codes)

    def uses_of_item(self, item: str) -> Sequence[Use]:
        """Fee lines and proposed orders under exactly this code, in order of time."""
        charged = self.charges.get(item, ())
        proposed = [use for use in self.proposed if use.item == item]
        return sorted((*charged, *proposed), key=time_order) if proposed else charged

    def ordered(self, codes: Codes) -> tuple[Use, ...]:
        """Orders on record of these items (not cancelled), in order of time."""
        found = self._orders.get(codes)
        if found is None:
            by_item = self._known_orders()
            names = [item for item in by_item if item in codes] if codes.prefixes else codes.whole
            orders = {use.id: use for name in names for use in by_item.get(name, ())}
            found = self._orders[codes] = tuple(sorted(orders.values(), key=time_order))
        return found

    def order_of(self, use: Use) -> Use | None:
        """The order on record that a fee line belongs to; None where it names none, or one that is not on record."""
        if not use.order_id:
            return None
        if self._orders_by_id is None:
            self._orders_by_id = {order.id: order for order in self.orders}
        return self._orders_by_id.get(use.order_id)

    def all_uses(self) -> Iterator[Use]:
        """Every fee line and proposed order."""
        for uses in self.charges.values():
            yield from uses
        yield from self.proposed

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What several checks ask of the same view, made once. `key` names it across all kinds."""
        found: T | None = self._memo.get(key)
        if found is None:
            found = self._memo[key] = make()
        return found

    def is_exempt(self, ids: Iterable[str]) -> bool:
        """Whether the visit falls under any of these exemptions."""
        return any(self._falls_under(exemption) for exemption in self.exemptions if exemption.id in ids)

    def _found(self, which: int, codes: Codes) -> tuple[Use, ...]:
        key = which, codes
        found = self._matching.get(key)
        if found is None:
            uses = [use for item in self._items(codes) for use in self.charges[item]]
            if which == 0:
                uses += [use for use in self.proposed if codes.any_of(use.codes)]
            uses.sort(key=time_order)
            found = self._matching[key] = tuple(uses)
        return found

    def _items(self, codes: Codes) -> Iterable[str]:
        if codes.prefixes:
            return [item for item in self.charges if item in codes or codes.any_of(self._hospital_codes(item))]
        aliases = self._known_aliases()
        found: dict[str, None] = {}
        for code in codes.whole:
            if code in self.charges:
                found[code] = None
            for item in aliases.get(code, ()):
                if item in self.charges:
                    found[item] = None
        return found

    def _hospital_codes(self, item: str) -> Iterable[str]:
        return {use.hospital_item for use in self.charges[item] if use.hospital_item}

    def _known_aliases(self) -> Mapping[str, Iterable[str]]:
        if self.aliases is None:
            found: dict[str, list[str]] = {}
            for item, uses in self.charges.items():
                for code in {use.hospital_item for use in uses if use.hospital_item}:
                    found.setdefault(code, []).append(item)
            self.aliases = found
        return self.aliases

    def _known_orders(self) -> dict[str, list[Use]]:
        if self._orders_by_item is None:
            self._orders_by_item = {}
            for order in self.orders:
                for code in order.codes:
                    self._orders_by_item.setdefault(code, []).append(order)
        return self._orders_by_item

    def _falls_under(self, exemption: Exemption) -> bool:
        known = self._exempt.get(exemption.id)
        if known is None:
            known = self._exempt[exemption.id] = self._judge_exemption(exemption)
        return known

    def _judge_exemption(self, exemption: Exemption) -> bool:
        facts = self.facts
        return (
            (bool(exemption.diagnoses) and _clinical(exemption.diagnoses).any_of(facts.diagnosis_codes))
            or (bool(exemption.procedures) and _clinical(exemption.procedures).any_of(facts.procedure_codes))
            or facts.care_type in exemption.care_types
            or (bool(facts.discharge_way) and facts.discharge_way in exemption.discharge_ways)
            or any(item in self.charges for item in exemption.items)
        )


@lru_cache(maxsize=4_096)
def _clinical(parts: tuple[str, ...]) -> Codes:
    return clinical_codes(";".join(parts))


def time_order(use: Use) -> tuple[int, str]:
    """The order in which lines are looked at: when, then by id."""
    return use.at, use.id
