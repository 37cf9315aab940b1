"""Reckons a visit under the book in force: settlement and prediction, on what the patient's visits before it left."""

from functools import partial

import msgspec

from agents.core.case import case_of
from agents.core.grouping.findings import Grouper
from agents.core.outlook import Outlook
from agents.core.patient import Before, Note
from agents.core.payment.methods import MethodsBook
from agents.core.payment.predict import predict
from agents.core.policy import Policy
from agents.core.settlement.settle import settle
from agents.core.settlement.terms import TermsBook
from agents.core.settlement.year import OPEN_END, ended_of, year_before
from agents.core.visit import Visit
from schemas.facts import VisitStatus
from schemas.units import day_of


class Reckoner:
    """The compiled book as far as money goes. Immutable but for its caches."""

    def __init__(self, policy: Policy, drg: Grouper | None = None) -> None:
        """`drg`: the installed grouper that the book names; None: its own tables group."""
        self.policy = policy
        #: Whether the book says anything about money; else visits need no reckoning.
        self.has_money = bool(policy.book.benefits or policy.book.methods)
        self.terms = TermsBook(policy)
        self.methods = MethodsBook(policy, drg)

    def note_of(self, visit: Visit) -> Note:
        """Where the visit stands among its patient's, without what it added to the year."""
        admitted_at, ended_at = visit.begun_at, visit.ended_at
        if visit.stay.status is VisitStatus.CANCELLED:
            return Note(admitted_at, OPEN_END)
        if ended_at is None:
            ended_at = OPEN_END
        stated = visit.stay.year_to_date
        if stated is not None and stated.as_of > ended_at:
            # What the insurer said after the visit may hold it or not: its own figures are not counted out of it.
            stated = msgspec.structs.replace(stated, as_of=ended_at)
        return Note(admitted_at, ended_at, None, stated)

    def reckon(self, visit: Visit, before: Before) -> tuple[Outlook, Note]:
        """The visit's outlook on what stands before it, and its note with what it adds to the year."""
        stay, key = visit.stay, visit.key
        terms_of = partial(self.terms.terms, key.hospital, stay.department, stay.insurance_type, stay.care_type)
        end_at = stay.discharged_at if stay.discharged_at is not None else visit.head.as_of
        terms = terms_of(day_of(end_at, self.policy.zone))
        case = case_of(visit, self.policy, terms.lines)
        settlement = settle(case, terms_of, partial(year_before, case, before.stated, before.ended))
        prediction = predict(case, settlement, self.methods.methods(case))
        note = self.note_of(visit)
        if case.is_ended:
            note = Note(note.admitted_at, note.ended_at, ended_of(case, settlement), note.stated)
        return Outlook(case, settlement, prediction), note
