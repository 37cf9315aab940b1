"""Every kind of bad message through the real pipeline: the right reason, its original bytes, and life goes on."""

import json
from collections import Counter

import pytest

from schemas.codec import Codec
from schemas.dead_letter import read_dead_letter
from schemas.reasons import Reason
from streams.topics import Topic
from tests.hospitals import EVERYTHING, client, query

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
GOOD = {
    "charge_id": "C1", "patient_id": "P1", "visit_id": "V1", "amount": 12_345, "category": "05", "level": "01",
    "charged_at": "2026-03-05 10:00:00", "ordering_department": "D1",
}  # fmt: skip
AVRO = Codec().encode_avro("charge", {**GOOD, "charge_id": "C2"})
ORDER = Codec().encode_avro("order", {"order_id": "O1", "patient_id": "P1", "visit_id": "V1", "occurred_at": 1})


def changed(**fields: object) -> bytes:
    return json.dumps({**GOOD, "charge_id": "bad", **fields}).encode()


POISON: dict[str, tuple[bytes | None, Reason]] = {
    "empty": (None, Reason.EMPTY_MESSAGE),
    "not JSON": (b"<xml/>", Reason.NOT_JSON),
    "an array": (b"[1]", Reason.NOT_AN_OBJECT),
    "truncated Avro": (AVRO[:-7], Reason.TRUNCATED_FRAME),
    "truncated header": (AVRO[:6], Reason.TRUNCATED_FRAME),
    "unknown fingerprint": (AVRO[:2] + bytes(8) + AVRO[10:], Reason.UNKNOWN_SCHEMA),
    "left-over bytes": (AVRO + b"\x00", Reason.MALFORMED_FRAME),
    "another topic's schema": (ORDER, Reason.WRONG_SCHEMA),
    "not UTF-8": (b'{"charge_id": "\xff\xfe"}', Reason.NOT_TEXT),
    "Confluent without a registry": (b"\x00\x00\x00\x00\x07abc", Reason.UNKNOWN_SCHEMA),
    "no visit": (json.dumps({k: v for k, v in GOOD.items() if k != "visit_id"}).encode(), Reason.MISSING_FIELD),
    "float amount": (changed(amount=12.5), Reason.FLOAT_AMOUNT),
    "NaN": (changed(amount=float("nan")), Reason.NOT_FINITE),
    "infinite text": (changed(amount="Infinity"), Reason.NOT_FINITE),
    "overflow": (changed(amount=10**18), Reason.OUT_OF_RANGE),
    "overflow as text": (changed(amount="1" + "0" * 30), Reason.OUT_OF_RANGE),
    "three decimals": (changed(amount="1.234"), Reason.BAD_DECIMAL),
    "10 MB string": (changed(item_code="x" * 10_000_000), Reason.TOO_LONG),
    "NUL byte": (changed(item_code="a\x00b"), Reason.CONTROL_CHARACTER),
    "no such time": (changed(charged_at="2026-02-30 10:00:00"), Reason.BAD_TIME),
    "signs differ": (changed(quantity=-1), Reason.SIGN_MISMATCH),
    "positive refund": (changed(refund_of="C1"), Reason.REFUND_NOT_NEGATIVE),
    "no amount": (changed(amount=None), Reason.AMOUNT_MISSING),
    "reserved character": (changed(visit_id="V|1"), Reason.RESERVED_CHARACTER),
    "same id, other content": (json.dumps({**GOOD, "amount": 99}).encode(), Reason.CONTENT_CONFLICT),
}
UNKNOWN_KIND = {"kind": "teleport", "patient_id": "P1", "visit_id": "V1", "occurred_at": 1, "event_id": "A9"}
UNKNOWN_ALERT = {"alert_id": "H0001|P1|V1|visit_quota||1", "patient_id": "P1", "visit_id": "V1", "actor": "n1",
                 "occurred_at": 1_700_000_000_000}  # fmt: skip


def test_each_bad_message_becomes_a_dead_letter_with_its_reason_and_bytes_and_the_pipeline_lives(pipeline):
    house = pipeline().start(*EVERYTHING)
    producer = house.producer()

    def send(topic: str, value: bytes | None) -> None:
        producer.send(house.topic(topic), key=b"P1", value=value).get(30)

    send(Topic.CHARGE, json.dumps(GOOD).encode())
    for value, _ in POISON.values():
        send(Topic.CHARGE, value)
    send(Topic.ADMISSION, json.dumps(UNKNOWN_KIND).encode())
    send(Topic.ACK, json.dumps(UNKNOWN_ALERT).encode())
    # Unknown codes are no poison: provinces extend the tables.
    send(Topic.CHARGE, json.dumps({**GOOD, "charge_id": "C9", "category": "77", "level": "09", "amount": 55}).encode())
    house.wait_caught_up(*EVERYTHING)

    letters = [read_dead_letter(r.key, r.value, r.headers) for r in house.records(Topic.DEAD_LETTER)]
    expected = [(value, reason) for value, reason in POISON.values()]
    found = Counter(letter.reason for letter in letters)
    wanted = Counter(reason.value for _, reason in expected) + Counter([Reason.UNKNOWN_KIND, Reason.UNKNOWN_ALERT])
    assert found == Counter({str(reason): count for reason, count in wanted.items()})
    kept = {(letter.value, letter.reason) for letter in letters if letter.content == "source"}
    for value, reason in expected:
        if reason is not Reason.CONTENT_CONFLICT:
            assert (value, reason.value) in kept
    stored = query(house, "SELECT reason, count() FROM v_dead_letter GROUP BY reason")
    assert stored == found
    assert client(house).execute("SELECT amount_fen FROM v_visit WHERE visit_id = 'V1'") == [(12_345 + 55,)]
    assert all(process.is_running for process in house.members.values())
