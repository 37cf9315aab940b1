"""The whole pipeline as processes against real Kafka and ClickHouse, for integration, crash and bench runs.

Every process is the real `kongfei` command. `keep_alive` restarts what ends, as a supervisor does in production.
"""

import os
import re
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from deploy.local.process import ServerProcess
from streams.admin import create_topics
from streams.settings import Settings
from streams.topics import HIS_TOPICS, Topic

STAGES = ("intake", "cost", "departments")
SINK = "sink"
#: stage → topics whose end it must reach
READS = {
    "intake": tuple(HIS_TOPICS),
    "cost": (Topic.LEDGER,),
    "departments": (Topic.DEPARTMENT_LEDGER,),
    SINK: (
        Topic.LEDGER,
        Topic.VISIT_FACT,
        Topic.DEPARTMENT_FACT,
        Topic.ALERT,
        Topic.FINDING,
        Topic.ORDER_CHECK,
        Topic.DEAD_LETTER,
    ),
}


class Pipeline:
    """One pipeline under one topic prefix. `members` are process names: a stage, or `stage#2` for a second worker."""

    def __init__(
        self,
        folder: Path,
        bootstrap: str,
        clickhouse_url: str = "",
        *,
        prefix: str = "",
        partitions: int = 4,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.env = {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "CLICKHOUSE_URL": clickhouse_url or "clickhouse://default@127.0.0.1:9000/default",
            "KONGFEI_TOPIC_PREFIX": prefix,
            "KONGFEI_PARTITIONS": str(partitions),
            "KONGFEI_DATA_DIR": str(folder / "data"),
            "KONGFEI_SESSION_TIMEOUT_SECONDS": "6",
            "KONGFEI_STALL_SECONDS": "25",
            **(env or {}),
        }
        self.settings = self._settings()
        self.members: dict[str, ServerProcess] = {}
        self.restarts = 0
        self._kept: frozenset[str] = frozenset()
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()

    def _settings(self) -> Settings:
        kept = dict(os.environ)
        os.environ.update(self.env)
        try:
            return Settings()
        finally:
            os.environ.clear()
            os.environ.update(kept)

    @property
    def prefix(self) -> str:
        return self.settings.topic_prefix

    def topic(self, name: str) -> str:
        return self.prefix + name

    def group(self, stage: str) -> str:
        return f"{self.prefix}kongfei-{stage}"

    def create_topics(self) -> "Pipeline":
        create_topics(self.settings)
        return self

    # Processes ------------------------------------------------------------------------------------------------------

    def start(self, *names: str, env: Mapping[str, str] | None = None) -> "Pipeline":
        """Start members and wait until each is ready to work."""
        for name in names:
            self.launch(name, env)
        if SINK in names and self._keeper is None:
            self.keep_alive(SINK)  # a sink that its watchdog ended is started again, as everywhere
        for name in names:
            self.wait_ready(name)
        return self

    def launch(self, name: str, env: Mapping[str, str] | None = None) -> ServerProcess:
        stage = name.split("#", maxsplit=1)[0]
        words = [SINK, "--migrate"] if stage == SINK else ["worker", stage]
        process = ServerProcess(
            name,
            [sys.executable, "-m", "streams.cli", *words],
            self.folder / "logs" / f"{name}.log",
            env={**self.env, "KONGFEI_WORKER_SLOT": name.replace("#", "-"), **(env or {})},
        )
        with self._lock:
            self.members[name] = process
        process.start(lambda: True, 10)
        return process

    def log(self, name: str) -> str:
        path = self.folder / "logs" / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def wait_ready(self, name: str, timeout: float = 60) -> None:
        """Until the member's /ready says so."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.members[name].is_running and self._keeper is None:
                raise AssertionError(f"{name} ended\n{self.log(name)[-4000:]}")
            address = self.health(name)
            if address and _answers(f"http://{address}/ready"):
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} was not ready in {timeout} s\n{self.log(name)[-4000:]}")

    def health(self, name: str) -> str:
        """host:port of the health endpoints of the latest start."""
        found = re.findall(r'"health": ?"(?:http://)?([\d.]+:\d+)', self.log(name))
        return found[-1] if found else ""

    def metrics(self, name: str) -> dict[str, float]:
        with urllib.request.urlopen(f"http://{self.health(name)}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}

    def pid(self, name: str) -> int:
        return self.members[name].pid

    def kill(self, name: str) -> None:
        """kill -9."""
        self.members[name].kill()

    def stop(self, *names: str) -> None:
        with self._lock:
            chosen = [self.members.pop(name) for name in (names or tuple(self.members))]
        for process in chosen:
            if process.is_running:
                os.kill(process.pid, signal.SIGTERM)
        for process in chosen:
            process.stop(30)

    def keep_alive(self, *only: str) -> "Pipeline":
        """From now on, start again whatever ends (of `only`, where something is named)."""
        self._kept = frozenset(only)
        if self._keeper is not None:
            return self

        def keep() -> None:
            while not self._stopping.wait(0.2):
                with self._lock:
                    dead = [
                        name
                        for name, process in self.members.items()
                        if not process.is_running and (not self._kept or name in self._kept)
                    ]
                for name in dead:
                    self.restarts += 1
                    self.launch(name)

        self._keeper = threading.Thread(target=keep, daemon=True)
        self._keeper.start()
        return self

    def close(self) -> None:
        self._stopping.set()
        if self._keeper is not None:
            self._keeper.join()
        for process in self.members.values():
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Kafka ----------------------------------------------------------------------------------------------------------

    def producer(self, **options: object) -> KafkaProducer:
        return KafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            acks="all",
            max_request_size=16 * 1024 * 1024,
            **{"linger_ms": 5, **options},
        )

    def consumer(self, *topics: str, **options: object) -> KafkaConsumer:
        return KafkaConsumer(
            *(self.topic(name) for name in topics),
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            consumer_timeout_ms=1000,
            **options,
        )

    def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        consumer = KafkaConsumer(bootstrap_servers=self.settings.kafka_bootstrap_servers)
        try:
            places = [
                TopicPartition(self.topic(name), number)
                for name in topics
                for number in consumer.partitions_for_topic(self.topic(name)) or ()
            ]
            return dict(consumer.end_offsets(places))
        finally:
            consumer.close()

    def committed(self, stage: str) -> dict[TopicPartition, int]:
        admin = KafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap_servers)
        try:
            offsets = admin.list_group_offsets([self.group(stage)])[self.group(stage)]
        finally:
            admin.close()
        return {place: found.offset for place, found in offsets.items() if found.offset >= 0}

    def lag(self, *stages: str) -> int:
        """Records not yet committed by these stages."""
        total = 0
        for stage in stages:
            committed = self.committed(stage)
            total += sum(max(0, end - committed.get(place, 0)) for place, end in self.ends(READS[stage]).items())
        return total

    def wait_caught_up(self, *stages: str, timeout: float = 120) -> None:
        """Until every stage has committed to the end of its inputs, in the order of the flow."""
        deadline = time.monotonic() + timeout
        for stage in stages or tuple(dict.fromkeys(name.split("#")[0] for name in self.members)):
            while (lag := self._lag_or_none(stage)) != 0:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{stage} is {lag} records behind\n{self.log(stage)[-3000:]}")
                time.sleep(0.2)

    def _lag_or_none(self, stage: str) -> int | None:
        try:
            return self.lag(stage)
        except Exception:  # noqa: BLE001 - the broker may be down on purpose at this moment
            return None

    def records(self, topic: str) -> list[object]:
        """Every record of a topic, partition by partition."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap_servers, enable_auto_commit=False, fetch_max_bytes=64 << 20
        )
        try:
            found: list[object] = []
            for place, end in self.ends([topic]).items():
                consumer.assign([place])
                consumer.seek_to_beginning(place)
                while consumer.position(place) < end:
                    for batch in consumer.poll(timeout_ms=500).values():
                        found.extend(batch)
            return found
        finally:
            consumer.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
