"""`reduce`: one ledger entry applied to one visit. Deterministic; time comes with the entry.

1. A version already applied changes nothing: it is told again what the state says. What was refused is refused again.
2. The same id with the same content is a duplicate: nothing changes, nor does the version. This holds for every kind
   of entry, so what intake sends again needs no other guard; positions in the hospital's topics decide nothing, for a
   topic that was made anew begins to count at zero.
3. The same id with other content is refused (R301); the first one applied stays.
4. Otherwise the mark goes to the log, the sums follow, and the watches are judged.

The visit is changed in place and belongs to the caller alone; on any exception the process ends and the state is
rebuilt from what was stored.
"""

from enum import StrEnum
from typing import NamedTuple

from agents.core import watching as watch
from agents.core.episodes import Episode, Moment, acknowledge
from agents.core.marks import AckMark, ChargeMark, SettlementMark, StayMark, charge_mark, order_mark
from agents.core.policy import Policy
from agents.core.visit import ACK, SETTLEMENT, STAY, Visit
from schemas.finding import Finding
from schemas.ledger import Ack, Admission, Charge, Entry, Order, Settlement
from schemas.order_check import CHECK_ID_PREFIX
from schemas.reasons import Reason
from schemas.units import day_of


class Fate(StrEnum):
    """What became of an entry; every entry has exactly one."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    REPLAYED = "replayed"
    REFUSED = "refused"


class Outcome(NamedTuple):
    """The fate, the episodes that changed, and the reason of a refusal with a detail free of patient data."""

    fate: Fate
    episodes: list[Episode] = []  # noqa: RUF012 - a shared empty list that nobody changes
    reason: Reason | None = None
    detail: str = ""
    #: The finding that an answer was given to.
    answered: Finding | None = None


REPLAYED, DUPLICATE = Outcome(Fate.REPLAYED), Outcome(Fate.DUPLICATE)
NO_SUCH_ALERT = Outcome(
    Fate.REFUSED, reason=Reason.UNKNOWN_ALERT, detail="no such alert, or a later one took its place"
)


def conflict(what: str) -> Outcome:
    """The refusal of a second content under a known id."""
    return Outcome(
        Fate.REFUSED, reason=Reason.CONTENT_CONFLICT, detail=f"{what} was already applied with other content"
    )


def reduce(visit: Visit, entry: Entry, version: int, policy: Policy) -> Outcome:
    """Apply one entry. `version` is the ledger version of the entry (schemas.ledger.version_of)."""
    head = visit.head
    if version <= head.applied:
        return _replayed(visit, entry)
    body = entry.body
    before = head.as_of
    if entry.recorded_at > before and type(body) is not Ack:
        head.as_of = entry.recorded_at  # the visit's own clock: what follows is judged at this moment
    if type(body) is Charge:
        outcome = _charge(visit, entry, body, version, policy)
    elif type(body) is Order:
        outcome = _order(visit, entry, body)
    elif type(body) is Admission:
        outcome = _admission(visit, entry, body, version, policy)
    elif type(body) is Settlement:
        outcome = _settlement(visit, entry, body)
    elif type(body) is Ack:
        outcome = _ack(visit, entry, body, version)
    else:
        raise TypeError(f"no rule for {type(body).__name__}")
    if outcome.fate is not Fate.APPLIED:
        head.as_of = before
        return outcome
    head.applied = version  # only of what changed something, or the version would depend on the batch it came in
    head.warning_count += len(entry.warnings)
    if head.as_of == before:
        return outcome
    if visit.day is None:
        visit.day = day_of(before, policy.zone)
    yesterday, visit.day = visit.day, day_of(head.as_of, policy.zone)
    if visit.day == yesterday or type(body) is Admission:
        return outcome
    return _new_day(visit, entry, version, policy, outcome)


def _replayed(visit: Visit, entry: Entry) -> Outcome:
    """An entry that comes once more: it was applied, or was a duplicate, or it was refused and is refused again.

    Its refusal may never have been told: a process that dies between state and outputs reads the same entries again.
    """
    body = entry.body
    if type(body) is Charge:
        mark = visit.charges.get(body.charge_id)
        known, what = mark.digest if mark is not None else None, "charge id"
    elif type(body) is Order:
        known, what = visit.digests.get((body.order_id, entry.event_id)), "order event id"
    elif type(body) is Admission:
        known, what = visit.digests.get((STAY, entry.event_id)), "admission event id"
    elif type(body) is Settlement:
        known, what = visit.digests.get((SETTLEMENT, entry.event_id)), "settlement event id"
    else:
        known, what = visit.digests.get((ACK, entry.event_id)), "answer's event id"
        if known is None:
            return NO_SUCH_ALERT
    return REPLAYED if known is None or known == entry.digest else conflict(what)


def _new_day(visit: Visit, entry: Entry, version: int, policy: Policy, outcome: Outcome) -> Outcome:
    """A new day may lengthen the stay past its standard (an admission event has been judged for it already)."""
    moment = Moment(entry.recorded_at, entry.event_id, version)
    changed = watch.judge_stay(visit, policy, watch.watching_of(visit, policy), moment)
    return outcome._replace(episodes=[*outcome.episodes, *changed]) if changed else outcome


def _charge(visit: Visit, entry: Entry, body: Charge, version: int, policy: Policy) -> Outcome:
    known = visit.charges.get(body.charge_id)
    if known is not None:
        return DUPLICATE if known.digest == entry.digest else conflict("charge id")
    mark = charge_mark(entry, body)
    visit.append(mark)
    visit.charges[mark.charge_id] = mark
    if mark.refund_of:
        visit.waiting.setdefault(mark.refund_of, []).append(mark.charge_id)
    refunds = visit.waiting.get(mark.charge_id)
    if refunds:
        _settle_waiting(visit, refunds)
    counted = visit.fold_charge(mark)
    moment = Moment(entry.recorded_at, entry.event_id, version)
    return Outcome(Fate.APPLIED, watch.judge_charge(visit, policy, watch.watching_of(visit, policy), counted, moment))


def _settle_waiting(visit: Visit, refunds: list[str]) -> None:
    """The line that some refunds were waiting for has come: those that lean on it are reckoned anew."""
    for charge_id in refunds:
        mark: ChargeMark = visit.charges[charge_id]
        if mark.lacks and charge_id != mark.refund_of:
            visit.unfold_charge(mark)
            visit.fold_charge(mark)


def _order(visit: Visit, entry: Entry, body: Order) -> Outcome:
    known = visit.digests.get((body.order_id, entry.event_id))
    if known is not None:
        return DUPLICATE if known == entry.digest else conflict("order event id")
    mark = order_mark(entry, body)
    visit.append(mark)
    visit.note_order(mark)
    return Outcome(Fate.APPLIED)


def _admission(visit: Visit, entry: Entry, body: Admission, version: int, policy: Policy) -> Outcome:
    known = visit.digests.get((STAY, entry.event_id))
    if known is not None:
        return DUPLICATE if known == entry.digest else conflict("admission event id")
    mark = StayMark(entry.event_id, entry.digest, entry.occurred_at, entry.recorded_at, entry.person_no, body)
    visit.append(mark)
    before = visit.responsible(policy.zone)
    visit.note_stay(mark)
    visit.refold()
    visit.dirty.update(row for row in (before, visit.responsible(policy.zone)) if row is not None)
    moment = Moment(entry.recorded_at, entry.event_id, version)
    watching = watch.watching_of(visit, policy)
    changed = watch.judge_money(visit, policy, watching, moment)
    changed += watch.judge_items(visit, policy, watching, moment)
    changed += watch.judge_stay(visit, policy, watching, moment)
    return Outcome(Fate.APPLIED, changed)


def _settlement(visit: Visit, entry: Entry, body: Settlement) -> Outcome:
    known = visit.digests.get((SETTLEMENT, entry.event_id))
    if known is not None:
        return DUPLICATE if known == entry.digest else conflict("settlement event id")
    mark = SettlementMark(entry.event_id, entry.digest, entry.occurred_at, entry.recorded_at, body)
    visit.append(mark)
    visit.note_settlement(mark)
    return Outcome(Fate.APPLIED)


def _ack(visit: Visit, entry: Entry, body: Ack, version: int) -> Outcome:
    """An answer belongs to the episode its alert id names: `hospital|patient|visit|rule|subject|number`.

    Or to a finding, by its id; or to what an order check said (`jr-…`), which is noted and stands in the ledger.
    """
    known = visit.digests.get((ACK, entry.event_id))
    if known is not None:
        return DUPLICATE if known == entry.digest else conflict("answer's event id")
    mark = AckMark(entry.event_id, entry.digest)
    if body.alert_id.startswith(CHECK_ID_PREFIX):
        visit.append(mark)
        visit.note(mark)
        return Outcome(Fate.APPLIED)
    answered = visit.reviews.answer(body.alert_id, body, entry.event_id, entry.occurred_at, version)
    if answered is not None:
        visit.reviews_changed = True
        visit.append(mark)
        visit.note(mark)
        return Outcome(Fate.APPLIED, answered=answered)
    prefix = f"{visit.key.hospital}|{visit.key.patient_id}|{visit.key.visit_id}|"
    key, _, number = body.alert_id.removeprefix(prefix).rpartition("|")
    episode = visit.head.episodes.get(key)
    if not body.alert_id.startswith(prefix) or episode is None or str(episode.number) != number:
        return NO_SUCH_ALERT
    visit.append(mark)
    visit.note(mark)
    acknowledge(episode, body, Moment(entry.occurred_at, entry.event_id, version))
    episode.place = visit.stay.whereabouts
    return Outcome(Fate.APPLIED, [episode])
