"""The hospital's days: who is admitted to which bed, who comes to the clinic, and what is delivered in which order."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import NamedTuple

from deploy.demo.hospital.acting import Actor
from deploy.demo.hospital.case import Case
from deploy.demo.hospital.cases import CASES
from deploy.demo.hospital.clinic import CHRONIC, OUTPATIENT, see
from deploy.demo.hospital.departments import CARDIOLOGY, DEPARTMENTS, NEUROLOGY, Department
from deploy.demo.hospital.expectation import Expectation
from deploy.demo.hospital.insurer import Dispute, Insurer
from deploy.demo.hospital.journal import HOUR, MINUTE, Draft, Journal
from deploy.demo.hospital.malformed import malformed_messages
from deploy.demo.hospital.people import Person, make_person
from deploy.demo.hospital.plots import PLOTS, Plot
from deploy.demo.hospital.stay import INPATIENT, Stay
from deploy.demo.hospital.visit import Visit
from deploy.demo.hospital.wire import Format, encode, has_national_form
from schemas import units

TOPICS = {
    "admission": "his.admission.v1",
    "order": "his.order.v1",
    "charge": "his.charge.v1",
    "settlement": "his.settlement.v1",
    "ack": "alert.ack.v1",
}
FIRST_DAY = date(2026, 3, 16)
DUPLICATE_PERCENT = 2.0
SECONDS_PER_DAY = 86_400
#: Of the admissions, percent at which the insurer is asked for the year so far, whatever it may be; of the settlements,
#: permille that are not what the terms say.
ASKED_PERCENT, DISPUTED_PERMILLE = 10, 6
#: How many hours after the discharge a stay is settled: late lines and refunds have come by then, mostly.
SETTLED_AFTER_HOURS = (32, 44)
CASE_SETTLED_MS = 2 * HOUR
CHRONIC_PERCENT = 40


class Message(NamedTuple):
    """What is published: topic without prefix, key, value, when the hospital's system recorded it (epoch ms).

    `event_type` and `fields` are the event behind the bytes, None where there is none.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    recorded_at: int
    event_type: str
    draft: Draft | None


@dataclass(frozen=True, slots=True)
class Size:
    """How large a hospital: virtual days, share of the beds in use, outpatients a day, copies of every bad message."""

    days: int
    beds_percent: int
    outpatients: int
    malformed_copies: int


FULL = Size(days=21, beds_percent=100, outpatients=24, malformed_copies=2)
SMALL = Size(days=21, beds_percent=4, outpatients=3, malformed_copies=1)


class BedPool:
    """Free beds by ward, lowest number first; a full ward sets up extra beds (加床). A bed is made ready overnight."""

    def __init__(self, percent: int) -> None:
        self._free: dict[str, list[str]] = {}
        self._extra: dict[str, int] = {}
        self._left: list[str] = []
        for department in DEPARTMENTS:
            count = department.beds * percent // 100
            self._free[department.ward] = [f"{department.ward}-{number:02d}" for number in range(1, count + 1)]
            self._extra[department.ward] = 0

    def free(self, ward: str) -> int:
        """How many beds of the ward are free."""
        return len(self._free[ward])

    def take(self, ward: str) -> str:
        """A free bed, or an extra one."""
        if self._free[ward]:
            return heapq.heappop(self._free[ward])
        return self.set_up_extra(ward)

    def set_up_extra(self, ward: str) -> str:
        """An extra bed, whether or not others are free."""
        self._extra[ward] += 1
        return f"{ward}-加{self._extra[ward]:02d}"

    def release(self, bed: str) -> None:
        """The bed is free from tomorrow; an extra one is carried away."""
        if "加" not in bed:
            self._left.append(bed)

    def make_ready(self) -> None:
        """A night has passed."""
        for bed in self._left:
            heapq.heappush(self._free[bed.partition("-")[0]], bed)
        self._left.clear()


class Hospital:
    """The simulation. `batch()` delivers the whole period; `next_day()` goes on after it, one day a call."""

    def __init__(self, seed: int, size: Size = FULL) -> None:
        self.seed = seed
        self.size = size
        self.expectation = Expectation()
        self.day = units.day_number(FIRST_DAY.isoformat())
        self.first_day = self.day
        self._journal = Journal(self.expectation)
        self._rng = Random(f"{seed}/hospital")  # noqa: S311 - reproducible, not secret
        self._delivery = Random(f"{seed}/delivery")  # noqa: S311 - reproducible, not secret
        self._beds = BedPool(size.beds_percent)
        self._insurer = Insurer()
        self._actor = Actor(seed, self._journal, self.first_day)
        self._stays: list[Stay] = []
        self._settling: list[_Settling] = []
        #: Name of each scripted stay → its visit id.
        self.plotted: dict[str, str] = {}
        #: Visits of scripted cases whose patients are in hospital to the end.
        self.lying: list[Visit] = []
        self._known: list[tuple[Person, Department]] = []
        self._returning: list[tuple[int, Person, Department]] = []
        self._people = 0
        self._visits = 0

    def batch(self) -> list[Message]:
        """Everything the hospital delivers in its period, in order of delivery, bad messages included."""
        last_day = self.first_day + self.size.days
        self._journal.horizon = _midnight_ms(last_day)
        while self.day < last_day:
            self._live_day()
        drafts = self._journal.take()
        return list(self._deliver(self._with_duplicates(drafts), self._malformed(drafts)))

    def next_day(self) -> list[Message]:
        """One more day, delivered within that day."""
        self._journal.horizon = _midnight_ms(self.day + 1)
        self._live_day()
        return list(self._deliver(self._with_duplicates(self._journal.take()), []))

    def in_beds(self) -> list[tuple[Visit, Department]]:
        """Who is in hospital now, and where they were admitted."""
        return [(stay.visit, stay.department) for stay in self._stays]

    # ------------------------------------------------------------ a day

    def _live_day(self) -> None:
        day, midnight = self.day, _midnight_ms(self.day)
        self._beds.make_ready()
        home: list[Stay] = []  # from tomorrow they may come again
        for stay in self._stays:
            stay.live(day, midnight)
            if stay.finished and not stay.cancelled:
                home += [stay] * (self._settle(stay) is None)
        for settling in [entry for entry in self._settling if entry.at < midnight + 24 * HOUR]:
            self._settling.remove(settling)
            settling.visit.settle(settling.at, 10 * MINUTE, settling.paid, settling.dispute)
        self._stays = [stay for stay in self._stays if not stay.finished]
        number = day - self.first_day
        for plot in PLOTS:
            if plot.starts == number:
                self._admit_plot(plot, midnight)
        for case in CASES:
            if case.starts == number:
                self._act(case, midnight)
        for due, person, department in [entry for entry in self._returning if entry[0] == day]:
            self._returning.remove((due, person, department))
            self._admit(person, department, midnight)
        weekend = date.fromordinal(day + units.EPOCH_ORDINAL).weekday() >= 5
        chance = 80 if number == 0 else 22 if weekend else 45
        for department in DEPARTMENTS:
            for _ in range(self._beds.free(department.ward)):
                if self._rng.randrange(100) < chance:
                    self._admit(self._somebody(department), department, midnight)
        for _ in range(self.size.outpatients // 3 if weekend else self.size.outpatients):
            department = self._rng.choice([*(found for found in DEPARTMENTS if found.code != "A28"), DEPARTMENTS[-1]])
            at = midnight + self._rng.randrange(8 * 60, 16 * 60) * MINUTE
            self._see(self._somebody(department, returning_percent=15), department, at)
        for stay in home:
            self._discharged(stay)
        self.day += 1

    def _settle(self, stay: Stay) -> Dispute | None:
        """The insurer reckons the visit as it is discharged, and says so a day or two later; returns its dispute."""
        visit = stay.visit
        if not visit.known_insurance:
            return None
        dispute = stay.plot.dispute if stay.plot else None
        if stay.plot is None and visit.rng.randrange(1000) < DISPUTED_PERMILLE:
            dispute = Dispute.ITEM_REFUSED
        paid = self._insurer.settle(visit.claim(is_outpatient=False), dispute)
        at = stay.discharged_at + visit.rng.randrange(SETTLED_AFTER_HOURS[0] * 60, SETTLED_AFTER_HOURS[1] * 60) * MINUTE
        self._settling.append(_Settling(at, visit, paid, dispute))
        return dispute

    def _discharged(self, stay: Stay) -> None:
        person = stay.visit.person
        if stay.plot and stay.plot.returns_after:
            self._returning.append((stay.ended_on + stay.plot.returns_after, person, stay.department))
        elif stay.plot is None:
            self._known.append((person, stay.department))

    def _admit_plot(self, plot: Plot, midnight: int) -> None:
        person = self._person(plot.department, plot.insurance_type)
        said = ("person_type", "special_person", "out_of_area")
        person = person._replace(**{name: value for name in said if (value := getattr(plot, name))})
        if plot.dispute or plot.year_before.admissions or plot.insured_as:
            person = person._replace(year_before=plot.year_before)
        if plot.with_clinic:
            self._see(person, plot.department, midnight + 7 * HOUR + 30 * MINUTE)
        visit = self._visit(person, INPATIENT)
        self.plotted[plot.name] = visit.visit_id
        self._begin(Stay(visit, plot.department, self.day, visit.rng, _ExtraBeds(self._beds), plot), midnight)

    def _act(self, case: Case, midnight: int) -> None:
        """A scripted case of the rules; it is settled when all of it has happened."""
        bed = self._beds.set_up_extra(case.department.ward) if case.nights else ""
        visit, ended_at = self._actor.act(case, midnight, bed)
        if case.stays:
            self.lying.append(visit)
        elif visit.known_insurance:
            paid = self._insurer.settle(visit.claim(is_outpatient=visit.is_outpatient))
            self._settling.append(_Settling(ended_at + CASE_SETTLED_MS, visit, paid, None))

    def _admit(self, person: Person, department: Department, midnight: int) -> None:
        if self._rng.randrange(100) < 8:
            self._see(person, department, midnight + self._rng.randrange(7 * 60, 8 * 60) * MINUTE)
        visit = self._visit(person, INPATIENT)
        self._begin(Stay(visit, department, self.day, visit.rng, self._beds), midnight)

    def _begin(self, stay: Stay, midnight: int) -> None:
        visit = stay.visit
        is_asked = visit.person.year_before.admissions or visit.rng.randrange(100) < ASKED_PERCENT
        if visit.person.insurance_type and is_asked:
            visit.year_to_date = self._insurer.statement(visit.person)
        stay.live(self.day, midnight)
        if not stay.finished:
            self._stays.append(stay)

    def _see(self, person: Person, department: Department, at: int) -> None:
        is_chronic = department in {CARDIOLOGY, NEUROLOGY} and self._rng.randrange(100) < CHRONIC_PERCENT
        visit = self._visit(person, CHRONIC if is_chronic and person.insurance_type else OUTPATIENT)
        see(visit, department, at, visit.rng)
        if person.insurance_type:  # settled at the counter, sent in the night
            paid = self._insurer.settle(visit.claim(is_outpatient=True))
            settled_at = at + 3 * HOUR
            visit.settle(settled_at, _midnight_ms(self.day) + 23 * HOUR + 30 * MINUTE - settled_at, paid)

    # ------------------------------------------------------------ people

    def _visit(self, person: Person, care_type: str) -> Visit:
        self._visits += 1
        visit_id = f"{'ZY' if care_type == INPATIENT else 'MZ'}{self._visits:07d}"
        rng = Random(f"{self.seed}/{visit_id}")  # noqa: S311 - reproducible, not secret
        return Visit(self._journal, person, visit_id, care_type, rng)

    def _somebody(self, department: Department, returning_percent: int = 4) -> Person:
        if self._known and self._rng.randrange(100) < returning_percent:
            place = self._rng.randrange(len(self._known))
            person, before = self._known[place]
            if before is department:
                del self._known[place]
                return person
        return self._person(department, None)

    def _person(self, department: Department, insurance_type: str | None) -> Person:
        self._people += 1
        return make_person(self._people, department, insurance_type, self.first_day, self._rng)

    # ------------------------------------------------------------ delivery

    def _with_duplicates(self, drafts: list[Draft]) -> list[Draft]:
        """Some events are delivered again, minutes to two days later."""
        rng, again = self._delivery, []
        for draft in drafts:
            if draft.may_repeat and rng.random() * 100 < DUPLICATE_PERCENT:
                later = draft.deliver_at + rng.randrange(60, 2 * SECONDS_PER_DAY) * 1000
                again.append(draft._replace(deliver_at=max(draft.deliver_at, min(later, self._journal.horizon))))
        self.expectation.duplicates += len(again)
        return sorted([*drafts, *again], key=lambda draft: draft[:2])

    def _malformed(self, drafts: list[Draft]) -> list[tuple[int, Message]]:
        """Where in the delivery each bad message stands, and the message."""
        rng, found = self._delivery, []
        patterns = {
            "charge": [draft for draft in drafts if draft.event_type == "charge" and "amount" in draft.fields],
            "admission": [draft for draft in drafts if draft.event_type == "admission"],
            "order": [draft for draft in drafts if draft.event_type == "order"],
        }
        for _ in range(self.size.malformed_copies):
            charge, admission, order = (rng.choice(patterns[name]).fields for name in ("charge", "admission", "order"))
            for bad in malformed_messages(charge, admission, order):
                place = rng.randrange(len(drafts))
                self.expectation.dead_letters[bad.reason.value] += 1
                at = drafts[place].deliver_at
                found.append((place, Message(TOPICS[bad.event_type], bad.key, bad.value, at, bad.event_type, None)))
        return sorted(found, key=lambda entry: entry[0])

    def _deliver(self, drafts: list[Draft], malformed: list[tuple[int, Message]]) -> Iterator[Message]:
        waiting = iter(malformed)
        bad = next(waiting, None)
        for place, draft in enumerate(drafts):
            while bad is not None and bad[0] <= place:
                yield self._counted(bad[1])
                bad = next(waiting, None)
            yield self._counted(self._encoded(draft))

    def _encoded(self, draft: Draft) -> Message:
        # An event without its own id in national names gets one of its content, so a copy must have the same form:
        # the form is drawn from the event, not from the delivery.
        luck = Random(f"{self.seed}/form/{draft.fields['event_id']}").randrange(100)  # noqa: S311 - reproducible
        form = Format.AVRO if luck < 15 else Format.JSON
        if luck >= 95 and has_national_form(draft.event_type, draft.fields):
            form = Format.NATIONAL
        value = encode(draft.event_type, draft.fields, form)
        key = draft.fields["patient_id"].encode()
        return Message(TOPICS[draft.event_type], key, value, draft.deliver_at, draft.event_type, draft)

    def _counted(self, message: Message) -> Message:
        self.expectation.delivered[message.topic] += 1
        return message


class _Settling(NamedTuple):
    """A settlement that the insurer has reckoned, and when (epoch ms) it sends it."""

    at: int
    visit: Visit
    paid: dict[str, int]
    dispute: Dispute | None


class _ExtraBeds:
    """For the scripted stays: always an extra bed, so that they leave the usual flow of beds alone."""

    def __init__(self, pool: BedPool) -> None:
        self._pool = pool

    def take(self, ward: str) -> str:
        """An extra bed of the ward."""
        return self._pool.set_up_extra(ward)

    def release(self, bed: str) -> None:
        """Carried away."""


def _midnight_ms(day: int) -> int:
    """When a day begins in the hospital's time zone, epoch ms."""
    moment = datetime.fromisoformat(f"{units.day_text(day)}T00:00:00").replace(tzinfo=units.SHANGHAI)
    return int(moment.timestamp()) * 1000
