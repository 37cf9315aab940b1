"""A server as a child process: start, wait until it answers, stop, kill.

The child outlives neither its owner nor a Ctrl-C meant for the owner: it has a session of its own, and the kernel
kills it when the owner dies, however the owner dies.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.ports import accepts

# The kernel ties a child to the *thread* that forked it, so one thread that lives as long as we do forks them all.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")
_POLL_SECONDS = 0.05


class ServerFailedError(RuntimeError):
    """A local server ended by itself, did not answer in time, or did not stop."""


class ServerProcess:
    """One server's child process; its output goes to `log_path`, appended over restarts."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log_path: Path,
        *,
        ports: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log_path = log_path
        self._ports = tuple(ports)
        self._command = list(command)
        self._env = dict(env or {})
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; raises ServerFailedError when it was never started."""
        if self._child is None:
            raise ServerFailedError(f"{self.name} is not started")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether the child is alive."""
        return self._child is not None and self._child.poll() is None

    def start(self, answers: Callable[[], bool], timeout: float) -> None:
        """Start the child and return once `answers()` is true; nothing happens when it runs already.

        Raises ServerFailedError when a port is taken, and, with the end of the log, when the child ends first or
        `timeout` seconds pass; it is dead then.
        """
        if self.is_running:
            return
        if taken := [port for port in self._ports if accepts(port)]:
            # Otherwise the other server's answers would be taken for ours.
            raise ServerFailedError(f"{self.name} cannot start: port {taken[0]} is in use")
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        child = self._child = _spawner.submit(self._spawn).result()
        deadline = time.monotonic() + timeout
        while not answers():
            if child.poll() is not None:
                raise ServerFailedError(f"{self.name} ended with status {child.returncode}\n{self._log_tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise ServerFailedError(f"{self.name} did not answer within {timeout:.0f} s\n{self._log_tail()}")
            time.sleep(_POLL_SECONDS)

    def stop(self, timeout: float = 30) -> None:
        """Ask the child to end with SIGTERM and wait for it; kill it and raise ServerFailedError if it does not."""
        if self._child is None:
            return
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailedError(f"{self.name} did not stop within {timeout:.0f} s\n{self._log_tail()}") from None

    def kill(self) -> None:
        """End the child with SIGKILL, as a power cut would, and wait for it."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        setpriv = shutil.which("setpriv")
        tie = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                [*tie, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._env},
                start_new_session=True,
            )

    def _log_tail(self, lines: int = 30) -> str:
        text = self.log_path.read_text(encoding="utf-8", errors="replace")
        return "\n".join([f"the end of {self.log_path}:", *text.splitlines()[-lines:]])
