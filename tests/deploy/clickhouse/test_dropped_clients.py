"""Clients that vanish at any moment, or speak nonsense, cost the others nothing."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from clickhouse_driver import Client, errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.local.clickhouse import ClickHouseNode

pytestmark = [pytest.mark.integration, pytest.mark.chaos]
_SECONDS = 4
_SLOW = "SELECT sleepEachRow(0.01), number FROM numbers(10000) SETTINGS max_block_size = 10"


def _send(client: Client, query: str) -> None:
    client.connection.force_connect()
    client.connection.send_query(query)
    client.connection.send_external_tables([])


def _leave_in_an_insert(client: Client) -> None:
    _send(client, "INSERT INTO kept VALUES")
    client.receive_sample_block()


def _leave_a_slow_query(client: Client) -> None:
    _send(client, _SLOW)


def _leave_a_long_result(client: Client) -> None:
    next(client.execute_iter("SELECT number, toString(number) FROM numbers(10000000)"))


def _speak_nonsense(client: Client) -> None:
    client.connection.force_connect()
    client.connection.socket.sendall(os.urandom(200))


def _drop_clients(url: str, until: float, seed: int, dropped: list[int]) -> None:
    dice = random.Random(seed)
    ways = [_leave_in_an_insert, _leave_a_slow_query, _leave_a_long_result, _speak_nonsense]
    while time.monotonic() < until:
        client = Client.from_url(url)
        with contextlib.suppress(errors.Error, OSError, EOFError):
            dice.choice(ways)(client)
        time.sleep(dice.random() * 0.02)
        client.disconnect()
        dropped.append(seed)


def _insert(url: str, worker: int, until: float, sent: dict[int, Any]) -> None:
    with Client.from_url(url) as client:
        while time.monotonic() < until:
            first = sent.get(worker, 0)
            rows = [(worker, number) for number in range(first, first + 700)]
            client.execute("INSERT INTO kept VALUES", rows)
            sent[worker] = first + len(rows)


def test_dropped_clients_leave_every_other_insert_exact(clickhouse_node_factory: Callable[..., ClickHouseNode]) -> None:
    node = clickhouse_node_factory()
    sent: dict[int, int] = {}
    dropped: list[int] = []
    with Client.from_url(node.url) as client:
        client.execute("CREATE TABLE kept (worker UInt8, k UInt64) ENGINE = MergeTree ORDER BY (worker, k)")
        until = time.monotonic() + _SECONDS
        threads = [threading.Thread(target=_insert, args=(node.url, worker, until, sent)) for worker in range(2)]
        threads += [threading.Thread(target=_drop_clients, args=(node.url, until, seed, dropped)) for seed in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(dropped) > 20
        found = client.execute("SELECT worker, count(), uniqExact(k), max(k) + 1 FROM kept GROUP BY 1 ORDER BY 1")
        assert found == [(worker, count, count, count) for worker, count in sorted(sent.items())]
