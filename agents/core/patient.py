"""A patient's visits as far as they touch each other: the year so far that each one begins with (累计).

An ended visit adds to its patient's year (deductible paid, fund paid, admissions, layers); every visit that ends after
it, and every one that is still open, is reckoned on top. When an ended visit changes afterwards (a late refund, a
corrected coverage), those behind it are reckoned anew. What a visit is worth depends on what the visits before it came
to, never on the order in which anything arrived.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from agents.core.outlook import Outlook
from agents.core.settlement.year import OPEN_END, Ended, YearShare
from agents.core.visit import Visit
from schemas.ledger import YearToDate

#: From so many visits on, those that ended two years before the latest are forgotten; never more than so many are kept.
MANY_VISITS, MOST_VISITS = 200, 2_000
TWO_YEARS_MS = 2 * 366 * 86_400_000


class Note(msgspec.Struct, array_like=True, frozen=True):
    """What the patient's other visits need to know of one: when, what it added to the year, what the insurer stated."""

    admitted_at: int
    ended_at: int
    ended: Ended | None = None
    stated: YearToDate | None = None


class Patient(msgspec.Struct, array_like=True):
    """Every visit of a patient, by visit id. Fields may only be appended, with defaults."""

    visits: dict[str, Note] = {}


class Place(NamedTuple):
    """Where a visit stands among its patient's: by its end, its beginning, its id."""

    ended_at: int
    admitted_at: int
    visit_id: str


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Patient)


def patient_part(hospital: str, patient_id: str) -> bytes:
    """State key of the patient's part."""
    return f"p|{hospital}|{patient_id}".encode()


def encode_patient(patient: Patient) -> bytes:
    """The part as stored."""
    return _encoder.encode(patient)


def load_patient(hospital: str, patient_id: str, store: Mapping[bytes, bytes]) -> Patient:
    """The stored part, or a patient nothing is known of."""
    raw = store.get(patient_part(hospital, patient_id))
    return _decoder.decode(raw) if raw is not None else Patient({})


def place_of(visit_id: str, note: Note) -> Place:
    """Where a noted visit stands."""
    return Place(note.ended_at, note.admitted_at, visit_id)


class Before(NamedTuple):
    """What a visit is reckoned on: the latest statement of the insurer, and the own visits that ended before it."""

    stated: YearToDate | None
    ended: tuple[Ended, ...]


def before(visits: Mapping[str, Note], place: Place) -> Before:
    """What the visits that stand before this place leave to it (the visit itself may have a statement of its own)."""
    stated: YearToDate | None = None
    ended = []
    for visit_id, note in visits.items():
        ahead = place_of(visit_id, note) < place
        says = note.stated if ahead or visit_id == place.visit_id else None
        if says is not None and (stated is None or says.as_of > stated.as_of):
            stated = says
        if ahead and note.ended is not None and visit_id != place.visit_id:
            ended.append(note.ended)
    return Before(stated, tuple(ended))


#: Reckons a visit on what stands before it; returns its outlook and its note.
Reckon = Callable[[Visit, Before], tuple[Outlook, Note]]


class Chained(NamedTuple):
    """The visits to publish, in the patient's order, and whether the patient's part changed."""

    outlooks: Mapping[str, Outlook | None]
    is_changed: bool
    #: Visits whose year so far was changed by another visit.
    affected: frozenset[str]


def chain(
    patient: Patient,
    touched: Mapping[str, Visit],
    load: Callable[[str], Visit],
    note_of: Callable[[Visit], Note],
    reckon: Reckon,
) -> Chained:
    """Reckon the touched visits, and those that what they came to changes.

    `note_of`: a visit's note without what it added to the year (enough to say where it stands). `load` brings a visit
    that was not touched. `patient` is changed in place.
    """
    known = dict(patient.visits)
    last = dict(known)
    pending: dict[str, Place] = {}
    for visit_id, changed in touched.items():
        note = note_of(changed)
        pending[visit_id] = place_of(visit_id, note)
        former = known.get(visit_id)
        # Its new place and statement hold from now on; what it added to the year follows when its turn comes.
        patient.visits[visit_id] = msgspec.structs.replace(note, ended=former.ended) if former else note
    outlooks: dict[str, Outlook] = {}
    affected: set[str] = set()
    while pending:
        visit_id = min(pending, key=pending.__getitem__)
        place = pending.pop(visit_id)
        visit = touched.get(visit_id)
        if visit is not None:
            outlook, note = reckon(visit, before(patient.visits, place))
        else:
            visit = load(visit_id)
            # The former first: its lines are then split, and only what it is reckoned on differs.
            was, _ = reckon(visit, before(known, place_of(visit_id, known[visit_id])))
            outlook, note = reckon(visit, before(patient.visits, place))
            if outlook.settlement == was.settlement and visit_id not in outlooks:
                continue
            affected.add(visit_id)
        outlooks[visit_id] = outlook
        old = last.get(visit_id)
        patient.visits[visit_id] = last[visit_id] = note
        if not _matters(visit_id, old, note):
            continue
        start = min(place, place_of(visit_id, old)) if old is not None else place
        for other, its_note in patient.visits.items():
            its_place = place_of(other, its_note)
            if other != visit_id and its_place > start:
                pending[other] = its_place
                affected.add(other)
    _forget(patient, outlooks)
    return Chained(outlooks, patient.visits != known, frozenset(affected & outlooks.keys()))


def _forget(patient: Patient, reckoned: Iterable[str]) -> None:
    """Keep what other visits need. A hospital may book every walk-in under one patient number.

    An ended visit that left nothing to the year (without coverage, say) is not needed at all. Of very many visits the
    ones that ended long before the latest go, for a late refund of theirs bears on no year that is still reckoned.
    """
    visits = patient.visits
    for visit_id in reckoned:
        note = visits[visit_id]
        if note.ended_at != OPEN_END and _worth(note) == NO_WORTH:
            del visits[visit_id]
    if len(visits) <= MANY_VISITS:
        return
    ended = sorted(place_of(visit_id, note) for visit_id, note in visits.items() if note.ended_at != OPEN_END)
    for place in ended:
        if place.ended_at < ended[-1].ended_at - TWO_YEARS_MS or len(visits) > MOST_VISITS:
            del visits[place.visit_id]


def _matters(visit_id: str, old: Note | None, new: Note) -> bool:
    """Whether visits behind this one may come to something else than before."""
    was, is_now = _worth(old), _worth(new)
    if was != is_now:
        return True
    return is_now != NO_WORTH and old is not None and place_of(visit_id, old) != place_of(visit_id, new)


#: What a visit leaves to those behind it: what it added to its years, and what the insurer stated.
NO_WORTH: tuple[tuple[YearShare, ...], YearToDate | None] = ((), None)


def _worth(note: Note | None) -> tuple[tuple[YearShare, ...], YearToDate | None]:
    if note is None:
        return NO_WORTH
    return note.ended.years if note.ended is not None else (), note.stated
