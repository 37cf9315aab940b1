"""The tables of the events themselves: one row an entry of a patient's ledger; the first content of a key wins."""

from sinks.clickhouse.table import KAFKA, VISIT, VISIT_COLUMNS, Table, columns

LEDGER = (
    columns("""
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
    + KAFKA
)
FIRST_WINS = (("first_wins", "UInt64"),)

CHARGE_LINE = Table(
    "charge_line",
    (*VISIT, "charge_id"),
    "first_wins",
    VISIT_COLUMNS
    + columns("""
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
    first_self_pay_bp Nullable(Int64)
    price_cap_micro Nullable(Int64)
    limited_use_met Nullable(Bool)
    herbal_use LowCardinality(String)
    consent Nullable(Bool)
    incision_group String
    executing_doctor String
    take_home Nullable(Bool)
    days UInt16
    name String
    event_id String
    """)
    + LEDGER,
    (("charged_on", "Date32"), ("month", "UInt32"), *FIRST_WINS),
)

ORDER_EVENT = Table(
    "order_event",
    (*VISIT, "order_id", "event_id"),
    "first_wins",
    VISIT_COLUMNS
    + columns("""
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
    prescription_id String
    order_group String
    list_type LowCardinality(String)
    category LowCardinality(String)
    level LowCardinality(String)
    dose_unit LowCardinality(String)
    route LowCardinality(String)
    speciality LowCardinality(String)
    ends_at Nullable(DateTime64(3, 'UTC'))
    herbal_use LowCardinality(String)
    consent Nullable(Bool)
    name String
    request_id String
    """)
    + LEDGER,
    FIRST_WINS,
)

ADMISSION_EVENT = Table(
    "admission_event",
    (*VISIT, "event_id"),
    "first_wins",
    VISIT_COLUMNS
    + columns("""
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
    diagnosis_made_at Array(Nullable(DateTime64(3, 'UTC')))
    procedure_code Array(String)
    procedure_performed_at Array(Nullable(DateTime64(3, 'UTC')))
    procedure_incision_group Array(String)
    leave Nullable(Bool)
    discharge_way LowCardinality(String)
    disease_code String
    special_person LowCardinality(String)
    out_of_area LowCardinality(String)
    account_balance_fen Nullable(Int64)
    account_used Nullable(Bool)
    stated_year Nullable(Int32)
    stated_as_of Nullable(DateTime64(3, 'UTC'))
    stated_admissions Nullable(Int32)
    pool_name Array(String)
    pool_deductible_fen Array(Int64)
    pool_base_fen Array(Int64)
    pool_fund_fen Array(Int64)
    layer_name Array(String)
    layer_base_fen Array(Int64)
    layer_paid_fen Array(Int64)
    limit_name Array(String)
    limit_paid_fen Array(Int64)
    pregnancy LowCardinality(String)
    urgent Nullable(Bool)
    online Nullable(Bool)
    blood_type LowCardinality(String)
    census LowCardinality(String)
    died_at Nullable(DateTime64(3, 'UTC'))
    readmission LowCardinality(String)
    visit_mode LowCardinality(String)
    """)
    + LEDGER,
    FIRST_WINS,
)

SETTLEMENT_EVENT = Table(
    "settlement_event",
    (*VISIT, "event_id"),
    "first_wins",
    VISIT_COLUMNS
    + columns("""
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
    mid_stay Bool
    """)
    + LEDGER,
    FIRST_WINS,
)

ALERT_ACK = Table(
    "alert_ack",
    (*VISIT, "event_id"),
    "first_wins",
    VISIT_COLUMNS
    + columns("""
    event_id String
    alert_id String
    actor String
    role LowCardinality(String)
    decision LowCardinality(String)
    reason String
    """)
    + LEDGER,
    FIRST_WINS,
)
