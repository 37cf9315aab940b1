"""Every table that is filled: the events, the facts, the alerts, what rules found, and the dead letters."""

from sinks.clickhouse.event_tables import ADMISSION_EVENT, ALERT_ACK, CHARGE_LINE, ORDER_EVENT, SETTLEMENT_EVENT
from sinks.clickhouse.fact_tables import DEPARTMENT_FACT, HOSPITAL_FACT, VISIT_FACT
from sinks.clickhouse.rule_tables import FINDING, ORDER_CHECK, REAUDIT_FINDING
from sinks.clickhouse.table import KAFKA, Table, columns

__all__ = [
    "ADMISSION_EVENT",
    "ALERT",
    "ALERT_ACK",
    "CHARGE_LINE",
    "DEAD_LETTER",
    "DEPARTMENT_FACT",
    "FINDING",
    "HOSPITAL_FACT",
    "ORDER_CHECK",
    "ORDER_EVENT",
    "REAUDIT_FINDING",
    "SETTLEMENT_EVENT",
    "TABLES",
    "VISIT_FACT",
    "Table",
]

ALERT = Table(
    "alert",
    ("alert_id",),
    "version",
    columns("""
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
    + KAFKA,
)

DEAD_LETTER = Table(
    "dead_letter",
    ("source_topic", "source_partition", "source_offset", "reason", "value_digest"),
    "version",
    columns("""
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
    + KAFKA,
)

#: In the order in which the tables of a shipment are written; the last is filled by re-audits.
TABLES = (
    *(CHARGE_LINE, ORDER_EVENT, ADMISSION_EVENT, SETTLEMENT_EVENT, ALERT_ACK),
    *(VISIT_FACT, DEPARTMENT_FACT, HOSPITAL_FACT, ALERT, FINDING, ORDER_CHECK, DEAD_LETTER),
    REAUDIT_FINDING,
)
