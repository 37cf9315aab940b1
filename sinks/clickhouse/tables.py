"""The tables as the writer fills them: the declared schema. A test holds it to what the migrations make of a database.

Columns stand in the order in which `rows.py` writes them. `computed` columns are made by ClickHouse itself. What each
column means stands in its COMMENT (sinks/clickhouse/migrations).
"""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, eq=False)
class Table:
    """One table: what is inserted, what ClickHouse computes, the key, and the column whose highest value wins."""

    name: str
    key: tuple[str, ...]
    version: str
    columns: tuple[tuple[str, str], ...]
    computed: tuple[tuple[str, str], ...] = ()

    @cached_property
    def insert(self) -> str:
        """The statement that takes a block of rows."""
        return f"INSERT INTO {self.name} ({', '.join(name for name, _ in self.columns)}) VALUES"

    @cached_property
    def position(self) -> dict[str, int]:
        """Column name → its place in a row."""
        return {name: index for index, (name, _) in enumerate(self.columns)}


def _columns(declaration: str) -> tuple[tuple[str, str], ...]:
    lines = (line.strip() for line in declaration.strip().splitlines())
    return tuple((name, type_) for name, _, type_ in (line.partition(" ") for line in lines))


_KAFKA = _columns("kafka_partition Int32\nkafka_offset Int64")
_LEDGER = (
    _columns("""
    person_no String
    occurred_at DateTime64(3, 'UTC')
    recorded_at DateTime64(3, 'UTC')
    warnings Array(String)
    digest UInt64
    ledger_version UInt64
    source_topic LowCardinality(String)
    source_partition Int32
    source_position UInt64
    """)
    + _KAFKA
)
_FIRST_WINS = (("first_wins", "UInt64"),)
_VISIT = ("hospital", "patient_id", "visit_id")
_VISIT_COLUMNS = _columns("""
    hospital LowCardinality(String)
    patient_id String
    visit_id String
""")

CHARGE_LINE = Table(
    "charge_line",
    (*_VISIT, "charge_id"),
    "first_wins",
    _VISIT_COLUMNS
    + _columns("""
    charge_id String
    refund_of String
    order_id String
    item_code String
    hospital_item_code String
    quantity_e4 Nullable(Int64)
    unit_price_micro Nullable(Int64)
    amount_fen Nullable(Int64)
    category LowCardinality(String)
    level LowCardinality(String)
    list_type LowCardinality(String)
    ordering_department LowCardinality(String)
    ordering_doctor String
    executing_department LowCardinality(String)
    charged_at DateTime64(3, 'UTC')
    day Int32
    approval LowCardinality(String)
    trace_code String
    event_id String
    """)
    + _LEDGER,
    (("charged_on", "Date32"), ("month", "UInt32"), *_FIRST_WINS),
)

ORDER_EVENT = Table(
    "order_event",
    (*_VISIT, "order_id", "event_id"),
    "first_wins",
    _VISIT_COLUMNS
    + _columns("""
    order_id String
    event_id String
    kind LowCardinality(String)
    item_code String
    hospital_item_code String
    quantity_e4 Int64
    dose String
    frequency String
    days UInt16
    unit_price_micro Int64
    long_term Bool
    take_home Bool
    department LowCardinality(String)
    doctor String
    doctor_grade LowCardinality(String)
    """)
    + _LEDGER,
    _FIRST_WINS,
)

ADMISSION_EVENT = Table(
    "admission_event",
    (*_VISIT, "event_id"),
    "first_wins",
    _VISIT_COLUMNS
    + _columns("""
    event_id String
    kind LowCardinality(String)
    insurance_type LowCardinality(String)
    care_type LowCardinality(String)
    person_type LowCardinality(String)
    sex LowCardinality(String)
    birth_date String
    ward LowCardinality(String)
    bed String
    department LowCardinality(String)
    doctor String
    diagnosis_code Array(String)
    diagnosis_role Array(String)
    procedure_code Array(String)
    leave Nullable(Bool)
    discharge_way LowCardinality(String)
    disease_code String
    """)
    + _LEDGER,
    _FIRST_WINS,
)

SETTLEMENT_EVENT = Table(
    "settlement_event",
    (*_VISIT, "event_id"),
    "first_wins",
    _VISIT_COLUMNS
    + _columns("""
    event_id String
    settlement_id String
    kind LowCardinality(String)
    insurance_type LowCardinality(String)
    care_type LowCardinality(String)
    total_fen Int64
    full_self_pay_fen Int64
    over_limit_fen Int64
    first_self_pay_fen Int64
    within_scope_fen Int64
    deductible_fen Int64
    basic_fund_fen Int64
    civil_servant_fen Int64
    enterprise_fen Int64
    critical_illness_fen Int64
    large_amount_fen Int64
    disabled_fen Int64
    assistance_fen Int64
    other_fund_fen Int64
    fund_total_fen Int64
    hospital_part_fen Int64
    patient_part_fen Int64
    account_paid_fen Int64
    mutual_aid_paid_fen Int64
    cash_paid_fen Int64
    clearing_way LowCardinality(String)
    clearing_type LowCardinality(String)
    """)
    + _LEDGER,
    _FIRST_WINS,
)

ALERT_ACK = Table(
    "alert_ack",
    (*_VISIT, "event_id"),
    "first_wins",
    _VISIT_COLUMNS
    + _columns("""
    event_id String
    alert_id String
    actor String
    role LowCardinality(String)
    decision LowCardinality(String)
    reason String
    """)
    + _LEDGER,
    _FIRST_WINS,
)

VISIT_FACT = Table(
    "visit_fact",
    _VISIT,
    "version",
    _VISIT_COLUMNS
    + _columns("""
    version UInt64
    policy_version LowCardinality(String)
    status LowCardinality(String)
    as_of DateTime64(3, 'UTC')
    person_no String
    insurance_type LowCardinality(String)
    coverage_pending Bool
    care_type LowCardinality(String)
    person_type LowCardinality(String)
    sex LowCardinality(String)
    birth_date String
    department LowCardinality(String)
    ward LowCardinality(String)
    bed String
    doctor String
    main_diagnosis String
    diagnoses Array(String)
    procedures Array(String)
    disease_code String
    discharge_way LowCardinality(String)
    on_leave Bool
    admitted_at Nullable(DateTime64(3, 'UTC'))
    discharged_at Nullable(DateTime64(3, 'UTC'))
    length_of_stay_days Nullable(Int32)
    amount_fen Int64
    gross_fen Int64
    refund_fen Int64
    basic_fen Int64
    today_fen Int64
    charge_count Int64
    refund_count Int64
    unmatched_refund_count Int64
    order_count Int64
    transfer_count Int64
    antibiotic Bool
    category_code Array(String)
    category_amount_fen Array(Int64)
    category_class_a_fen Array(Int64)
    category_class_b_fen Array(Int64)
    category_class_c_fen Array(Int64)
    category_unclassified_fen Array(Int64)
    share_department Array(String)
    share_month Array(UInt32)
    share_amount_fen Array(Int64)
    share_drug_fen Array(Int64)
    share_herbal_fen Array(Int64)
    share_material_fen Array(Int64)
    share_test_fen Array(Int64)
    share_self_pay_fen Array(Int64)
    share_charge_count Array(Int64)
    segment_department Array(String)
    segment_ward Array(String)
    segment_bed Array(String)
    segment_entered_at Array(DateTime64(3, 'UTC'))
    segment_left_at Array(Nullable(DateTime64(3, 'UTC')))
    segment_amount_fen Array(Int64)
    drug_bp Nullable(Int64)
    drug_with_herbal_bp Nullable(Int64)
    material_bp Nullable(Int64)
    test_bp Nullable(Int64)
    service_bp Nullable(Int64)
    self_pay_bp Nullable(Int64)
    catalogue_drug_bp Nullable(Int64)
    quota_policy_id String
    quota_basis LowCardinality(String)
    quota_fen Nullable(Int64)
    quota_used_fen Nullable(Int64)
    quota_used_bp Nullable(Int64)
    over_4x_fen Nullable(Int64)
    open_alerts Array(String)
    worst_level LowCardinality(String)
    settlement_id String
    settled_total_fen Nullable(Int64)
    settled_fund_fen Nullable(Int64)
    settled_patient_fen Nullable(Int64)
    warning_count Int64
    """)
    + _KAFKA,
)

DEPARTMENT_FACT = Table(
    "department_fact",
    ("hospital", "department", "month"),
    "version",
    _columns("""
    hospital LowCardinality(String)
    department String
    month UInt32
    version UInt64
    policy_version LowCardinality(String)
    as_of DateTime64(3, 'UTC')
    amount_fen Int64
    drug_fen Int64
    herbal_fen Int64
    material_fen Int64
    test_fen Int64
    self_pay_fen Int64
    charge_count Int64
    visit_count Int64
    responsible_count Int64
    discharged_count Int64
    bed_days Int64
    basic_fen Int64
    quota_fen Int64
    quota_used_bp Nullable(Int64)
    over_quota_count Int64
    over_4x_count Int64
    over_4x_fen Int64
    drug_bp Nullable(Int64)
    drug_with_herbal_bp Nullable(Int64)
    material_bp Nullable(Int64)
    test_bp Nullable(Int64)
    self_pay_bp Nullable(Int64)
    open_alerts Array(String)
    """)
    + _KAFKA,
)

ALERT = Table(
    "alert",
    ("alert_id",),
    "version",
    _columns("""
    alert_id String
    version UInt64
    hospital LowCardinality(String)
    rule LowCardinality(String)
    subject String
    episode Int32
    level LowCardinality(String)
    peak_level LowCardinality(String)
    status LowCardinality(String)
    value Int64
    threshold Int64
    unit LowCardinality(String)
    message_zh String
    message_en String
    input_name Array(String)
    input_value Array(Int64)
    formula String
    policy_id String
    policy_version LowCardinality(String)
    policy_source String
    history_at Array(DateTime64(3, 'UTC'))
    history_what Array(String)
    history_level Array(String)
    history_value Array(Int64)
    history_event_id Array(String)
    history_version Array(UInt64)
    history_actor Array(String)
    history_role Array(String)
    history_decision Array(String)
    history_reason Array(String)
    raised_at DateTime64(3, 'UTC')
    updated_at DateTime64(3, 'UTC')
    patient_id String
    visit_id String
    department LowCardinality(String)
    month UInt32
    ward LowCardinality(String)
    bed String
    """)
    + _KAFKA,
)

DEAD_LETTER = Table(
    "dead_letter",
    ("source_topic", "source_partition", "source_offset", "reason", "value_digest"),
    "version",
    _columns("""
    source_topic LowCardinality(String)
    source_partition Int32
    source_offset Int64
    reason LowCardinality(String)
    value_digest UInt64
    detail String
    stage LowCardinality(String)
    content LowCardinality(String)
    at DateTime64(3, 'UTC')
    key String
    value String
    value_bytes UInt64
    version UInt64
    """)
    + _KAFKA,
)

#: In the order in which the tables of a shipment are written.
TABLES = (
    *(CHARGE_LINE, ORDER_EVENT, ADMISSION_EVENT, SETTLEMENT_EVENT, ALERT_ACK),
    *(VISIT_FACT, DEPARTMENT_FACT, ALERT, DEAD_LETTER),
)
