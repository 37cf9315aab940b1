"""Avro as a hospital sends it: single-object encoding, Confluent framing, and every way in which a frame can be bad."""

import io
import struct

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import CONFLUENT, SINGLE_OBJECT, Codec, fingerprint, shipped_declarations
from schemas.reasons import Reason, RejectError
from tests.schemas.border import SMALLEST

CODEC = Codec()
FIELDS = {
    "admission": SMALLEST["admission"]
    | {"diagnoses": [{"code": "I10", "role": "main", "made_at": None}], "leave": True},
    "order": SMALLEST["order"] | {"quantity": "1.5", "days": 3, "long_term": True},
    "charge": SMALLEST["charge"] | {"amount": "12.30", "quantity": 2, "ordering_department": "心内科"},
    "settlement": SMALLEST["settlement"] | {"cash_paid": 12},
    "ack": SMALLEST["ack"] | {"reason": "病情需要"},
}
OWN = {
    "type": "record", "name": "Fee", "namespace": "his", "fields": [
        {"name": "feedetl_sn", "type": "string"}, {"name": "det_item_fee_sumamt", "type": "string"},
        {"name": "extra", "type": {"type": "map", "values": "long"}, "default": {}},
    ],
}  # fmt: skip


def body_of(declaration, fields) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(declaration)), fields)
    return out.getvalue()


def single_object(declaration, fields) -> bytes:
    return SINGLE_OBJECT + fingerprint(declaration) + body_of(declaration, fields)


def confluent(registry_id: int, declaration, fields) -> bytes:
    return struct.pack(">bI", CONFLUENT, registry_id) + body_of(declaration, fields)


def reason_of(value: bytes, event_type: str = "charge", codec: Codec = CODEC) -> Reason:
    with pytest.raises(RejectError) as error:
        codec.decode(value, event_type)
    return error.value.reason


@pytest.mark.parametrize("event_type", FIELDS)
def test_what_is_encoded_reads_back(event_type):
    decoded = CODEC.decode(CODEC.encode_avro(event_type, FIELDS[event_type]), event_type)
    assert decoded | FIELDS[event_type] == decoded


@pytest.mark.parametrize("event_type", FIELDS)
def test_a_frame_cut_off_at_any_byte_is_refused(event_type):
    whole = CODEC.encode_avro(event_type, FIELDS[event_type])
    for length in range(1, len(whole)):
        expected = {Reason.TRUNCATED_FRAME} if length > 1 else {Reason.NOT_JSON, Reason.NOT_TEXT}
        assert reason_of(whole[:length], event_type) in expected, length


@pytest.mark.parametrize("event_type", FIELDS)
def test_a_frame_cut_off_in_confluent_framing_is_refused(event_type):
    declaration = shipped_declarations()[f"{event_type}.v1.avsc"]
    codec = Codec(resolver=lambda _: declaration)
    whole = confluent(7, declaration, FIELDS[event_type])
    assert codec.decode(whole, event_type)["patient_id"] == "P1"
    for length in range(1, len(whole)):
        assert reason_of(whole[:length], event_type, codec) is Reason.TRUNCATED_FRAME, length


@pytest.mark.parametrize("event_type", FIELDS)
def test_bytes_left_over_are_refused(event_type):
    whole = CODEC.encode_avro(event_type, FIELDS[event_type])
    assert reason_of(whole + b"\x00", event_type) is Reason.MALFORMED_FRAME
    assert reason_of(whole + whole, event_type) is Reason.MALFORMED_FRAME


@pytest.mark.parametrize("event_type", FIELDS)
def test_any_changed_byte_leads_to_fields_or_to_a_refusal(event_type):
    whole = CODEC.encode_avro(event_type, FIELDS[event_type])
    for place in range(len(whole)):
        for byte in (0x00, 0x01, 0x7F, 0x80, 0xFF, whole[place] ^ 1):
            _decodes_or_refuses(whole[:place] + bytes([byte]) + whole[place + 1 :], event_type)


@pytest.mark.parametrize("event_type", FIELDS)
@given(body=st.binary(max_size=80))
def test_random_bodies_lead_to_fields_or_to_a_refusal(event_type, body):
    declaration = shipped_declarations()[f"{event_type}.v1.avsc"]
    _decodes_or_refuses(SINGLE_OBJECT + fingerprint(declaration) + body, event_type)
    _decodes_or_refuses(SINGLE_OBJECT + body, event_type)
    _decodes_or_refuses(b"\x00" + body, event_type)


def _decodes_or_refuses(value: bytes, event_type: str) -> None:
    try:
        decoded = CODEC.decode(value, event_type)
    except RejectError as refused:
        assert refused.reason.value.startswith("D")  # noqa: PT017 - either is right
    else:
        assert isinstance(decoded, dict)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", Reason.TRUNCATED_FRAME),
        (b"\x00\x00\x01", Reason.TRUNCATED_FRAME),  # a string of length -1
        (b"\x00\x00" + b"\xff" * 9 + b"\x01", Reason.TRUNCATED_FRAME),  # of length -2^63
        (b"\x00\x00" + b"\xfe" * 9 + b"\x01", Reason.TRUNCATED_FRAME),  # of length 2^62 and more
        (b"\x00\x00" + b"\xff" * 14 + b"\x7f", Reason.TRUNCATED_FRAME),  # a length that never ends
        (b"\x09", Reason.MALFORMED_FRAME),  # a branch that the union does not have
        (b"\x00\x00\x02\xff", Reason.NOT_TEXT),  # a string that is no UTF-8
    ],
)
def test_a_lying_body_is_refused_without_believing_it(body, why):
    assert reason_of(SINGLE_OBJECT + fingerprint(shipped_declarations()["charge.v1.avsc"]) + body) is why


def test_a_known_schema_on_the_topic_of_another_is_refused():
    assert reason_of(CODEC.encode_avro("order", FIELDS["order"]), "charge") is Reason.WRONG_SCHEMA


def test_a_fingerprint_that_nobody_knows_is_refused():
    assert reason_of(single_object(OWN, {"feedetl_sn": "C1", "det_item_fee_sumamt": "1"})) is Reason.UNKNOWN_SCHEMA


def test_a_hospital_may_add_its_own_schema():
    codec = Codec(extra={"charge": [OWN]})
    frame = single_object(OWN, {"feedetl_sn": "C1", "det_item_fee_sumamt": "1", "extra": {"a": 1}})
    assert codec.decode(frame, "charge")["feedetl_sn"] == "C1"
    assert reason_of(frame, "order", codec) is Reason.WRONG_SCHEMA


def test_a_national_2301_record_is_read_on_the_topic_of_charges():
    declaration = shipped_declarations()["charge.national2301.v1.avsc"]
    line = {
        "fixmedins_code": "H1",
        "patn_id": "P1",
        "mdtrt_id": "V1",
        "feedetl_sn": "C1",
        "fee_ocur_time": "20240305100000",
        "det_item_fee_sumamt": "12.30",
        "cnt": "1",
        "pric": "12.30",
    }
    assert line.items() <= CODEC.decode(single_object(declaration, line), "charge").items()


def test_without_a_registry_confluent_framing_is_refused():
    assert reason_of(confluent(7, OWN, {"feedetl_sn": "C1", "det_item_fee_sumamt": "1"})) is Reason.UNKNOWN_SCHEMA


def test_the_registry_is_asked_once_for_each_schema():
    asked = []

    def resolve(registry_id):
        asked.append(registry_id)
        return OWN if registry_id == 7 else None

    codec = Codec(resolver=resolve)
    for _ in range(3):
        assert codec.decode(confluent(7, OWN, {"feedetl_sn": "C1", "det_item_fee_sumamt": "1"}), "charge")
        assert reason_of(confluent(8, OWN, {"feedetl_sn": "C1", "det_item_fee_sumamt": "1"}), "charge", codec)
    assert asked == [7, 8]


@pytest.mark.parametrize(
    "declaration",
    [
        {"type": "nope"},
        {"type": "record", "fields": []},
        {"type": "record", "name": "X", "fields": [{"name": "a", "type": "B"}]},
    ],
)
def test_a_registered_thing_that_is_no_schema_refuses_the_message_and_spares_the_worker(declaration):
    codec = Codec(resolver=lambda _: declaration)
    assert reason_of(b"\x00\x00\x00\x00\x07abc", "charge", codec) is Reason.UNKNOWN_SCHEMA


@pytest.mark.parametrize(
    "declaration", [{"type": "record", "name": "X"}, {"type": "string"}, {"type": "array", "items": "int"}]
)
def test_a_registered_schema_that_is_no_record_refuses_the_message(declaration):
    codec = Codec(resolver=lambda _: declaration)
    why = reason_of(b"\x00\x00\x00\x00\x07\x00", "charge", codec)
    assert why in {Reason.NOT_AN_OBJECT, Reason.MALFORMED_FRAME}


@pytest.mark.parametrize("header", [b"\xc3\x01", b"\xc3\x01abcdefg", b"\x00", b"\x00\x00\x00\x07"])
def test_half_a_header_is_a_truncated_frame(header):
    assert reason_of(header) is Reason.TRUNCATED_FRAME


def test_ten_megabytes_of_text_are_read_for_the_validator_to_judge():
    frame = CODEC.encode_avro("charge", FIELDS["charge"] | {"trace_code": "x" * 10_000_000})
    assert len(CODEC.decode(frame, "charge")["trace_code"]) == 10_000_000
