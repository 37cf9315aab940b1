"""The writer against the real engine: what it promises must be ClickHouse's doing, not a fake's."""

from threading import Event, Thread
from time import sleep

import pytest

from schemas.reasons import Reason
from sinks.clickhouse.blocks import Block, Shipment
from sinks.clickhouse.connection import WRITE_SETTINGS, connect, verify_server
from sinks.clickhouse.rows import LATEST_ONLY, TO_ROW
from sinks.clickhouse.tables import CHARGE_LINE
from sinks.clickhouse.writer import Writer
from streams.topics import Topic
from tests.sinks import make

pytestmark = pytest.mark.integration


def shipment(*records):
    topic = records[0].topic
    block = Block(topic, records[0].partition, 0.0, TO_ROW[topic], 1, latest_only=topic in LATEST_ONLY)
    block.add(records)
    return Shipment(topic, [block])


def charges(first, count, amount=1000):
    return [make.record(make.entry(make.charge(f"C{n}", amount)), offset=n) for n in range(first, first + count)]


@pytest.fixture
def writer(client):
    return Writer(lambda: client, Event())


def raw_rows(client, table="charge_line"):
    return client.execute(f"SELECT count() FROM {table}")[0][0]


def test_a_shipment_written_twice_is_stored_once_even_before_any_merge(client, writer):
    client.execute("SYSTEM STOP MERGES charge_line")
    writer.write(shipment(*charges(0, 500)))
    writer.write(shipment(*charges(0, 500)))

    assert raw_rows(client) == 500


def test_the_same_offsets_with_other_content_are_not_dropped(client, writer):
    client.execute("SYSTEM STOP MERGES charge_line")
    writer.write(shipment(*charges(0, 10)))
    writer.write(shipment(*charges(0, 10, amount=2000)))

    assert raw_rows(client) == 20


def test_identical_rows_under_other_offsets_are_not_dropped_as_a_repetition(client, writer):
    client.execute("SYSTEM STOP MERGES dead_letter")
    for offset in (1, 2):
        writer.write(shipment(make.dead_letter(b"x", offset=offset)))

    assert raw_rows(client, "dead_letter") == 2
    assert client.execute("SELECT count() FROM dead_letter FINAL") == [(1,)]


def test_overlapping_shipments_come_to_the_same_rows(client, writer):
    writer.write(shipment(*charges(0, 300)))
    writer.write(shipment(*charges(100, 300)))
    writer.write(shipment(*charges(399, 2)))

    assert client.execute("SELECT count(), uniqExact(charge_id), sum(amount_fen) FROM charge_line FINAL") == [
        (401, 401, 401_000)
    ]


def test_every_kind_of_entry_finds_its_table(client, writer):
    bodies = [make.charge(), make.order(), make.full_admission(), make.settlement(), make.ack()]
    writer.write(shipment(*(make.record(make.entry(b, event_id="E"), offset=n) for n, b in enumerate(bodies))))

    for table in ("charge_line", "order_event", "admission_event", "settlement_event", "alert_ack"):
        assert client.execute(f"SELECT count() FROM {table} FINAL") == [(1,)], table
    [row] = client.execute(
        "SELECT diagnosis_code, diagnosis_role, procedure_code, leave, birth_date FROM admission_event FINAL"
    )
    assert tuple(map(str, row)) == ("['I10', 'E11']", "['main', 'other']", "['51.2300']", "True", "1960-02-03")


def test_times_and_numbers_arrive_as_they_were(client, writer):
    writer.write(shipment(make.record(make.entry(make.charge("C1", -(10**16)), recorded_at=make.MORNING + 123))))

    [row] = client.execute(
        "SELECT toUnixTimestamp64Milli(charged_at), toUnixTimestamp64Milli(recorded_at), amount_fen,"
        " toString(charged_on), month, first_wins FROM charge_line"
    )
    assert row == (make.MORNING, make.MORNING + 123, -(10**16), "2024-03-01", 202403, 2**64 - 1 - (1 << 48))


def test_one_poisoned_fact_is_isolated_and_the_rest_inserted(client, writer):
    facts = [make.visit_fact(f"V{n}", amount_fen=10**30 if n == 7 else n) for n in range(50)]
    records = [make.record(fact, Topic.VISIT_FACT, n, key=fact.visit_id.encode()) for n, fact in enumerate(facts)]

    [refusal] = writer.write(shipment(*records))

    assert (refusal.reason, refusal.record.offset) == (Reason.ROW_REFUSED, 7)
    assert client.execute("SELECT count(), sum(amount_fen) FROM visit_fact FINAL") == [(49, sum(range(50)) - 7)]


def test_a_row_the_server_refuses_is_isolated_too(client, writer):
    client.execute("ALTER TABLE charge_line ADD CONSTRAINT small CHECK amount_fen < 5000")

    records = [*charges(0, 20), make.record(make.entry(make.charge("big", 6000)), offset=20), *charges(21, 20)]
    [refusal] = writer.write(shipment(*records))

    assert refusal.record.offset == 20
    assert "469" in refusal.detail
    assert client.execute("SELECT count() FROM charge_line FINAL") == [(40,)]


def test_a_refused_row_stays_refused_and_nothing_is_stored_twice(client, writer):
    client.execute("ALTER TABLE charge_line ADD CONSTRAINT small CHECK amount_fen < 5000")
    client.execute("SYSTEM STOP MERGES charge_line")
    records = [*charges(0, 9), make.record(make.entry(make.charge("big", 6000)), offset=9)]

    for _ in range(2):
        assert len(writer.write(shipment(*records))) == 1

    assert raw_rows(client) == 9


def test_a_missing_table_ends_the_process_and_poisons_nothing(client, writer):
    from clickhouse_driver.errors import ServerException

    client.execute("DROP TABLE charge_line")

    with pytest.raises(ServerException, match="UNKNOWN_TABLE"):
        writer.write(shipment(*charges(0, 1)))


def test_text_in_any_script_arrives_whole(client, writer):
    names = ["重症医学科", "a'b\"c\\d", "😀", "\t", "x" * 70_000]
    records = [
        make.record(make.entry(make.charge(f"C{n}", ordering_department=name)), offset=n)
        for n, name in enumerate(names)
    ]
    writer.write(shipment(*records))

    assert [row[0] for row in client.execute("SELECT ordering_department FROM charge_line ORDER BY charge_id")] == names


@pytest.mark.timeout(120)
def test_a_server_killed_and_started_again_loses_and_doubles_nothing(clickhouse_node_factory):
    from sinks.clickhouse.migrate import migrate
    from streams.settings import Settings

    node = clickhouse_node_factory()
    settings = Settings(clickhouse_url=node.url.replace("/default", "/kongfei"))
    migrate(settings)

    def ready():
        client = connect(settings.clickhouse_url, WRITE_SETTINGS)
        verify_server(client)
        return client

    writer = Writer(ready, Event())
    done = []

    def write():
        for number in range(40):
            writer.write(shipment(*charges(number * 250, 250)))
            done.append(number)

    thread = Thread(target=write)
    thread.start()
    for after in (3, 12):
        while len(done) < after:
            sleep(0.005)
        node.kill()
        node.start()
    thread.join(60)

    assert len(done) == 40
    with connect(settings.clickhouse_url) as client:
        client.execute("SYSTEM STOP MERGES charge_line")
        assert client.execute("SELECT count(), uniqExact(charge_id) FROM charge_line FINAL") == [(10_000, 10_000)]


def test_the_insert_names_exactly_the_declared_columns(client):
    [(statement,)] = client.execute("SHOW CREATE TABLE charge_line")

    for name, _ in CHARGE_LINE.columns:
        assert f"`{name}`" in statement
        assert name in CHARGE_LINE.insert
