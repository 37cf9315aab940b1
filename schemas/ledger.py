"""The ledger: one ordered log a patient, written by intake, read by everything behind it. msgpack, array-like, compact.

Struct fields may only be appended, with defaults: an old reader skips what it does not know, a new one fills it in.
`version = epoch << 48 | offset` of a ledger record is the version of everything derived from it.
"""

from hashlib import blake2b
from typing import TypeAlias

import msgspec

EPOCH_SHIFT = 48


def version_of(epoch: int, offset: int) -> int:
    """A position that keeps growing when a topic must be made anew: the operator raises the epoch."""
    return epoch << EPOCH_SHIFT | offset


def patient_key(hospital: str, patient_id: str) -> bytes:
    """Key of a patient's log (the hospital's own patient number, not the insurance card)."""
    return f"{hospital}|{patient_id}".encode()


def department_key(hospital: str, department: str, month: int) -> bytes:
    """Key of a department's log for one month (YYYYMM)."""
    return f"{hospital}|{department}|{month}".encode()


class Diagnosis(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One diagnosis: code, `main` or `other`, made at (ms; 0 = not said)."""

    code: str
    role: str = "other"
    made_at: int = 0


class Procedure(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One operation: code, performed at (ms; 0 = not said), incision group."""

    code: str
    performed_at: int = 0
    incision_group: str = ""


class PoolYear(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What one pool (inpatient, outpatient, chronic …) has reckoned this year so far, fen.

    base_fen: the costs after the deductible that went through the bands; fund_fen: paid by the basic fund.
    """

    deductible_fen: int = 0
    base_fen: int = 0
    fund_fen: int = 0


class LayerYear(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What one layer (critical_illness, large_amount …) has counted and paid this year so far, fen."""

    base_fen: int = 0
    paid_fen: int = 0


class YearToDate(msgspec.Struct, array_like=True, frozen=True):
    """累计信息 (5206): a patient's year so far, as the insurer states it, true at `as_of` (ms).

    admissions: inpatient admissions of the year before this visit. `limits`: paid against 病种限额, by disease code.
    """

    year: int
    as_of: int = 0
    admissions: int = 0
    pools: dict[str, PoolYear] = {}
    layers: dict[str, LayerYear] = {}
    limits: dict[str, int] = {}


class Entitlement(msgspec.Struct, array_like=True, frozen=True):
    """What an admission event says about the patient's benefits; empty or None means not said.

    special_person: sp_psn_type. out_of_area: a code of the book. account_balance_fen: balc.
    """

    special_person: str = ""
    out_of_area: str = ""
    account_balance_fen: int | None = None
    account_used: bool | None = None
    year_to_date: YearToDate | None = None


class Pricing(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the insurer's answer (2301 result) says of a line; None means not said.

    first_self_pay_bp: selfpay_prop. price_cap_micro: pric_uplmt_amt. limited_use_met: lmt_used_flag, whether the
    condition of a restricted item is met.
    """

    first_self_pay_bp: int | None = None
    price_cap_micro: int | None = None
    limited_use_met: bool | None = None


class Clinical(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an admission event says that rules look at besides; empty or None means not said.

    pregnancy: matn_stas (0 其他, 1 妊娠, 2 哺乳). urgent: er_flag. online: an internet hospital's visit. blood_type: A,
    B, AB, O. census: what a ward visit found (探访: in_bed, leave, absent). died_at: die_date, ms. readmission:
    planned, unplanned. visit_mode: med_mdtrt_type.
    """

    pregnancy: str = ""
    urgent: bool | None = None
    online: bool | None = None
    blood_type: str = ""
    census: str = ""
    died_at: int = 0
    readmission: str = ""
    visit_mode: str = ""


class OrderDetail(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an order says that only rules look at; empty means not said (schemas.order_check.ProposedOrder)."""

    prescription_id: str = ""
    group: str = ""
    list_type: str = ""
    category: str = ""
    level: str = ""
    dose_unit: str = ""
    route: str = ""
    speciality: str = ""
    ends_at: int = 0
    herbal_use: str = ""
    consent: bool | None = None
    name: str = ""
    request_id: str = ""


class ChargeDetail(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a fee line says that only rules look at; empty means not said.

    herbal_use: tcmdrug_used_way (1 复方, 2 单方). consent: 自费知情同意. incision_group: operations of one incision.
    executing_doctor: orders_dr_code. take_home: dscg_tkdrug_flag. days: how long the supply lasts. name:
    medins_list_name.
    """

    herbal_use: str = ""
    consent: bool | None = None
    incision_group: str = ""
    executing_doctor: str = ""
    take_home: bool | None = None
    days: int = 0
    name: str = ""


class Admission(msgspec.Struct, array_like=True, frozen=True, tag="a"):
    """schemas.events.AdmissionEvent without the common fields; empty means not said."""

    kind: str
    insurance_type: str = ""
    care_type: str = ""
    person_type: str = ""
    sex: str = ""
    birth_date: str = ""
    ward: str = ""
    bed: str = ""
    department: str = ""
    doctor: str = ""
    diagnoses: tuple[Diagnosis, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    leave: bool | None = None
    discharge_way: str = ""
    disease_code: str = ""
    entitlement: Entitlement | None = None
    clinical: Clinical | None = None


class Order(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="o"):
    """schemas.events.OrderEvent without the common fields."""

    order_id: str
    kind: str
    item_code: str = ""
    hospital_item_code: str = ""
    quantity_e4: int = 0
    dose: str = ""
    frequency: str = ""
    days: int = 0
    unit_price_micro: int = 0
    long_term: bool = False
    take_home: bool = False
    department: str = ""
    doctor: str = ""
    doctor_grade: str = ""
    detail: OrderDetail | None = None


class Charge(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="c"):
    """One fee line. `amount_fen` is None only for a refund that takes back a whole line (`refund_of`).

    `day` is the hospital's calendar day of `charged_at`.
    """

    charge_id: str
    refund_of: str
    order_id: str
    item_code: str
    hospital_item_code: str
    quantity_e4: int | None
    unit_price_micro: int | None
    amount_fen: int | None
    category: str
    level: str
    list_type: str
    ordering_department: str
    ordering_doctor: str
    executing_department: str
    charged_at: int
    day: int
    approval: str = ""
    trace_code: str = ""
    pricing: Pricing | None = None
    detail: ChargeDetail | None = None


class Settlement(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="s"):
    """What the insurer settled (2304 setlinfo), fen."""

    settlement_id: str
    kind: str
    insurance_type: str
    care_type: str
    total_fen: int
    full_self_pay_fen: int
    over_limit_fen: int
    first_self_pay_fen: int
    within_scope_fen: int
    deductible_fen: int
    basic_fund_fen: int
    civil_servant_fen: int
    enterprise_fen: int
    critical_illness_fen: int
    large_amount_fen: int
    disabled_fen: int
    assistance_fen: int
    other_fund_fen: int
    fund_total_fen: int
    hospital_part_fen: int
    patient_part_fen: int
    account_paid_fen: int
    mutual_aid_paid_fen: int
    cash_paid_fen: int
    clearing_way: str
    clearing_type: str
    mid_stay: bool = False


class Ack(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="k"):
    """An answer to an alert."""

    alert_id: str
    actor: str
    role: str
    decision: str
    reason: str


Body: TypeAlias = Admission | Order | Charge | Settlement | Ack


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """One line of a patient's log.

    `source_*` say where the original stands; `source_position` has the epoch above the offset. `digest` is of the
    content (body and time), so that the same id with other content is seen.
    """

    hospital: str
    patient_id: str
    visit_id: str
    event_id: str
    person_no: str
    source_topic: str
    source_partition: int
    source_position: int
    occurred_at: int
    recorded_at: int
    digest: int
    warnings: tuple[str, ...]
    body: Body


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)


def encode_entry(entry: Entry) -> bytes:
    """The entry as it stands on the ledger topic."""
    return _encoder.encode(entry)


def decode_entry(value: bytes) -> Entry:
    """Read a ledger record. An unreadable one (msgspec.DecodeError, ValidationError) is our own bug; a stage ends."""
    return _decoder.decode(value)


#: Maps in the order of their keys: a HIS that writes a map again in another order says the same.
_digested = msgspec.msgpack.Encoder(order="deterministic")
#: Bodies with a field appended since the first release: tag, and what that field says where it says nothing.
_APPENDED: dict[type, tuple[str, object]] = {Charge: ("c", None), Admission: ("a", None), Settlement: ("s", False)}
#: Bodies whose last field only rules look at. It takes no part: a HIS that always sent these fields, and sends a line
#: again after an upgrade, says the same as before.
_UNDIGESTED: dict[type, str] = {Charge: "c", Admission: "a", Order: "o"}


def content_digest(body: Body, occurred_at: int) -> int:
    """A 64-bit digest of what the event says; neither its transport nor when it was recorded take part.

    An appended field that says nothing takes no part either: an event sent again after an upgrade is known again.
    """
    content: object = body
    kind = type(body)
    appended, tag = _APPENDED.get(kind), _UNDIGESTED.get(kind)
    if appended is not None or tag is not None:
        fields = msgspec.structs.astuple(body)
        if tag is not None:
            fields = fields[:-1]
            content = (tag, *fields)
        if appended is not None and fields[-1] == appended[1]:
            content = (appended[0], *fields[:-1])
    raw = _digested.encode((content, occurred_at))
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "big")


#: The department that stands for the whole hospital: a row of its own, beside those of the departments.
WHOLE_HOSPITAL = "*"


class Contribution(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="v"):
    """What one visit adds to one department in one month: absolute, versioned; rewriting it is harmless.

    The money is that of the charges of the department in the month. The fields from `responsible` on count the visit
    itself, and are non-zero only in the department that is responsible for it (the one the patient lies in, or was
    discharged from), in the month of admission.
    """

    hospital: str
    department: str
    month: int
    patient_id: str
    visit_id: str
    version: int
    as_of: int
    amount_fen: int
    drug_fen: int
    herbal_fen: int
    material_fen: int
    test_fen: int
    self_pay_fen: int
    charge_count: int
    responsible: bool = False
    discharged: bool = False
    bed_days: int = 0
    basic_fen: int = 0
    quota_fen: int = 0
    policy_version: str = ""
    fund_fen: int = 0
    income_fen: int = 0
    profit_fen: int = 0
    predicted_profit_fen: int = 0


class DepartmentAck(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="k"):
    """An answer to a department's alert, routed by intake into the department's log."""

    hospital: str
    department: str
    month: int
    event_id: str
    at: int
    ack: Ack
    source_topic: str = ""
    source_partition: int = 0
    source_position: int = 0


DepartmentEntry: TypeAlias = Contribution | DepartmentAck
_department_decoder: msgspec.msgpack.Decoder[DepartmentEntry] = msgspec.msgpack.Decoder(DepartmentEntry)


def encode_department_entry(entry: DepartmentEntry) -> bytes:
    """The entry as it stands on the department ledger."""
    return _encoder.encode(entry)


def decode_department_entry(value: bytes) -> DepartmentEntry:
    """Read a department ledger record; an unreadable one is our own bug, and ends the process."""
    return _department_decoder.decode(value)
