"""The facts, as published on `visit.fact.v1` and `department.fact.v1` (compacted, JSON): absolute rows, never deltas.

A version strictly increases per key, and equal versions mean equal rows: rewriting is harmless. All money in fen,
ratios in basis points (None where the whole is not positive), times in epoch ms, `month` as YYYYMM.
Fields are only ever added, with a default.
"""

from enum import StrEnum

import msgspec

from schemas.prediction import Prediction
from schemas.settlement import SimulatedSettlement


class VisitStatus(StrEnum):
    """`pending`: charges or orders came, the admission has not yet."""

    PENDING = "pending"
    OPEN = "open"
    DISCHARGED = "discharged"
    CANCELLED = "cancelled"


class CategoryTotal(msgspec.Struct, frozen=True, gc=False):
    """One of the fourteen categories, split by 甲/乙/丙 and what carries no class yet. Zero rows are left out."""

    category: str
    amount_fen: int
    class_a_fen: int
    class_b_fen: int
    class_c_fen: int
    unclassified_fen: int


class DepartmentShare(msgspec.Struct, frozen=True, gc=False):
    """What one visit cost in one department and month (ordering department, else where the patient lay)."""

    department: str
    month: int
    amount_fen: int
    drug_fen: int
    herbal_fen: int
    material_fen: int
    test_fen: int
    self_pay_fen: int
    charge_count: int


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One stretch of the stay in one department; `amount_fen` is what was charged in that time, whoever ordered it."""

    department: str
    ward: str
    bed: str
    entered_at: int
    left_at: int | None
    amount_fen: int


class Ratios(msgspec.Struct, frozen=True, gc=False):
    """Ratios of DOMAIN 6.3 in basis points.

    drug 药占比 = (09+11) ÷ total; drug_with_herbal adds 10 饮片; material 材料占比 = 08; test 检验检查占比 = 03+04;
    service 医疗服务占比 = (total − 09 − 10 − 11 − 08 − 03 − 04) ÷ total; self_pay 自费率 = 丙 ÷ total;
    catalogue_drug 目录内用药占比 = 1 − 丙 of (09+10+11) ÷ (09+10+11).
    """

    drug_bp: int | None
    drug_with_herbal_bp: int | None
    material_bp: int | None
    test_bp: int | None
    service_bp: int | None
    self_pay_bp: int | None
    catalogue_drug_bp: int | None


class QuotaUse(msgspec.Struct, frozen=True, gc=False):
    """Use of the per-visit quota (人次定额): `used_fen` (on its basis) ÷ `quota_fen`; `over_4x_fen` is beyond 400 %."""

    policy_id: str
    basis: str
    quota_fen: int
    used_fen: int
    used_bp: int
    over_4x_fen: int


class VisitFact(msgspec.Struct, frozen=True):
    """Everything known about one visit at `version`. Key: `hospital|patient_id|visit_id`.

    `as_of` is the latest recorded time of the visit's events; length of stay counts to the discharge, else to it
    (discharge date − admission date, the same day is 1). `basic_fen` = total − 丙. `today_fen` is the net of the
    calendar day of `as_of`.
    """

    hospital: str
    patient_id: str
    visit_id: str
    version: int
    policy_version: str
    status: str
    as_of: int
    person_no: str = ""
    insurance_type: str = ""
    coverage_pending: bool = True
    care_type: str = ""
    person_type: str = ""
    sex: str = ""
    birth_date: str = ""
    department: str = ""
    ward: str = ""
    bed: str = ""
    doctor: str = ""
    main_diagnosis: str = ""
    diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    disease_code: str = ""
    discharge_way: str = ""
    on_leave: bool = False
    admitted_at: int | None = None
    discharged_at: int | None = None
    length_of_stay_days: int | None = None
    amount_fen: int = 0
    gross_fen: int = 0
    refund_fen: int = 0
    basic_fen: int = 0
    today_fen: int = 0
    charge_count: int = 0
    refund_count: int = 0
    unmatched_refund_count: int = 0
    order_count: int = 0
    transfer_count: int = 0
    antibiotic: bool = False
    categories: tuple[CategoryTotal, ...] = ()
    departments: tuple[DepartmentShare, ...] = ()
    segments: tuple[Segment, ...] = ()
    ratios: Ratios = Ratios(None, None, None, None, None, None, None)
    quota: QuotaUse | None = None
    open_alerts: tuple[str, ...] = ()
    worst_level: str = ""
    settlement_id: str = ""
    settled_total_fen: int | None = None
    settled_fund_fen: int | None = None
    settled_patient_fen: int | None = None
    warning_count: int = 0
    special_person: str = ""
    out_of_area: str = ""
    simulated: SimulatedSettlement | None = None
    prediction: Prediction | None = None
    #: Simulated − settled payment of the funds; None until there is a settlement to compare with.
    fund_difference_fen: int | None = None


class DepartmentFact(msgspec.Struct, frozen=True):
    """One department in one month. Key: `hospital|department|month`.

    Money: the charges of the department in the month. `visit_count`: visits with charges here. The fields from
    `responsible_count` on count the visits the department answers for, in their month of admission, and so do
    fund_fen (simulated payment of the funds), income_fen and profit_fen (of the payment method in force, now and at
    discharge) and loss_count (visits with a predicted loss). Department `*` is the whole hospital.

    Budget: of the month; to_date: its share of the month's days so far; used = spent ÷ budget; pace = spent ÷ to_date.
    """

    hospital: str
    department: str
    month: int
    version: int
    policy_version: str
    as_of: int
    amount_fen: int = 0
    drug_fen: int = 0
    herbal_fen: int = 0
    material_fen: int = 0
    test_fen: int = 0
    self_pay_fen: int = 0
    charge_count: int = 0
    visit_count: int = 0
    responsible_count: int = 0
    discharged_count: int = 0
    bed_days: int = 0
    basic_fen: int = 0
    quota_fen: int = 0
    quota_used_bp: int | None = None
    over_quota_count: int = 0
    over_4x_count: int = 0
    over_4x_fen: int = 0
    drug_bp: int | None = None
    drug_with_herbal_bp: int | None = None
    material_bp: int | None = None
    test_bp: int | None = None
    self_pay_bp: int | None = None
    open_alerts: tuple[str, ...] = ()
    fund_fen: int = 0
    income_fen: int = 0
    profit_fen: int = 0
    predicted_profit_fen: int = 0
    loss_count: int = 0
    budget_basis: str = ""
    budget_fen: int = 0
    budget_to_date_fen: int = 0
    budget_spent_fen: int = 0
    budget_used_bp: int | None = None
    budget_pace_bp: int | None = None


_encoder = msgspec.json.Encoder()
_visit_decoder = msgspec.json.Decoder(VisitFact)
_department_decoder = msgspec.json.Decoder(DepartmentFact)


def encode_fact(fact: VisitFact | DepartmentFact) -> bytes:
    """JSON as published."""
    return _encoder.encode(fact)


def decode_visit_fact(value: bytes) -> VisitFact:
    """Read a published visit fact; raises msgspec.DecodeError or ValidationError."""
    return _visit_decoder.decode(value)


def decode_department_fact(value: bytes) -> DepartmentFact:
    """Read a published department fact; raises msgspec.DecodeError or ValidationError."""
    return _department_decoder.decode(value)
