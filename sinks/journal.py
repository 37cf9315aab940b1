"""What the sink tells: its metrics, and one canonical line a shipment (DEBUG), summed up every few seconds (INFO)."""

import time
from collections import Counter

import structlog

from sinks import metrics
from sinks.clickhouse.blocks import Refusal, Shipment

_INFO_SECONDS = 10.0


class Journal:
    """The log lines and counters of one sink process."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._log = structlog.get_logger().bind(stage="sink")
        self._told_at = time.monotonic() - _INFO_SECONDS
        self._since: Counter[str] = Counter()

    def shipment_committed(self, shipment: Shipment, refusals: list[Refusal], seconds: float) -> None:
        """Every row of the shipment is in ClickHouse or a dead letter, and its offsets are committed."""
        topic = shipment.topic.removeprefix(self._prefix)
        records = len(shipment)
        metrics.SINK_RECORDS.labels(topic).inc(records)
        metrics.SINK_UNREADABLE.labels(topic).inc(len(shipment.refusals()))
        metrics.SINK_AGE.observe(max(0.0, time.time() - shipment.oldest_ms / 1000))
        self._log.debug(
            "shipment_committed",
            topic=topic,
            offsets=shipment.ranges,
            records=records,
            refused=len(refusals),
            insert_ms=round(seconds * 1000, 1),
        )
        self._since.update({topic: records, "records": records, "shipments": 1, "refused": len(refusals)})
        now = time.monotonic()
        if now - self._told_at >= _INFO_SECONDS:
            self._log.info("records_inserted", **self._since)
            self._since.clear()
            self._told_at = now
