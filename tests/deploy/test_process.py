"""A child server is watched from its start to its end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from deploy.local.process import ServerFailedError, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path


def _python(tmp_path: Path, code: str) -> ServerProcess:
    return ServerProcess("sleeper", [sys.executable, "-c", code], tmp_path / "sleeper.log")


def test_a_server_that_ends_early_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(ServerFailedError, match=r"ended with status 3(.|\n)*out of ideas"):
        _python(tmp_path, "print('out of ideas'); raise SystemExit(3)").start(lambda: False, timeout=20)


def test_a_server_that_never_answers_is_killed(tmp_path: Path) -> None:
    server = _python(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(ServerFailedError, match="did not answer within 0 s"):
        server.start(lambda: False, timeout=0.2)
    assert not server.is_running


def test_a_server_deaf_to_sigterm_is_killed_and_reported(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    server = _python(tmp_path, f"{code} pathlib.Path({str(ready)!r}).touch(); time.sleep(60)")
    server.start(ready.exists, timeout=20)
    with pytest.raises(ServerFailedError, match="did not stop"):
        server.stop(timeout=0.2)
    assert not server.is_running


def test_stopping_what_was_never_started_is_harmless(tmp_path: Path) -> None:
    server = _python(tmp_path, "pass")
    server.stop()
    server.kill()
    with pytest.raises(ServerFailedError, match="not started"):
        _ = server.pid
