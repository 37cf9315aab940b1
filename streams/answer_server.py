"""Serves a stage's answers over HTTP, in a thread with an event loop of its own: on time even while the stage is busy.

Order of work for a request (the body repeats the numbers):

1. read the body (at most 1 MiB) and the question; from here on the budget runs
2. answer it here, where this worker owns the question's partition; else hand it on to the owner, one hop only
3. when the budget ends first, or nobody owns the partition: the stage's own word for "unfinished"; the same at once
   when too many wait

The status is 200 for every answer, an unfinished one too. 421 says "not mine" to another worker; 404, 405, 413 say that
a request is none of the protocol; any other status is a defect. None of them may be taken for a pass.
"""

import asyncio
import errno
import socket
import sys
import threading
import time
from collections.abc import Mapping

import aiohttp
import structlog
from aiohttp import web

from schemas.reasons import RejectError
from streams import metrics
from streams.answering import Answerer
from streams.directory import Directory, Entry
from streams.logs import SafeError, end_process
from streams.settings import Settings
from streams.stage import Answered, Answers, Question, Unanswered
from streams.topics import MEBIBYTE

#: Milliseconds left to whoever is asked; who sees it must not hand the question on.
FORWARDED = "X-Kongfei-Forwarded"
OUTCOME = "X-Kongfei-Outcome"
_NOT_MINE = 421
_JSON = "application/json; charset=utf-8"
#: What the way back takes of the budget of a question handed on.
_WAY_BACK_SECONDS = 0.004
_START_SECONDS = 30.0
_STOP_SECONDS = 2.0
#: A busy stage gives the interpreter away this often (after 5 ms, several times a request, the budget would be gone).
_SWITCH_SECONDS = 0.001
_WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - to recognize them


class AnswerServer:
    """The HTTP side of one worker. `answerer` is the stage's side."""

    def __init__(self, settings: Settings, stage_name: str, answers: Answers, answerer: Answerer) -> None:
        self._settings = settings
        self._stage_name = stage_name
        self._answers = answers
        self._answerer = answerer
        self._log = structlog.get_logger().bind(stage=stage_name)
        self._socket = self._listen()
        #: Apart, so that feedback that waits for the broker takes no check's place.
        self._waiting = {False: 0, True: 0}
        self._gauge = metrics.QUESTIONS_WAITING.labels(stage_name)
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._directory: Directory | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def address(self) -> str:
        """host:port for other workers."""
        host, port = self._own_host(), self._socket.getsockname()[1]
        return self._settings.answer_address or (f"[{host}]:{port}" if ":" in host else f"{host}:{port}")

    def entry(self, slot: str) -> Entry:
        """What the directory is to say of this worker from now on."""
        return Entry(self.address, slot, int(time.time() * 1000))

    def start(self) -> None:
        """Serve until the process ends or `stop` is called. Raises SafeError where it does not come up."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._thread.start()
        if not self._started.wait(_START_SECONDS):
            raise SafeError("the answer server did not start")

    def stop(self) -> None:
        """Give the answers at work their time, then stop serving."""
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(_STOP_SECONDS + 1)

    def _listen(self) -> socket.socket:
        host, port = self._settings.answer_host, self._settings.answer_port
        try:
            return socket.create_server((host, port), family=_family(host), backlog=512)
        except OSError as error:
            # Where others are told this very port, another one would not be found.
            if not port or self._settings.answer_address or error.errno != errno.EADDRINUSE:
                raise
            self._log.info("answer_port_taken", port=port)
            return socket.create_server((host, 0), family=_family(host), backlog=512)

    def _own_host(self) -> str:
        host = self._settings.answer_host
        return socket.gethostbyname(socket.gethostname()) if host in _WILDCARDS else host

    # The thread -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - the edge of the thread: a worker that cannot answer ends
            end_process("answer_server_failed", error, stage=self._stage_name)

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._directory = Directory(self._settings, self._stage_name)
        application = web.Application(client_max_size=MEBIBYTE)
        for path in self._answers.paths:
            application.router.add_post(path, self._handle)
        runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=_STOP_SECONDS)
        # As many connections as there are workers; a question never waits for a free one.
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60), cookie_jar=aiohttp.DummyCookieJar()
        ) as self._session:
            await runner.setup()
            await web.SockSite(runner, self._socket).start()
            self._started.set()
            following = asyncio.ensure_future(self._directory.follow())
            asked = asyncio.ensure_future(self._stopping.wait())
            await asyncio.wait({following, asked}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
            following.cancel()
            await runner.cleanup()

    # Requests -------------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.Request) -> web.Response:
        # 1 read
        path, body = request.path, await request.read()
        started = time.monotonic()
        try:
            question = self._answers.read(path, body)
        except RejectError as error:
            return self._refuse(path, self._answers.refused(path, body, error), started)
        except Exception as error:  # noqa: BLE001 - an edge: a body that breaks the reader must not look like an answer
            self._log.error("question_failed", path=path, error=type(error).__name__)
            metrics.QUESTIONS.labels(self._stage_name, path, "failed").inc()
            return web.Response(status=web.HTTPInternalServerError.status_code)
        deadline = started + self._budget_seconds(question, request.headers)
        is_forwarded = FORWARDED in request.headers
        if is_forwarded and question.partition not in self._answerer.assigned:
            return web.Response(status=_NOT_MINE)
        if self._waiting[question.is_confirmed] >= self._settings.questions_waiting:
            return self._respond(question, self._unfinished(question, Unanswered.OVERLOADED, ""), started)
        self._wait(question, 1)
        try:
            if question.partition in self._answerer.ready:
                answered = await self._ask_here(question, deadline)  # 2 here
            elif is_forwarded or question.partition in self._answerer.assigned:
                answered = self._unfinished(question, Unanswered.NOT_READY, "")
            else:
                answered = await self._hand_on(question, body, deadline)  # 2 there
        finally:
            self._wait(question, -1)
        return self._respond(question, answered, started)

    def _wait(self, question: Question, change: int) -> None:
        self._waiting[question.is_confirmed] += change
        self._gauge.set(sum(self._waiting.values()))

    def _budget_seconds(self, question: Question, headers: Mapping[str, str]) -> float:
        settings = self._settings
        own = settings.feedback_budget_ms if question.is_confirmed else settings.check_budget_ms
        left = headers.get(FORWARDED, "")
        return min(own, int(left) if left.isascii() and left.isdigit() else own) / 1000

    async def _ask_here(self, question: Question, deadline: float) -> Answered:
        answered = await self._answerer.ask(question, deadline).wait()
        if answered is None:
            return self._unfinished(question, Unanswered.OUT_OF_TIME, "")  # 3
        return answered

    async def _hand_on(self, question: Question, body: bytes, deadline: float) -> Answered:
        assert self._directory is not None, "the thread runs"
        tried: Entry | None = None
        for _ in range(2):
            # An entry is found at once, mostly; after a mistake, or with none, a new one is waited for.
            entry = await self._directory.find_other(question.partition, tried, deadline - _WAY_BACK_SECONDS)
            if entry is None:
                break
            tried = entry
            if entry.address == self.address:
                continue  # what we said of ourselves before the partition went away
            answered = await self._ask_there(entry, question, body, deadline)
            if answered is not None:
                return answered
        return self._unfinished(question, Unanswered.NO_OWNER, "")  # 3

    async def _ask_there(self, entry: Entry, question: Question, body: bytes, deadline: float) -> Answered | None:
        """The owner's answer, or None where the entry was stale."""
        assert self._session is not None, "the thread runs"
        left = deadline - time.monotonic()
        if left <= _WAY_BACK_SECONDS:
            return self._unfinished(question, Unanswered.OUT_OF_TIME, "")
        count = metrics.QUESTIONS_FORWARDED.labels
        headers = {FORWARDED: str(int((left - _WAY_BACK_SECONDS) * 1000)), "Content-Type": _JSON}
        url, timeout = f"http://{entry.address}{question.path}", aiohttp.ClientTimeout(total=left)
        try:
            async with self._session.post(url, data=body, headers=headers, timeout=timeout) as response:
                found, status = await response.read(), response.status
                outcome = response.headers.get(OUTCOME, "answered")
        except TimeoutError:
            count(self._stage_name, "timed_out").inc()
            return self._unfinished(question, Unanswered.OUT_OF_TIME, "")
        except aiohttp.ClientError:
            count(self._stage_name, "unreachable").inc()
            return None
        if status == _NOT_MINE:
            count(self._stage_name, "not_the_owner").inc()
            return None
        if status != web.HTTPOk.status_code:
            count(self._stage_name, "failed").inc()
            return self._unfinished(question, Unanswered.ENGINE_ERROR, f"HTTP {status}")
        count(self._stage_name, "answered").inc()
        return Answered(found, outcome)

    # Answers --------------------------------------------------------------------------------------------------------

    def _unfinished(self, question: Question, why: Unanswered, detail: str) -> Answered:
        """No answer; what the stage wants to be on record of it is sent in the background."""
        answered = self._answers.unfinished(question, why, detail)
        self._answerer.tell(answered)
        return answered

    def _refuse(self, path: str, body: bytes, started: float) -> web.Response:
        metrics.QUESTIONS.labels(self._stage_name, path, "refused").inc()
        metrics.QUESTION_SECONDS.labels(self._stage_name, path).observe(time.monotonic() - started)
        return web.Response(body=body, headers={"Content-Type": _JSON, OUTCOME: "refused"})

    def _respond(self, question: Question, answered: Answered, started: float) -> web.Response:
        metrics.QUESTIONS.labels(self._stage_name, question.path, answered.outcome).inc()
        metrics.QUESTION_SECONDS.labels(self._stage_name, question.path).observe(time.monotonic() - started)
        return web.Response(body=answered.body, headers={"Content-Type": _JSON, OUTCOME: answered.outcome})


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
