"""What every test may ask for: real Kafka and ClickHouse, names of its own, the shared data.

Imports nothing heavy at collection. A test without one of the markers below cannot open a connection.
"""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pytest

if TYPE_CHECKING:
    from deploy.local.clickhouse import ClickHouseNode
    from deploy.local.debian_clickhouse import DebianClickHouseNode
    from deploy.local.kafka import KafkaNode

_MARKERS_WITH_SOCKETS = frozenset({"integration", "chaos", "server", "bench"})


class Kafka(Protocol):
    """A broker to test against: a node of ours or the one KAFKA_BOOTSTRAP_SERVERS names."""

    @property
    def bootstrap(self) -> str:
        """host:port, several separated by commas."""


class ClickHouse(Protocol):
    """A server to test against: a node of ours or the one CLICKHOUSE_URL names."""

    @property
    def url(self) -> str:
        """clickhouse://user:password@host:port/database, the native protocol."""


@dataclass(frozen=True)
class ExistingKafka:
    bootstrap: str


@dataclass(frozen=True)
class ExistingClickHouse:
    url: str


def pytest_configure(config: pytest.Config) -> None:
    """kafka-python reads its own resources the old way, some 200 times at import: nothing we could act on."""
    config.addinivalue_line("filterwarnings", "ignore:(read|open)_text is deprecated:DeprecationWarning")


# ------------------------------------------------------------ no sockets in unit tests


@pytest.fixture(autouse=True)
def _no_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if _MARKERS_WITH_SOCKETS.intersection(mark.name for mark in request.node.iter_markers()):
        return

    def refuse(_: socket.socket, address: object) -> NoReturn:
        raise RuntimeError(
            f"a unit test tried to connect to {address!r}: "
            f"mark it with one of {', '.join(sorted(_MARKERS_WITH_SOCKETS))}, or pass a fake"
        )

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


# ------------------------------------------------------------ Kafka


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One broker for the whole session (one for each pytest-xdist worker)."""
    if existing := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield ExistingKafka(existing)
        return
    from deploy.local.kafka import KafkaNode

    yield from _started(KafkaNode(tmp_path_factory.mktemp("kafka"), quick_start=True))


@pytest.fixture
def kafka_node_factory(tmp_path: Path) -> Iterator[Callable[..., KafkaNode]]:
    """Makes and starts brokers of the test's own, to stop and kill as it likes; keywords are KafkaNode's."""
    from deploy.local.kafka import KafkaNode

    yield from _node_factory(lambda number, options: KafkaNode(tmp_path / f"kafka{number}", **options))


@pytest.fixture
def unique_name() -> Callable[[str], str]:
    """Makes names nothing else in the session has: `unique_name("group")` is `group-1f0c9a2b`."""
    return lambda stem: f"{stem}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for this test's topics and consumer groups; ends with a dot."""
    return f"t{uuid.uuid4().hex[:8]}."


# ------------------------------------------------------------ ClickHouse


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """One ClickHouse for the whole session (one for each pytest-xdist worker)."""
    if existing := os.environ.get("CLICKHOUSE_URL"):
        yield ExistingClickHouse(existing)
        return
    from deploy.local.clickhouse import ClickHouseNode

    yield from _started(ClickHouseNode(tmp_path_factory.mktemp("clickhouse")))


@pytest.fixture
def clickhouse_node_factory(tmp_path: Path) -> Iterator[Callable[..., ClickHouseNode]]:
    """Makes and starts ClickHouse nodes of the test's own, to stop and kill; keywords are ClickHouseNode's."""
    from deploy.local.clickhouse import ClickHouseNode

    yield from _node_factory(lambda number, options: ClickHouseNode(tmp_path / f"clickhouse{number}", **options))


@pytest.fixture
def database(clickhouse: ClickHouse) -> Iterator[str]:
    """The name of an empty database of this test's own, dropped after it."""
    from clickhouse_driver import Client

    name = f"test_{uuid.uuid4().hex[:12]}"
    with Client.from_url(clickhouse.url) as client:
        client.execute(f"CREATE DATABASE {name}")
        yield name
        client.disconnect()  # the test may have restarted the server
        client.execute(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture
def database_url(clickhouse: ClickHouse, database: str) -> str:
    """The URL of this test's own database."""
    return f"{clickhouse.url.rpartition('/')[0]}/{database}"


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianClickHouseNode]:
    """The genuine server of Debian (18.16), with a user and a password; skips where it is not installed."""
    from deploy.local.debian_clickhouse import DebianClickHouseNode, server_binary

    if server_binary() is None:
        pytest.skip("clickhouse-server is not installed: apt-get install clickhouse-server")
    yield from _started(DebianClickHouseNode(tmp_path_factory.mktemp("clickhouse-server")))


# ------------------------------------------------------------ data


@pytest.fixture(scope="session")
def shared_hospital_a(pytestconfig: pytest.Config) -> Path:
    """The folder of the real event stream and its exact totals, which lies beside the project."""
    folder = pytestconfig.rootpath.parent / "shared" / "data" / "hospital_a"
    if not (folder / "events.ndjson.gz").exists():
        pytest.skip(f"the real event stream is not at {folder}")
    return folder


# ------------------------------------------------------------ nodes


def _started(node: Any) -> Iterator[Any]:
    try:
        node.start()
        yield node
    finally:
        _discard(node)


def _node_factory(make: Callable[[int, dict[str, Any]], Any]) -> Iterator[Callable[..., Any]]:
    nodes: list[Any] = []

    def started(**options: Any) -> Any:
        node = make(len(nodes), options)
        nodes.append(node)
        node.start()
        return node

    try:
        yield started
    finally:
        for node in nodes:
            _discard(node)


def _discard(node: Any) -> None:
    node.kill()
    shutil.rmtree(node.folder / "data", ignore_errors=True)  # the logs stay for whoever reads a failure
