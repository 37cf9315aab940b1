"""The demo as a person starts it: real Kafka, the embedded ClickHouse, every stage, the sink, the auditor."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.demo.guide import LIVE_COMMANDS, QUERIES
from deploy.local.kafka import PROJECT_ROOT

pytestmark = pytest.mark.integration

START_SECONDS = 240
KONGFEI = [sys.executable, "-m", "streams.cli"]


class Demo:
    """A running demo and what it has printed."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.output = folder.with_suffix(".out")
        command = [sys.executable, "-m", "deploy.demo", "--small", "--any-ports", "--folder", str(folder)]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=PROJECT_ROOT, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait_for(self, wanted: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while wanted not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.2)

    def end(self) -> int:
        return self.process.wait(START_SECONDS)

    def children(self) -> list[int]:
        """Processes that name this run's folder in their command line or environment."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                except OSError:
                    continue
                if f"{self.folder}/".encode() in said:
                    found.append(int(entry.name))
        return found

    def child(self, name: str) -> int:
        """The process id of one stage."""
        return next(
            pid for pid in self.children() if f"worker\0{name}".encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        )


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    demos: list[Demo] = []

    def start(**environment: str) -> Demo:
        demos.append(Demo(tmp_path / f"demo{len(demos)}", environment))
        return demos[-1]

    yield start
    for demo in demos:
        demo.process.kill()  # the kernel ends its children
        demo.process.wait()


def test_the_demo_ends_by_itself_and_all_is_well(start_demo: Callable[..., Demo]) -> None:
    demo = start_demo(DEMO_ONCE="1")
    assert demo.end() == 0, demo.text
    assert "✓ 审计员" in demo.text
    assert "✓ 与医院自身预期比对" in demo.text
    assert "次逐分相符" in demo.text
    assert "医保已确定采用" in demo.text
    assert "预算与时间进度" in demo.text
    assert "$ kongfei check order" in demo.text
    assert "「枸橼酸西地那非片」与「硝酸甘油片」同时在用" in demo.text
    assert "已记录 1 条反馈" in demo.text
    assert re.search(r"HTTP 3101 .*通过 .*\d+ .*ms", demo.text)
    assert re.search(r"\d+ 条规则命中：成立 \d+ 条", demo.text)
    assert re.search(r"核对 \d\d 项预设情形", demo.text)
    assert not demo.children()
    letters = {letter for letter in demo.text if unicodedata.category(letter) == "Cc"}
    assert letters <= {"\n"}, letters


def test_the_demo_goes_on_until_ctrl_c_and_its_examples_work(start_demo: Callable[..., Demo]) -> None:
    demo = start_demo(DEMO_ONCE="")
    demo.wait_for("Ctrl-C")
    exports = re.findall(r"export (\w+)=(.*)", (demo.folder / "env").read_text())
    for query in QUERIES:
        done = subprocess.run(
            [*KONGFEI, "sql", query],
            cwd=PROJECT_ROOT, env=os.environ | dict(exports), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) > 3, done.stdout
    environment = os.environ | {name: shlex.split(value)[0] for name, value in exports}
    for command in LIVE_COMMANDS:
        arguments = command.format(folder=demo.folder, answers=f"http://127.0.0.1:{environment['KONGFEI_ANSWER_PORT']}")
        done = subprocess.run(
            [*KONGFEI, *shlex.split(arguments)],
            cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(done.stdout.splitlines()) > 3, done.stdout
    demo.process.send_signal(signal.SIGINT)
    assert demo.end() == 0, demo.text
    assert not demo.children()


def test_a_stage_that_dies_ends_the_demo_with_the_end_of_its_log(start_demo: Callable[..., Demo]) -> None:
    demo = start_demo(DEMO_ONCE="1")
    demo.wait_for("发布 0/")
    os.kill(demo.child("cost"), signal.SIGKILL)
    assert demo.end() == 1, demo.text
    assert "cost ended by itself" in demo.text
    assert "worker_started" in demo.text
    assert not demo.children()
