"""The order check as a service: what is asked twice, what is remembered, what becomes of feedback."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.core.accept import validate
from agents.order_check.service import OrderCheckService
from schemas.ledger import patient_key
from schemas.order_check import CheckRequest, CheckResult, Outcome, decode_check, encode_check
from schemas.reasons import RejectError
from streams.partitions import partition_of
from streams.settings import Settings
from streams.stage import Answered, Store, Unanswered
from streams.topics import Topic
from tests.order_check_toy import total_finding

EXAMPLE = (Path(__file__).parents[3] / "deploy" / "examples" / "order_check" / "order_3101.json").read_bytes()
PLACE = partition_of(patient_key("H0001", "P1001"), 8)
MINUTE = 60_000


@dataclass
class Clock:
    now: int = 1_730_773_800_000

    def __call__(self) -> int:
        return self.now


@dataclass
class Engine:
    """Finds one thing more each time it is asked, so that an answer reckoned anew is seen to be."""

    asked: list[tuple[CheckRequest, int]] = field(default_factory=list)
    outcome: Outcome = Outcome.FINDINGS

    def __call__(self, request: CheckRequest, partition: int, store: Store) -> CheckResult:
        self.asked.append((request, partition))
        finding = total_finding(request, partition, len(self.asked))
        findings = (finding,) if self.outcome is Outcome.FINDINGS else ()
        return CheckResult(
            request.request_id, request.hospital, request.patient_id, request.visit_id, self.outcome, request.at, 9,
            "", "", request.scene, findings=findings, reason="engine_error" if not findings else "",
        )  # fmt: skip


@dataclass(slots=True)
class Stored:
    """A record as it is read back."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[()] = ()


class World:
    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.engine = Engine()
        self.settings = Settings(hospital="H0001", **settings)
        self.service = OrderCheckService(self.settings, self.engine, self.clock)

    def ask(self, body: bytes, path: str = "/3101") -> Answered:
        question = self.service.read(path, body)
        return self.service.answer(question, {})

    def feed_back(self, **changes: Any) -> Answered:
        return self.ask(self.feedback(**changes), "/3103")

    def feedback(self, jr_id: str = "", way: str = "1", reason: str = "病情需要", at: str = "", **data: Any) -> bytes:
        warning = {"warn_rslt_id": jr_id or self.jr_id, "dspo_way": way, "dspo_way_rea": reason}
        return json.dumps({"opter": "D1", "inf_time": at, "input": {"data": {"warns": [warning]} | data}}).encode()

    @property
    def jr_id(self) -> str:
        request, partition = self.engine.asked[0]
        return total_finding(request, partition, 1).finding_id


@pytest.fixture
def world() -> World:
    return World()


def output_of(answered: Answered) -> dict[str, Any]:
    return json.loads(answered.body)["output"]


def example(**changes: Any) -> bytes:
    request = json.loads(EXAMPLE)
    request["input"]["data"] |= changes
    return json.dumps(request).encode()


def faults_in(answered: Answered) -> list[str]:
    return [fault["reason"] for fault in output_of(answered)["faults"]]


def events_in(answered: Answered) -> list[dict[str, Any]]:
    return [json.loads(value or b"") for _, value, _ in answered.outputs.get((Topic.ACK, 0), [])]


def test_an_answer_is_put_on_record_in_the_patients_partition(world: World) -> None:
    answered = world.ask(EXAMPLE)
    assert answered.outcome == "findings"
    (((topic, partition), [(key, value, _)]),) = answered.outputs.items()
    assert (topic, partition) == (Topic.ORDER_CHECK, PLACE)
    assert key == b"H0001|P1001|CHECK-20241105-0001"
    record = decode_check(value or b"")
    assert (record.via, record.version, record.outcome) == ("http", 9, Outcome.FINDINGS)
    assert record.digest
    assert world.engine.asked[0][1] == PLACE


def test_the_same_request_is_answered_word_for_word_without_the_engine(world: World) -> None:
    first = world.ask(EXAMPLE)
    again = world.ask(example())
    assert again.outcome == "repeated"
    assert output_of(again) == output_of(first)
    assert again.outputs == {}
    assert len(world.engine.asked) == 1


def test_when_a_repeated_request_was_sent_takes_no_part_in_its_content(world: World) -> None:
    world.ask(EXAMPLE)
    later = json.loads(EXAMPLE) | {"inf_time": "2024-11-05 10:31:00", "msgid": "M2"}
    answered = world.ask(json.dumps(later).encode())
    assert answered.outcome == "repeated"
    assert json.loads(answered.body)["inf_refmsgid"] == "M2"


def test_the_same_id_with_another_content_is_refused_with_a_number(world: World) -> None:
    world.ask(EXAMPLE)
    refused = world.ask(example(trig_scen="4"))
    assert refused.outcome == "conflict"
    assert faults_in(refused) == ["R301"]
    assert json.loads(refused.body)["infcode"] == "-1"
    assert len(world.engine.asked) == 1


def test_another_patient_may_have_the_same_request_id(world: World) -> None:
    world.ask(EXAMPLE)
    other = json.loads(EXAMPLE)
    other["input"]["data"]["patient_dtos"][0]["patn_id"] = "P2"
    assert world.ask(json.dumps(other).encode()).outcome == "findings"


def test_an_unfinished_answer_is_reckoned_anew(world: World) -> None:
    world.engine.outcome = Outcome.UNFINISHED
    assert world.ask(EXAMPLE).outcome == "unfinished"
    world.engine.outcome = Outcome.FINDINGS
    assert world.ask(EXAMPLE).outcome == "findings"


def test_an_answer_is_remembered_over_a_restart(world: World) -> None:
    first = world.ask(EXAMPLE)
    [(key, value, _)] = first.outputs[Topic.ORDER_CHECK, PLACE]
    heir = World()
    heir.service.recall(PLACE, [Stored(0, heir.clock.now, key, value)])
    again = heir.ask(EXAMPLE)
    assert output_of(again) == output_of(first)
    assert heir.engine.asked == []
    assert faults_in(heir.ask(example(trig_scen="4"))) == ["R301"]


def test_what_is_no_answer_of_ours_is_not_recalled(world: World) -> None:
    world.service.recall(PLACE, [Stored(0, world.clock.now, None, b"{}"), Stored(1, world.clock.now, None, None)])
    assert world.ask(EXAMPLE).outcome == "findings"


def test_an_answer_is_forgotten_after_its_time_and_beyond_its_number() -> None:
    world = World(check_answers_kept=2, check_answers_minutes=5)
    world.ask(EXAMPLE)
    world.clock.now += 6 * MINUTE
    assert world.ask(EXAMPLE).outcome == "findings"
    for number in range(2):
        world.ask(example(task_id=f"T{number}"))
    assert world.ask(EXAMPLE).outcome == "findings"
    assert world.ask(example(task_id="T1")).outcome == "repeated"


def test_what_was_answered_is_forgotten_with_the_partitions(world: World) -> None:
    world.ask(EXAMPLE)
    world.service.forget()
    assert world.ask(EXAMPLE).outcome == "findings"


def test_an_unfinished_check_is_on_record_below_any_finished_one(world: World) -> None:
    question = world.service.read("/3101", EXAMPLE)
    answered = world.service.unfinished(question, Unanswered.OUT_OF_TIME, "")
    assert answered.outcome == "out_of_time"
    assert output_of(answered)["check_status"] == "unfinished"
    [(_, value, _)] = answered.outputs[Topic.ORDER_CHECK, PLACE]
    record = decode_check(value or b"")
    assert (record.outcome, record.version, record.reason) == (Outcome.UNFINISHED, 0, "out_of_time")


def test_our_own_shape_is_asked_and_answered_as_it_is(world: World) -> None:
    request = world.service.read("/3101", EXAMPLE).content.request
    body = msgspec.json.encode(request)
    found = json.loads(world.ask(body, "/api/order-check").body)
    assert (found["outcome"], found["findings"][0]["amount_fen"]) == ("findings", 1)
    assert world.ask(EXAMPLE).outcome == "repeated", "one request, in whichever shape"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"{", ("$", "D101")),
        (b'{"request_id": "T1"}', ("hospital", "V201")),
        (b'{"request_id": 5}', ("request_id", "V202")),
    ],
)
def test_a_wrong_request_in_our_own_shape_is_refused_in_it(world: World, body: bytes, fault: tuple[str, str]) -> None:
    with pytest.raises(RejectError) as error:
        world.service.read("/api/order-check", body)
    found = json.loads(world.service.refused("/api/order-check", body, error.value))
    assert found["outcome"] == "refused"
    assert [(item["field"], item["reason"]) for item in found["faults"]] == [fault]


def test_ids_of_our_own_shape_are_as_strict_as_the_national_ones(world: World) -> None:
    request = CheckRequest("T1", "H1", "P|1", "", "5", 1)
    with pytest.raises(RejectError) as error:
        world.service.read("/api/order-check", msgspec.json.encode(request))
    found = json.loads(world.service.refused("/api/order-check", b"", error.value))
    assert [(item["field"], item["reason"]) for item in found["faults"]] == [
        ("patient_id", "V214"),
        ("visit_id", "V201"),
    ]


def test_a_refused_request_is_answered_under_its_message_id(world: World) -> None:
    body = b'{"msgid": "M7", "infno": "3101", "input": {"data": {}}}'
    with pytest.raises(RejectError) as error:
        world.service.read("/3101", body)
    found = json.loads(world.service.refused("/3101", body, error.value))
    assert (found["infcode"], found["inf_refmsgid"]) == ("-1", "M7")
    assert found["err_msg"].startswith("V201 缺少必填字段：")


def test_feedback_becomes_an_event_that_intake_accepts(world: World) -> None:
    world.ask(EXAMPLE)
    answered = world.feed_back()
    assert world.service.read("/3103", world.feedback()).is_confirmed
    (event,) = events_in(answered)
    accepted = validate("ack", event, {})
    assert (accepted.patient_id, accepted.visit_id, accepted.hospital) == ("P1001", "V2001", "H0001")
    assert (event["alert_id"], event["actor"], event["role"]) == (world.jr_id, "D1", "doctor")
    assert (event["decision"], event["reason"], event["occurred_at"]) == ("continue", "病情需要", world.clock.now)
    assert output_of(answered)["feedback"] == [
        {"warn_rslt_id": world.jr_id, "decision": "continue", "event_id": event["event_id"]}
    ]


def test_the_same_feedback_is_the_same_event_and_a_change_of_mind_is_another(world: World) -> None:
    world.ask(EXAMPLE)
    first = events_in(world.feed_back())
    world.clock.now += 5_000
    assert events_in(world.feed_back()) == first
    assert events_in(world.feed_back(at="2024-11-05 10:40:00")) == first, "a repeat may be stamped anew"
    revised = events_in(world.feed_back(way="2", reason=""))
    back = events_in(world.feed_back(at="2024-11-05 10:50:00"))
    assert len({event["event_id"] for event in (*first, *revised, *back)}) == 3


def test_a_feedback_that_says_when_is_the_same_event_after_a_restart(world: World) -> None:
    world.ask(EXAMPLE)
    first = events_in(world.feed_back(at="2024-11-05 10:40:00"))
    world.service.forget()
    world.engine.asked.clear()
    world.ask(EXAMPLE)
    assert events_in(world.feed_back(at="2024-11-05 10:40:00")) == first


def test_feedback_on_a_finding_that_is_not_known_any_more_needs_the_visit(world: World) -> None:
    world.ask(EXAMPLE)
    jr_id = world.jr_id
    world.service.forget()
    refused = world.feed_back(jr_id=jr_id)
    assert faults_in(refused) == ["R303"]
    assert refused.outputs == {}
    stated = world.feed_back(jr_id=jr_id, patn_id="P1001", mdtrt_id="V2001")
    assert [(event["patient_id"], event["visit_id"]) for event in events_in(stated)] == [("P1001", "V2001")]


def test_feedback_on_an_answer_given_on_a_topic_is_known_and_the_same_may_be_asked_over_http(world: World) -> None:
    request = world.service.read("/3101", EXAMPLE).content.request
    on_topic = msgspec.structs.replace(world.engine(request, PLACE, {}), via="topic", digest="another")
    world.service.remember(on_topic)
    assert [event["visit_id"] for event in events_in(world.feed_back())] == ["V2001"]
    assert world.ask(EXAMPLE).outcome == "findings"
    world.service.remember(on_topic)
    assert world.ask(EXAMPLE).outcome == "repeated"


def test_an_answer_on_a_topic_is_recalled_for_its_findings(world: World) -> None:
    request = world.service.read("/3101", EXAMPLE).content.request
    on_topic = msgspec.structs.replace(world.engine(request, PLACE, {}), via="topic")
    world.service.recall(PLACE, [Stored(0, world.clock.now, b"k", encode_check(on_topic))])
    assert [event["visit_id"] for event in events_in(world.feed_back())] == ["V2001"]
    assert world.ask(EXAMPLE).outcome == "findings"


def test_unconfirmed_feedback_must_be_sent_again(world: World) -> None:
    world.ask(EXAMPLE)
    question = world.service.read("/3103", world.feedback())
    answered = world.service.unfinished(question, Unanswered.OUT_OF_TIME, "")
    found = json.loads(answered.body)
    assert (found["infcode"], found["output"]["feedback_status"]) == ("-1", "unconfirmed")
    assert "请重发" in found["err_msg"]
    assert answered.outputs == {}


def test_a_partition_there_is_not_is_nobodys(world: World) -> None:
    with pytest.raises(RejectError, match="R303"):
        world.service.read("/3103", world.feedback(jr_id=f"jr-0008-{'0' * 40}"))
