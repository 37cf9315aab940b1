"""Past visits event by event, for a re-audit (schemas/visit_history.py): entry points `kongfei.visits`, `.findings`.

The ledger's entries are made again from the rows of the event tables, each exactly as it stood on the ledger. Patients
are read in groups of at most so many lines and patients, so memory is bounded by a group (and by the longest patient).
Rows written before migration 0007 know no time of a diagnosis, nor any particulars: these say nothing, as they did.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from operator import itemgetter
from typing import Any, TypeVar

from clickhouse_driver import Client

from schemas.ledger import (
    Ack,
    Admission,
    Body,
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
    YearToDate,
)
from schemas.visit_history import PatientLog, StoredFinding
from sinks.clickhouse.connection import session
from sinks.clickhouse.event_tables import LEDGER
from sinks.clickhouse.history import ENDED_AT
from sinks.clickhouse.query import READ_ONLY
from sinks.clickhouse.row import Row
from sinks.clickhouse.rows import NO_CHARGE_DETAIL, NO_ENTITLEMENT, NO_ORDER_DETAIL, NO_PRICING, NOT_CLINICAL
from sinks.clickhouse.table import KAFKA, VISIT, Table
from sinks.clickhouse.tables import ADMISSION_EVENT, ALERT_ACK, CHARGE_LINE, ORDER_EVENT, SETTLEMENT_EVENT
from streams.settings import Settings

#: A group of patients is read together: at most so many fee lines (but at least one patient), so many patients.
GROUP_LINES, GROUP_PATIENTS = 50_000, 500

_ENDED = f"""
    SELECT patient_id, visit_id FROM
    (
        WITH {ENDED_AT}
        SELECT patient_id, visit_id, toDate32(toTimeZone(ended_at, %(zone)s)) AS ended_on
        FROM visit_fact FINAL
        WHERE hospital = %(hospital)s
    )
    WHERE ended_on BETWEEN toDate32(%(first)s) AND toDate32(%(last)s)
"""  # noqa: S608 - constants
_PATIENTS = f"""
SELECT patient_id, any(lines)
FROM (SELECT DISTINCT patient_id FROM ({_ENDED})) AS patient
LEFT JOIN
(
    SELECT patient_id, count() AS lines FROM charge_line WHERE hospital = %(hospital)s GROUP BY patient_id
) AS line ON line.patient_id = patient.patient_id
GROUP BY patient_id
ORDER BY patient_id
"""  # noqa: S608 - constants
_FINDINGS = f"""
SELECT {", ".join(StoredFinding.__struct_fields__)}
FROM finding FINAL
WHERE hospital = %(hospital)s AND (patient_id, visit_id) IN ({_ENDED})
ORDER BY finding_id
"""  # noqa: S608 - constants
_SCENES = StoredFinding.__struct_fields__.index("scenes")
#: Columns of a row: those of the table but the place in Kafka. The last are the ledger's own.
_WHERE = len(LEDGER) - len(KAFKA)


def read_entries(settings: Settings, hospital: str, first: str, last: str) -> Iterator[PatientLog]:
    """Every patient of the hospital with a visit that ended in these days (ISO, hospital time), with all entries.

    Patients come in the order of their numbers. Raises ClickHouseError.
    """
    values = {"hospital": hospital, "first": str(first), "last": str(last), "zone": settings.timezone}
    with session(settings.clickhouse_url, READ_ONLY) as client:
        patients: list[tuple[str, int]] = client.execute(_PATIENTS, values)
        for group in _groups(patients):
            logs = _read_group(client, hospital, group)
            for patient_id in group:
                entries = sorted(logs.pop(patient_id, ()), key=itemgetter(0))
                yield PatientLog(hospital, patient_id, tuple(entries), len(patients))


def read_findings(settings: Settings, hospital: str, first: str, last: str) -> Iterator[StoredFinding]:
    """The findings as they stand, of visits that ended in these days; withdrawn ones too. Raises ClickHouseError."""
    values = {"hospital": hospital, "first": str(first), "last": str(last), "zone": settings.timezone}
    with session(settings.clickhouse_url, READ_ONLY) as client:
        for row in client.execute_iter(_FINDINGS, values):
            yield _made_of(StoredFinding, *row[:_SCENES], tuple(row[_SCENES]), *row[_SCENES + 1 :])


def _groups(patients: Iterable[tuple[str, int]]) -> Iterator[list[str]]:
    group: list[str] = []
    held = 0
    for patient_id, lines in patients:
        if group and (held + lines > GROUP_LINES or len(group) >= GROUP_PATIENTS):
            yield group
            group, held = [], 0
        group.append(patient_id)
        held += lines
    if group:
        yield group


def _read_group(client: Client, hospital: str, patients: list[str]) -> dict[str, list[tuple[int, Entry]]]:
    found: dict[str, list[tuple[int, Entry]]] = {}
    values = {"hospital": hospital, "patients": tuple(patients)}
    for query, to_entry in _READERS:
        for row in client.execute(query, values):
            entry = to_entry(row)
            found.setdefault(entry.patient_id, []).append((row[-_WHERE + _VERSION], entry))
    return found


# From a row to its entry: positions follow sinks.clickhouse.event_tables -------------------------------------------

T = TypeVar("T")


def _made_of(struct: Callable[..., T], *fields: Any) -> T:
    """The struct with these fields in order: a slice of a row has no length that a type checker could know."""
    return struct(*fields)


_VERSION = [name for name, _ in LEDGER].index("ledger_version")


def _entry(row: Row, event_id: str, body: Body) -> Entry:
    hospital, patient_id, visit_id = row[: len(VISIT)]
    person_no, occurred_at, recorded_at, warnings, digest, _, topic, partition, position = row[-_WHERE:]
    return Entry(
        hospital,
        patient_id,
        visit_id,
        event_id,
        person_no,
        topic,
        partition,
        position,
        occurred_at,
        recorded_at,
        digest,
        tuple(warnings),
        body,
    )


def _between(table: Table, first: str, last: str) -> slice:
    """The places of a row from one column to another, both included."""
    return slice(table.position[first], table.position[last] + 1)


_LINE = _between(CHARGE_LINE, "charge_id", "trace_code")
_PRICING = _between(CHARGE_LINE, "first_self_pay_bp", "limited_use_met")
_LINE_DETAIL = _between(CHARGE_LINE, "herbal_use", "name")
_LINE_EVENT = CHARGE_LINE.position["event_id"]


def _charge(row: Row) -> Entry:
    pricing, detail = row[_PRICING], row[_LINE_DETAIL]
    body = _made_of(
        Charge,
        *row[_LINE],
        None if pricing == NO_PRICING else Pricing(*pricing),
        None if detail == NO_CHARGE_DETAIL else ChargeDetail(*detail),
    )
    return _entry(row, row[_LINE_EVENT], body)


_ORDER = _between(ORDER_EVENT, "kind", "doctor_grade")
_ORDER_DETAIL = _between(ORDER_EVENT, "prescription_id", "request_id")
_ENDS_AT = OrderDetail.__struct_fields__.index("ends_at")


def _order(row: Row) -> Entry:
    order_id, event_id = row[len(VISIT) : len(VISIT) + 2]
    detail = OrderDetail(*_zero_if_null(row[_ORDER_DETAIL], _ENDS_AT))
    particulars = None if detail == NO_ORDER_DETAIL else detail
    return _entry(row, event_id, _made_of(Order, order_id, *row[_ORDER], particulars))


_STAY = _between(ADMISSION_EVENT, "kind", "doctor")
_DIAGNOSES = _between(ADMISSION_EVENT, "diagnosis_code", "diagnosis_made_at")
_PROCEDURES = _between(ADMISSION_EVENT, "procedure_code", "procedure_incision_group")
_LEAVE = _between(ADMISSION_EVENT, "leave", "disease_code")
_BENEFITS = _between(ADMISSION_EVENT, "special_person", "account_used")
_STATED = _between(ADMISSION_EVENT, "stated_year", "stated_admissions")
_POOLS = _between(ADMISSION_EVENT, "pool_name", "pool_fund_fen")
_LAYERS = _between(ADMISSION_EVENT, "layer_name", "layer_paid_fen")
_LIMITS = _between(ADMISSION_EVENT, "limit_name", "limit_paid_fen")
_CLINICAL = _between(ADMISSION_EVENT, "pregnancy", "visit_mode")
_DIED_AT = Clinical.__struct_fields__.index("died_at")


def _admission(row: Row) -> Entry:
    entitlement = _made_of(Entitlement, *row[_BENEFITS], _year(row))
    clinical = Clinical(*_zero_if_null(row[_CLINICAL], _DIED_AT))
    body = _made_of(
        Admission,
        *row[_STAY],
        tuple(Diagnosis(code, role, at or 0) for code, role, at in zip_longest(*row[_DIAGNOSES])),
        tuple(Procedure(code, at or 0, group or "") for code, at, group in zip_longest(*row[_PROCEDURES])),
        *row[_LEAVE],
        None if entitlement == NO_ENTITLEMENT else entitlement,
        None if clinical == NOT_CLINICAL else clinical,
    )
    return _entry(row, row[len(VISIT)], body)


def _year(row: Row) -> YearToDate | None:
    year, as_of, admissions = row[_STATED]
    if year is None:
        return None
    pools, layers, limits = (tuple(zip(*row[place], strict=True)) for place in (_POOLS, _LAYERS, _LIMITS))
    return YearToDate(
        year,
        as_of,
        admissions,
        {name: PoolYear(*figures) for name, *figures in pools},
        {name: LayerYear(*figures) for name, *figures in layers},
        dict(limits),
    )


def _settlement(row: Row) -> Entry:
    event_id, *fields = row[len(VISIT) : -_WHERE]
    return _entry(row, event_id, Settlement(*fields))


def _ack(row: Row) -> Entry:
    event_id, *fields = row[len(VISIT) : -_WHERE]
    return _entry(row, event_id, Ack(*fields))


def _zero_if_null(row: Row, place: int) -> Row:
    return row if row[place] is not None else (*row[:place], 0, *row[place + 1 :])


def _query(table: Table) -> str:
    """All columns but the place in Kafka, times as epoch ms, of a hospital's patients."""
    columns = ", ".join(_read(name, type_) for name, type_ in table.columns[: -len(KAFKA)])
    return f"SELECT {columns} FROM {table.name} FINAL WHERE hospital = %(hospital)s AND patient_id IN %(patients)s"  # noqa: S608


def _read(name: str, type_: str) -> str:
    if "DateTime64" not in type_:
        return name
    is_list = type_.startswith("Array(")
    return f"arrayMap(at -> toUnixTimestamp64Milli(at), {name})" if is_list else f"toUnixTimestamp64Milli({name})"


_READERS: tuple[tuple[str, Callable[[Any], Entry]], ...] = (
    (_query(CHARGE_LINE), _charge),
    (_query(ORDER_EVENT), _order),
    (_query(ADMISSION_EVENT), _admission),
    (_query(SETTLEMENT_EVENT), _settlement),
    (_query(ALERT_ACK), _ack),
)
