"""Answers a worker has given lately: to repeat one word for word, and to know whose finding a jr_id names.

Bounded in number and in time; what is dropped is only a memory, the answer itself stands on `order.check.v1`.
"""

from collections import OrderedDict
from typing import NamedTuple

import msgspec

from schemas.order_check import CheckResult, Outcome, decode_check, encode_check


class Place(NamedTuple):
    """Where a finding belongs."""

    hospital: str
    patient_id: str
    visit_id: str


class Kept(msgspec.Struct, frozen=True):
    """One answer. digest: of the request's content; value: as published (empty: not asked for); given_at: epoch ms."""

    digest: str
    value: bytes
    given_at: int
    place: Place
    finding_ids: tuple[str, ...]


_Key = tuple[str, str, str]
#: Before the id of an answer on a topic: no id that is asked for may hold it.
_ON_TOPIC = "\0"


class AnswersGiven:
    """The newest answers of this worker's partitions. `most`: how many; `kept_ms`: how long."""

    def __init__(self, most: int, kept_ms: int) -> None:
        self._most = most
        self._kept_ms = kept_ms
        self._kept: OrderedDict[_Key, Kept] = OrderedDict()
        self._places: dict[str, tuple[Place, _Key]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, result: CheckResult, now_ms: int, value: bytes | None = None) -> None:
        """Remember an answer; one that was not finished is not worth it: the next time it is reckoned anew.

        Of an answer on a topic only whose findings they are is remembered: a HIS may also ask the same over HTTP.
        """
        is_asked = result.via != "topic"
        if result.outcome is Outcome.UNFINISHED or not self._most or not (is_asked or result.findings):
            return
        key = (result.hospital, result.patient_id, result.request_id if is_asked else f"{_ON_TOPIC}{result.request_id}")
        self._drop(key)
        place = Place(result.hospital, result.patient_id, result.visit_id)
        ids = tuple(finding.finding_id for finding in result.findings)
        kept_value = (value or encode_check(result)) if is_asked else b""
        self._kept[key] = Kept(result.digest, kept_value, now_ms, place, ids)
        for finding_id in ids:
            self._places[finding_id] = (place, key)
        while self._kept and (len(self._kept) > self._most or self._is_old(next(iter(self._kept.values())), now_ms)):
            self._drop(next(iter(self._kept)))

    def find(self, hospital: str, patient_id: str, request_id: str, now_ms: int) -> tuple[str, CheckResult] | None:
        """The digest of the request once asked under this id, and what was answered; None where it is not known."""
        kept = self._kept.get((hospital, patient_id, request_id))
        return None if kept is None or self._is_old(kept, now_ms) else (kept.digest, decode_check(kept.value))

    def place_of(self, finding_id: str) -> Place | None:
        """Whose finding it is; None where it is not known (any more)."""
        found = self._places.get(finding_id)
        return None if found is None else found[0]

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self._places.clear()

    def _is_old(self, kept: Kept, now_ms: int) -> bool:
        return now_ms - kept.given_at > self._kept_ms

    def _drop(self, key: _Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        for finding_id in kept.finding_ids:
            if self._places.get(finding_id, (None, None))[1] == key:
                del self._places[finding_id]
