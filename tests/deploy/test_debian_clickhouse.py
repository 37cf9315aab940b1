"""The genuine server of Debian runs beside everything else, with a password, and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from clickhouse_driver import Client, errors

if TYPE_CHECKING:
    from deploy.local.debian_clickhouse import DebianClickHouseNode

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]


def test_it_answers_to_the_password_only(clickhouse_server: DebianClickHouseNode) -> None:
    with Client.from_url(clickhouse_server.url) as client:
        assert client.execute("SELECT version()")[0][0].startswith("18.16")
    with Client("127.0.0.1", port=clickhouse_server.tcp, user="kongfei", password="wrong") as stranger:
        with pytest.raises(errors.ServerException) as caught:
            stranger.execute("SELECT 1")
        assert caught.value.code in {192, 193, 194}


def test_rows_survive_kill_and_restart(clickhouse_server: DebianClickHouseNode) -> None:
    url = clickhouse_server.url
    with Client.from_url(url) as client:
        client.execute("CREATE TABLE kept (k UInt64) ENGINE = MergeTree ORDER BY k")
        client.execute("INSERT INTO kept VALUES", [(1,)])
    clickhouse_server.kill()
    clickhouse_server.start()
    clickhouse_server.restart()
    assert clickhouse_server.url == url
    with Client.from_url(url) as client:
        assert client.execute("SELECT k FROM kept") == [(1,)]
        client.execute("DROP TABLE kept")
