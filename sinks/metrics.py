"""The sink's metrics, in the pipeline's one list (streams/metrics.py)."""

from streams.metrics import counter, gauge, histogram

SINK_RECORDS = counter("sink_records", "records of output topics whose rows are in ClickHouse and committed", "topic")
SINK_ROWS = counter("sink_rows", "rows inserted", "table")
SINK_INSERTS = counter("sink_inserts", "inserts ClickHouse acknowledged", "table")
SINK_INSERT = histogram("sink_insert_seconds", "time of an insert, retries included", "table")
SINK_RETRIES = counter("sink_retries", "inserts tried again, by the error that made it necessary", "cause")
SINK_REFUSED = counter("sink_refused_rows", "rows ClickHouse refuses by themselves (dead letters S401)", "table")
SINK_UNREADABLE = counter("sink_unreadable_records", "records that cannot be decoded (dead letters S402)", "topic")
SINK_BUFFERED = gauge("sink_buffered_rows", "rows read and not yet committed")
SINK_REACHABLE = gauge("sink_clickhouse_reachable", "1 while ClickHouse answers, 0 while the sink waits for it")
SINK_AGE = histogram("sink_age_seconds", "age of a shipment's oldest record when it was committed")
SINK_COMMITS = counter("sink_commits", "offset commits the broker accepted")
