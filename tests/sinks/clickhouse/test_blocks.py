"""Blocks keep the books; shipments name exactly what they insert."""

from schemas.reasons import Reason
from sinks.clickhouse.blocks import Block, Shipment, rows_digest
from sinks.clickhouse.rows import TO_ROW
from sinks.clickhouse.tables import ALERT, CHARGE_LINE, ORDER_EVENT, VISIT_FACT
from streams.topics import Topic
from tests.sinks import make


def block(records, topic=Topic.LEDGER, partition=0, latest_only=False):
    made = Block(f"pre.{topic}", partition, 0.0, TO_ROW[topic], 1, latest_only=latest_only)
    made.add(records)
    return made


def charges(*numbers, partition=0):
    return [
        make.record(make.entry(make.charge(f"C{number}")), offset=number, partition=partition, timestamp=1000 + number)
        for number in numbers
    ]


def rows_of(shipment):
    return {table.name: rows for table, rows in shipment.tables()}


def test_a_block_knows_its_first_and_last_offset_and_its_oldest_record():
    made = block(charges(5, 6))
    made.add(charges(7, 9))

    assert (made.first_offset, made.last_offset, made.oldest_ms, len(made)) == (5, 9, 1005, 4)


def test_the_entries_of_a_partition_are_sorted_into_their_tables():
    records = [*charges(1, 2), make.record(make.entry(make.order(), event_id="E"), offset=3)]

    found = Shipment("pre.ledger.v1", [block(records)]).tables()

    assert [(table, len(rows)) for table, rows in found] == [(CHARGE_LINE, 2), (ORDER_EVENT, 1)]


def test_an_unreadable_record_is_refused_and_the_others_go_on():
    made = block([*charges(1), make.record(b"\xc1", offset=2), *charges(3)])

    [refusal] = made.refusals
    assert refusal.reason is Reason.UNREADABLE_OUTPUT
    assert refusal.record.offset == 2
    assert len(rows_of(Shipment("t", [made]))["charge_line"]) == 2
    assert made.last_offset == 3


def test_of_the_facts_of_a_visit_only_the_highest_version_is_written():
    records = [
        make.record(make.visit_fact("V1", version), Topic.VISIT_FACT, offset, key=b"V1")
        for offset, version in enumerate((5, 9, 7))
    ] + [make.record(make.visit_fact("V2", 1), Topic.VISIT_FACT, 3, key=b"V2")]

    rows = rows_of(Shipment("t", [block(records, Topic.VISIT_FACT, latest_only=True)]))["visit_fact"]

    version = VISIT_FACT.position["version"]
    assert sorted((row[2], row[version]) for row in rows) == [("V1", 9), ("V2", 1)]


def test_facts_without_a_key_are_all_written():
    records = [make.record(make.alert("A1", version), Topic.ALERT, version, key=None) for version in (1, 2)]

    assert len(rows_of(Shipment("t", [block(records, Topic.ALERT, latest_only=True)]))["alert"]) == 2


def test_a_fact_that_cannot_be_read_does_not_replace_one_that_can():
    records = [
        make.record(make.alert("A1", 1), Topic.ALERT, 0),
        make.record(b"not json", Topic.ALERT, 1),
    ]
    made = block(records, Topic.ALERT, latest_only=True)

    rows = rows_of(Shipment("t", [made]))["alert"]
    assert [row[ALERT.position["version"]] for row in rows] == [1]
    assert [refusal.record.offset for refusal in made.refusals] == [1]


def test_the_blocks_of_a_topic_share_one_insert():
    shipment = Shipment("t", [block(charges(4, 5, partition=1), partition=1), block(charges(1, 2))])

    assert len(shipment) == 4
    assert shipment.ranges == "0:1-2,1:4-5"
    [(table, rows)] = shipment.tables()
    assert table is CHARGE_LINE
    assert len(rows) == 4


def test_a_row_leads_back_to_its_record():
    shipment = Shipment("t", [block(charges(4, 5, partition=1), partition=1), block(charges(4))])
    [(_, rows)] = shipment.tables()

    assert [(shipment.record_of(row).partition, shipment.record_of(row).offset) for row in rows] == [
        (0, 4), (1, 4), (1, 5),
    ]  # fmt: skip


def token(records, topic="t"):
    shipment = Shipment(topic, [block(records)])
    [(table, rows)] = shipment.tables()
    return shipment.token(table, rows)


def test_the_same_records_have_the_same_token():
    assert token(charges(1, 2)) == token(charges(1, 2))


def test_the_token_names_table_topic_partition_offsets_and_content():
    assert token(charges(1, 2)).startswith("charge_line/t/0:1-2/")
    other_content = [make.record(make.entry(make.charge("C1", 1001)), offset=1), *charges(2)]
    assert len({token(charges(1, 2)), token(charges(1, 2), "u"), token(charges(1, 2, 3)), token(other_content)}) == 4


def test_rows_no_column_could_hold_have_a_digest_all_the_same():
    assert rows_digest([(10**30,)]) != rows_digest([(10**30 + 1,)])
