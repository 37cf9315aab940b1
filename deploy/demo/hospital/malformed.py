"""Messages that no hospital should send and some hospital will: one for every reason a message can be refused for.

Each is made from a good charge or admission with one thing wrong, so that the reason is certain.
"""

import struct
from typing import Any, NamedTuple

from deploy.demo.hospital.wire import Format, canonical, encode
from schemas.codec import SINGLE_OBJECT, encode_json
from schemas.reasons import Reason


class Malformed(NamedTuple):
    """One bad message: why it must be refused, the topic's event type, key and value."""

    reason: Reason
    event_type: str
    key: bytes | None
    value: bytes | None


def malformed_messages(charge: dict[str, Any], admission: dict[str, Any], order: dict[str, Any]) -> list[Malformed]:
    """One or more messages for each reason D101–D108, V201–V214 and R302, made from three good events' fields."""
    key = charge["patient_id"].encode()
    avro = encode("charge", charge, Format.AVRO)
    good = encode("charge", charge, Format.JSON)

    def changed(**fields: Any) -> bytes:
        return encode_json({**canonical(charge), "charge_id": "Z0001", **fields})

    def without(name: str) -> bytes:
        return encode_json({field: value for field, value in canonical(charge).items() if field != name})

    acknowledged = {
        "event_id": "ack.unknown",
        "hospital": charge["hospital"],
        "patient_id": charge["patient_id"],
        "visit_id": charge["visit_id"],
        "occurred_at": charge["occurred_at"],
        "alert_id": f"{charge['hospital']}|never-raised|1",
        "actor": "N0001",
        "role": "nurse",
        "decision": "confirm",
    }
    charges: list[tuple[Reason, bytes | None]] = [
        (Reason.NOT_JSON, good[: len(good) // 2]),
        (Reason.NOT_JSON, b"feedetl_sn=00017&pric=12.50"),
        (Reason.TRUNCATED_FRAME, avro[:16]),
        (Reason.TRUNCATED_FRAME, SINGLE_OBJECT + b"\x01\x02"),
        (Reason.UNKNOWN_SCHEMA, SINGLE_OBJECT + b"\x10\x20\x30\x40\x50\x60\x70\x80" + avro[10:]),
        (Reason.UNKNOWN_SCHEMA, struct.pack(">bI", 0, 999_999) + avro[10:]),
        (Reason.MALFORMED_FRAME, avro + b"\x00\x00"),
        (Reason.EMPTY_MESSAGE, b""),
        (Reason.NOT_AN_OBJECT, b'["charge","00017","12.50"]'),
        (Reason.WRONG_SCHEMA, encode("order", order, Format.AVRO)),
        (Reason.NOT_TEXT, changed(trace_code="GBK").replace(b"GBK", "批号".encode("gbk"))),
        (Reason.MISSING_FIELD, without("charge_id")),
        (Reason.MISSING_FIELD, changed(patient_id="")),
        (Reason.WRONG_TYPE, changed(item_code=["XJ01DD", "XJ01DC"])),
        (Reason.FLOAT_AMOUNT, changed(amount=12.5)),
        (Reason.NOT_FINITE, changed(amount=float("nan"))),
        (Reason.NOT_FINITE, changed(amount="Infinity")),
        (Reason.OUT_OF_RANGE, changed(amount="999999999999999.99")),
        (Reason.BAD_DECIMAL, changed(amount="12,50")),
        (Reason.BAD_DECIMAL, changed(quantity="1.00001")),
        (Reason.TOO_LONG, changed(item_code="X" * 65)),
        (Reason.CONTROL_CHARACTER, changed(trace_code="8134\x000012")),
        (Reason.BAD_TIME, changed(charged_at="2026-02-30 08:00:00")),
        (Reason.SIGN_MISMATCH, changed(quantity="-1", amount="12.50")),
        (Reason.REFUND_NOT_NEGATIVE, changed(refund_of="00001", quantity="1", amount="12.50")),
        (Reason.RESERVED_CHARACTER, changed(patient_id="P0001|2")),
        (Reason.AMOUNT_MISSING, encode_json({
            name: value for name, value in canonical(charge).items() if name not in {"amount", "quantity", "refund_of"}
        })),
    ]  # fmt: skip
    found = [Malformed(reason, "charge", key, value) for reason, value in charges]
    found.append(
        Malformed(Reason.UNKNOWN_KIND, "admission", key, encode_json({**canonical(admission), "kind": "loan"}))
    )
    found.append(Malformed(Reason.UNKNOWN_ALERT, "ack", key, encode_json(canonical(acknowledged))))
    return found
