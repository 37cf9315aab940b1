"""One real Apache Kafka node (KRaft: broker and controller in one process) on loopback.

Owns the node's folder: its configuration, its log and its data. Topics are made by whoever needs them, never by the
node: automatic creation is off.
"""

import shutil
import subprocess
from pathlib import Path

from deploy.local.jars import ensure_jars
from deploy.local.ports import accepts, free_port
from deploy.local.process import ServerFailedError, ServerProcess

__all__ = ["KafkaNode", "ensure_jars"]

PROJECT_ROOT = Path(__file__).parents[2]
LOG4J = Path(__file__).parents[1] / "kafka" / "log4j2.properties"
# One message may be a patient's whole state part or a 10 MB string of a broken sender; brokers default to 1 MiB.
MAX_MESSAGE_BYTES = 32 * 1024 * 1024
CLUSTER_ID = (
    "kongfei-local-cluster0"  # any 22 characters of URL-safe base64; constant, so that a folder is formatted once
)
_QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_STEADY = ("-XX:+UseG1GC",)


class KafkaNode:
    """A Kafka node on a folder. A restart, also after `kill()`, keeps its ports and data.

    `heap_mb` is the JVM's heap; `quick_start` trades the optimizing compiler for a faster start: right for tests, wrong
    for measurements.
    """

    def __init__(self, folder: Path, *, port: int | None = None, heap_mb: int = 512, quick_start: bool = False) -> None:
        self.folder = folder.resolve()
        self.port = port or free_port()
        self._controller_port = free_port()
        self._heap_mb = heap_mb
        self._quick_start = quick_start
        self._process: ServerProcess | None = None

    @property
    def bootstrap(self) -> str:
        """The address clients connect to, host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the running node; raises ServerFailedError when it was never started."""
        if self._process is None:
            raise ServerFailedError("kafka is not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.is_running

    @property
    def log_path(self) -> Path:
        """Where the node's warnings and errors go."""
        return self.folder / "kafka.log"

    def start(self, timeout: float = 60) -> None:
        """Start the node and return when it serves clients; raises ServerFailedError after `timeout` seconds."""
        if self._process is None:
            self._process = self._prepare(timeout)
        self._process.start(self._answers, timeout)

    def stop(self) -> None:
        """End the node in order (SIGTERM)."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """End the node with SIGKILL. What it acknowledged stays: the page cache outlives the process."""
        if self._process is not None:
            self._process.kill()

    def restart(self, timeout: float = 60) -> None:
        """Stop the node if it runs and start it again on the same ports and data."""
        self.stop()
        self.start(timeout)

    def _prepare(self, timeout: float) -> ServerProcess:
        java = shutil.which("java")
        if java is None:
            raise ServerFailedError("java is not installed: install Java 17, or set KAFKA_BOOTSTRAP_SERVERS")
        jars = ensure_jars(PROJECT_ROOT)
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "server.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in self._settings().items()), encoding="ascii")
        command = [java, *self._jvm_options(), "-cp", f"{jars}/*"]
        if not (self.folder / "data" / "meta.properties").exists():
            _format_storage([*command, "kafka.tools.StorageTool"], config, timeout)
        return ServerProcess(
            "kafka", [*command, "kafka.Kafka", str(config)], self.log_path, ports=(self.port, self._controller_port)
        )

    def _jvm_options(self) -> list[str]:
        heap = [f"-Xms{min(256, self._heap_mb)}m", f"-Xmx{self._heap_mb}m"]
        speed = _QUICK_START if self._quick_start else _STEADY
        quiet = [f"-Dlog4j2.configurationFile={LOG4J}", "-Djava.awt.headless=true", "-Xshare:auto"]
        return [*heap, *speed, *quiet]

    def _settings(self) -> dict[str, str | int]:
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1_000,
            "message.max.bytes": MAX_MESSAGE_BYTES,
            "replica.fetch.max.bytes": MAX_MESSAGE_BYTES,
            "socket.request.max.bytes": 4 * MAX_MESSAGE_BYTES,
            "num.network.threads": 2,
            "num.io.threads": 4,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
            "log.retention.hours": -1,
            # After a kill -9 the controller refuses a new broker until the session of the old one ends (default 9 s).
            "broker.session.timeout.ms": 3_000,
            "broker.heartbeat.interval.ms": 500,
        }

    def _answers(self) -> bool:
        from kafka import KafkaAdminClient  # noqa: PLC0415 - a slow import, and only tests and the demo need it
        from kafka.errors import KafkaError  # noqa: PLC0415

        if not accepts(self.port):  # the client library would back off for up to 30 s
            return False
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=3_000)
        except KafkaError:
            return False
        try:
            return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False
        finally:
            admin.close()


def _format_storage(tool: list[str], config: Path, timeout: float) -> None:
    command = [*tool, "format", "--cluster-id", CLUSTER_ID, "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    if done.returncode != 0:
        raise ServerFailedError(f"kafka's storage could not be formatted\n{done.stdout}{done.stderr}")
