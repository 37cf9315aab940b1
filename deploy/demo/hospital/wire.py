"""How an event leaves the hospital: canonical JSON, Avro single-object encoding, or JSON under the national names."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from schemas import units
from schemas.codec import Codec, encode_json

_MONEY = frozenset({
    "amount", "total", "full_self_pay", "over_limit", "first_self_pay", "within_scope", "deductible", "basic_fund",
    "civil_servant", "enterprise", "critical_illness", "large_amount", "disabled", "assistance", "other_fund",
    "fund_total", "patient_part", "account_paid", "cash_paid", "account_balance", "base", "fund", "paid",
})  # fmt: skip
_TIMES = frozenset({
    "occurred_at", "recorded_at", "charged_at", "made_at", "performed_at", "as_of", "died_at",
})  # fmt: skip
#: What the national interface has no name for: an event that says it is not sent in that form.
_CANONICAL_ONLY = frozenset({
    "year_to_date", "out_of_area", "disease_code", "pregnancy", "urgent", "online", "died_at", "census", "procedures",
    "trace_code", "days", "take_home", "consent", "incision_group", "herbal_use",
})  # fmt: skip
_CODEC: Final = Codec()


class Format(StrEnum):
    """The three ways of this hospital."""

    JSON = "json"
    AVRO = "avro"
    NATIONAL = "national"


#: Canonical → national name, by event type (DOMAIN 2.1). What has no national name is not sent.
_NATIONAL = {
    "charge": {
        "hospital": "fixmedins_code",
        "patient_id": "patn_id",
        "visit_id": "mdtrt_id",
        "person_no": "psn_no",
        "charge_id": "feedetl_sn",
        "refund_of": "init_feedetl_sn",
        "order_id": "drord_no",
        "charged_at": "fee_ocur_time",
        "item_code": "med_list_codg",
        "hospital_item_code": "medins_list_codg",
        "amount": "det_item_fee_sumamt",
        "quantity": "cnt",
        "unit_price": "pric",
        "category": "med_chrgitm_type",
        "level": "chrgitm_lv",
        "list_type": "hilist_type",
        "ordering_department": "bilg_dept_codg",
        "ordering_doctor": "bilg_dr_codg",
        "executing_department": "acord_dept_codg",
        "approval": "hosp_appr_flag",
        "limited_use_met": "lmt_used_flag",
    },
    "admission": {
        "hospital": "fixmedins_code",
        "patient_id": "patn_id",
        "visit_id": "mdtrt_id",
        "person_no": "psn_no",
        "insurance_type": "insutype",
        "care_type": "med_type",
        "person_type": "psn_type",
        "sex": "gend",
        "birth_date": "brdy",
        "ward": "wardarea_codg",
        "bed": "adm_bed",
        "department": "adm_dept_codg",
        "doctor": "atddr_no",
        "discharge_way": "dscg_way",
        "special_person": "sp_psn_type",
        "account_balance": "balc",
        "account_used": "acct_used_flag",
    },
}
_TRANSACTION = {"admit": "2401", "discharge": "2402", "cancel_discharge": "2405"}


def has_national_form(event_type: str, fields: Mapping[str, Any]) -> bool:
    """Whether the national interface has a transaction for this event."""
    if not _CANONICAL_ONLY.isdisjoint(fields):
        return False
    if len(fields.get("diagnoses", ())) > 1:  # here every diagnosis is sent as the main one
        return False
    return event_type == "charge" or (event_type == "admission" and fields["kind"] in _TRANSACTION)


def encode(event_type: str, fields: Mapping[str, Any], form: Format) -> bytes:
    """The event's bytes. `fields` as in a Draft: times in ms, money in fen, quantities in 1e-4, prices in 1e-6 yuan."""
    if form is Format.AVRO:
        return _CODEC.encode_avro(event_type, {name: _avro_value(name, value) for name, value in fields.items()})
    if form is Format.NATIONAL:
        return encode_json(national(event_type, fields))
    return encode_json(canonical(fields))


def canonical(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical names; times as ISO 8601 with the hospital's offset, money, quantities and prices as decimal text."""
    return {name: _json_value(name, value) for name, value in fields.items()}


def national(event_type: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """National names, values as the national interface writes them (`yyyy-MM-dd HH:mm:ss`, fixed decimals)."""
    names = _NATIONAL[event_type]
    found: dict[str, Any] = {
        names[name]: _national_value(name, value) for name, value in fields.items() if name in names
    }
    if event_type == "admission":
        leaving = fields["kind"] == "discharge"
        found["infno"] = _TRANSACTION[fields["kind"]]
        found["endtime" if leaving else "begntime"] = _local_text(fields["occurred_at"])
        found["diseinfo"] = [
            {"diag_code": entry["code"], "maindiag_flag": "1", "diag_time": _local_text(entry["made_at"])}
            for entry in fields.get("diagnoses", ())
        ]
        if leaving:
            found["dscg_dept_code"] = found.pop("adm_dept_codg")
            found["dscg_bed"] = found.pop("adm_bed")
    return found


def play_line(event_type: str, fields: Mapping[str, Any]) -> str:
    """One line of a file for `kongfei play`: canonical JSON with its `type` first."""
    return json.dumps({"type": event_type, **canonical(fields)}, ensure_ascii=False, separators=(",", ":"))


def _national_value(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return "1" if value else "0"
    return _local_text(value) if name in _TIMES else _json_value(name, value)


def _json_value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        # limits: disease code → amount
        return {key: units.yuan_text(fen) for key, fen in value.items()} if name == "limits" else canonical(value)
    if name in _TIMES:
        return _moment(value).isoformat()
    if name in _MONEY:
        return units.yuan_text(value)
    if name == "quantity":
        return _decimal_text(value, 4)
    if name == "unit_price":
        return _decimal_text(value, 6)
    if isinstance(value, list):
        return [canonical(entry) for entry in value]
    return value


def _avro_value(name: str, value: Any) -> Any:
    # Avro carries times, money and prices as integers of minor units; an integer quantity would be whole units.
    return _decimal_text(value, 4) if name == "quantity" else value


def _decimal_text(value: int, places: int) -> str:
    scale = 10**places
    return f"{'-' if value < 0 else ''}{abs(value) // scale}.{abs(value) % scale:0{places}d}"


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, units.SHANGHAI)


def _local_text(ms: int) -> str:
    return _moment(ms).strftime("%Y-%m-%d %H:%M:%S")
