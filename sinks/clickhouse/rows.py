"""From a record of an output topic to the row of its table: pure functions, one a topic. No I/O, no clock, no rule.

Times are epoch milliseconds, which the driver writes into DateTime64(3) as they are. Whatever cannot be decoded raises;
the caller makes it a dead letter (S402).
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from schemas.alerts import Transition, decode_alert
from schemas.dead_letter import read_dead_letter
from schemas.ledger import (
    Ack,
    Admission,
    Charge,
    ChargeDetail,
    Clinical,
    Diagnosis,
    Entitlement,
    Entry,
    LayerYear,
    Order,
    OrderDetail,
    PoolYear,
    Pricing,
    Procedure,
    Settlement,
    decode_entry,
    version_of,
)
from sinks.clickhouse.fact_rows import department_fact_row, visit_fact_row
from sinks.clickhouse.row import Record, Row, ToRow, null_if_zero, parallel, width_of
from sinks.clickhouse.rule_rows import finding_row, order_check_row
from sinks.clickhouse.tables import (
    ADMISSION_EVENT,
    ALERT,
    ALERT_ACK,
    CHARGE_LINE,
    DEAD_LETTER,
    ORDER_EVENT,
    SETTLEMENT_EVENT,
    Table,
)
from streams.topics import Topic

#: What a record that cannot be read raises.
UNREADABLE = (msgspec.MsgspecError, TypeError, ValueError)

#: Most bytes of a refused message that are kept in ClickHouse; its full length stands beside.
VALUE_LIMIT = 64 * 1024
_fields = msgspec.structs.astuple
_INT32 = 2**31 - 1
_INT64 = 2**63 - 1
_TRANSITION, _POOL, _LAYER, _DIAGNOSIS, _PROCEDURE = (
    width_of(struct) for struct in (Transition, PoolYear, LayerYear, Diagnosis, Procedure)
)
#: Where a charge says the insurer's terms, and an order its particulars: nested, and last.
_PRICING = Charge.__struct_fields__.index("pricing")
_ORDER_DETAIL = Order.__struct_fields__.index("detail")
_ENDS_AT = OrderDetail.__struct_fields__.index("ends_at")
_DIED_AT = Clinical.__struct_fields__.index("died_at")
NO_PRICING, NO_CHARGE_DETAIL = _fields(Pricing()), _fields(ChargeDetail())
NO_ENTITLEMENT, NO_ORDER_DETAIL, NOT_CLINICAL = Entitlement(), OrderDetail(), Clinical()


def _charge(entry: Entry, body: Charge, version: int, record: Record) -> Row:
    """Written out, and the body taken whole: this is where nearly every record passes."""
    return (
        entry.hospital,
        entry.patient_id,
        entry.visit_id,
        *_fields(body)[:_PRICING],
        *(NO_PRICING if body.pricing is None else _fields(body.pricing)),
        *(NO_CHARGE_DETAIL if body.detail is None else _fields(body.detail)),
        entry.event_id,
        entry.person_no,
        entry.occurred_at,
        entry.recorded_at,
        entry.warnings,
        entry.digest,
        version,
        entry.source_topic,
        entry.source_partition,
        entry.source_position,
        record.partition,
        record.offset,
    )


def _where(entry: Entry, version: int, record: Record) -> Row:
    """The columns every ledger table ends with."""
    return (
        entry.person_no,
        entry.occurred_at,
        entry.recorded_at,
        entry.warnings,
        entry.digest,
        version,
        entry.source_topic,
        entry.source_partition,
        entry.source_position,
        record.partition,
        record.offset,
    )


def _order(entry: Entry, body: Order, version: int, record: Record) -> Row:
    order_id, *rest = _fields(body)[:_ORDER_DETAIL]
    detail = NO_ORDER_DETAIL if body.detail is None else body.detail
    return (
        entry.hospital,
        entry.patient_id,
        entry.visit_id,
        order_id,
        entry.event_id,
        *rest,
        *null_if_zero(_fields(detail), _ENDS_AT),
        *_where(entry, version, record),
    )


def _admission(entry: Entry, body: Admission, version: int, record: Record) -> Row:
    return (
        entry.hospital,
        entry.patient_id,
        entry.visit_id,
        entry.event_id,
        body.kind,
        body.insurance_type,
        body.care_type,
        body.person_type,
        body.sex,
        body.birth_date,
        body.ward,
        body.bed,
        body.department,
        body.doctor,
        *_diagnoses(body.diagnoses),
        *_procedures(body.procedures),
        body.leave,
        body.discharge_way,
        body.disease_code,
        *_entitlement(body.entitlement or NO_ENTITLEMENT),
        *null_if_zero(_fields(body.clinical or NOT_CLINICAL), _DIED_AT),
        *_where(entry, version, record),
    )


def _diagnoses(diagnoses: tuple[Diagnosis, ...]) -> Row:
    codes, roles, made_at = parallel(diagnoses, _DIAGNOSIS)
    return codes, roles, [at or None for at in made_at]


def _procedures(procedures: tuple[Procedure, ...]) -> Row:
    codes, performed_at, incision_groups = parallel(procedures, _PROCEDURE)
    return codes, [at or None for at in performed_at], incision_groups


def _entitlement(said: Entitlement) -> Row:
    """What the admission says of the patient's benefits; pools, layers and limits of the year as parallel arrays."""
    year = said.year_to_date
    of_year: Row = (None, None, None) if year is None else (year.year, year.as_of, year.admissions)
    pools, layers, limits = (year.pools, year.layers, year.limits) if year is not None else ({}, {}, {})
    return (
        said.special_person,
        said.out_of_area,
        said.account_balance_fen,
        said.account_used,
        *of_year,
        list(pools),
        *parallel(tuple(pools.values()), _POOL),
        list(layers),
        *parallel(tuple(layers.values()), _LAYER),
        list(limits),
        list(limits.values()),
    )


def _settlement(entry: Entry, body: Settlement, version: int, record: Record) -> Row:
    return (
        entry.hospital,
        entry.patient_id,
        entry.visit_id,
        entry.event_id,
        *_fields(body),
        *_where(entry, version, record),
    )


def _ack(entry: Entry, body: Ack, version: int, record: Record) -> Row:
    return (
        entry.hospital,
        entry.patient_id,
        entry.visit_id,
        entry.event_id,
        *_fields(body),
        *_where(entry, version, record),
    )


_BODIES: dict[type, tuple[Table, Callable[[Entry, Any, int, Record], Row]]] = {
    Order: (ORDER_EVENT, _order),
    Admission: (ADMISSION_EVENT, _admission),
    Settlement: (SETTLEMENT_EVENT, _settlement),
    Ack: (ALERT_ACK, _ack),
}


def ledger_row(record: Record, epoch: int) -> tuple[Table, Row]:
    """One ledger entry as a row of charge_line, order_event, admission_event, settlement_event or alert_ack."""
    entry = decode_entry(record.value or b"")
    body = entry.body
    version = version_of(epoch, record.offset)
    if type(body) is Charge:
        return CHARGE_LINE, _charge(entry, body, version, record)
    table, to_row = _BODIES[type(body)]
    return table, to_row(entry, body, version, record)


def alert_row(record: Record, epoch: int) -> tuple[Table, Row]:  # noqa: ARG001 - the alert has its own version
    """One alert; its history and the inputs of its derivation as parallel arrays."""
    alert = decode_alert(record.value or b"")
    why = alert.derivation
    return ALERT, (
        alert.alert_id,
        alert.version,
        alert.hospital,
        alert.rule,
        alert.subject,
        alert.episode,
        alert.level,
        alert.peak_level,
        alert.status,
        alert.value,
        alert.threshold,
        alert.unit,
        alert.message_zh,
        alert.message_en,
        list(why.inputs),
        list(why.inputs.values()),
        why.formula,
        why.policy_id,
        why.policy_version,
        why.policy_source,
        *parallel(alert.history, _TRANSITION),
        alert.raised_at,
        alert.updated_at,
        alert.patient_id,
        alert.visit_id,
        alert.department,
        alert.month,
        alert.ward,
        alert.bed,
        record.partition,
        record.offset,
    )


def dead_letter_row(record: Record, epoch: int) -> tuple[Table, Row]:
    """One dead letter. Never refused: whatever its headers say is cut to what the columns hold."""
    letter = read_dead_letter(record.key, record.value, record.headers)
    value = letter.value or b""
    return DEAD_LETTER, (
        letter.source_topic[:256],
        _within(letter.source_partition, _INT32),
        _within(letter.source_offset, _INT64),
        letter.reason[:32],
        int.from_bytes(blake2b(value, digest_size=8).digest(), "big"),
        letter.detail[:2000],
        letter.stage[:64],
        letter.content[:32],
        _within(letter.at, _INT64),
        (letter.key or b"")[:1024],
        value[:VALUE_LIMIT],
        len(value),
        version_of(epoch, record.offset),
        record.partition,
        record.offset,
    )


def _within(number: int, limit: int) -> int:
    return max(-limit, min(limit, number))


TO_ROW: Mapping[str, ToRow] = {
    Topic.LEDGER: ledger_row,
    Topic.VISIT_FACT: visit_fact_row,
    Topic.DEPARTMENT_FACT: department_fact_row,
    Topic.ALERT: alert_row,
    Topic.FINDING: finding_row,
    Topic.ORDER_CHECK: order_check_row,
    Topic.DEAD_LETTER: dead_letter_row,
}
#: Topics of absolute records: of those of a key that wait together, only the one with the highest version is written.
LATEST_ONLY = frozenset({Topic.VISIT_FACT, Topic.DEPARTMENT_FACT, Topic.ALERT, Topic.FINDING, Topic.ORDER_CHECK})


class _Versioned(msgspec.Struct):
    version: int


_version_decoder = msgspec.json.Decoder(_Versioned)


def peek_version(record: Record) -> int:
    """The version of an absolute record, without reading the rest: a superseded one is read no further."""
    return _version_decoder.decode(record.value or b"").version
