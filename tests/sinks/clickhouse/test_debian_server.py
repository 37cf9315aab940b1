"""The writer against the one genuine server at hand, Debian's 18.16: wire protocol, password, restart.

Modern DDL is beyond it, so it gets a table of its own in the old style; the writer's path is the same.
"""

from threading import Event, Thread
from time import sleep

import pytest
from clickhouse_driver.errors import ServerException

from sinks.clickhouse.blocks import Block, Shipment
from sinks.clickhouse.connection import connect
from sinks.clickhouse.tables import Table
from sinks.clickhouse.writer import Writer
from tests.sinks import make

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]

OLD_LINE = Table(
    "old_line",
    ("visit_id", "charge_id"),
    "version",
    (
        ("visit_id", "String"),
        ("charge_id", "String"),
        ("amount_fen", "Nullable(Int64)"),
        ("warnings", "Array(String)"),
        ("day", "Date"),
        ("version", "UInt64"),
        ("kafka_partition", "Int32"),
        ("kafka_offset", "Int64"),
    ),
)
_CREATE = (
    f"CREATE TABLE old_line ({', '.join(f'{name} {type_}' for name, type_ in OLD_LINE.columns)})"
    " ENGINE = ReplacingMergeTree(day, (visit_id, charge_id), 8192, version)"
)


def to_row(record, epoch):
    from datetime import date

    amount = int(record.value) if record.value else None
    day = date(2024, 3, 1)
    return OLD_LINE, ("V1", f"C{record.offset}", amount, ["重复"], day, epoch, record.partition, record.offset)


@pytest.fixture
def server(clickhouse_server):
    with connect(clickhouse_server.url) as client:
        client.execute("DROP TABLE IF EXISTS old_line")
        client.execute(_CREATE)
    return clickhouse_server


@pytest.fixture
def writer(server):
    return Writer(lambda: connect(server.url), Event())


@pytest.fixture(autouse=True)
def _rank(monkeypatch):
    from sinks.clickhouse import blocks

    monkeypatch.setitem(blocks._RANK, OLD_LINE, 99)


def shipment(first, count, value=b"1000"):
    block = Block("t", 0, 0.0, to_row, 1, latest_only=False)
    block.add([make.KafkaRecord("t", 0, offset, value) for offset in range(first, first + count)])
    return Shipment("t", [block])


def stored(server):
    with connect(server.url) as client:
        return client.execute("SELECT count(), uniqExact(charge_id), sum(amount_fen) FROM old_line FINAL")[0]


def test_rows_arrive_over_the_wire(server, writer):
    assert writer.write(shipment(0, 20_000)) == []
    assert writer.write(shipment(20_000, 1, value=None)) == []

    assert stored(server) == (20_001, 20_001, 20_000_000)
    with connect(server.url) as client:
        assert client.execute("SELECT any(warnings) FROM old_line") == [(["重复"],)]


def test_a_wrong_password_ends_the_process_instead_of_waiting(server):
    writer = Writer(lambda: connect(server.url.replace("correct-horse", "wrong")), Event())

    with pytest.raises(ServerException) as failure:
        writer.write(shipment(0, 1))
    assert failure.value.code in {192, 193, 516}
    assert "correct-horse" not in str(failure.value)


def test_a_missing_table_ends_the_process(server, writer):
    with connect(server.url) as client:
        client.execute("DROP TABLE old_line")

    with pytest.raises(ServerException) as failure:
        writer.write(shipment(0, 1))
    assert failure.value.code == 60


def test_a_poisoned_row_is_isolated(server, writer):
    block = Block("t", 0, 0.0, to_row, 1, latest_only=False)
    values = [b"1" if offset != 5 else b"9" * 30 for offset in range(40)]
    block.add([make.KafkaRecord("t", 0, offset, value) for offset, value in enumerate(values)])

    [refusal] = writer.write(Shipment("t", [block]))

    assert refusal.record.offset == 5
    assert stored(server) == (39, 39, 39)


def test_a_restart_and_a_kill_in_the_middle_lose_and_double_nothing(server, writer):
    done = []

    def write():
        for number in range(60):
            writer.write(shipment(number * 100, 100))
            done.append(number)

    thread = Thread(target=write)
    thread.start()
    for after, end in ((5, server.stop), (25, server.kill)):
        while len(done) < after:
            sleep(0.002)
        end()
        server.start()
    thread.join(60)

    assert len(done) == 60
    assert stored(server) == (6000, 6000, 6_000_000)
