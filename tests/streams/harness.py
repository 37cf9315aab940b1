"""Drives a stage in processes of its own against a real broker, and reads what it left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from streams.admin import create_topics
from streams.partitions import partition_of
from streams.settings import Settings
from streams.topics import Topic
from tests.streams.toy import PART

ROOT = Path(__file__).parents[2]
GROUP = "kongfei-cost"
#: A taken-over partition should not make a test wait.
SESSION_SECONDS = 4.0


class Pipeline:
    """Topics of its own and workers of the counting stage on them."""

    def __init__(self, bootstrap: str, prefix: str, folder: Path, *, partitions: int = 4) -> None:
        self.settings = Settings(
            kafka_bootstrap_servers=bootstrap,
            topic_prefix=prefix,
            partitions=partitions,
            data_dir=folder,
            session_timeout_seconds=SESSION_SECONDS,
        )
        self.prefix = prefix
        self.partitions = partitions
        self.folder = folder
        self.wanted: dict[bytes, tuple[int, int]] = {}
        self.workers: list[subprocess.Popen[bytes]] = []
        create_topics(self.settings)
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5)
        self._admin = KafkaAdminClient(bootstrap_servers=bootstrap)

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()
        self._producer.close()
        self._admin.close()

    # ---------------------------------------------------------------- workers

    def start(self, stage: str = "cost", **environment: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"worker{len(self.workers)}.log").open("wb")
        worker = subprocess.Popen(
            self.command(stage),
            cwd=ROOT,
            stderr=log,
            env=os.environ
            | {
                "KAFKA_BOOTSTRAP_SERVERS": self.settings.kafka_bootstrap_servers,
                "KONGFEI_TOPIC_PREFIX": self.prefix,
                "KONGFEI_PARTITIONS": str(self.partitions),
                "KONGFEI_DATA_DIR": str(self.folder),
                "KONGFEI_SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
                "KONGFEI_COMMIT_INTERVAL_SECONDS": "0.1",
            }
            | environment,
        )
        self.workers.append(worker)
        return worker

    def command(self, stage: str) -> list[str]:
        return [sys.executable, "-m", "tests.streams.toy", stage]

    def log_of(self, worker: subprocess.Popen[bytes]) -> str:
        return (self.folder / f"worker{self.workers.index(worker)}.log").read_text(encoding="utf-8")

    # ---------------------------------------------------------------- input

    def publish(self, amounts: Iterable[tuple[bytes, int]]) -> None:
        """Send amounts to the ledger and remember what they add up to."""
        sent = []
        for key, amount in amounts:
            sent.append(self.send(Topic.LEDGER, key, b"%d" % amount))
            total, count = self.wanted.get(key, (0, 0))
            self.wanted[key] = (total + amount, count + 1)
        for confirmation in sent:
            confirmation.get(30)

    def send(self, topic: str, key: bytes, value: bytes):
        partition = partition_of(key, self.partitions)
        return self._producer.send(self.prefix + topic, key=key, value=value, partition=partition)

    def flush(self) -> None:
        self._producer.flush(30)

    # ---------------------------------------------------------------- what is left

    def ends(self, topic: str) -> dict[int, int]:
        wanted = {TopicPartition(self.prefix + topic, number): OffsetSpec.LATEST for number in range(self.partitions)}
        return {tp.partition: at.offset for tp, at in self._admin.list_partition_offsets(wanted).items()}

    def committed(self, topic: str = Topic.LEDGER, group: str = GROUP) -> dict[int, int]:
        try:
            found = self._admin.list_group_offsets({self.prefix + group: None}).get(self.prefix + group, {})
        except KafkaError:
            return {}
        return {tp.partition: at.offset for tp, at in found.items() if tp.topic == self.prefix + topic}

    def is_done(self, topic: str = Topic.LEDGER, group: str = GROUP) -> bool:
        """Whether everything was worked through; not while the broker cannot say."""
        try:
            return self._is_done(topic, group)
        except KafkaError:
            return False

    def _is_done(self, topic: str = Topic.LEDGER, group: str = GROUP) -> bool:
        committed = self.committed(topic, group)
        return all(committed.get(number, 0) == end for number, end in self.ends(topic).items())

    def read(self, topic: str) -> list[tuple[bytes | None, bytes | None]]:
        """Every record of a topic, partition by partition, in order."""
        ends = {TopicPartition(self.prefix + topic, number): end for number, end in self.ends(topic).items()}
        consumer = KafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap_servers.split(","),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=32 * 1024 * 1024,
            fetch_max_bytes=64 * 1024 * 1024,
        )
        consumer.assign([tp for tp, end in ends.items() if end])
        found: dict[TopicPartition, list[tuple[bytes | None, bytes | None]]] = {tp: [] for tp in ends}
        deadline = time.monotonic() + 60
        while any(consumer.position(tp) < end for tp, end in ends.items() if end):
            assert time.monotonic() < deadline, f"{topic} could not be read"
            for tp, records in consumer.poll(500).items():
                found[tp].extend((record.key, record.value) for record in records)
        consumer.close()
        return [record for records in found.values() for record in records]

    def facts(self) -> dict[bytes, tuple[int, int]]:
        """Newest total and count of each key, as a reader of the compacted output sees it."""
        newest: dict[bytes, tuple[int, int, int]] = {}
        for key, value in self.read(Topic.VISIT_FACT):
            assert key is not None
            assert value is not None
            version, total, count = map(int, value.split())
            if version >= newest.get(key, (-1,))[0]:
                newest[key] = (version, total, count)
        return {key: (total, count) for key, (_, total, count) in newest.items()}

    def state(self) -> dict[bytes, tuple[int, int]]:
        """Total and count of each key, as the changelog has it."""
        parts = {key: value for key, value in self.read(Topic.COST_CHANGELOG) if key and not key.startswith(b"\0")}
        found = {}
        for key, value in parts.items():
            if key.endswith(b"|total") and value is not None:
                name = key.removesuffix(b"|total")
                at, total = PART.unpack(value)
                count_at, count = PART.unpack(parts[name + b"|count"] or b"")
                assert at == count_at, "the parts of a key disagree"
                found[name] = (total, count)
        return found

    def assert_exact(self) -> None:
        for name, found in (("facts", self.facts()), ("state", self.state())):
            wrong = {key: (found.get(key), self.wanted.get(key)) for key in found.keys() | self.wanted.keys()}
            assert not {key: pair for key, pair in wrong.items() if pair[0] != pair[1]}, f"{name}: (found, wanted)"


def some_amounts(count: int, *, keys: int = 50, seed: int = 1) -> Sequence[tuple[bytes, int]]:
    chance = random.Random(seed)
    return [(b"H1|%d" % chance.randrange(keys), chance.randrange(1, 1000)) for _ in range(count)]


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)


def health_of(log: str) -> Mapping[str, str]:
    """Address of the health endpoints, from the log."""
    import json

    for line in log.splitlines():
        if '"worker_started"' in line:
            return json.loads(line)
    return {}
