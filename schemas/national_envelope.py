"""The envelope of the national interface: what a request's says, and how an answer is wrapped (DOMAIN 2.1). Pure."""

from datetime import timedelta, tzinfo
from typing import Any

import msgspec

from schemas.reasons import Reason
from schemas.request_fields import Fault, Fields, read_object
from schemas.units import EPOCH

SUCCEEDED, FAILED = "0", "-1"
MOST_ID = 128
_MOST_MESSAGE = 2_000

_encoder = msgspec.json.Encoder(decimal_format="number")


class Envelope(msgspec.Struct, frozen=True):
    """What of a request's envelope is needed to answer it. received_at: epoch ms, the worker's clock."""

    msgid: str = ""
    infno: str = ""
    hospital: str = ""
    operator: str = ""
    sent_at: int = 0
    received_at: int = 0


def open_envelope(
    body: bytes, zone: tzinfo, received_at: int, faults: list[Fault], infno: str
) -> tuple[Envelope, Fields]:
    """The envelope of a request to the transaction `infno`, and its `data`. Raises RequestError where it is no object.

    A body without `input` is the bare `data`.
    """
    whole = Fields(read_object(body), "", faults, zone)
    said = whole.text("infno", most=8)
    if said and said != infno:
        whole.refuse("infno", Reason.UNKNOWN_KIND, f"应为 {infno}", f"must be {infno}")
    envelope = Envelope(
        msgid=whole.text("msgid", most=MOST_ID),
        infno=infno,
        hospital=whole.text("fixmedins_code", is_key=True),
        operator=whole.text("opter"),
        sent_at=whole.time_ms("inf_time"),
        received_at=received_at,
    )
    if whole.said("input") is None:
        return envelope, whole
    given = whole.object("input")
    return envelope, given.object("data") if given.said("data") is not None else given


def wrap(
    envelope: Envelope, zone: tzinfo, answered_at: int, output: Any, *, error: str = "", warning: str = ""
) -> bytes:
    """An answer in its envelope, JSON. With an error, infcode is -1; `answered_at` in epoch ms."""
    return _encoder.encode(
        {
            "infcode": FAILED if error else SUCCEEDED,
            "inf_refmsgid": envelope.msgid,
            "refmsg_time": moment(envelope.received_at, zone),
            "respond_time": moment(answered_at, zone),
            "err_msg": error[:_MOST_MESSAGE],
            "warn_msg": warning[:_MOST_MESSAGE],
            "signtype": "",
            "cainfo": "",
            "output": output,
        }
    )


def moment(ms: int, zone: tzinfo) -> str:
    """YyyyMMddHHmmssSSS in hospital time."""
    at = (EPOCH + timedelta(milliseconds=ms)).astimezone(zone)
    return f"{at:%Y%m%d%H%M%S}{ms % 1000:03d}"
