"""What may be asked of the order check, read from a body; and answers put into words. Changes nothing.

Called by the HTTP thread: nothing here may touch what the stage changes.
"""

import re
from collections.abc import Callable
from datetime import UTC, tzinfo
from hashlib import blake2b

import msgspec

from schemas.ledger import patient_key
from schemas.national_answer import answer_check, listed_faults, refuse_request, shown, why_unfinished
from schemas.national_audit import read_check
from schemas.national_envelope import MOST_ID, Envelope, wrap
from schemas.national_feedback import Feedback, read_feedback
from schemas.order_check import CheckRequest, CheckResult, Outcome, encode_check, partition_of_check
from schemas.reasons import Reason, RejectError
from schemas.request_fields import Fault, Fields, RequestError, read_object
from streams.partitions import partition_of
from streams.settings import Settings
from streams.stage import Question

BEFORE, DURING, FEEDBACK, CANONICAL = "/3101", "/3102", "/3103", "/api/order-check"
PATHS = (BEFORE, DURING, FEEDBACK, CANONICAL)

MOST_KEY = 64
_MISSING = re.compile(r"missing required field `(\w+)`")

_encoder = msgspec.json.Encoder()
_request_decoder = msgspec.json.Decoder(CheckRequest)


class Check(msgspec.Struct, frozen=True):
    """A check that was asked for. envelope: None where it was asked in our own shape."""

    request: CheckRequest
    digest: str
    envelope: Envelope | None


class Told(msgspec.Struct, frozen=True):
    """A feedback that was sent."""

    feedback: Feedback
    envelope: Envelope


class Questions:
    """Reads questions and writes answers. `clock`: epoch ms."""

    def __init__(self, settings: Settings, zone: tzinfo, clock: Callable[[], int]) -> None:
        self._hospital = settings.hospital
        self._partitions = settings.partitions
        self._zone = zone
        self._clock = clock

    def read(self, path: str, body: bytes) -> Question:
        """What is asked, and of which partition. Raises RequestError."""
        if path == FEEDBACK:
            return self._read_feedback(path, body)
        envelope: Envelope | None = None
        if path == CANONICAL:
            request = _read_canonical(body)
        else:
            request, envelope = read_check(body, self._zone, self._clock(), self._hospital, path.removeprefix("/"))
        partition = partition_of(patient_key(request.hospital, request.patient_id), self._partitions)
        return Question(path, partition, Check(request, digest_of(request), envelope))

    def _read_feedback(self, path: str, body: bytes) -> Question:
        feedback, envelope = read_feedback(body, self._zone, self._clock())
        partition = partition_of_check(feedback.dispositions[0].finding_id)
        if partition is None or partition >= self._partitions:
            raise RequestError([Fault("warns[0].warn_rslt_id", Reason.UNKNOWN_CHECK)])
        return Question(path, partition, Told(feedback, envelope), is_confirmed=True)

    def answer(self, check: Check, result: CheckResult) -> bytes:
        """The answer in the shape that was asked in."""
        if check.envelope is None:
            return encode_check(shown(result))
        return answer_check(result, check.envelope, self._zone, self._clock())

    def refuse(self, path: str, error: RejectError, envelope: Envelope | None = None) -> bytes:
        """What a refused question is answered with."""
        faults = error if isinstance(error, RequestError) else RequestError([Fault(error.detail or "$", error.reason)])
        if path == CANONICAL:
            listed = listed_faults(faults)
            return _encoder.encode({"outcome": "refused", "message": faults.text, "faults": listed})
        return refuse_request(faults, envelope or Envelope(received_at=self._clock()), self._zone, self._clock())

    def unconfirmed(self, told: Told, reason: str) -> bytes:
        """A feedback that was not written down: HIS must send it again."""
        zh, en = why_unfinished(reason)
        error = f"反馈未确认（{zh}），请重发 | feedback not confirmed ({en}): send it again"
        output = {"feedback_status": "unconfirmed", "reason": reason}
        return wrap(told.envelope, self._zone, self._clock(), output, error=error)

    def confirmed(self, told: Told, event_ids: list[str]) -> bytes:
        """A feedback that stands on `alert.ack.v1`."""
        listed = [
            {"warn_rslt_id": item.finding_id, "decision": item.decision, "event_id": event_id}
            for item, event_id in zip(told.feedback.dispositions, event_ids, strict=True)
        ]
        output = {"feedback_status": "confirmed", "feedback": listed}
        return wrap(told.envelope, self._zone, self._clock(), output)

    def envelope_of(self, body: bytes) -> Envelope:
        """As much of the envelope of a refused request as can be read: its answer names the message it answers."""
        try:
            whole = Fields(read_object(body), "", [], self._zone)
        except RejectError:
            return Envelope(received_at=self._clock())
        return Envelope(msgid=whole.text("msgid", most=MOST_ID), received_at=self._clock())


def digest_of(request: CheckRequest) -> str:
    """Of the content of a request: when it was asked takes no part, since a repeated one is asked later."""
    content = msgspec.structs.replace(request, at=0)
    return blake2b(_encoder.encode(content), digest_size=16).hexdigest()


def unfinished(request: CheckRequest, digest: str, reason: str, detail: str) -> CheckResult:
    """The result of a check that was not finished; version 0, so that any finished one outranks it."""
    return CheckResult(
        request_id=request.request_id,
        hospital=request.hospital,
        patient_id=request.patient_id,
        visit_id=request.visit_id,
        outcome=Outcome.UNFINISHED,
        at=request.at,
        version=0,
        via="http",
        digest=digest,
        scene=request.scene,
        reason=reason,
        detail=detail,
        order_ids=tuple(order.order_id for order in request.orders),
    )


def _read_canonical(body: bytes) -> CheckRequest:
    try:
        request = _request_decoder.decode(body)
    except msgspec.ValidationError as error:
        raise RequestError([_fault_of(str(error))]) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise RequestError([Fault("$", Reason.NOT_JSON)]) from error
    faults: list[Fault] = []
    ids = {"request_id": MOST_ID, "hospital": MOST_KEY, "patient_id": MOST_KEY, "visit_id": MOST_KEY}
    fields = Fields({name: getattr(request, name) for name in ids}, "", faults, UTC)
    for name, most in ids.items():
        fields.text(name, most=most, required=True, is_key=True)
    if faults:
        raise RequestError(faults)
    return request


def _fault_of(message: str) -> Fault:
    """Of `Object missing required field `at` - at `$.visit``, or `Expected `int`, got `str` - at `$.at``."""
    said, _, place = message.partition(" - at ")
    path = place.strip("`").removeprefix("$").lstrip(".")
    if missing := _MISSING.search(said):
        return Fault(f"{path}.{missing[1]}" if path else missing[1], Reason.MISSING_FIELD)
    return Fault(path or "$", Reason.WRONG_TYPE, said, said)
