"""Settings and a migrated database of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from streams.settings import Settings


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings that point at this test's database."""
    from streams.settings import Settings

    return Settings(clickhouse_url=database_url)


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    """A client of the migrated database, with the writer's settings."""
    from sinks.clickhouse.connection import WRITE_SETTINGS, connect
    from sinks.clickhouse.migrate import migrate

    migrate(settings)
    with connect(settings.clickhouse_url, WRITE_SETTINGS) as connected:
        yield connected


@pytest.fixture
def store(client: Client) -> Callable[..., None]:
    """Writes records through the writer, as the sink would: `store(record, record, …)`."""
    from threading import Event

    from sinks.clickhouse.blocks import Block, Shipment
    from sinks.clickhouse.rows import LATEST_ONLY, TO_ROW
    from sinks.clickhouse.writer import Writer

    def write(*records: Any) -> None:
        for topic in dict.fromkeys(record.topic for record in records):
            block = Block(topic, 0, 0.0, TO_ROW[topic], 1, latest_only=topic in LATEST_ONLY)
            block.add([record for record in records if record.topic == topic])
            assert Writer(lambda: client, Event()).write(Shipment(topic, [block])) == []

    return write
