"""The embedded server keeps what it acknowledged, whatever ends it, and comes back where it was."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from clickhouse_driver import Client, errors

from deploy.local.clickhouse import ClickHouseNode
from deploy.local.process import ServerFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.integration, pytest.mark.chaos]
_ROUNDS = 3
_ROWS = 500


def _insert_until_it_fails(node: ClickHouseNode, worker: int, first: int, acknowledged: set[int]) -> None:
    with Client.from_url(node.url) as client:
        number = first
        while True:
            rows = [(worker, number * _ROWS + row) for row in range(_ROWS)]
            try:
                client.execute("INSERT INTO kept VALUES", rows)
            except (errors.Error, EOFError, OSError):
                return
            acknowledged.add(number)
            number += 1


def test_kill_keeps_every_acknowledged_insert(clickhouse_node_factory: Callable[..., ClickHouseNode]) -> None:
    node = clickhouse_node_factory()
    with Client.from_url(node.url) as client:
        client.execute("CREATE TABLE kept (worker UInt8, k UInt64) ENGINE = MergeTree ORDER BY (worker, k)")
    acknowledged: list[set[int]] = [set(), set()]
    for turn in range(_ROUNDS):
        threads = [
            threading.Thread(target=_insert_until_it_fails, args=(node, worker, turn * 1_000_000, acknowledged[worker]))
            for worker in range(2)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.7)
        node.kill()
        for thread in threads:
            thread.join()
        node.start()
    assert min(map(len, acknowledged)) > _ROUNDS
    with Client.from_url(node.url) as client:
        for worker, numbers in enumerate(acknowledged):
            query = (
                f"SELECT intDiv(k, {_ROWS}) AS block, count(), uniqExact(k) FROM kept WHERE worker = %(w)s GROUP BY 1"
            )
            found = {block: counts for block, *counts in client.execute(query, {"w": worker})}
            assert numbers <= found.keys()
            assert all(counts == [_ROWS, _ROWS] for counts in found.values())
            assert len(found) - len(numbers) <= _ROUNDS  # at most the one insert in flight at each kill


def test_a_restart_keeps_ports_and_data(clickhouse_node_factory: Callable[..., ClickHouseNode]) -> None:
    node = clickhouse_node_factory()
    addresses, first_pid = (node.url, node.http_url), node.pid
    with Client.from_url(node.url) as client:
        client.execute("CREATE TABLE kept (k UInt64) ENGINE = MergeTree ORDER BY k")
        client.execute("INSERT INTO kept VALUES", [(1,)])
    node.restart()
    with Client.from_url(node.url) as client:
        assert client.execute("SELECT k FROM kept") == [(1,)]
    assert ((node.url, node.http_url), node.pid == first_pid) == (addresses, False)


def test_stopping_ends_a_running_query(clickhouse_node_factory: Callable[..., ClickHouseNode]) -> None:
    node = clickhouse_node_factory()
    client = Client.from_url(node.url)
    client.execute_with_progress("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1")
    began = time.monotonic()
    node.stop()
    client.disconnect()
    assert time.monotonic() - began < 15


def test_a_second_server_on_the_folder_is_refused(
    clickhouse_node_factory: Callable[..., ClickHouseNode],
) -> None:
    node = clickhouse_node_factory()
    with pytest.raises(ServerFailedError, match="Another server instance in same directory"):
        ClickHouseNode(node.folder).start()
