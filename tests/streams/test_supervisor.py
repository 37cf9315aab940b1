"""The supervisor: starts children, starts dead ones anew, leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams import supervisor
from streams.supervisor import PARENT, Child
from tests.streams.harness import wait_until

WRITER = "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()} '); %s"


def child(tmp_path: Path, then: str) -> tuple[Child, Path]:
    path = tmp_path / "pids"
    path.touch()
    return Child("cost", [sys.executable, "-c", WRITER % then, str(path)], dict(os.environ)), path


def pids(path: Path) -> list[int]:
    return [int(text) for text in path.read_text().split()]


def test_a_dead_child_is_started_anew_at_once_and_then_ever_later(tmp_path: Path) -> None:
    made, path = child(tmp_path, "sys.exit(3)")
    now = 1_000.0
    made.tend(now)
    wait_until(made.has_ended, "it failed")
    made.tend(now)
    wait_until(lambda: len(pids(path)) == 2 and made.has_ended(), "it was started anew at once")

    made.tend(now)
    assert len(pids(path)) == 2, "the second failure has to wait"
    made.tend(now + 1)
    wait_until(lambda: len(pids(path)) == 3 and made.has_ended(), "its time has come")


def test_delays_are_bounded_and_forgotten_after_a_long_life(tmp_path: Path) -> None:
    made, _ = child(tmp_path, "sys.exit(3)")
    now, delays = 1_000.0, []
    for _ in range(12):
        made.tend(now)
        wait_until(made.has_ended, "it failed")
        made.tend(now)
        delays.append(made._next - now)
        now = max(made._next, now) + 0.001
        if made._process is not None:
            wait_until(made.has_ended, "it failed")
    assert max(delays) <= supervisor._LONGEST_DELAY * 1.2
    assert delays[-1] >= supervisor._LONGEST_DELAY * 0.8

    now += 1
    made.tend(now)
    wait_until(made.has_ended, "it failed")
    later = now + supervisor._STABLE_SECONDS + 1
    made.tend(later)
    assert made._next == later


def test_a_running_child_is_left_alone_and_stopped_when_asked(tmp_path: Path) -> None:
    made, path = child(tmp_path, "import time; time.sleep(60)")
    for now in range(5):
        made.tend(float(now))
    wait_until(lambda: bool(pids(path)), "it runs")
    assert len(pids(path)) == 1
    made.stop(signal.SIGTERM)
    wait_until(made.has_ended, "it was stopped")


SUPERVISOR = """
import os, sys
from pathlib import Path
from streams import supervisor
from streams.settings import Settings
sys.executable = sys.argv[1]
supervisor.supervise(["one", "two"], Settings(health_port=4000))
"""
#: Stands in for Python: `python -m streams.cli worker <stage>`.
STAND_IN = """#!/bin/sh
exec {python} -c "
import os, sys, time
from streams.supervisor import stop_with_parent
stop_with_parent()
open('{folder}/' + sys.argv[-1], 'w').write(str(os.getpid()) + ' ' + os.environ['KONGFEI_HEALTH_PORT'])
time.sleep(60)
" "$@"
"""


@pytest.fixture
def supervised(tmp_path: Path):
    stand_in = tmp_path / "python"
    stand_in.write_text(STAND_IN.format(python=sys.executable, folder=tmp_path))
    stand_in.chmod(0o755)
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(stand_in)])
    files = [tmp_path / "one", tmp_path / "two"]
    wait_until(lambda: all(file.exists() and file.read_text() for file in files), "both stages run")
    yield process, files
    process.kill()
    process.wait()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_every_stage_runs_with_a_health_port_of_its_own(supervised) -> None:
    _, files = supervised
    assert [file.read_text().split()[1] for file in files] == ["4000", "4001"]


def test_a_killed_stage_comes_back_and_a_stop_ends_all(supervised) -> None:
    process, files = supervised
    first = int(files[0].read_text().split()[0])
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: files[0].read_text().split()[:1] not in ([], [str(first)]), "it came back")

    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not any(is_alive(int(file.read_text().split()[0])) for file in files)


def test_a_killed_supervisor_leaves_no_orphans(supervised) -> None:
    process, files = supervised
    children = [int(file.read_text().split()[0]) for file in files]
    process.kill()
    process.wait()
    wait_until(lambda: not any(map(is_alive, children)), "the children ended with it")


def test_a_child_whose_supervisor_is_gone_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "from streams.supervisor import stop_with_parent; stop_with_parent(); print('ran')"
    ended = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {PARENT: "1"}, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "") or os.getpid() == 1
    time.sleep(0)
