"""What a running stage tells: its metrics and its canonical lines.

Every batch is one line at DEBUG; at INFO the batches of a few seconds share one.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog

from streams import metrics
from streams.stage import Batch, Output

_INFO_SECONDS = 10.0


class Journal:
    """The metrics and log lines of one stage."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._log = structlog.get_logger().bind(stage=stage)
        self._records = metrics.STAGE_RECORDS.labels(stage)
        self._batches = metrics.STAGE_BATCHES.labels(stage)
        self._handle = metrics.STAGE_HANDLE.labels(stage)
        self._send = metrics.STAGE_SEND.labels(stage)
        self._age = metrics.STAGE_AGE.labels(stage)
        self._told_at = time.monotonic() - _INFO_SECONDS
        self._since: Counter[str] = Counter()

    def batches_applied(
        self,
        batches: Sequence[Batch],
        outputs: Mapping[tuple[str, int], Sequence[Output]],
        counts: Mapping[str, int],
        handle_seconds: float,
        send_seconds: float,
    ) -> None:
        """The batches of one fetch are done."""
        records = sum(len(batch.records) for batch in batches)
        self._records.inc(records)
        self._batches.inc(len(batches))
        self._handle.observe(handle_seconds)
        self._send.observe(send_seconds)
        self._age.observe(max(0.0, time.time() - min(batch.records[0].timestamp for batch in batches) / 1000))
        for fate, count in counts.items():
            metrics.STAGE_FATES.labels(self._stage, fate).inc(count)
        for (topic, _), sent in outputs.items():
            metrics.STAGE_OUTPUTS.labels(self._stage, topic).inc(len(sent))
        self._log.debug(
            "batches_applied",
            records=records,
            offsets={f"{batch.topic}[{batch.partition}]": batch.records[-1].offset for batch in batches},
            handle_ms=round(handle_seconds * 1000, 1),
            send_ms=round(send_seconds * 1000, 1),
            **counts,
        )
        self._since.update(counts)
        self._since["records"] += records
        self._since["batches"] += len(batches)
        if time.monotonic() - self._told_at >= _INFO_SECONDS:
            self.summarize()

    def summarize(self) -> None:
        """Tell what was done since the last time."""
        if self._since:
            self._log.info("records_applied", **self._since)
        self._since.clear()
        self._told_at = time.monotonic()

    def state_restored(self, keys: int, mended: int, seconds: float) -> None:
        """The state of everything this process owns is complete."""
        metrics.STATE_KEYS.labels(self._stage).set(keys)
        metrics.STATE_RESTORE.labels(self._stage).set(seconds)
        metrics.STATE_MENDED.labels(self._stage).inc(mended)

    def partitions_owned(self, count: int) -> None:
        """So many partitions are ready; 0 while they change hands."""
        metrics.STAGE_PARTITIONS.labels(self._stage).set(count)

    def offsets_committed(self) -> None:
        """The broker accepted a commit."""
        metrics.COMMITTED_OFFSETS.labels(self._stage).inc()
