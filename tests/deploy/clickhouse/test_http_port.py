"""curl and tools that speak HTTP work against the embedded server."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from deploy.local.clickhouse.encoding import FRAME_HEADER_BYTES, decompressed

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif("CLICKHOUSE_URL" in os.environ, reason="tests the embedded server's own HTTP port"),
]


@dataclass
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Http:
    url: str
    database: str

    def __call__(
        self,
        query: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        path: str = "/",
        **arguments: Any,
    ) -> Reply:
        named = {"database": self.database, **({"query": query} if query else {}), **arguments}
        url = f"{self.url}{path}?{urllib.parse.urlencode(named)}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=dict(headers or {}))) as reply:
                return Reply(reply.status, reply.read(), dict(reply.headers))
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.read(), dict(error.headers))


@pytest.fixture
def ask(clickhouse: Any, database: str) -> Http:
    return Http(clickhouse.http_url, database)


@pytest.fixture
def table(ask: Http) -> str:
    assert ask("CREATE TABLE h (a Int32, b String) ENGINE = MergeTree ORDER BY a", b"").status == 200
    return "h"


def test_a_ping_and_an_empty_request_are_answered(ask: Http) -> None:
    assert ask(path="/ping").body == b"Ok.\n"
    assert ask().body == b"Ok.\n"


def test_a_query_may_stand_in_the_url_or_in_the_body(ask: Http) -> None:
    assert ask("SELECT 1").body == b"1\n"
    assert ask(body=b"SELECT 2").body == b"2\n"


def test_the_format_is_named_in_the_query_the_url_or_a_header(ask: Http) -> None:
    assert json.loads(ask("SELECT 1 AS a FORMAT JSON").body)["data"] == [{"a": 1}]
    assert ask("SELECT 1 AS a", default_format="JSONEachRow").body == b'{"a":1}\n'
    assert ask("SELECT 1 AS a", headers={"X-ClickHouse-Format": "CSVWithNames"}).body == b'"a"\n1\n'


def test_parameters_and_settings_come_in_the_url(ask: Http) -> None:
    assert ask("SELECT {a:Int32} + 1, {s:String}", param_a="4", param_s="x'y").body == b"5\tx\\'y\n"
    assert ask("SELECT getSetting('max_block_size')", max_block_size="55").body == b"55\n"
    assert ask("SELECT 1", no_such_setting="1").status == 400


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("INSERT INTO h FORMAT JSONEachRow", b'{"a":1,"b":"x"}\n{"a":2,"b":"y"}'),
        ("INSERT INTO h (a, b) VALUES", b"(1,'x'),(2,'y')"),
        (None, b'INSERT INTO h FORMAT CSV\n1,"x"\n2,"y"\n'),
        (None, b"INSERT INTO h VALUES (1, 'x'), (2, 'y')"),
        ("INSERT INTO h FORMAT RowBinary", b"\x01\0\0\0\x01x\x02\0\0\0\x01y"),
    ],
)
def test_rows_are_inserted_from_any_format(ask: Http, table: str, query: str | None, body: bytes) -> None:
    reply = ask(query, body)
    assert (reply.status, json.loads(reply.headers["X-ClickHouse-Summary"])["written_rows"]) == (200, "2")
    assert ask(f"SELECT a, b FROM {table} ORDER BY a FORMAT CSV").body == b'1,"x"\n2,"y"\n'


def test_a_gzipped_body_is_read_and_another_encoding_refused(ask: Http, table: str) -> None:
    sent = ask(f"INSERT INTO {table} FORMAT CSV", gzip.compress(b'9,"g"\n'), {"Content-Encoding": "gzip"})
    assert sent.status == 200
    assert ask(f"SELECT a FROM {table}").body == b"9\n"
    refused = ask(f"INSERT INTO {table} FORMAT CSV", b"?", {"Content-Encoding": "br"})
    assert b"'br' is not supported" in refused.body


def test_a_chunked_body_is_read(ask: Http, table: str, clickhouse: Any) -> None:
    connection = http.client.HTTPConnection(clickhouse.http_url.removeprefix("http://"))
    query = urllib.parse.urlencode({"query": f"INSERT INTO {table} FORMAT CSV", "database": ask.database})
    connection.request("POST", f"/?{query}", body=iter([b'1,"x"\n', b'2,"y"\n']), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert ask(f"SELECT count() FROM {table}").body == b"2\n"


def test_a_compressed_reply_is_made_of_frames(ask: Http) -> None:
    raw = ask("SELECT number FROM numbers(3)", compress="1").body
    assert decompressed(raw[:FRAME_HEADER_BYTES], raw[FRAME_HEADER_BYTES:]) == b"0\n1\n2\n"


def test_errors_carry_their_code_and_status(ask: Http) -> None:
    reply = ask("SELECT * FROM nope")
    assert (reply.status, reply.headers["X-ClickHouse-Exception-Code"], reply.body[:9]) == (404, "60", b"Code: 60.")


def test_a_web_page_is_refused(ask: Http) -> None:
    assert ask("SELECT 1", headers={"Origin": "https://example.org"}).status == 403


def test_a_client_that_hangs_up_ends_its_query(ask: Http, clickhouse: Any) -> None:
    connection = http.client.HTTPConnection(clickhouse.http_url.removeprefix("http://"))
    endless = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 777"
    connection.request("GET", "/?" + urllib.parse.urlencode({"query": endless}))
    running = "SELECT count() FROM system.processes WHERE query LIKE '%= 777%' AND query NOT LIKE '%processes%'"

    def becomes(count: bytes) -> bool:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if ask(running).body == count:
                return True
            time.sleep(0.02)
        return False

    assert becomes(b"1\n")
    connection.close()
    assert becomes(b"0\n")


def test_requests_at_once_do_not_mix(ask: Http) -> None:
    answers: dict[int, bytes] = {}
    threads = [
        threading.Thread(target=lambda n=number: answers.update({n: ask(f"SELECT {n}").body})) for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"{number}\n".encode() for number in range(16)}
