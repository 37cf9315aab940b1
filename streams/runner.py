"""Carries a stage: reads its batches, sends what it says, keeps its state, acknowledges. One process runs one stage.

Order of work for the batches of one fetch (the body repeats the numbers):

1. decode, 2. load states, 3. skip what is applied, 4. reduce: `Stage.handle`, pure, one batch after the other
5. write the changelog, each group within one record batch, and wait
6. apply the changes to the state table
7. send the outputs and wait until the broker has confirmed all of them
8. acknowledge: the offset may be committed now

Changelog before outputs: what was decided is written down before anybody hears of it, so a stage may judge a batch as
a whole, and nothing that was told is ever decided otherwise. A crash between two steps leads to the same entries
again; a stage skips those its state has applied and tells what that state says (absolute and versioned) once more.

Whatever fails ends the process with a non-zero status, and no other batch is taken; the supervisor starts a new one.
"""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NoReturn

import structlog
from aiokafka.errors import KafkaError

from streams.admin import verify_topics
from streams.answer_server import AnswerServer
from streams.answering import Answerer
from streams.continuity import refuse_skipped
from streams.crash import crash_point
from streams.faust_app import Fetched, TopicAndPartition, make_app, run_until_stopped
from streams.follower import Follower
from streams.health import HealthServer
from streams.journal import Journal
from streams.lease import Lease
from streams.logs import SafeError, configure_logs, end_process
from streams.progress import Progress
from streams.records import use_parsed_records
from streams.sender import Sender
from streams.settings import Settings
from streams.slot import claim_slot
from streams.stage import Answering, Batch, Following, Outcome, Output, Record, Stage, StateGroup, Store
from streams.state import Origin, StateTable
from streams.topics import Topic, changelog_of, group_of
from streams.watchdog import KafkaBroker, Watchdog

_NO_STORE: Store = MappingProxyType({})
_VERIFY_SECONDS = 5.0
_NO_ASSIGNMENT = -1


class ShrunkenTopicError(SafeError):
    """An input topic ends before what was already acknowledged."""


class Runner:
    """The carrier of one stage. All of it runs on one event loop; `_working` is held while batches are at work."""

    def __init__(self, stage: Stage, settings: Settings) -> None:
        if stage.table and len(stage.inputs) != 1:
            raise ValueError(f"stage {stage.name} has a table, so it must have exactly one input")
        if isinstance(stage, Answering) and not stage.table:
            raise ValueError(f"stage {stage.name} has no table to answer from")
        self._stage = stage
        self._settings = settings
        self._prefix = settings.topic_prefix
        self._sender = Sender(settings)
        changelog = self._prefix + changelog_of(stage.name)
        self._state = StateTable(changelog, self._sender, settings) if stage.table else None
        self._slot = claim_slot(settings, stage.name)
        self._app = make_app(
            settings,
            self._prefix + group_of(stage.name),
            self._slot.name,
            [self._prefix + topic for topic in stage.inputs],
            self,
        )
        self._progress = Progress()
        self._journal = Journal(stage.name)
        # A lease shorter than the session: whoever stood still for less is still the owner.
        self._lease = Lease(settings.session_timeout_seconds * 0.8)
        self._working = asyncio.Lock()
        self._follower = Follower(settings, stage.name, stage, self._working) if isinstance(stage, Following) else None
        self._answerer: Answerer | None = None
        self._answer_server: AnswerServer | None = None
        if isinstance(stage, Answering) and self._state is not None:
            answers, state = stage.answering, self._state
            self._answerer = Answerer(settings, stage.name, answers, state.__getitem__, self._sender, self._lease)
            self._answer_server = AnswerServer(settings, stage.name, answers, self._answerer)
        self._assignment = 0
        self._answering: asyncio.Future[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._next: dict[TopicAndPartition, int] = {}
        self._topic_ids: dict[Topic, str] = {}
        self._health = HealthServer(settings, self._progress)
        self._log = structlog.get_logger().bind(stage=stage.name)

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT; a clean stop finishes the batch at work, commits and leaves the group."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for wanted in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(wanted, stopping.set)
        tasks = [asyncio.ensure_future(self._guarded(self._lease.keep()))]
        self._health.start()
        self._progress.joining_since = time.monotonic()
        self._topic_ids, *_ = await asyncio.gather(
            asyncio.to_thread(verify_topics, self._settings, tuple(Topic)),
            self._sender.start(),
            self._state.start() if self._state is not None else asyncio.sleep(0),
        )
        if self._follower is not None:
            await self._follower.start()  # what is in force holds from the first batch on
            tasks.append(asyncio.ensure_future(self._guarded(self._follower.follow())))
        if self._answerer is not None and self._answer_server is not None:
            self._answer_server.start()
            tasks.append(asyncio.ensure_future(self._guarded(self._answerer.outbox.run())))
        group = self._prefix + group_of(self._stage.name)
        Watchdog(self._settings, self._stage.name, self._progress, KafkaBroker(self._settings, group)).start()
        tasks.append(asyncio.ensure_future(self._guarded(self._verify())))
        self._log.info("worker_started", slot=self._slot.name, pid=os.getpid(), **self._addresses)
        if not await run_until_stopped(self._app, stopping):
            os._exit(0)  # nothing was taken yet
        self._cancel_preparation()
        async with self._working:  # the batch at work is done; no other is taken
            self._assignment = _NO_ASSIGNMENT
            await self._disown()
            await self._app.consumer.commit_all()
            self._app.consumer.leave()
        if self._answer_server is not None:
            await asyncio.to_thread(self._answer_server.stop)
        for task in tasks:
            task.cancel()
        await self._app.stop()
        if self._state is not None:
            await self._state.stop()
        if self._follower is not None:
            await self._follower.stop()
        await self._sender.stop()
        self._health.stop()
        self._slot.release()
        self._journal.summarize()
        self._log.info("worker_stopped", slot=self._slot.name)

    @property
    def _addresses(self) -> dict[str, str]:
        answers = {"answers": self._answer_server.address} if self._answer_server is not None else {}
        return {"health": self._health.address} | answers

    # Partitions come and go -----------------------------------------------------------------------------------------

    async def give_up(self, partitions: frozenset[TopicAndPartition]) -> None:
        """Finish the batch at work and take no other until partitions are received again."""
        await self._guarded(self._give_up(partitions))

    async def _give_up(self, partitions: frozenset[TopicAndPartition]) -> None:
        self._cancel_preparation()
        async with self._working:
            self._assignment = _NO_ASSIGNMENT
            self._progress.ready = False
            self._journal.partitions_owned(0)
            self._progress.owned = frozenset()
            self._progress.joining_since = time.monotonic()
            await self._disown()
            self._tell(self._stage.revoked, partitions)

    async def _disown(self) -> None:
        """Whoever owns the partitions next finds every answer given until now where answers stand."""
        if self._answerer is not None:
            self._answerer.disown()
            await self._answerer.outbox.settle()

    def receive(self, partitions: frozenset[TopicAndPartition], assignment: int) -> None:
        """Start to restore the state of these partitions; their batches wait for it."""
        self._assignment = assignment
        self._progress.joining_since = None
        self._progress.owned = partitions
        self._next = {}
        if self._answerer is not None:
            self._answerer.expect(frozenset(number for _, number in partitions))
        self._ready = asyncio.ensure_future(self._guarded(self._prepare(partitions)))

    async def _prepare(self, partitions: frozenset[TopicAndPartition]) -> None:
        started = time.monotonic()
        self._next = await self._app.consumer.committed(partitions)
        self._refuse_shrunken(await self._app.consumer.ends(partitions))
        if self._state is not None:
            committed = {number: offset for (_, number), offset in self._next.items()}
            origin = Origin(self._topic_ids[Topic(self._stage.inputs[0])], self._settings.epoch)
            numbers = frozenset(number for _, number in partitions)
            mended = await self._state.own(numbers, committed, origin, self._beat)
            self._journal.state_restored(self._state.key_count, mended, time.monotonic() - started)
        self._tell(self._stage.assigned, partitions)
        self._progress.ready = True
        self._journal.partitions_owned(len(partitions))
        self._log.info("partitions_ready", partitions=len(partitions), seconds=round(time.monotonic() - started, 3))
        if self._answerer is not None and self._answer_server is not None:
            numbers, entry = frozenset(number for _, number in partitions), self._answer_server.entry(self._slot.name)
            # Batches need not wait until the answers given before are recalled.
            self._answering = asyncio.ensure_future(self._guarded(self._answerer.own(numbers, entry)))

    def _refuse_shrunken(self, ends: Mapping[TopicAndPartition, int]) -> None:
        for (topic, partition), end in ends.items():
            done = self._next.get((topic, partition), 0)
            if done > end:
                raise ShrunkenTopicError(
                    f"{topic}[{partition}]: {done} records are acknowledged, but it ends at {end}: records were lost. "
                    "Delete the group's offsets and raise KONGFEI_EPOCH by one to go on with what is there"
                )

    def _cancel_preparation(self) -> None:
        for preparing in (self._ready, self._answering):
            if preparing is not None:
                preparing.cancel()
        self._ready = self._answering = None

    def _tell(self, told: Callable[[str, frozenset[int]], None], partitions: Iterable[TopicAndPartition]) -> None:
        by_topic: dict[str, set[int]] = {}
        for topic, partition in partitions:
            by_topic.setdefault(topic.removeprefix(self._prefix), set()).add(partition)
        for topic, numbers in sorted(by_topic.items()):
            told(topic, frozenset(numbers))

    # Batches --------------------------------------------------------------------------------------------------------

    async def take(self, fetched: Fetched) -> None:
        """Work through everything fetched. Whatever fails ends the process."""
        await self._guarded(self._take(fetched))

    async def _take(self, fetched: Fetched) -> None:
        if self._ready is not None and not self._ready.done():
            await asyncio.wait({self._ready})
        start, longest = 0, max(len(listed) for listed in fetched.records.values())
        while start < longest:
            most = self._settings.batch_records
            if self._answerer is not None:
                most = self._answerer.pace.records(time.monotonic())
            batches, start = self._cut(fetched.records, start, most), start + most
            async with self._working:
                if fetched.assignment != self._assignment:
                    return  # fetched for partitions that were given up since: whoever owns them reads it again
                await self._work(batches)

    def _cut(self, records: Mapping[TopicAndPartition, list[Record]], start: int, most: int) -> list[Batch]:
        return [
            Batch(topic.removeprefix(self._prefix), partition, listed[start : start + most])
            for (topic, partition), listed in records.items()
            if len(listed) > start
        ]

    async def _work(self, batches: list[Batch]) -> None:
        started = time.perf_counter()
        for batch in batches:
            topic, first = self._prefix + batch.topic, batch.records[0].offset
            expected = self._next.get((topic, batch.partition))
            if expected is not None and first > expected:
                await refuse_skipped(self._settings, topic, batch.partition, expected, first)
        crash_point("before_handle")
        outputs: dict[tuple[str, int], list[Output]] = {}
        changes: dict[int, list[StateGroup]] = {}
        counts: dict[str, int] = {}
        for batch in batches:
            if self._answerer is not None:
                self._answerer.close(batch.partition)
            # 1 decode, 2 load states, 3 skip what is applied, 4 reduce
            outcome = self._stage.handle(batch, _NO_STORE if self._state is None else self._state[batch.partition])
            self._collect(batch, outcome, outputs, changes, counts)
            await asyncio.sleep(0)  # commits and heartbeats of the loop get their turn
        crash_point("after_handle")
        handled = time.perf_counter()
        if self._state is not None and changes:
            # 5 write the changelog and wait
            self._lease.check()
            await self._state.write(changes)
            crash_point("after_changelog")
            # 6 apply
            self._state.apply(changes)
            crash_point("after_apply")
        if self._answerer is not None:
            self._answerer.reopen()
            self._answerer.pace.worked(max(len(batch.records) for batch in batches), time.perf_counter() - started)
        # 7 send the outputs and wait
        self._lease.check()
        await self._sender.send(outputs)
        crash_point("after_outputs")
        # 8 acknowledge
        for batch in batches:
            tp = self._prefix + batch.topic, batch.partition
            self._next[tp] = batch.records[-1].offset + 1
            self._app.consumer.acknowledge(*tp, self._next[tp])
        crash_point("after_ack")
        self._beat()
        self._journal.batches_applied(batches, outputs, counts, handled - started, time.perf_counter() - handled)

    def _collect(
        self,
        batch: Batch,
        outcome: Outcome,
        outputs: dict[tuple[str, int], list[Output]],
        changes: dict[int, list[StateGroup]],
        counts: dict[str, int],
    ) -> None:
        for (topic, partition), records in outcome.outputs.items():
            outputs.setdefault((self._prefix + topic, partition), []).extend(records)
        if outcome.state:
            if self._state is None:
                raise ValueError(f"stage {self._stage.name} has no table, but changed its state")
            changes.setdefault(batch.partition, []).extend(outcome.state)
        for fate, count in outcome.counts.items():
            counts[fate] = counts.get(fate, 0) + count

    def committed(self) -> None:
        """The broker accepted a commit."""
        self._journal.offsets_committed()

    def _beat(self) -> None:
        self._progress.beats += 1

    async def _verify(self) -> None:
        while self._state is not None:
            await asyncio.sleep(_VERIFY_SECONDS)
            async with self._working:
                if not self._progress.ready:
                    continue
                try:
                    await self._state.verify()
                except KafkaError as error:  # nothing can be written either while the broker does not answer
                    self._log.warning("state_not_verified", error=type(error).__name__)

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the edge of the process: whatever it is, it ends here
            end_process("worker_failed", error, stage=self._stage.name)


def run_stage(make: Callable[[Settings], Stage], settings: Settings) -> NoReturn:
    """Run one stage until it is told to stop; exits 0 then, and non-zero whenever something failed."""
    configure_logs(settings)
    structlog.get_logger().info("settings_loaded", **settings.masked)
    use_parsed_records()
    try:
        stage = make(settings)
        asyncio.run(_run(stage, settings))
    except BaseException as error:  # noqa: BLE001 - the edge of the process
        end_process("worker_failed", error)
    sys.exit(0)


async def _run(stage: Stage, settings: Settings) -> None:
    runner = Runner(stage, settings)
    # A fetch makes tens of thousands of short-lived objects: with the default thresholds the collector would walk
    # every cached state several times a second.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    await runner.run()
