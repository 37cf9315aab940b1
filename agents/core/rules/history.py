"""What a patient's visits leave to the rules of the others: a part of the patient's state of its own.

Kept of every visit that is not cancelled: when, where, why, and of ended visits what was used. A visit still going on
says what it is, not what it uses, so that the part is not written with every charge.
"""

from collections.abc import Mapping, Sequence

import msgspec

from agents.core.rules.view import Past, Use
from agents.core.rules.viewing import past_of
from agents.core.visit import Visit
from schemas.facts import VisitStatus

#: How long a visit bears on the rules of later ones, and how many are kept whatever their age.
REACH_MS = 400 * 86_400_000
MOST_VISITS = 400


class History(msgspec.Struct, array_like=True):
    """Visits by id. Fields may only be appended, with defaults."""

    visits: dict[str, Past] = {}

    def note(self, visit: Visit, lines: Mapping[str, Sequence[Use]]) -> bool:
        """Take in how a visit stands now; whether anything about it is different."""
        visit_id = visit.key.visit_id
        stay = visit.stay
        if stay.status is VisitStatus.CANCELLED or stay.admitted_at is None:
            return self.visits.pop(visit_id, None) is not None
        is_running = not stay.is_outpatient and stay.discharged_at is None
        past = past_of(visit, {} if is_running else lines)
        if is_running:
            past = msgspec.structs.replace(past, amount_fen=0)
        if self.visits.get(visit_id) == past:
            return False
        self.visits[visit_id] = past
        self._forget()
        return True

    def after(self, visit_id: str, begun: int) -> list[str]:
        """Visits on which this one bears: those that began after it, as long as it reaches."""
        return sorted(
            other.visit_id
            for other in self.visits.values()
            if (begun, visit_id) < (other.admitted_at, other.visit_id) and other.admitted_at <= begun + REACH_MS
        )

    def _forget(self) -> None:
        latest = max(past.admitted_at for past in self.visits.values())
        old = [past for past in self.visits.values() if (past.ended_at or latest) < latest - REACH_MS]
        for past in old:
            del self.visits[past.visit_id]
        if len(self.visits) > MOST_VISITS:
            for past in sorted(self.visits.values(), key=lambda past: past.admitted_at)[: -MOST_VISITS // 2]:
                del self.visits[past.visit_id]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(History)


def history_part(hospital: str, patient_id: str) -> bytes:
    """State key of the patient's history."""
    return f"r|{hospital}|{patient_id}".encode()


def encode_history(history: History) -> bytes:
    """The part as stored."""
    return _encoder.encode(history)


def load_history(hospital: str, patient_id: str, store: Mapping[bytes, bytes]) -> History:
    """The stored part, or a patient nothing is known of."""
    raw = store.get(history_part(hospital, patient_id))
    return _decoder.decode(raw) if raw is not None else History({})
