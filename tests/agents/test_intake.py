"""Intake: each message becomes one ledger entry or one dead letter, in its partition, saying where it came from."""

import json
from zoneinfo import ZoneInfo

import pytest

from agents.intake import Intake
from schemas.codec import Codec, encode_json, fingerprint, shipped_declarations
from schemas.ledger import Ack, Admission, Charge, Order, Settlement, content_digest, decode_entry, version_of
from schemas.units import day_number
from streams.partitions import partition_of
from streams.settings import Settings
from streams.stage import Batch
from streams.topics import Topic
from tests.agents.harness import FakeRecord, House, charge
from tests.invariants import tells_nobody
from tests.schemas.border import SMALLEST

TOPIC_OF = {
    "admission": Topic.ADMISSION, "order": Topic.ORDER, "charge": Topic.CHARGE, "settlement": Topic.SETTLEMENT,
    "ack": Topic.ACK,
}  # fmt: skip
BODY_OF = {"admission": Admission, "order": Order, "charge": Charge, "settlement": Settlement, "ack": Ack}


def intake(**settings) -> Intake:
    return Intake(Settings(**{"partitions": 8, "hospital": "H1", **settings}))


def handled(stage: Intake, topic: str, *values: bytes | None, offset: int = 40, partition: int = 3):
    records = [
        FakeRecord(topic, partition, offset + n, 1_700_000_000_000 + n, b"key", value) for n, value in enumerate(values)
    ]
    return stage.handle(Batch(topic, partition, records), {})


def only(outcome):
    """The one output: (topic, partition, key, value, headers)."""
    (((topic, partition), ((key, value, headers),)),) = outcome.outputs.items()
    return topic, partition, key, value, dict(headers)


@pytest.mark.parametrize("event_type", SMALLEST)
def test_each_kind_of_event_becomes_an_entry_in_its_patients_partition(event_type):
    outcome = handled(intake(), TOPIC_OF[event_type], encode_json(SMALLEST[event_type]))
    topic, partition, key, value, _ = only(outcome)
    entry = decode_entry(value)
    assert (topic, key, partition) == (Topic.LEDGER, b"H1|P1", partition_of(b"H1|P1", 8))
    assert (entry.hospital, entry.patient_id, entry.visit_id) == ("H1", "P1", "V1")
    assert (entry.source_topic, entry.source_partition, entry.source_position) == (
        TOPIC_OF[event_type],
        3,
        version_of(1, 40),
    )
    assert isinstance(entry.body, BODY_OF[event_type])
    assert outcome.counts == {"accepted": 1, "dead_lettered": 0, "warned": 0}
    assert outcome.state == []


@pytest.mark.parametrize("event_type", SMALLEST)
def test_avro_and_json_become_the_same_entry(event_type):
    fields = SMALLEST[event_type] | {"event_id": "E1"}
    stage = intake()
    avro = only(handled(stage, TOPIC_OF[event_type], Codec().encode_avro(event_type, fields)))
    assert avro == only(handled(stage, TOPIC_OF[event_type], encode_json(fields)))


def test_confluent_framing_is_read_where_a_registry_is_known():
    import io
    import struct

    import fastavro

    declaration = shipped_declarations()["charge.v1.avsc"]
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(dict(declaration)), SMALLEST["charge"])
    frame = struct.pack(">bI", 0, 7) + body.getvalue()
    stage = Intake(Settings(partitions=8, hospital="H1"), resolver=lambda _: declaration)
    assert decode_entry(only(handled(stage, Topic.CHARGE, frame))[3]).body.charge_id == "C1"
    assert only(handled(intake(), Topic.CHARGE, frame))[4]["reason"] == b"D103"


def test_a_national_2301_line_becomes_a_charge():
    line = {
        "fixmedins_code": "H7", "patn_id": "P9", "mdtrt_id": "V9", "feedetl_sn": "C1", "cnt": "2", "pric": "0.505",
        "fee_ocur_time": "20240305235959", "med_chrgitm_type": "09", "chrgitm_lv": "01", "bilg_dept_codg": "D1",
        "med_list_codg": "XA01", "medins_list_codg": "H-1",
    }  # fmt: skip
    topic, _, key, value, _ = only(handled(intake(), Topic.CHARGE, encode_json(line)))
    body = decode_entry(value).body
    assert (topic, key) == (Topic.LEDGER, b"H7|P9")
    assert (body.amount_fen, body.quantity_e4, body.unit_price_micro) == (101, 20_000, 505_000)
    assert (body.item_code, body.hospital_item_code, body.ordering_department) == ("XA01", "H-1", "D1")
    assert body.day == day_number("2024-03-05")


def test_the_day_of_a_charge_is_that_of_the_hospital():
    line = encode_json(SMALLEST["charge"] | {"charged_at": "2024-03-05T16:00:00Z"})
    assert decode_entry(only(handled(intake(), Topic.CHARGE, line))[3]).body.day == day_number("2024-03-06")
    elsewhere = intake(timezone="Europe/Lisbon")
    assert decode_entry(only(handled(elsewhere, Topic.CHARGE, line))[3]).body.day == day_number("2024-03-05")


def test_unknown_codes_pass_with_a_warning():
    line = SMALLEST["charge"] | {"category": "99", "level": "9", "list_type": "x", "approval": "7"}
    outcome = handled(intake(), Topic.CHARGE, encode_json(line))
    entry = decode_entry(only(outcome)[3])
    assert entry.warnings == ("category:99", "level:9", "list_type:x", "approval:7")
    assert entry.body.category == "99"
    assert outcome.counts["warned"] == 1
    event = SMALLEST["admission"] | {
        "insurance_type": "1",
        "care_type": "2101",
        "person_type": "x",
        "sex": "M",
        "discharge_way": "7",
    }
    entry = decode_entry(only(handled(intake(), Topic.ADMISSION, encode_json(event)))[3])
    assert [warning.partition(":")[0] for warning in entry.warnings] == [
        "insurance_type", "care_type", "person_type", "sex", "discharge_way",
    ]  # fmt: skip


def test_the_digest_of_a_charge_does_not_know_when_it_was_sent():
    def digest(**changes):
        return decode_entry(only(handled(intake(), Topic.CHARGE, encode_json(SMALLEST["charge"] | changes)))[3]).digest

    assert digest() == digest(recorded_at="2024-03-09") == digest(occurred_at="2024-03-09") == digest(event_id="x")
    assert digest() != digest(amount=101)
    assert digest() != digest(charged_at="2024-03-05 10:00:01")
    entry = decode_entry(only(handled(intake(), Topic.CHARGE, encode_json(SMALLEST["charge"])))[3])
    assert entry.digest == content_digest(entry.body, 0)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "D105"),
        (b"", "D105"),
        (b"{", "D101"),
        (b"[]", "D106"),
        (b'{"a": "\xff"}', "D108"),
        (b"\xc3\x01", "D102"),
        (b"\xc3\x01" + b"x" * 20, "D103"),
        (b"\xc3\x01" + fingerprint(shipped_declarations()["charge.v1.avsc"]) + b"\x09", "D104"),
        (Codec().encode_avro("order", SMALLEST["order"]), "D107"),
        (b"{}", "V201"),
        (b'{"leave": []}', "V201"),
        (encode_json(SMALLEST["charge"] | {"amount": 1.5}), "V203"),
        (encode_json(SMALLEST["charge"] | {"charge_id": "x" * 10_000_000}), "V207"),
        (json.dumps(SMALLEST["charge"] | {"charge_id": "\x00"}).encode(), "V208"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_cannot_be_read_becomes_a_dead_letter_with_its_original_bytes(value, reason):
    outcome = handled(intake(), Topic.CHARGE, value)
    topic, partition, key, kept, headers = only(outcome)
    assert (topic, key, kept) == (Topic.DEAD_LETTER, b"key", value)
    assert 0 <= partition < 8
    assert (headers["reason"], headers["stage"], headers["content"]) == (reason.encode(), b"intake", b"source")
    assert (headers["source-topic"], headers["source-partition"], headers["source-offset"]) == (
        b"his.charge.v1",
        b"3",
        b"40",
    )
    assert headers["at"] == b"1700000000000"
    assert outcome.counts == {"accepted": 0, "dead_lettered": 1, "warned": 0}


def test_a_bad_message_among_good_ones_stops_none_of_them():
    good = encode_json(SMALLEST["charge"])
    outcome = handled(intake(), Topic.CHARGE, good, b"{", good, None, good)
    assert outcome.counts == {"accepted": 3, "dead_lettered": 2, "warned": 0}
    (ledger,) = (records for (topic, _), records in outcome.outputs.items() if topic == Topic.LEDGER)
    assert [decode_entry(value).source_position - version_of(1, 0) for _, value, _ in ledger] == [40, 42, 44]


def test_headers_of_a_dead_letter_tell_nothing_of_the_patient():
    whose = {"patient_id": "ZHANG-SAN-001", "visit_id": "VISIT-77", "person_no": "420106", "amount": "a fortune"}
    headers = only(handled(intake(), Topic.CHARGE, encode_json(SMALLEST["charge"] | whose)))[4]
    for value in headers.values():
        tells_nobody(value.decode(), ["ZHANG", "VISIT", "420106", "fortune"])


def test_the_position_of_a_message_grows_with_the_epoch():
    first = decode_entry(only(handled(intake(), Topic.CHARGE, encode_json(SMALLEST["charge"]), offset=10**9))[3])
    second = decode_entry(only(handled(intake(epoch=2), Topic.CHARGE, encode_json(SMALLEST["charge"]), offset=0))[3])
    assert second.source_position > first.source_position


def test_many_patients_are_placed_as_everybody_else_places_them(monkeypatch):
    monkeypatch.setattr("agents.intake.KEY_CACHE", 3)
    values = [encode_json(SMALLEST["charge"] | {"patient_id": f"P{number % 7}"}) for number in range(50)]
    outcome = handled(intake(), Topic.CHARGE, *values)
    for (topic, partition), records in outcome.outputs.items():
        assert topic == Topic.LEDGER
        assert {partition_of(key, 8) for key, _, _ in records} == {partition}


def test_a_message_that_intake_sends_twice_counts_once():
    house = House().publish({"type": "charge", **SMALLEST["charge"]}).run()
    house.apply(house.stages[0], Batch("his.charge.v1", 0, house.topics["his.charge.v1", 0]))
    house.run().check()
    assert house.counts["cost.duplicate"] == 1
    assert house.visit.amount_fen == 100


def test_a_topic_of_the_hospital_that_was_made_anew_loses_nothing():
    """Its offsets begin at zero again: positions decide nothing, ids and content do."""
    house = House().publish(*(charge(number, 100) for number in range(5))).run()
    house.topics["his.charge.v1", 0].clear()
    house.positions.pop(("intake", "his.charge.v1", 0))
    house.publish(charge(4, 100), charge(5, 100), charge(0, 7)).run()
    assert house.visit.amount_fen == 600
    assert (house.counts["cost.duplicate"], house.counts["cost.refused"]) == (1, 1)


def test_a_time_zone_is_one_object_for_all():
    assert intake()._zone is ZoneInfo("Asia/Shanghai")
