"""Order checks over HTTP, asked of real worker processes with a real Kafka behind them."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agents.commands.check import register
from deploy.local.kafka import KafkaNode
from streams.partitions import partition_of
from streams.topics import Topic
from tests.integration.asking import EXAMPLE, Desk, Reply, check, post
from tests.streams.harness import wait_until

pytestmark = [pytest.mark.integration]

#: The budget is 50 ms; a busy test machine gets some leave beside it.
ON_TIME_SECONDS = 0.15


@pytest.fixture
def desk(kafka, topic_prefix: str, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(kafka.bootstrap, topic_prefix, tmp_path)
    yield made
    made.close()


def answered(address: str, patient: str, task: str, **changes: object) -> Reply:
    """The finished answer; asks until there is one."""
    deadline = time.monotonic() + 20
    while True:
        reply = check(address, patient, task, **changes)
        if reply.check_status != "unfinished":
            return reply
        assert time.monotonic() < deadline, reply.body
        time.sleep(0.1)


def run_command(status: int, *arguments: str) -> str:
    """What a command says; its exit status must be the one given."""
    app = typer.Typer()
    register(app)
    ran = CliRunner().invoke(app, list(arguments))
    assert ran.exit_code == status, ran.output
    return ran.output


def published(desk: Desk) -> dict[str, list[dict]]:
    """Answers on record by task."""
    found: dict[str, list[dict]] = {}
    for _, value in desk.read(Topic.ORDER_CHECK):
        record = json.loads(value or b"")
        found.setdefault(record["request_id"], []).append(record)
    return found


@pytest.mark.chaos
def test_one_worker_answers_remembers_and_never_passes_what_it_could_not_finish(desk: Desk) -> None:
    worker = desk.start_answering(KONGFEI_QUESTIONS_WAITING="2")
    address = desk.address_of(worker)
    wait_until(lambda: desk.has(worker, 4), "it answers")
    desk.give({"P1": 1234, "P2": 50})

    first = answered(address, "P1", "T1")
    assert (first.status, first.body["infcode"]) == (200, "0")
    assert first.check_status == "findings"
    assert first.amounts == [12.34]
    assert answered(address, "P9", "T2").check_status == "passed"

    # The same request once more is the very same answer, though the state has moved on; another content is refused.
    desk.give({"P1": 1})
    assert answered(address, "P1", "T1").body["output"] == first.body["output"]
    assert answered(address, "P1", "T3").amounts == [12.35]
    conflict = check(address, "P1", "T1", trig_scen="4")
    assert conflict.body["infcode"] == "-1"
    assert conflict.body["output"]["faults"][0]["reason"] == "R301"

    # An error of the engine is an unfinished answer, and the worker goes on.
    broken = check(address, "P1", "T4", rule_ids=["raise"])
    assert (broken.check_status, broken.reason) == ("unfinished", "engine_error")
    assert broken.body["warn_msg"].startswith("校验未完成")
    assert broken.body["output"]["result"] == []
    assert "P1" not in desk.log_of(worker)

    # What is none of the protocol is no answer either.
    assert post(address, "/9999", {}).status == 404
    assert post(address, "/3101", b"x" * 1_100_000).status == 413
    refused = post(address, "/3101", {"infno": "3101", "input": {"data": {"trig_scen": "5"}}})
    assert (refused.status, refused.body["infcode"]) == (200, "-1")
    assert len(refused.body["output"]["faults"]) >= 2

    # A busy stage: told on time, and asked again it is answered.
    desk.publish([(desk.key("P2"), 0)])
    late = []
    for number in range(200):
        late.append(check(address, "P2", f"B{number}"))
        if late[-1].check_status == "unfinished":
            break
        time.sleep(0.005)
    assert (late[-1].check_status, late[-1].reason) == ("unfinished", "out_of_time")
    assert late[-1].seconds < ON_TIME_SECONDS
    assert answered(address, "P2", late[-1].body["output"]["check"]["task_id"]).amounts == [0.5]
    assert worker.poll() is None

    # More than may wait: those beyond it are told at once.
    desk.publish([(desk.key("P2"), 0)])
    with ThreadPoolExecutor(8) as askers:
        deadline = time.monotonic() + 5
        reasons: set[str] = set()
        while "overloaded" not in reasons and time.monotonic() < deadline:
            tasks = [f"O{time.monotonic_ns()}-{number}" for number in range(8)]
            reasons |= {reply.reason for reply in askers.map(lambda task: check(address, "P2", task), tasks)}
    assert "overloaded" in reasons

    # After kill -9 the answer that was published is still the answer.
    wait_until(lambda: "T3" in published(desk), "the answers are on record")
    worker.kill()
    worker.wait()
    again = desk.start_answering()
    address = desk.address_of(again)
    desk.give({"P1": 1000})
    wait_until(lambda: desk.has(again, 4), "it answers again")
    assert answered(address, "P1", "T1").body["output"] == first.body["output"]
    assert check(address, "P1", "T1", trig_scen="4").body["output"]["faults"][0]["reason"] == "R301"

    on_record = published(desk)
    assert [record["outcome"] for record in on_record["T1"]] == ["findings"], "told once, repeated from memory"
    assert {record["version"] for record in on_record["T4"]} == {0}, "any finished answer outranks an unfinished one"
    again.send_signal(signal.SIGTERM)
    assert again.wait(20) == 0


@pytest.mark.chaos
def test_any_worker_is_asked_about_any_patient_and_a_killed_one_costs_unfinished_answers_only(desk: Desk) -> None:
    first, second = desk.start_answering(), desk.start_answering()
    wait_until(lambda: desk.has(first, 2) and desk.has(second, 2), "both answer for their half")
    addresses = [desk.address_of(first), desk.address_of(second)]
    totals = {f"P{number}": 100 + number for number in range(12)}
    assert {partition_of(desk.key(patient), 4) for patient in totals} == {0, 1, 2, 3}
    desk.give(totals)
    for number, (patient, total) in enumerate(totals.items()):
        for address in addresses:
            assert answered(address, patient, f"T{number}").amounts == [total / 100]

    # Feedback reaches the owner, whoever is told; sent again it is the same event.
    reply = answered(addresses[0], "P3", "T3")
    jr_id = reply.body["output"]["result"][0]["jr_id"]
    warning = {"warn_rslt_id": jr_id, "dspo_way": "1", "dspo_way_rea": "病情需要"}
    feedback = {"infno": "3103", "opter": "D1", "input": {"data": {"warn_type": "1", "warns": [warning]}}}
    for address in (*addresses, *addresses):
        told = post(address, "/3103", feedback).body
        assert (told["infcode"], told["output"]["feedback_status"]) == ("0", "confirmed")
    events = [json.loads(value or b"") for _, value in desk.read(Topic.ACK)]
    assert len({json.dumps(event, sort_keys=True) for event in events}) == 1
    assert events[0]["alert_id"] == jr_id
    assert (events[0]["patient_id"], events[0]["visit_id"]) == ("P3", "V2001")
    assert (events[0]["decision"], events[0]["reason"], events[0]["actor"]) == ("continue", "病情需要", "D1")
    unknown = {**warning, "warn_rslt_id": f"jr-0001-{'0' * 40}"}
    refused = post(addresses[0], "/3103", {"opter": "D1", "warns": [unknown]}).body
    assert refused["infcode"] == "-1"
    assert refused["output"]["faults"][0]["reason"] == "R303"

    # The same from the command line.
    order = ["check", "order", str(EXAMPLE), "--url", f"http://{addresses[0]}"]
    assert "审核通过" in run_command(0, *order)
    assert json.loads(run_command(0, *order, "--json"))["output"]["check_status"] == "passed"
    said = run_command(0, "check", "feedback", jr_id, "--way", "revise", "--operator", "D1", *order[3:])
    assert said == "已记录 1 条反馈\n"
    missing = run_command(1, "check", "feedback", jr_id, "--way", "continue", "--operator", "D1", *order[3:])
    assert "V201" in missing
    assert "404" in run_command(1, *order[:3], "--url", f"http://{addresses[0]}/wrong")

    # Killed, its patients' checks are unfinished until the other owns them; never wrong, never an error of HTTP.
    first.kill()
    deadline = time.monotonic() + 20
    finished: set[str] = set()
    unfinished = 0
    while len(finished) < len(totals):
        assert time.monotonic() < deadline
        for patient, total in totals.items():
            reply = check(addresses[1], patient, f"K{time.monotonic_ns()}")
            assert reply.status == 200
            if reply.check_status == "unfinished":
                unfinished += 1
                assert reply.seconds < 2 * ON_TIME_SECONDS
            else:
                assert reply.amounts == [total / 100]
                finished.add(patient)
    assert unfinished, "the killed worker owned some of the patients"
    for number, (patient, total) in enumerate(totals.items()):  # what it had answered is known to its heir
        repeated = answered(addresses[1], patient, f"T{number}")
        assert repeated.amounts == [total / 100]
    assert second.poll() is None


@pytest.mark.chaos
def test_feedback_is_acknowledged_when_kafka_has_it_and_a_check_does_not_wait_for_kafka(
    kafka_node_factory: Callable[..., KafkaNode], topic_prefix: str, tmp_path: Path
) -> None:
    node = kafka_node_factory(quick_start=True)
    desk = Desk(node.bootstrap, topic_prefix, tmp_path)
    try:
        worker = desk.start_answering(KONGFEI_FEEDBACK_BUDGET_MS="500")
        address = desk.address_of(worker)
        wait_until(lambda: desk.has(worker, 4), "it answers")
        desk.give({"P1": 700})
        jr_id = answered(address, "P1", "T1").body["output"]["result"][0]["jr_id"]
        feedback = {
            "opter": "D1",
            "inf_time": "2024-11-05 10:31:00",
            "input": {"data": {"warns": [{"warn_rslt_id": jr_id, "dspo_way": "2"}]}},
        }
        os.kill(node.pid, signal.SIGSTOP)
        try:
            told = post(address, "/3103", feedback)
            assert check(address, "P1", "T2").amounts == [7.0], "HIS never waits for the broker"
        finally:
            os.kill(node.pid, signal.SIGCONT)
        assert (told.body["infcode"], told.body["output"]["feedback_status"]) == ("-1", "unconfirmed")
        assert 0.4 < told.seconds < 2

        wait_until(lambda: post(address, "/3103", feedback).body["infcode"] == "0", "it is confirmed")
        events = {value for _, value in desk.read(Topic.ACK)}
        assert [json.loads(event or b"")["decision"] for event in events] == ["revise"]
        assert worker.poll() is None
    finally:
        desk.close()
