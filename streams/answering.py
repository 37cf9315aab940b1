"""Answers questions about a stage's state, on the stage's own event loop, between its batches.

What a question may see: a partition is closed from the moment a batch of it is handled until what that changed is in
the changelog and in the table; questions about it wait. All other partitions are open, also while the broker confirms,
so a question waits for one partition's batch at most, and batches are short while anybody asks (streams/pace.py).
One question an iteration of the loop: batches, commits and heartbeats get their turn between two.

An exception in answering is the one error that does not end the process: it becomes an unfinished answer, counted and
logged with its type. Nothing the stage decides hangs on an answer.

Order of work when partitions come (the body repeats the numbers): 1 recall the answers given before, as they stand in
their topic; 2 answer for the partitions; 3 say so in the directory.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import structlog

from streams.directory import Entry, announcement
from streams.lease import Lease, PausedError
from streams.outbox import Outbox
from streams.pace import Pace
from streams.sender import Sender
from streams.settings import Settings
from streams.stage import Answered, Answers, Question, Store, Unanswered
from streams.tail import read_tail
from streams.topics import Topic

#: A round of batches may take this share of a check's budget while there are questions.
_ROUND_SHARE = 0.4
#: Questions of a closed partition kept before those whose time is up are dropped.
_KEPT_CLOSED = 1_024


class Ticket:
    """A question on its way through the stage. `deadline`: monotonic seconds; the answer goes to `future`'s loop."""

    __slots__ = ("_future", "_loop", "deadline", "question")

    def __init__(self, question: Question, deadline: float) -> None:
        self.question = question
        self.deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[Answered] = self._loop.create_future()

    def resolve(self, answered: Answered) -> None:
        """Give the answer; called on the stage's loop. Where nobody waits any more it is dropped."""
        self._loop.call_soon_threadsafe(self._set, answered)

    def _set(self, answered: Answered) -> None:
        if not self._future.done():
            self._future.set_result(answered)

    async def wait(self) -> Answered | None:
        """The answer, or None when its time is up; called on the loop the ticket was made on."""
        try:
            return await asyncio.wait_for(self._future, max(0.0, self.deadline - time.monotonic()))
        except TimeoutError:
            return None


class Answerer:
    """Where the questions of one stage are answered. Everything but `ask` and the two sets is for the stage's loop."""

    def __init__(
        self,
        settings: Settings,
        stage_name: str,
        answers: Answers,
        store_of: Callable[[int], Store],
        sender: Sender,
        lease: Lease,
    ) -> None:
        self._settings = settings
        self._stage_name = stage_name
        self._answers = answers
        self._store_of = store_of
        self._sender = sender
        self._lease = lease
        self._loop = asyncio.get_running_loop()
        self.outbox = Outbox(stage_name, settings.topic_prefix, sender, lease)
        self.pace = Pace(settings.batch_records, settings.check_budget_ms / 1000 * _ROUND_SHARE)
        #: Partitions that are ours, and those we answer for; read by other threads.
        self.assigned: frozenset[int] = frozenset()
        self.ready: frozenset[int] = frozenset()
        self._open: deque[Ticket] = deque()
        self._closed: dict[int, list[Ticket]] = {}
        self._is_due = False
        self._log = structlog.get_logger().bind(stage=stage_name)

    # From any thread ------------------------------------------------------------------------------------------------

    def ask(self, question: Question, deadline: float) -> Ticket:
        """Hand a question to the stage; the ticket is waited for on the caller's loop."""
        ticket = Ticket(question, deadline)
        self._loop.call_soon_threadsafe(self._take, ticket)
        return ticket

    def tell(self, answered: Answered) -> None:
        """Send what an answer given elsewhere leads to."""
        if answered.outputs:
            self._loop.call_soon_threadsafe(self.outbox.put, answered.outputs, None)

    # Partitions come and go -----------------------------------------------------------------------------------------

    def expect(self, partitions: frozenset[int]) -> None:
        """These partitions are ours; their state is being restored."""
        self.assigned = partitions

    async def own(self, partitions: frozenset[int], entry: Entry) -> None:
        """Recall, then answer for these partitions. Raises KafkaError, SendError, TimeoutError."""
        started, recalled = time.monotonic(), 0
        self.assigned = partitions
        answers = self._answers
        # 1 recall
        since = int(time.time() * 1000) - answers.recall_ms
        async for partition, records in read_tail(
            self._settings, answers.recalls, partitions, since, answers.recall_records
        ):
            answers.recall(partition, records)
            recalled += len(records)
        # 2 answer
        self.ready = partitions
        # 3 say so
        target = (self._settings.topic_prefix + Topic.WORKER_DIRECTORY, 0)
        if records_of := announcement(self._stage_name, partitions, entry):
            await self._sender.send({target: records_of})
        seconds = round(time.monotonic() - started, 3)
        self._log.info("answering", partitions=len(partitions), recalled=recalled, seconds=seconds)

    def disown(self) -> None:
        """Answer for nothing until partitions are owned again; questions that wait are told."""
        self.assigned = self.ready = frozenset()
        self.reopen()
        while self._open:
            self._answer(self._open.popleft())
        self._answers.forget()

    # Batches --------------------------------------------------------------------------------------------------------

    def close(self, partition: int) -> None:
        """A batch of this partition is being handled: what the stage says of it is not in its state yet."""
        self._closed.setdefault(partition, [])

    def reopen(self) -> None:
        """Everything handled is in the state."""
        closed, self._closed = self._closed, {}
        for tickets in closed.values():
            self._open.extend(tickets)
        self._schedule()

    # Questions ------------------------------------------------------------------------------------------------------

    def _take(self, ticket: Ticket) -> None:
        self.pace.asked(time.monotonic())
        self._open.append(ticket)
        self._schedule()

    def _schedule(self) -> None:
        if self._open and not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        self._is_due = False
        while self._open:
            ticket = self._open.popleft()
            waiting = self._closed.get(ticket.question.partition)
            if waiting is None:
                self._answer(ticket)
                break
            if len(waiting) >= _KEPT_CLOSED:
                now = time.monotonic()
                waiting[:] = [kept for kept in waiting if kept.deadline > now]
            waiting.append(ticket)
        self._schedule()

    def _answer(self, ticket: Ticket) -> None:
        question = ticket.question
        if time.monotonic() >= ticket.deadline:
            return  # whoever asked has been told so
        if question.partition not in self.ready:
            ticket.resolve(self._answers.unfinished(question, Unanswered.NOT_READY, ""))
            return
        try:
            self._lease.check()
            answered = self._answers.answer(question, self._store_of(question.partition))
        except PausedError:  # another worker may own the partition; this process ends in a moment
            ticket.resolve(self._answers.unfinished(question, Unanswered.NO_OWNER, ""))
            return
        except Exception as error:  # noqa: BLE001 - an edge: whatever goes wrong with a question, the stage goes on
            name = type(error).__name__
            self._log.error("question_failed", path=question.path, error=name)
            answered = self._answers.unfinished(question, Unanswered.ENGINE_ERROR, name)
        if question.is_confirmed and answered.outputs:
            self.outbox.put(answered.outputs, lambda: ticket.resolve(answered))
            return
        if answered.outputs:
            self.outbox.put(answered.outputs, None)
        ticket.resolve(answered)
