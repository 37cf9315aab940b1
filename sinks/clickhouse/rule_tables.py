"""The tables of the rules: one current row a finding, an answer to an order check, a finding of a re-audit's run."""

from sinks.clickhouse.table import KAFKA, VISIT_COLUMNS, Table, columns

#: What a finding says, whoever found it: the fields of schemas.finding.Finding, lists as parallel arrays.
FINDING_COLUMNS = columns("""
    finding_id String
    version UInt64
    hospital LowCardinality(String)
    patient_id String
    visit_id String
    rule LowCardinality(String)
    rule_number UInt16
    rule_name_zh LowCardinality(String)
    rule_name_en LowCardinality(String)
    category LowCardinality(String)
    kind LowCardinality(String)
    grade LowCardinality(String)
    phase LowCardinality(String)
    scenes Array(UInt8)
    subject String
    status LowCardinality(String)
    is_shadow Bool
    amount_fen Int64
    evidence_line_id Array(String)
    evidence_source Array(String)
    evidence_item Array(String)
    evidence_name Array(String)
    evidence_at Array(Nullable(DateTime64(3, 'UTC')))
    evidence_quantity_e4 Array(Int64)
    evidence_amount_fen Array(Int64)
    evidence_is_violating Array(Bool)
    evidence_count UInt32
    what_zh String
    what_en String
    clause_zh String
    clause_en String
    clause_source String
    advice_zh String
    advice_en String
    message_zh String
    message_en String
    parameter_name Array(String)
    parameter_value Array(String)
    input_name Array(String)
    input_value Array(String)
    policy_version LowCardinality(String)
    point String
    department LowCardinality(String)
    doctor String
    ward LowCardinality(String)
    bed String
    raised_at DateTime64(3, 'UTC')
    updated_at DateTime64(3, 'UTC')
    times Int32
    answer_at Array(DateTime64(3, 'UTC'))
    answer_actor Array(String)
    answer_role Array(String)
    answer_decision Array(String)
    answer_reason Array(String)
    answer_event_id Array(String)
""")

FINDING = Table("finding", ("finding_id",), "version", FINDING_COLUMNS + KAFKA)

ORDER_CHECK = Table(
    "order_check",
    ("hospital", "patient_id", "request_id"),
    "version",
    VISIT_COLUMNS
    + columns("""
    request_id String
    version UInt64
    outcome LowCardinality(String)
    at DateTime64(3, 'UTC')
    via LowCardinality(String)
    digest String
    scene LowCardinality(String)
    reason LowCardinality(String)
    detail String
    order_ids Array(String)
    not_checked_rule Array(String)
    not_checked_why Array(String)
    took_us Int64
    policy_version LowCardinality(String)
    finding_count UInt32
    amount_fen Int64
    findings String
    """)
    + KAFKA,
)

#: What a run of a re-audit found: a table of its own, so that nobody takes it for what was found at work.
REAUDIT_FINDING = Table(
    "reaudit_finding",
    ("run_id", "finding_id"),
    "version",
    columns("""
    run_id String
    run_at DateTime64(3, 'UTC')
    run_first Date32
    run_last Date32
    run_policy_version LowCardinality(String)
    run_rules Array(String)
    standing LowCardinality(String)
    stored_amount_fen Nullable(Int64)
    stored_policy_version LowCardinality(String)
    visit_ended_at Nullable(DateTime64(3, 'UTC'))
    """)
    + FINDING_COLUMNS,
)
