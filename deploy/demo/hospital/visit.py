"""One visit's paperwork: its admission events, orders, charges, refunds and settlement, with their everyday mistakes.

Books every amount with the expectation as it is made, whatever becomes of the event on its way.
"""

from random import Random
from typing import Any, NamedTuple

from deploy.demo.hospital.catalogue import Item, catalogue
from deploy.demo.hospital.departments import HOSPITAL
from deploy.demo.hospital.expectation import Cell
from deploy.demo.hospital.journal import DAY, HOUR, MINUTE, Journal, usual_lag
from schemas import units

ONE = 10_000
REFUNDED_PERMILLE = 30
UNSAID_DEPARTMENT_PERMILLE = 10
CONFLICT_PERMILLE = 0.15


class Person(NamedTuple):
    """A patient who does not exist. Codes as in schemas/codes/codes.csv."""

    patient_id: str
    person_no: str
    sex: str
    birth_date: str
    insurance_type: str
    person_type: str


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


class Visit:
    """Writes the events of one visit. Numbers of charges and orders are unique within the visit only, as in 2301."""

    def __init__(self, journal: Journal, person: Person, visit_id: str, care_type: str, rng: Random) -> None:
        self.journal = journal
        self.person = person
        self.visit_id = visit_id
        self.care_type = care_type
        self.rng = rng
        self.known_insurance = person.insurance_type
        self._person_no = person.person_no
        self._numbers = {"admission": 0, "order": 0, "change": 0, "charge": 0}
        journal.expectation.patient_of[visit_id] = person.patient_id

    def come_uncovered(self) -> None:
        """The card was not swiped (未刷卡): until `cover` the insurer's number and type are not known."""
        self.known_insurance = self._person_no = ""

    def admission(self, kind: str, at: int, lag_ms: int, **fields: Any) -> None:
        """An admission event of any kind; `fields` are canonical."""
        self._write("admission", at, lag_ms, {"kind": kind, **fields}, f"{kind}.{self._number('admission')}")

    def cover(self, at: int) -> None:
        """The card is swiped after all."""
        self.known_insurance, self._person_no = self.person.insurance_type, self.person.person_no
        self.admission(
            "cover", at, MINUTE, insurance_type=self.person.insurance_type, person_type=self.person.person_type
        )

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
        self._write("order", at, usual_lag(self.rng), placed, f"{order_id}.placed")
        return order_id

    def change_order(self, order_id: str, kind: str, at: int, department: str, doctor: str, **fields: Any) -> None:
        """Stop, cancel or change an order."""
        changed = {"order_id": order_id, "kind": kind, "department": department, "doctor": doctor, **fields}
        self._write("order", at, usual_lag(self.rng), changed, f"{order_id}.{kind}.{self._number('change')}")

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
    ) -> Line:
        """Charge an item at list price while the patient lies in `department`.

        Unless `flawless`, a few lines are refunded later, leave out their department, or come again with other content.
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
        )
        lag = usual_lag(self.rng)
        luck = 500 if flawless else self.rng.randrange(1000)
        refunded_at = at + self.rng.randrange(2 * 60, 30 * 60) * MINUTE if luck < REFUNDED_PERMILLE else 0
        if refunded_at and self.rng.randrange(10) == 0:
            lag = refunded_at - at + 3 * HOUR  # the refund overtakes its charge
        fields = self._charge_fields(line)
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
        self._write("charge", at, usual_lag(self.rng), whole, number)
        self._book(line, at, -line.amount_fen)

    def settle(self, at: int) -> None:
        """The insurer's settlement (2304) of what the visit comes to by now; shares are 示例."""
        expectation = self.journal.expectation
        total, basic = expectation.visit_fen(self.visit_id), expectation.basic_fen(self.visit_id)
        deductible = min(60_000, basic)
        fund = (basic - deductible) * (85 if self.person.insurance_type == "310" else 70) // 100
        settled = {
            "settlement_id": f"S{self.visit_id}",
            "kind": "settled",
            "insurance_type": self.person.insurance_type,
            "care_type": self.care_type,
            "total": total,
            "full_self_pay": total - basic,
            "within_scope": basic,
            "deductible": deductible,
            "basic_fund": fund,
            "fund_total": fund,
            "patient_part": total - fund,
            "cash_paid": total - fund,
            "clearing_way": "1",
            "clearing_type": "21",
        }
        self._write("settlement", at, 10 * MINUTE, settled, f"S{self.visit_id}.settled")

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
        self._write("charge", at, usual_lag(self.rng), fields, number)
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
        }
        return {name: value for name, value in fields.items() if value != ""}

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
