"""The unmodified clickhouse-driver works against the embedded server as against any other."""

from __future__ import annotations

import datetime as dt
import decimal
import threading
import time
import uuid
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import pytest
from clickhouse_driver import Client, connect, errors

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

_COLUMNS = """
    i Int32, u UInt64, s String, l LowCardinality(String), ln LowCardinality(Nullable(String)),
    d Decimal(18,4), d2 Decimal(38,10), t DateTime64(3,'UTC'), z DateTime('Asia/Shanghai'), dd Date,
    n Nullable(Int64), ns Nullable(String), a Array(String), aa Array(Array(Nullable(Int16))), m Map(String, UInt32),
    ml Map(LowCardinality(String), Array(Int8)), e Enum8('a,(' = 1, 'b' = 2), f Float64, b Bool, id UUID,
    fs FixedString(4), tu Tuple(x Int8, y LowCardinality(String)), ip IPv4, al Array(LowCardinality(String))
"""
_SHANGHAI = dt.timezone(dt.timedelta(hours=8))


def _row(i: int) -> tuple[Any, ...]:
    return (
        i,
        i * 10,
        f"s{i}",
        f"l{i % 3}",
        None if i % 2 else "k",
        decimal.Decimal(i) / 4,
        decimal.Decimal(f"{i}.5"),
        dt.datetime(2024, 1, 1, 0, 0, i % 60, 123000, tzinfo=dt.UTC),
        dt.datetime(2024, 1, 1, 8, i % 60, tzinfo=_SHANGHAI),
        dt.date(2024, 1, 1),
        None if i % 3 else i,
        None if i % 2 else "z",
        ["x"] * (i % 4),
        [[1, None], []] * (i % 2),
        {f"k{i}": i},
        {"q": [1, 2]} if i % 2 else {},
        "a,(" if i % 2 else "b",
        i / 2,
        bool(i % 2),
        uuid.UUID(int=i),
        "abcd",
        (i % 100, "y"),
        IPv4Address(i + 1),
        ["p"] * (i % 3),
    )


@pytest.fixture
def client(database_url: str) -> Iterator[Client]:
    with Client.from_url(database_url) as opened:
        yield opened


@pytest.fixture
def rows_table(client: Client) -> str:
    client.execute("CREATE TABLE rows (k UInt64, s String) ENGINE = MergeTree ORDER BY k")
    return "rows"


def _code(client: Client, query: str, *arguments: Any, **options: Any) -> int:
    with pytest.raises(errors.ServerException) as caught:
        client.execute(query, *arguments, **options)
    return int(caught.value.code)


@pytest.mark.parametrize("compression", ["", "lz4"])
@pytest.mark.parametrize("columnar", [False, True])
def test_values_of_every_type_come_back(database_url: str, columnar: bool, compression: str) -> None:
    rows = [_row(i) for i in range(1000)]
    with Client.from_url(f"{database_url}?compression={compression or 'false'}") as client:
        client.execute(f"CREATE TABLE every_type ({_COLUMNS}) ENGINE = MergeTree ORDER BY i")
        sent = [list(column) for column in zip(*rows, strict=True)] if columnar else rows
        assert client.execute("INSERT INTO every_type VALUES", sent, columnar=columnar) == 1000
        assert client.execute("SELECT * FROM every_type ORDER BY i") == rows
        assert client.execute("SELECT z FROM every_type LIMIT 1")[0][0].utcoffset() == dt.timedelta(hours=8)


def test_an_insert_of_many_blocks_is_counted(client: Client, rows_table: str) -> None:
    settings = {"insert_block_size": 100}
    rows = ((number,) for number in range(2000))
    assert client.execute(f"INSERT INTO {rows_table} (k) VALUES", rows, settings=settings) == 2000
    assert client.execute(f"SELECT count(), sum(k) FROM {rows_table}") == [(2000, 1999 * 1000)]


def test_rows_written_in_the_statement_are_inserted(client: Client, rows_table: str) -> None:
    client.execute(f"INSERT INTO {rows_table} VALUES (1, 'a'), (2, 'b')")
    assert client.execute(f"SELECT s FROM {rows_table} ORDER BY k") == [("a",), ("b",)]


def test_settings_hold_for_one_query(client: Client) -> None:
    query = "SELECT getSetting('max_block_size')"
    assert client.execute(query, settings={"max_block_size": 77}) == [(77,)]
    assert client.execute(query)[0][0] > 77


def test_an_unknown_setting_is_ignored_unless_it_is_important(client: Client, database_url: str) -> None:
    assert client.execute("SELECT 1", settings={"no_such_setting": 1}) == [(1,)]
    with Client.from_url(f"{database_url}?settings_is_important=1") as strict:
        assert _code(strict, "SELECT 1", settings={"no_such_setting": 1}) == 115


def test_a_block_with_a_known_deduplication_token_is_dropped(client: Client) -> None:
    client.execute(
        "CREATE TABLE once (k UInt64) ENGINE = MergeTree ORDER BY k SETTINGS non_replicated_deduplication_window = 1000"
    )
    for token in ("first", "second", "first", "second"):
        client.execute("INSERT INTO once VALUES", [(1,), (2,)], settings={"insert_deduplication_token": token})
    assert client.execute("SELECT count() FROM once") == [(4,)]


@pytest.mark.parametrize(
    ("query", "rows", "code"),
    [
        ("SELECT nope", None, 47),
        ("SELEC 1", None, 62),
        ("SELECT * FROM nope", None, 60),
        ("INSERT INTO nope VALUES", [(1,)], 60),
        ("SELECT throwIf(number = 150000) FROM numbers(200000)", None, 395),
        ("CREATE DATABASE default", None, 82),
    ],
)
def test_errors_carry_their_code_and_leave_the_client_usable(client: Client, query: str, rows: Any, code: int) -> None:
    assert _code(client, query, rows) == code
    assert client.execute("SELECT 2") == [(2,)]


def test_an_insert_against_a_constraint_fails_and_leaves_nothing(client: Client) -> None:
    client.execute("CREATE TABLE checked (k Int64, CONSTRAINT small CHECK k < 10) ENGINE = MergeTree ORDER BY k")
    assert _code(client, "INSERT INTO checked VALUES", [(5,), (50,), (6,)]) == 469
    assert client.execute("SELECT count() FROM checked") == [(0,)]


def test_an_insert_whose_view_fails_is_an_error(client: Client, rows_table: str) -> None:
    client.execute("CREATE TABLE seen (k UInt64) ENGINE = MergeTree ORDER BY k")
    client.execute(f"CREATE MATERIALIZED VIEW failing TO seen AS SELECT k + throwIf(k = 7) AS k FROM {rows_table}")
    assert _code(client, f"INSERT INTO {rows_table} VALUES", [(6, "a"), (7, "b")]) == 395
    assert client.execute("SELECT count() FROM seen") == [(0,)]


def test_rows_with_empty_lines_in_them_stay_whole(client: Client, rows_table: str) -> None:
    rows = [(0x0A0A0A0A, "one\n\ntwo;\n\n"), (0x0D0A0D0A, "")]
    client.execute(f"INSERT INTO {rows_table} VALUES", rows)
    assert client.execute(f"SELECT * FROM {rows_table} ORDER BY k") == rows


def test_an_unknown_database_is_refused(clickhouse: Any) -> None:
    with Client.from_url(f"{clickhouse.url.rpartition('/')[0]}/no_such_database") as client:
        assert _code(client, "SELECT 1") == 81


def test_external_tables_are_refused_by_name(client: Client) -> None:
    table = {"name": "ext", "structure": [("a", "Int32")], "data": [{"a": 1}]}
    with pytest.raises(errors.ServerException, match="external tables are not supported"):
        client.execute("SELECT sum(a) FROM ext", external_tables=[table])
    assert client.execute("SELECT 3") == [(3,)]


def test_a_long_result_streams(client: Client) -> None:
    assert sum(number for (number,) in client.execute_iter("SELECT number FROM numbers(200000)")) == 199_999 * 100_000


@pytest.mark.parametrize("query", ["SELECT 1;", "SELECT 1 -- why", "SELECT 1 FORMAT JSON", "WITH 1 AS x SELECT x"])
def test_odd_endings_are_understood(client: Client, query: str) -> None:
    assert client.execute(query) == [(1,)]


def test_an_empty_result_keeps_its_types(client: Client) -> None:
    columns = [("a", "UInt8"), ("b", "LowCardinality(String)")]
    query = "SELECT 1 AS a, toLowCardinality('x') AS b WHERE 0"
    assert client.execute(query, with_column_types=True) == ([], columns)


def test_statements_other_than_select_show_their_result(client: Client, rows_table: str) -> None:
    assert client.execute("SHOW TABLES") == [(rows_table,)]
    assert client.execute(f"DESCRIBE {rows_table}")[0][:2] == ("k", "UInt64")


def test_the_python_database_interface_works(database_url: str) -> None:
    with connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT number AS n FROM numbers(3)")
        assert (cursor.fetchall(), cursor.description[0][0]) == ([(0,), (1,), (2,)], "n")


_ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = {marker}"


def _runs(client: Client, marker: int) -> bool:
    query = "SELECT count() FROM system.processes WHERE query LIKE %(like)s AND query NOT LIKE '%%processes%%'"
    return bool(client.execute(query, {"like": f"%= {marker}%"})[0][0])


def _wait_until(is_true: Any, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():
            return True
        time.sleep(0.02)
    return False


def test_a_client_that_hangs_up_ends_its_query(client: Client, database_url: str) -> None:
    leaving = Client.from_url(database_url)
    leaving.connection.force_connect()
    leaving.connection.send_query(_ENDLESS.format(marker=12345))
    leaving.connection.send_external_tables([])
    assert _wait_until(lambda: _runs(client, 12345))
    leaving.disconnect()
    assert _wait_until(lambda: not _runs(client, 12345))


@pytest.mark.timeout(60)
def test_a_cancelled_query_ends_and_the_client_goes_on(client: Client) -> None:
    client.execute_with_progress(_ENDLESS.format(marker=54321))
    began = time.monotonic()
    client.cancel()
    assert time.monotonic() - began < 5
    assert client.execute("SELECT 3") == [(3,)]


def test_a_client_that_leaves_in_mid_stream_harms_nobody(client: Client) -> None:
    stream = client.execute_iter("SELECT number FROM numbers(100000000)")
    next(stream)
    client.disconnect()
    assert client.execute("SELECT 4") == [(4,)]


def test_an_insert_cut_off_in_its_middle_leaves_nothing(client: Client, rows_table: str, database_url: str) -> None:
    from clickhouse_driver.block import ColumnOrientedBlock

    leaving = Client.from_url(database_url)
    leaving.connection.force_connect()
    leaving.connection.send_query(f"INSERT INTO {rows_table} VALUES")
    leaving.connection.send_external_tables([])
    sample = leaving.receive_sample_block()
    leaving.connection.send_data(ColumnOrientedBlock(sample.columns_with_types, [[1, 2], ["cut", "off"]]))
    leaving.disconnect()  # without the empty block that ends an insert
    time.sleep(0.3)
    assert client.execute(f"SELECT count() FROM {rows_table}") == [(0,)]


def test_eight_clients_insert_and_read_at_once(client: Client, rows_table: str, database_url: str) -> None:
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            with Client.from_url(database_url) as mine:
                mine.execute("CREATE TEMPORARY TABLE own (k Int32)")
                mine.execute("INSERT INTO own VALUES", [(number,)])
                for turn in range(10):
                    mine.execute(f"INSERT INTO {rows_table} VALUES", [(number * 100 + turn, "w")])
                assert mine.execute("SELECT k FROM own") == [(number,)]
        except Exception as error:  # noqa: BLE001 - a thread's failure must reach the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert client.execute(f"SELECT count(), uniqExact(k) FROM {rows_table}") == [(80, 80)]
