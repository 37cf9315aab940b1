"""The order check as a stage with the patients' state offers it over HTTP: streams.stage.Answers, to be composed.

A stage that checks orders has it as its attribute `answering`:

    self.answering = OrderCheckService(settings, self._check)

with `_check(request, partition, store) -> CheckResult`, which reads the state and changes nothing of it, and may raise.
Its findings carry ids of schemas.order_check.check_finding_id. A stage that also answers orders from a topic tells of
those answers with `self.answering.remember(result)`, so that a feedback finds the findings in them.

The same request (hospital, patient, task_id) is answered word for word once more; with another content it is refused.
What was answered is read back from `order.check.v1` before a worker answers for a partition. An answer that HIS has
got, but that Kafka had not confirmed when the worker died, is reckoned anew. An unfinished check is on record with
version 0 and is never remembered.

A feedback (3103) becomes one `alert.ack.v1` event a finding, acknowledged when Kafka has confirmed them. The same
answer sent again is the same event with the same id, so a repeat changes nothing; a change of mind is a new one.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from agents.order_check.answers import AnswersGiven, Place
from agents.order_check.questions import PATHS, Check, Questions, Told, unfinished
from schemas.national_feedback import Disposition
from schemas.order_check import CheckRequest, CheckResult, check_key, decode_check, encode_check
from schemas.reasons import Reason, RejectError
from schemas.request_fields import Fault, RequestError
from streams.settings import Settings
from streams.stage import Answered, Output, Question, Record, Store, Unanswered
from streams.topics import Topic

_MINUTE_MS = 60_000
#: The hospital's own topic may have any number of partitions, and intake keys what it reads: the first always exists.
_ACK_TARGET = (Topic.ACK.value, 0)


class CheckState(Protocol):
    """Checks one request against the state of its patient; see above."""

    def __call__(self, request: CheckRequest, partition: int, store: Store) -> CheckResult:
        """What the check comes to. May raise."""


class OrderCheckService:
    """See above. `read`, `refused` and `unfinished` touch nothing that changes; `clock`: epoch ms."""

    paths: tuple[str, ...] = PATHS
    recalls: str = Topic.ORDER_CHECK

    def __init__(self, settings: Settings, check: CheckState, clock: Callable[[], int] | None = None) -> None:
        self._check = check
        self._clock = clock or _epoch_ms
        self._hospital = settings.hospital
        self._questions = Questions(settings, ZoneInfo(settings.timezone), self._clock)
        self.recall_ms = settings.check_answers_minutes * _MINUTE_MS
        self.recall_records = settings.check_answers_kept
        self._given = AnswersGiven(settings.check_answers_kept, self.recall_ms)
        #: jr_id → the newest feedback event; as many as there are answers.
        self._feedback: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._most_feedback = settings.check_answers_kept

    # In the HTTP thread ---------------------------------------------------------------------------------------------

    def read(self, path: str, body: bytes) -> Question:
        """What is asked. Raises RequestError."""
        return self._questions.read(path, body)

    def refused(self, path: str, body: bytes, error: RejectError) -> bytes:
        """Every mistake, in the shape that was asked in."""
        return self._questions.refuse(path, error, self._questions.envelope_of(body))

    def unfinished(self, question: Question, why: Unanswered, detail: str) -> Answered:
        """校验未完成, on record; or, for a feedback, that it must be sent again."""
        content = question.content
        if isinstance(content, Told):
            return Answered(self._questions.unconfirmed(content, why.value), why.value)
        assert isinstance(content, Check), "read() made it"
        result = unfinished(content.request, content.digest, why.value, detail)
        return Answered(self._questions.answer(content, result), why.value, _on_record(question.partition, result))

    # On the stage's loop --------------------------------------------------------------------------------------------

    def recall(self, partition: int, records: Sequence[Record]) -> None:  # noqa: ARG002 - patients say it
        """Answers given before, by whichever worker."""
        for record in records:
            try:
                result = decode_check(record.value or b"")
            except msgspec.DecodeError:  # somebody else wrote it: it is no answer of ours
                continue
            self._given.put(result, record.timestamp, record.value)

    def forget(self) -> None:
        """Partitions may be another worker's."""
        self._given.clear()
        self._feedback.clear()

    def remember(self, result: CheckResult) -> None:
        """An answer that was given on a topic (its `via`): feedback on its findings is known then."""
        self._given.put(result, self._clock())

    def answer(self, question: Question, store: Store) -> Answered:
        """Check, or pass a feedback on. Raises what the check raises."""
        content = question.content
        if isinstance(content, Told):
            return self._pass_on(question, content)
        assert isinstance(content, Check), "read() made it"
        return self._answer_check(question, content, store)

    def _answer_check(self, question: Question, asked: Check, store: Store) -> Answered:
        request, now = asked.request, self._clock()
        known = self._given.find(request.hospital, request.patient_id, request.request_id, now)
        if known is not None:
            digest, result = known
            if digest != asked.digest:
                error = RequestError([Fault("task_id", Reason.CONTENT_CONFLICT)])
                return Answered(self._questions.refuse(question.path, error, asked.envelope), "conflict")
            return Answered(self._questions.answer(asked, result), "repeated")
        started = time.perf_counter_ns()
        checked = self._check(request, question.partition, store)
        took_us = (time.perf_counter_ns() - started) // 1_000
        result = msgspec.structs.replace(checked, via="http", digest=asked.digest, took_us=took_us)
        self._given.put(result, now)
        body = self._questions.answer(asked, result)
        return Answered(body, result.outcome.value, _on_record(question.partition, result))

    def _pass_on(self, question: Question, told: Told) -> Answered:
        faults: list[Fault] = []
        events: list[dict[str, Any]] = []
        for number, disposition in enumerate(told.feedback.dispositions):
            place = self._given.place_of(disposition.finding_id) or self._stated(told)
            if place is None:
                zh, en = "可补充 patn_id、mdtrt_id", "patn_id and mdtrt_id may be added"
                faults.append(Fault(f"warns[{number}].warn_rslt_id", Reason.UNKNOWN_CHECK, zh, en))
            else:
                events.append(self._event(disposition, place, told))
        if faults:
            refused = self._questions.refuse(question.path, RequestError(faults), told.envelope)
            return Answered(refused, "refused")
        outputs: list[Output] = []
        for event in events:
            self._feedback[event["alert_id"]] = event
            self._feedback.move_to_end(event["alert_id"])
            outputs.append((event["patient_id"].encode(), msgspec.json.encode(event), ()))
        while len(self._feedback) > self._most_feedback:
            self._feedback.popitem(last=False)
        body = self._questions.confirmed(told, [event["event_id"] for event in events])
        return Answered(body, "confirmed", {_ACK_TARGET: outputs})

    def _stated(self, told: Told) -> Place | None:
        feedback = told.feedback
        if not feedback.patient_id:
            return None
        return Place(feedback.hospital or self._hospital, feedback.patient_id, feedback.visit_id)

    def _event(self, disposition: Disposition, place: Place, told: Told) -> dict[str, Any]:
        """An AckEvent. The same answer as the last one about this finding is that very event once more."""
        feedback = told.feedback
        said = {
            "hospital": place.hospital,
            "patient_id": place.patient_id,
            "visit_id": place.visit_id,
            "alert_id": disposition.finding_id,
            "actor": feedback.actor,
            "role": feedback.role,
            "decision": disposition.decision,
            "reason": disposition.reason,
        }
        last = self._feedback.get(disposition.finding_id)
        if last is not None and said.items() <= last.items():
            return last
        at = feedback.at or self._clock()
        named = "\0".join((*said.values(), str(at))).encode()
        return said | {
            "event_id": f"fb-{blake2b(named, digest_size=20).hexdigest()}",
            "occurred_at": at,
            "recorded_at": at,
        }


def _on_record(partition: int, result: CheckResult) -> dict[tuple[str, int], list[Output]]:
    """The record on `order.check.v1`: in the patient's partition, whatever its key."""
    return {(Topic.ORDER_CHECK.value, partition): [(check_key(result), encode_check(result), ())]}


def _epoch_ms() -> int:
    return time.time_ns() // 1_000_000
