"""Runs every stage as a child process and starts a dead one anew, with a bounded back-off.

A worker that meets anything unexpected ends; this is what makes that safe to do. The supervisor itself never touches
Kafka. Where something else restarts processes (Kubernetes, systemd), run `kongfei worker <stage>` directly.
"""

import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import structlog

from streams.settings import Settings

PARENT = "KONGFEI_SUPERVISOR_PID"
_PR_SET_PDEATHSIG = 1
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 10.0
_STABLE_SECONDS = 30.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.05


class Child:
    """One stage's process, and when it may be started again."""

    def __init__(self, stage: str, command: Sequence[str], environment: dict[str, str]) -> None:
        self.stage = stage
        self._command = list(command)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._failures = 0
        self._next = 0.0

    def tend(self, now: float) -> None:
        """Start the process when it does not run and its time has come."""
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return
            self._process = None
            self._failures = 0 if now - self._started > _STABLE_SECONDS else self._failures + 1
            delay = self._delay()
            self._next = now + delay
            structlog.get_logger().warning(
                "worker_ended", stage=self.stage, status=status, restart_in_seconds=round(delay, 2)
            )
        if now >= self._next:
            self._started = now
            self._process = subprocess.Popen(self._command, env=self._environment)

    def _delay(self) -> float:
        if self._failures <= 1:
            return 0.0  # most deaths are a single mishap: what is at work waits for us
        grown: float = _FIRST_DELAY * 2 ** min(self._failures, 10)
        return min(_LONGEST_DELAY, grown) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads restarts, keeps no secret

    def stop(self, wanted: signal.Signals) -> None:
        """Send a signal to the process if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(wanted)

    def has_ended(self) -> bool:
        """Whether no process runs."""
        return self._process is None or self._process.poll() is not None


def supervise(stages: Sequence[str], settings: Settings) -> None:
    """Run the stages until SIGTERM or SIGINT; returns when all have stopped."""
    stopping = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stopping.set())
    children = [
        Child(stage, [sys.executable, "-m", "streams.cli", "worker", stage], _environment(settings, number))
        for number, stage in enumerate(stages)
    ]
    while not stopping.wait(_POLL_SECONDS):
        now = time.monotonic()
        for child in children:
            child.tend(now)
    for child in children:
        child.stop(signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while not all(child.has_ended() for child in children) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for child in children:
        child.stop(signal.SIGKILL)


def stop_with_parent() -> None:
    """In a child: have the kernel send SIGTERM when the supervisor dies, so that it leaves no orphans."""
    if not (parent := os.environ.get(PARENT)):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):  # it died before we asked
        sys.exit(0)


def _environment(settings: Settings, number: int) -> dict[str, str]:
    environment = os.environ | {PARENT: str(os.getpid())}
    if settings.health_port:
        environment["KONGFEI_HEALTH_PORT"] = str(settings.health_port + number)
    return environment
