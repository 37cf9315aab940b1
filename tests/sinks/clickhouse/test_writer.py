"""Insert, retry, bisect: against a client that fails as it is told to."""

from threading import Event

import pytest
from clickhouse_driver import errors

from schemas.reasons import Reason
from sinks.clickhouse import writer as module
from sinks.clickhouse.blocks import Block, Shipment
from sinks.clickhouse.connection import ClickHouseError
from sinks.clickhouse.rows import TO_ROW
from sinks.clickhouse.tables import CHARGE_LINE
from sinks.clickhouse.writer import StoppedError, Writer
from streams.topics import Topic
from tests.sinks import make

CHARGE_ID = CHARGE_LINE.position["charge_id"]


class Server:
    """A ClickHouse that remembers inserts by token. `fails` are raised first, one an attempt; `poison` ids always."""

    def __init__(self, *fails, poison=(), error=None):
        self.fails = list(fails)
        self.poison = set(poison)
        self.error = error or errors.TypeMismatchError("a value")
        self.charge_ids = []
        self.tokens = []
        self.connections = 0

    def connect(self):
        self.connections += 1
        return self

    def execute(self, statement, columns, columnar, settings):
        assert columnar
        self.tokens.append(settings["insert_deduplication_token"])
        if self.fails:
            failure = self.fails.pop(0)
            if failure is not None:
                raise failure
        ids = list(columns[CHARGE_ID])
        if self.poison.intersection(ids):
            raise self.error
        self.charge_ids += ids

    def disconnect(self):
        pass


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.0)


def shipment(count):
    made = Block("t", 0, 0.0, TO_ROW[Topic.LEDGER], 1, latest_only=False)
    made.add([make.record(make.entry(make.charge(f"C{number}")), offset=number) for number in range(count)])
    return Shipment("t", [made])


def write(server, made, **options):
    return Writer(server.connect, Event(), **options).write(made)


def test_a_shipment_is_inserted_once_under_its_token():
    server = Server()

    assert write(server, shipment(3)) == []
    assert server.charge_ids == ["C0", "C1", "C2"]
    assert len(server.tokens) == 1


@pytest.mark.usefixtures("no_pause")
def test_a_server_that_is_down_is_waited_for_and_gets_the_same_token_again():
    server = Server(ConnectionRefusedError(), EOFError(), errors.SocketTimeoutError("x"), None)
    writer = Writer(server.connect, Event(), busy_seconds=0)

    assert writer.write(shipment(2)) == []

    assert server.charge_ids == ["C0", "C1"]
    assert len(set(server.tokens)) == 1
    assert server.connections == 4
    assert writer.reachable


@pytest.mark.usefixtures("no_pause")
def test_a_busy_server_is_tried_again_but_not_for_ever():
    busy = errors.ServerException("too many parts", 252)
    assert write(Server(busy, busy, None), shipment(1)) == []

    ticks = iter(range(0, 10_000, 100))
    with pytest.raises(errors.ServerException):
        write(Server(*[busy] * 50), shipment(1), busy_seconds=500, clock=lambda: next(ticks))


@pytest.mark.usefixtures("no_pause")
def test_an_outage_starts_the_patience_with_a_busy_server_anew():
    busy = errors.ServerException("too many parts", 252)
    ticks = iter(range(0, 100_000, 100))
    fails = [busy, busy, ConnectionRefusedError(), busy, busy]

    assert write(Server(*fails), shipment(1), busy_seconds=300, clock=lambda: next(ticks)) == []


@pytest.mark.parametrize("error", [errors.TypeMismatchError("x"), errors.ServerException("constraint", 469)])
def test_a_poisoned_row_is_isolated_and_every_other_one_inserted(error):
    server = Server(poison={"C13"}, error=error)

    [refusal] = write(server, shipment(100))

    assert refusal.reason is Reason.ROW_REFUSED
    assert refusal.record.offset == 13
    assert sorted(server.charge_ids) == sorted(f"C{number}" for number in range(100) if number != 13)
    assert len(server.charge_ids) == 99


def test_several_poisoned_rows_are_all_found():
    server = Server(poison={"C0", "C7", "C8", "C63"})

    refusals = write(server, shipment(64))

    assert sorted(refusal.record.offset for refusal in refusals) == [0, 7, 8, 63]
    assert len(server.charge_ids) == 60


def test_the_detail_of_a_refusal_holds_no_value():
    [refusal] = write(Server(poison={"C0"}, error=errors.ServerException("patient Zhang San", 469)), shipment(1))

    assert refusal.detail.startswith("charge_line: 469")
    assert "Zhang" not in refusal.detail


def test_a_table_that_refuses_everything_ends_the_process():
    everything = {f"C{number}" for number in range(30)}

    with pytest.raises(ClickHouseError, match="refuses every row"):
        write(Server(poison=everything), shipment(30))


@pytest.mark.parametrize("error", [errors.ServerException("no such table", 60), ValueError("a bug"), KeyError("a bug")])
def test_anything_else_is_raised_at_once(error):
    server = Server(error)

    with pytest.raises(type(error)):
        write(server, shipment(1))
    assert server.connections == 1


def test_a_writer_that_waits_can_be_stopped():
    stopping = Event()
    stopping.set()
    writer = Writer(Server(ConnectionRefusedError()).connect, stopping)

    with pytest.raises(StoppedError):
        writer.write(shipment(1))
    assert not writer.reachable


def test_a_server_that_is_not_as_it_must_be_is_no_reason_to_wait():
    def connect():
        raise ClickHouseError("setting async_insert is 1, must be 0")

    with pytest.raises(ClickHouseError):
        Writer(connect, Event()).open()
