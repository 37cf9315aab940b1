"""One inpatient stay, lived day by day: admission, care, transfers, discharge, and what may go wrong with them."""

from collections.abc import Callable
from random import Random
from typing import Protocol

from deploy.demo.hospital.care import PLANS, Lines, Plan
from deploy.demo.hospital.catalogue import catalogue
from deploy.demo.hospital.departments import INTENSIVE_CARE, Department
from deploy.demo.hospital.insurer import REFUSED
from deploy.demo.hospital.journal import DAY, HOUR, MINUTE
from deploy.demo.hospital.plots import Plot
from deploy.demo.hospital.visit import ONE, Line, Visit

INPATIENT = "21"
CHILDBIRTH = "52"
DELIVERIES = ("O80", "O82")
#: Of the stays of insured patients, percent whose card is swiped days later.
COVERED_LATE_PERCENT = 1
EXECUTING = {"03": "A32", "04": "A30"}  # radiology, laboratory
Moment = Callable[[], int]


class Beds(Protocol):
    """Gives and takes back beds."""

    def take(self, ward: str) -> str:
        """A free bed of the ward, an extra one (加床) when it is full."""

    def release(self, bed: str) -> None:
        """The bed is free again."""


class Stay:
    """A stay of `days` nights from `first_day` (days since 1970). Call `live` once for each day, in order."""

    def __init__(
        self, visit: Visit, department: Department, first_day: int, rng: Random, beds: Beds, plot: Plot | None = None
    ) -> None:
        self.visit = visit
        self.department = department
        self.plan: Plan = PLANS[department.code]
        self.plot = plot
        self.finished = False
        self.cancelled = False
        self.discharged_at = 0
        self._rng = rng
        self._beds = beds
        self._first_day = first_day
        least, usual, most = self.plan.days
        self.days = plot.days if plot else max(least, min(most, round(rng.triangular(least, most + 0.5, usual))))
        self._lying = department
        self._bed = beds.take(department.ward)
        self._doctor = rng.choice(department.doctors)
        self._admitted_at = 0
        self._diagnosis = plot.diagnosis if plot else _weighted(rng, self.plan.diagnoses)
        if self._diagnosis.startswith(DELIVERIES):
            visit.care_type = CHILDBIRTH
        self._regular: list[tuple[str, int, str]] = []  # item, quantity a day, order
        self._operations = {
            operation.day: operation
            for operation in self.plan.operations
            if (plot is None or plot.intensive)
            and operation.diagnosis == self._diagnosis
            and rng.randrange(100) < operation.percent
        }
        self._covered_after = plot.covered_after_days if plot else 0
        if plot is None and visit.known_insurance and rng.randrange(100) < COVERED_LATE_PERCENT:
            self._covered_after = rng.randrange(1, self.days)
        self._intensive = plot.intensive if plot else None
        if plot is None and department is not INTENSIVE_CARE and self.days >= 6 and rng.randrange(100) < 4:
            start = rng.randrange(1, 3)
            self._intensive = (start, min(self.days - 1, start + rng.randrange(2, 5)))
        self._discharge_withdrawn = False

    @property
    def ended_on(self) -> int:
        """The day of discharge."""
        return self._first_day + self.days

    def live(self, day: int, midnight: int) -> None:
        """One calendar day; `midnight` is when it begins, epoch ms."""
        number = day - self._first_day
        begins = midnight + 6 * HOUR
        if number == 0:
            begins = self._admit(midnight + self._rng.randrange(8 * 60, 19 * 60) * MINUTE)
            if self.cancelled:
                return
        elif self._intensive and number == self._intensive[0]:
            begins = self._transfer(INTENSIVE_CARE, begins + self._rng.randrange(60) * MINUTE)
        elif self._intensive and number == self._intensive[1] and self._lying is not self.department:
            begins = self._transfer(self.department, begins + self._rng.randrange(60) * MINUTE)
        if self._covered_after and number == self._covered_after:
            self.visit.cover(begins + self._rng.randrange(60) * MINUTE)
        if self.plot and self.plot.insured_as and number == self.plot.insured_as[0]:
            self.visit.person = self.visit.person.insured_as(self.plot.insured_as[1])
            self.visit.cover(begins + self._rng.randrange(60) * MINUTE)
        last = number >= self.days
        ends = midnight + (14 if last else 23) * HOUR
        self._care(number, begins, ends)
        if last:
            self._discharge(ends + self._rng.randrange(5, 90) * MINUTE)

    # ------------------------------------------------------------ coming, moving, going

    def _admit(self, at: int) -> int:
        visit, rng = self.visit, self._rng
        self._admitted_at = at
        if visit.year_to_date is not None:
            visit.year_to_date["as_of"] = at
        if self._covered_after:
            visit.come_uncovered()
        late = rng.randrange(100) < 4 or (self.plot is not None and self.plot.admitted_late)
        visit.admission(
            "admit",
            at,
            rng.randrange(4 * 60, 20 * 60) * MINUTE if late else rng.randrange(10, 600) * 1000,
            **visit.coverage(),
            care_type=visit.care_type,
            sex=visit.person.sex,
            birth_date=visit.person.birth_date,
            department=self.department.code,
            ward=self.department.ward,
            bed=self._bed,
            doctor=self._doctor,
            diagnoses=[{"code": self._diagnosis, "role": "main", "made_at": at}],
        )
        if self.plot and self.plot.cancel == "admission":
            self._withdraw_admission(at)
            return at
        if self.plot is None or not self.plot.plain:
            for key, quantity in self._chosen_drugs():
                self._prescribe(key, quantity, at + rng.randrange(10, 60) * MINUTE)
        return at + 15 * MINUTE

    def _withdraw_admission(self, at: int) -> None:
        """The patient never came to the ward: what was charged is taken back, then the admission itself."""
        charged = [
            self.visit.charge(key, ONE, at + 20 * MINUTE, self._lying.code, self._doctor, flawless=True)
            for key in ("CONS", "LBRT")
        ]
        for line in charged:
            self.visit.take_back(line, at + 2 * HOUR)
        self.visit.admission("cancel_admit", at + 3 * HOUR, MINUTE)
        self.cancelled = True
        self._leave_bed()

    def _transfer(self, target: Department, at: int) -> int:
        self._beds.release(self._bed)
        self._bed = self._beds.take(target.ward)
        self._lying = target
        self._doctor = self._rng.choice(target.doctors)
        self.visit.admission(
            "transfer",
            at,
            self._rng.randrange(10, 3000) * 1000,
            department=target.code,
            ward=target.ward,
            bed=self._bed,
            doctor=self._doctor,
        )
        for _, _, order_id in self._regular:
            self.visit.change_order(order_id, "stopped", at, self._lying.code, self._doctor)
        self._regular.clear()
        chosen = PLANS[target.code]
        for key, quantity in (*chosen.drugs[:3], chosen.antibiotics[0]):
            self._prescribe(key, quantity, at + 10 * MINUTE)
        return at + 15 * MINUTE

    def _discharge(self, at: int) -> None:
        visit, rng = self.visit, self._rng
        if self.plot and self.plot.reach_bp and not self._discharge_withdrawn:
            self._top_up(self.plot.reach_bp, at - HOUR)
        for _, _, order_id in self._regular:
            visit.change_order(order_id, "stopped", at - 20 * MINUTE, self._lying.code, self._doctor)
        visit.admission(
            "discharge",
            at,
            rng.randrange(1, 90) * MINUTE,
            department=self._lying.code,
            ward=self._lying.ward,
            bed=self._bed,
            discharge_way="1" if rng.randrange(20) else "4",
            diagnoses=[{"code": self._diagnosis, "role": "main", "made_at": at}],
        )
        if self.plot and self.plot.cancel == "discharge" and not self._discharge_withdrawn:
            self._discharge_withdrawn = True
            visit.admission("cancel_discharge", at + 3 * HOUR, MINUTE)
            self.days += 2
            return
        self.discharged_at = at
        self._leave_bed()

    def _leave_bed(self) -> None:
        self._beds.release(self._bed)
        self.finished = True

    # ------------------------------------------------------------ care

    def _care(self, number: int, begins: int, ends: int) -> None:
        plan = PLANS[self._lying.code]
        plain = self.plot is not None and self.plot.plain

        def moment() -> int:
            return self._rng.randrange(begins // 1000, ends // 1000) * 1000

        for key, quantity in plan.daily:
            part = quantity
            if number >= self.days and quantity >= 4 * ONE:
                part = quantity // ONE // 2 * ONE  # hours of a half day
            self._bill(key, part, moment())
        if plain:
            for key in ("LBRT", "LURT") if number == 0 else ():
                self._bill(key, ONE, moment(), examined=True)
            return
        for key, quantity, order_id in self._regular:
            self._bill(key, quantity, moment(), order_id)
        if any(catalogue()[key].list_type == "101" for key, _, _ in self._regular):
            for key in ("TINF", "MINF", "MSYR", "NACL"):
                self._bill(key, plan.infusions * ONE, moment())
            if self._rng.randrange(3):
                self._bill("GLUC", ONE, moment())
        self._tests(number, plan, moment)
        operation = self._operations.get(number) if self._lying is self.department else None
        if operation:
            at = moment()
            order_id = self.visit.order(catalogue()[operation.charges[0][0]], at, self._lying.code, self._doctor)
            for key, quantity in operation.charges:
                self._bill(key, quantity, at, order_id)
            self.visit.operate(operation.code, at)
        if self.plot:
            for key, quantity in self.plot.daily:
                self._bill(key, quantity, moment())
            for day, charges in self.plot.once:
                for key, quantity in charges if day == number else ():
                    self._bill(key, quantity, moment(), refused=key in self.plot.refused)
            for day, code in self.plot.procedures:
                if day == number:
                    self.visit.operate(code, begins)
            if self.plot.contradicts and number == 1:
                line = self._bill("USOB", ONE, begins)
                self.visit.contradict(line, begins + 7 * DAY)

    def _tests(self, number: int, plan: Plan, moment: Moment) -> None:
        chosen = list(plan.first_tests if number == 0 else ())
        if number and number % 3 == 0:
            chosen.extend(plan.repeated_tests)
        if number in {1, 4} and self._rng.randrange(100) < 70:
            chosen.append(self._rng.choice(plan.examinations))
        for key, quantity in chosen:
            at = moment()
            order_id = self.visit.order(catalogue()[key], at, self._lying.code, self._doctor, quantity=quantity)
            if self._rng.randrange(50) == 0:
                self.visit.change_order(order_id, "cancelled", at + 10 * MINUTE, self._lying.code, self._doctor)
                continue
            self._bill(key, quantity, at, order_id, examined=True)

    def _chosen_drugs(self) -> Lines:
        rng = self._rng
        chosen = list(rng.sample(self.plan.drugs, min(len(self.plan.drugs), rng.randrange(3, 6))))
        if rng.randrange(100) < self.plan.antibiotic_percent:
            chosen.append(rng.choice(self.plan.antibiotics))
        return tuple(chosen)

    def _prescribe(self, key: str, quantity: int, at: int) -> None:
        order_id = self.visit.order(
            catalogue()[key],
            at,
            self._lying.code,
            self._doctor,
            quantity=quantity,
            frequency="qd",
            long_term=True,
        )
        self._regular.append((key, quantity, order_id))

    def _bill(
        self, key: str, quantity: int, at: int, order_id: str = "", *, examined: bool = False, refused: bool = False
    ) -> Line:
        """Charge an item; `refused`: the hospital did not approve it, or the condition of its payment is not met."""
        item = catalogue()[key]
        return self.visit.charge(
            key,
            quantity,
            at,
            self._lying.code,
            self._doctor,
            order_id,
            executed=EXECUTING.get(item.category, "") if examined else "",
            approval=REFUSED if refused and item.high_value else "",
            met=False if refused and item.limited_use else None,
        )

    def _top_up(self, reach_bp: int, at: int) -> None:
        """Add therapy until the basic cost is `reach_bp` of the quota; more than that it may already be."""
        target = self.department.quota_yuan * reach_bp // 100
        missing = target - self.visit.journal.expectation.basic_fen(self.visit.visit_id)
        price = catalogue()["TPHY"].price_micro // 10_000
        if missing > price:
            self._bill("TPHY", missing // price * ONE, at)


def _weighted(rng: Random, choices: tuple[tuple[str, int], ...]) -> str:
    return rng.choices([code for code, _ in choices], [weight for _, weight in choices])[0]
