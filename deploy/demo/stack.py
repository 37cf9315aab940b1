"""The processes of the demo: Kafka, ClickHouse, the stages and the sink, each a child with a log of its own.

Owns `.local/demo`. A child that ends by itself ends the demo.
"""

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.demo.hospital.departments import HOSPITAL
from deploy.local.clickhouse import ClickHouseNode
from deploy.local.kafka import KafkaNode
from deploy.local.ports import accepts, free_port
from deploy.local.process import ServerFailedError, ServerProcess
from streams.settings import PREFIX, Settings, variable_of

POLICIES = Path(__file__).parents[1] / "policies" / "demo"
DATABASE = "kongfei"
#: How wide a captured command may print.
COLUMNS = 98
PARTITIONS = 4
STAGES = ("intake", "cost", "departments")
_USUAL_PORTS = {"kafka": 9092, "tcp": 9000, "http": 8123, "answer": 8310}
_READY_SECONDS = 90
_COMMAND_SECONDS = 300


class DemoFailedError(RuntimeError):
    """Something of the demo did not work; the message says what, and ends with the last lines of its log."""


class Stack:
    """Every process of one run. `start` what you need in order, `check` often, `stop` always."""

    def __init__(self, folder: Path, *, usual_ports: bool = True) -> None:
        def port(name: str) -> int:
            usual = _USUAL_PORTS[name]
            return usual if usual_ports and not accepts(usual) else free_port()

        self.folder = folder
        self.logs = folder / "logs"
        self.kafka = KafkaNode(folder / "kafka", port=port("kafka"), quick_start=True)
        self.clickhouse = ClickHouseNode(folder / "clickhouse", tcp=port("tcp"), http=port("http"))
        server, _, _ = self.clickhouse.url.rpartition("/")
        self.settings = Settings(
            kafka_bootstrap_servers=self.kafka.bootstrap,
            clickhouse_url=f"{server}/{DATABASE}",
            hospital=HOSPITAL,
            partitions=PARTITIONS,
            book_dir=POLICIES,
            data_dir=folder / "data",
            answer_port=port("answer"),
        )
        self._children: list[ServerProcess] = []

    @property
    def environment(self) -> dict[str, str]:
        """What every `kongfei` command of this run needs in its environment."""
        names = (
            "kafka_bootstrap_servers", "clickhouse_url", "hospital", "partitions", "book_dir", "data_dir",
            "answer_port",
        )  # fmt: skip
        return {variable_of(name): str(getattr(self.settings, name)) for name in names}

    @property
    def answer_url(self) -> str:
        """Where HIS asks the cost worker."""
        return f"http://{self.settings.answer_host}:{self.settings.answer_port}"

    def start_servers(self) -> None:
        """Start Kafka and ClickHouse side by side; returns when both answer."""
        self.logs.mkdir(parents=True, exist_ok=True)
        _side_by_side([self.kafka.start, self.clickhouse.start])

    def start_pipeline(self) -> None:
        """Start every stage and the sink side by side; returns when all are ready."""
        commands = {**{stage: ("worker", stage) for stage in STAGES}, "sink": ("sink",)}
        starts = []
        for name, arguments in commands.items():
            port = free_port()
            child = ServerProcess(
                name,
                _kongfei(*arguments),
                self.logs / f"{name}.log",
                env={**self.environment, f"{PREFIX}HEALTH_PORT": str(port)},
            )
            self._children.append(child)
            starts.append(lambda child=child, port=port: child.start(lambda: _is_ready(port), _READY_SECONDS))
        _side_by_side(starts)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one `kongfei` command to its end; its output is captured and also kept in logs/commands.log."""
        done = subprocess.run(
            _kongfei(*arguments),
            env={**os.environ, **self.environment, "COLUMNS": str(COLUMNS)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
        )
        with (self.logs / "commands.log").open("a", encoding="utf-8") as log:
            log.write(f"$ kongfei {' '.join(arguments)}\n{done.stdout}{done.stderr}[exit status {done.returncode}]\n")
        return done

    def must_run(self, *arguments: str) -> str:
        """As `run`; raises DemoFailedError when the command fails."""
        done = self.run(*arguments)
        if done.returncode != 0:
            command = " ".join(arguments)
            raise DemoFailedError(f"kongfei {command} ended with status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def check(self) -> None:
        """Raise DemoFailedError, with the end of its log, when a process has ended by itself."""
        for child in self._children:
            if not child.is_running:
                raise DemoFailedError(f"{child.name} ended by itself\n{log_end(child.log_path)}")
        for name, node in (("kafka", self.kafka), ("clickhouse", self.clickhouse)):
            if not node.is_running:
                raise DemoFailedError(f"{name} ended by itself\n{log_end(node.log_path)}")

    def stop(self) -> list[str]:
        """Stop everything, the pipeline before its servers; returns what did not go well."""
        mistakes: list[str] = []
        for group in ([child.stop for child in self._children], [self.kafka.stop, self.clickhouse.stop]):
            try:
                _side_by_side(group)
            except ServerFailedError as error:
                mistakes.append(str(error))
        return mistakes


def fresh_folder(folder: Path) -> None:
    """Forget the last run."""
    shutil.rmtree(folder, ignore_errors=True)


def log_end(path: Path, lines: int = 25) -> str:
    """The last lines of a log, with its path."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return "\n".join([f"the end of {path}:", *text.splitlines()[-lines:]])


def _kongfei(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "streams.cli", *arguments]


def _side_by_side(steps: Iterable[Callable[[], object]]) -> None:
    """Run all, wait for all, then raise what the first of them raised."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        running = [pool.submit(step) for step in steps]
    for done in running:
        done.result()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
