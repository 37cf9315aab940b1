"""Questions about a stage's state, on the stage's loop: when they get their turn, and what they may see."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.reasons import RejectError
from streams.answering import Answerer, Ticket
from streams.directory import Directory, Entry, announcement
from streams.lease import Lease
from streams.outbox import Outbox
from streams.pace import Pace
from streams.runner import Runner
from streams.sender import SendError
from streams.settings import Settings
from streams.stage import Answered, Question, Record, Store, Unanswered

TARGET = ("order.check.v1", 0)
SOON = 5.0


class Sending:
    """A sender whose broker confirms when it is told to."""

    def __init__(self) -> None:
        self.sent: list[dict[tuple[str, int], list[Any]]] = []
        self.confirms = asyncio.Event()
        self.confirms.set()
        self.fails = False

    async def send(self, outputs: Any) -> None:
        self.sent.append({target: list(records) for target, records in outputs.items()})
        await self.confirms.wait()
        if self.fails:
            raise SendError("not confirmed")


class Echo:
    """Answers with what the state holds; a question's content names the key, or what goes wrong."""

    paths = ("/ask",)
    recalls = "order.check.v1"
    recall_ms = 0
    recall_records = 0

    def __init__(self) -> None:
        self.answered: list[str] = []
        self.forgotten = 0

    def read(self, path: str, body: bytes) -> Question:
        raise NotImplementedError

    def refused(self, path: str, body: bytes, error: RejectError) -> bytes:
        raise NotImplementedError

    def recall(self, partition: int, records: Sequence[Record]) -> None:
        raise NotImplementedError

    def unfinished(self, question: Question, why: Unanswered, detail: str) -> Answered:
        return Answered(f"{why} {detail}".strip().encode(), why)

    def answer(self, question: Question, store: Store) -> Answered:
        assert isinstance(question.content, str)
        self.answered.append(question.content)
        if question.content == "raise":
            raise KeyError("patient P1 is unknown")
        found = store.get(question.content.encode(), b"nothing")
        return Answered(found, "answered", {TARGET: [(b"k", found, ())]})

    def forget(self) -> None:
        self.forgotten += 1


class Desk:
    """An answerer for partitions 0 and 1."""

    def __init__(self) -> None:
        self.state: dict[int, dict[bytes, bytes]] = {0: {b"a": b"1"}, 1: {b"b": b"2"}}
        self.echo, self.sender, self.lease = Echo(), Sending(), Lease(60)
        self.answerer = Answerer(Settings(), "cost", self.echo, self.state.__getitem__, self.sender, self.lease)
        self.answerer.assigned = self.answerer.ready = frozenset({0, 1})

    def ask(self, content: str, partition: int = 0, seconds: float = SOON, *, is_confirmed: bool = False) -> Ticket:
        question = Question("/ask", partition, content, is_confirmed)
        return self.answerer.ask(question, time.monotonic() + seconds)


def on_a_desk(scenario: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        await scenario(Desk())

    asyncio.run(run())


async def body_of(ticket: Ticket) -> bytes | None:
    answered = await ticket.wait()
    return None if answered is None else answered.body


def test_a_question_sees_the_state_of_its_partition() -> None:
    async def scenario(desk: Desk) -> None:
        assert await body_of(desk.ask("a")) == b"1"
        assert await body_of(desk.ask("b", partition=1)) == b"2"
        assert await body_of(desk.ask("b")) == b"nothing"

    on_a_desk(scenario)


def test_a_question_waits_until_the_batch_of_its_partition_is_in_the_state_and_others_do_not() -> None:
    async def scenario(desk: Desk) -> None:
        desk.answerer.close(0)
        waiting = asyncio.ensure_future(body_of(desk.ask("a")))
        assert await body_of(desk.ask("b", partition=1)) == b"2"
        await asyncio.sleep(0.01)
        assert not waiting.done()
        desk.state[0][b"a"] = b"after"
        desk.answerer.reopen()
        assert await waiting == b"after"

    on_a_desk(scenario)


def test_a_question_whose_time_is_up_before_its_turn_is_not_worked_on() -> None:
    async def scenario(desk: Desk) -> None:
        desk.answerer.close(0)
        assert await body_of(desk.ask("a", seconds=0.01)) is None
        desk.answerer.reopen()
        await asyncio.sleep(0.01)
        assert desk.echo.answered == []

    on_a_desk(scenario)


def test_questions_of_a_partition_at_work_do_not_heap_up_without_bound() -> None:
    async def scenario(desk: Desk) -> None:
        desk.answerer.close(0)
        for _ in range(3_000):
            desk.ask("a", seconds=-1)
        last = asyncio.ensure_future(body_of(desk.ask("a")))
        await asyncio.sleep(0.01)
        assert len(desk.answerer._closed[0]) <= 1_025
        desk.answerer.reopen()
        assert await last == b"1"

    on_a_desk(scenario)


def test_the_loop_gets_its_turn_between_two_questions() -> None:
    async def scenario(desk: Desk) -> None:
        tickets = [desk.ask("a") for _ in range(20)]
        seen = []
        while len(desk.echo.answered) < 20:
            await asyncio.sleep(0)
            seen.append(len(desk.echo.answered))
        assert len(set(seen)) >= 20, "one question an iteration"
        for ticket in tickets:
            assert await body_of(ticket) == b"1"

    on_a_desk(scenario)


def test_an_error_in_answering_is_an_unfinished_answer_and_says_nothing_of_the_patient() -> None:
    async def scenario(desk: Desk) -> None:
        with capture_logs() as logs:
            assert await body_of(desk.ask("raise")) == b"engine_error KeyError"
        assert [(line["event"], line["error"]) for line in logs] == [("question_failed", "KeyError")]
        assert "P1" not in str(logs)
        assert await body_of(desk.ask("a")) == b"1"

    on_a_desk(scenario)


def test_a_worker_that_stood_still_answers_nothing() -> None:
    async def scenario(desk: Desk) -> None:
        desk.lease._ticked -= 100
        assert await body_of(desk.ask("a")) == b"no_owner"
        assert desk.echo.answered == []

    on_a_desk(scenario)


def test_what_waits_when_partitions_go_is_told_so() -> None:
    async def scenario(desk: Desk) -> None:
        desk.answerer.close(0)
        waiting = asyncio.ensure_future(body_of(desk.ask("a")))
        await asyncio.sleep(0.01)
        desk.answerer.disown()
        assert await waiting == b"not_ready"
        assert await body_of(desk.ask("a")) == b"not_ready"
        assert desk.echo.forgotten == 1

    on_a_desk(scenario)


def test_an_answer_does_not_wait_for_the_broker_but_one_to_be_confirmed_does() -> None:
    async def scenario(desk: Desk) -> None:
        desk.sender.confirms.clear()
        running = asyncio.ensure_future(desk.answerer.outbox.run())
        assert await body_of(desk.ask("a")) == b"1"
        confirmed = asyncio.ensure_future(body_of(desk.ask("a", is_confirmed=True)))
        await asyncio.sleep(0.02)
        assert not confirmed.done()
        desk.sender.confirms.set()
        assert await confirmed == b"1"
        await desk.answerer.outbox.settle()
        running.cancel()

    on_a_desk(scenario)


def test_the_outbox_sends_in_order_and_together_what_waits() -> None:
    async def scenario() -> None:
        sender = Sending()
        outbox = Outbox("cost", "t.", sender, Lease(60))
        running = asyncio.ensure_future(outbox.run())
        sender.confirms.clear()
        outbox.put({TARGET: [(b"1", b"", ())]}, None)
        await asyncio.sleep(0.01)
        told: list[int] = []
        outbox.put({TARGET: [(b"2", b"", ())]}, lambda: told.append(2))
        outbox.put({TARGET: [(b"3", b"", ())]}, lambda: told.append(3))
        assert told == []
        sender.confirms.set()
        await outbox.settle()
        assert [[key for key, *_ in next(iter(sent.values()))] for sent in sender.sent] == [[b"1"], [b"2", b"3"]]
        assert set(sender.sent[0]) == {("t.order.check.v1", 0)}
        assert told == [2, 3]
        running.cancel()

    asyncio.run(scenario())


def test_a_failed_send_of_an_answer_is_not_kept_quiet() -> None:
    async def scenario() -> None:
        sender = Sending()
        sender.fails = True
        outbox = Outbox("cost", "", sender, Lease(60))
        told: list[int] = []
        outbox.put({TARGET: [(b"1", b"", ())]}, lambda: told.append(1))
        with pytest.raises(SendError):
            await outbox.run()
        assert told == []

    asyncio.run(scenario())


# ---------------------------------------------------------------- pace


def test_batches_are_large_while_nobody_asks() -> None:
    pace = Pace(4096, 0.02)
    pace.worked(4096, 2.0)
    assert pace.records(100.0) == 4096


def test_batches_shrink_to_the_wanted_time_while_somebody_asks_and_grow_again() -> None:
    pace, seconds_per_record = Pace(4096, 0.02), 0.0005
    pace.asked(100.0)
    for _ in range(20):
        size = pace.records(101.0)
        pace.worked(size, size * seconds_per_record)
    assert pace.records(101.0) == pytest.approx(40, abs=2)
    for _ in range(20):
        size = pace.records(101.0)
        pace.worked(size, size * seconds_per_record / 10)
    assert pace.records(101.0) == pytest.approx(400, abs=20)
    assert pace.records(111.0) == 4096, "nobody asked for a while"


def test_a_short_fetch_says_nothing_of_larger_batches() -> None:
    pace = Pace(4096, 0.02)
    pace.asked(0.0)
    before = pace.records(0.0)
    pace.worked(1, 0.000_01)
    assert pace.records(0.0) == before


# ---------------------------------------------------------------- directory


def test_the_newest_entry_counts_and_other_stages_and_nonsense_do_not() -> None:
    async def scenario() -> None:
        directory = Directory(Settings(), "cost")
        for entry in (Entry("a:1", "s1", 1), Entry("b:2", "s2", 2)):
            for key, value, _ in announcement("cost", [0, 1], entry):
                directory.take(key, value)
        directory.take(b"departments|0", b'{"address": "x:1", "slot": "s", "since": 3}')
        for key, value in ((b"cost|0", b"{"), (b"cost|x", b"{}"), (None, b"{}"), (b"cost|0", None), (b"\xff|0", b"")):
            directory.take(key, value)
        assert directory.find(0) == directory.find(1) == Entry("b:2", "s2", 2)
        assert directory.find(2) is None

    asyncio.run(scenario())


def test_who_asked_a_worker_by_mistake_waits_for_another_entry() -> None:
    async def scenario() -> None:
        directory = Directory(Settings(), "cost")
        first, second = Entry("a:1", "s1", 1), Entry("a:1", "s1", 2)
        for key, value, _ in announcement("cost", [0], first):
            directory.take(key, value)
        until = time.monotonic() + SOON
        assert await directory.find_other(0, None, until) == first
        waiting = asyncio.ensure_future(directory.find_other(0, first, until))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        for key, value, _ in announcement("cost", [0], second):
            directory.take(key, value)
        assert await waiting == second
        assert await directory.find_other(0, second, time.monotonic() + 0.01) is None

    asyncio.run(scenario())


# ---------------------------------------------------------------- who may answer


def test_a_stage_without_a_table_has_nothing_to_answer_from() -> None:
    class Copying:
        name, inputs, table = "intake", ("his.charge.v1",), False

        def __init__(self) -> None:
            self.answering = Echo()

    with pytest.raises(ValueError, match="no table to answer from"):
        Runner(Copying(), Settings())
