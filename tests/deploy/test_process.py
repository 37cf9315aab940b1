"""A child server is watched from its start to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local.process import ServerFailedError, ServerProcess


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


_OWNER = """
import sys, time, threading
from pathlib import Path
from deploy.local.process import ServerProcess
server = ServerProcess("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], Path(sys.argv[1]))
starter = threading.Thread(target=server.start, args=(lambda: True, 20))
starter.start()
starter.join()
time.sleep(0.2)
print(server.is_running, server.pid, flush=True)
time.sleep(60 if sys.argv[2] == "stay" else 0)
"""


def _is_gone(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().split()[2] == "Z":
            return True
        time.sleep(0.02)
    return False


def _owner(tmp_path: Path, manner: str) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-c", _OWNER, str(tmp_path / "sleeper.log"), manner]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    is_running, pid = owner.stdout.readline().split()
    assert is_running == "True"  # though the thread that started it is over
    return owner, int(pid)


def test_a_server_does_not_outlive_its_owner(tmp_path: Path) -> None:
    owner, pid = _owner(tmp_path, "stay")
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    assert _is_gone(pid)


def test_a_server_that_nobody_stopped_ends_with_its_owner(tmp_path: Path) -> None:
    owner, pid = _owner(tmp_path, "leave")
    owner.communicate()
    assert _is_gone(pid)
