"""One visit's paperwork: its admission events, orders, charges, refunds and settlement, with their everyday mistakes.

Books every amount with the expectation as it is made, whatever becomes of the event on its way.
"""

from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

from deploy.demo.hospital.catalogue import Item, catalogue
from deploy.demo.hospital.departments import HOSPITAL
from deploy.demo.hospital.expectation import Cell
from deploy.demo.hospital.insurer import REFUSED, Billed, Claim, Dispute
from deploy.demo.hospital.journal import DAY, HOUR, MINUTE, Journal, usual_lag
from deploy.demo.hospital.people import Person
from schemas import units

ONE = 10_000
REFUNDED_PERMILLE = 30
UNSAID_DEPARTMENT_PERMILLE = 10
CONFLICT_PERMILLE = 0.15
#: Of the lines of restricted items, those whose condition is not met; of high-value consumables, those not approved.
NOT_MET_PERCENT, NOT_APPROVED_PERCENT = 8, 3
APPROVED = "1"


class Line(NamedTuple):
    """A fee line as charged."""

    charge_id: str
    item: Item
    quantity_e4: int
    amount_fen: int
    department: str
    doctor: str
    order_id: str
    charged_at: int
    approval: str = ""
    limited_use_met: bool | None = None


class Visit:
    """Writes the events of one visit. Numbers of charges and orders are unique within the visit only, as in 2301."""

    def __init__(
        self, journal: Journal, person: Person, visit_id: str, care_type: str, rng: Random, lag_ms: int = 0
    ) -> None:
        """`lag_ms`: how late orders and fee lines always reach the system; 0: as chance has it."""
        self.journal = journal
        self._lag_ms = lag_ms
        self.person = person
        self.visit_id = visit_id
        self.care_type = care_type
        self.rng = rng
        self.known_insurance = person.insurance_type
        self.procedures: list[str] = []
        self.disease_code = ""
        #: What the insurer says of the patient's year when it is asked at admission (5206); None: it is not asked.
        self.year_to_date: dict[str, Any] | None = None
        self._person_no = person.person_no
        self._lines: dict[str, Line] = {}
        self._refunds: dict[str, list[int]] = {}
        self._unnamed: list[Line] = []
        self._numbers = {"admission": 0, "order": 0, "change": 0, "charge": 0}
        journal.expectation.patient_of[visit_id] = person.patient_id

    def come_uncovered(self) -> None:
        """The card was not swiped (未刷卡): until `cover` the insurer's number and type are not known."""
        self.known_insurance = self._person_no = ""

    def admission(self, kind: str, at: int, lag_ms: int, **fields: Any) -> None:
        """An admission event of any kind; `fields` are canonical."""
        self._write("admission", at, lag_ms, {"kind": kind, **fields}, f"{kind}.{self._number('admission')}")

    def cover(self, at: int) -> None:
        """The card is swiped after all, or another one (费别变动)."""
        self.known_insurance, self._person_no = self.person.insurance_type, self.person.person_no
        self.admission("cover", at, MINUTE, **self.coverage())

    def coverage(self) -> dict[str, Any]:
        """What an admission event says of the patient's insurance; nothing while the card has not been swiped."""
        if not self.known_insurance:
            return {}
        person = self.person
        said: dict[str, Any] = {"insurance_type": person.insurance_type, "person_type": person.person_type}
        said |= {name: value for name in ("special_person", "out_of_area") if (value := getattr(person, name))}
        if person.balance_fen:
            said |= {"account_balance": person.balance_fen, "account_used": person.account_used}
        if self.year_to_date is not None:
            said["year_to_date"] = self.year_to_date
        return said

    def operate(self, code: str, at: int) -> None:
        """An operation is recorded as it is done, before its charges arrive."""
        self.procedures.append(code)
        recorded = [{"code": done, "performed_at": at} for done in self.procedures]
        self.admission("update", at, 10_000, procedures=recorded)

    def claim(self, *, is_outpatient: bool) -> Claim:
        """What the insurer gets of the visit: its lines with what was taken back of them."""
        lines = [
            Billed(line.item, line.quantity_e4, line.amount_fen, line.approval, line.limited_use_met,
                   tuple(self._refunds.get(line.charge_id, ())))
            for line in (*self._lines.values(), *self._unnamed)
        ]  # fmt: skip
        return Claim(self.person, self.care_type, is_outpatient, lines, tuple(self.procedures), self.disease_code)

    def order(self, item: Item, at: int, department: str, doctor: str, **fields: Any) -> str:
        """Place an order; returns its number."""
        order_id = f"Y{self._number('order'):04d}"
        placed = {
            "order_id": order_id,
            "kind": "placed",
            "item_code": item.item_code,
            "hospital_item_code": item.key,
            "unit_price": item.price_micro,
            "department": department,
            "doctor": doctor,
            **fields,
        }
        self._write("order", at, self._lag(), placed, f"{order_id}.placed")
        return order_id

    def change_order(self, order_id: str, kind: str, at: int, department: str, doctor: str, **fields: Any) -> None:
        """Stop, cancel or change an order."""
        changed = {"order_id": order_id, "kind": kind, "department": department, "doctor": doctor, **fields}
        self._write("order", at, self._lag(), changed, f"{order_id}.{kind}.{self._number('change')}")

    def charge(
        self,
        key: str,
        quantity_e4: int,
        at: int,
        department: str,
        doctor: str,
        order_id: str = "",
        *,
        executed: str = "",
        flawless: bool = False,
        approval: str = "",
        met: bool | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Line:
        """Charge an item at list price while the patient lies in `department`; `more`: what else its event says.

        Unless `flawless`, a few lines are refunded later, leave out their department, or come again with other content.
        `approval` and `met` (the condition of a restricted item) are as chance has it where they are not said.
        """
        item = catalogue()[key]
        line = Line(
            charge_id=f"{self._number('charge'):05d}",
            item=item,
            quantity_e4=quantity_e4,
            amount_fen=units.line_amount_fen(quantity_e4, item.price_micro),
            department=department,
            doctor=doctor,
            order_id=order_id,
            charged_at=at,
            approval=approval or self._approval(item),
            limited_use_met=self.rng.randrange(100) >= NOT_MET_PERCENT if item.limited_use and met is None else met,
        )
        self._lines[line.charge_id] = line
        lag = self._lag()
        luck = 500 if flawless else self.rng.randrange(1000)
        refunded_at = at + self.rng.randrange(2 * 60, 30 * 60) * MINUTE if luck < REFUNDED_PERMILLE else 0
        if refunded_at and self.rng.randrange(10) == 0:
            lag = refunded_at - at + 3 * HOUR  # the refund overtakes its charge
        fields = self._charge_fields(line) | dict(more or {})
        if executed:
            fields["executing_department"] = executed
        if 1000 - luck <= UNSAID_DEPARTMENT_PERMILLE:
            del fields["ordering_department"], fields["ordering_doctor"]
        recorded_at = self._write("charge", at, lag, fields, line.charge_id)
        self._book(line, at, line.amount_fen)
        if refunded_at and refunded_at < self.journal.horizon:
            self._refund(line, refunded_at)
        elif not flawless and self.rng.random() * 1000 < CONFLICT_PERMILLE:
            self.contradict(line, recorded_at)
        return line

    def contradict(self, line: Line, recorded_at: int) -> None:
        """Send the same charge number again with another amount (R301): it must change nothing."""
        fields = self._charge_fields(line) | {"quantity": line.quantity_e4 + ONE}
        fields["amount"] = units.line_amount_fen(line.quantity_e4 + ONE, line.item.price_micro)
        lag = recorded_at - line.charged_at + 5 * MINUTE
        self._write("charge", line.charged_at, lag, fields, line.charge_id, may_repeat=False)
        self.journal.expectation.dead_letters["R301"] += 1

    def take_back(self, line: Line, at: int) -> None:
        """Take back a whole line by its number alone (2302): no amount, no quantity."""
        number = f"{self._number('charge'):05d}"
        whole = {"charge_id": number, "refund_of": line.charge_id, "charged_at": at}
        self._write("charge", at, self._lag(), whole, number)
        self._refunds.setdefault(line.charge_id, []).append(line.amount_fen)
        self._book(line, at, -line.amount_fen)

    def settle(self, at: int, lag_ms: int, paid: dict[str, Any], dispute: Dispute | None = None) -> None:
        """The insurer's settlement (2304, 2207) of the visit, which reaches the hospital `lag_ms` later."""
        expectation = self.journal.expectation
        if expectation.visit_fen(self.visit_id) != paid["total"]:
            raise AssertionError(f"{self.visit_id}: the insurer settled other costs than the hospital booked")
        settled = {
            "settlement_id": f"S{self.visit_id}",
            "kind": "settled",
            "insurance_type": self.person.insurance_type,
            "care_type": self.care_type,
            **paid,
            "clearing_way": "1" if self.is_outpatient else "2" if self.care_type == "52" else "3",
            "clearing_type": "11" if self.is_outpatient else "21",
        }
        self._write("settlement", at, lag_ms, settled, f"S{self.visit_id}.settled")
        expectation.settled[self.visit_id] = paid["fund_total"]
        if dispute is not None:
            expectation.disputed[self.visit_id] = dispute.value

    @property
    def is_outpatient(self) -> bool:
        """Whether it is a visit to the clinic."""
        return self.visit_id.startswith("MZ")

    def _lag(self) -> int:
        return self._lag_ms or usual_lag(self.rng)

    def _approval(self, item: Item) -> str:
        if not item.high_value:
            return ""
        return REFUSED if self.rng.randrange(100) < NOT_APPROVED_PERCENT else APPROVED

    def _refund(self, line: Line, at: int) -> None:
        luck = self.rng.random()
        if luck < 0.25:
            self.take_back(line, at)
            return
        whole_units = line.quantity_e4 // ONE
        partial = luck < 0.6 and line.quantity_e4 % ONE == 0 and whole_units > 1
        quantity = self.rng.randrange(1, whole_units) * ONE if partial else line.quantity_e4
        amount = units.line_amount_fen(quantity, line.item.price_micro)
        number = f"{self._number('charge'):05d}"
        fields = self._charge_fields(line) | {"charge_id": number, "quantity": -quantity, "amount": -amount}
        fields["charged_at"] = at
        if luck < 0.8:
            fields["refund_of"] = line.charge_id
            self._refunds.setdefault(line.charge_id, []).append(amount)
        else:
            self._unnamed.append(line._replace(charge_id=number, quantity_e4=-quantity, amount_fen=-amount))
        self._write("charge", at, self._lag(), fields, number)
        self._book(line, at, -amount)

    def _charge_fields(self, line: Line) -> dict[str, Any]:
        fields = {
            "charge_id": line.charge_id,
            "order_id": line.order_id,
            "item_code": line.item.item_code,
            "hospital_item_code": line.item.key,
            "quantity": line.quantity_e4,
            "unit_price": line.item.price_micro,
            "amount": line.amount_fen,
            "category": line.item.category,
            "level": line.item.level,
            "list_type": line.item.list_type,
            "ordering_department": line.department,
            "ordering_doctor": line.doctor,
            "charged_at": line.charged_at,
            "approval": line.approval,
            "limited_use_met": line.limited_use_met,
        }
        return {name: value for name, value in fields.items() if value not in ("", None)}

    def _book(self, line: Line, at: int, amount_fen: int) -> None:
        day = units.day_of(at, units.SHANGHAI)
        cell = Cell(self.visit_id, line.department, line.item.category, line.item.level, day)
        self.journal.expectation.book(cell, amount_fen)

    def _write(
        self, event_type: str, at: int, lag_ms: int, fields: dict[str, Any], name: str, *, may_repeat: bool = True
    ) -> int:
        common = {
            "event_id": f"{self.visit_id}.{name}",
            "hospital": HOSPITAL,
            "patient_id": self.person.patient_id,
            "visit_id": self.visit_id,
        }
        if self._person_no:
            common["person_no"] = self._person_no
        return self.journal.write(event_type, common | fields, at, min(lag_ms, 6 * DAY), may_repeat=may_repeat)

    def _number(self, kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]
