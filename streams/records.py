"""Lets aiokafka hand out records as its parser makes them.

Around each parsed record aiokafka 0.14.0 builds a second object, which repeats its topic and partition and costs more
than the parsing (1.5 µs a record against 0.65 µs). Whoever reads here knows topic and partition from the batch.
"""

from typing import Any

from aiokafka.consumer.fetcher import PartitionRecords


def use_parsed_records() -> None:
    """From now on every consumer of this process yields records that fit `streams.stage.Record`."""
    PartitionRecords._consumer_record = _as_parsed  # noqa: SLF001


def _as_parsed(_: PartitionRecords, __: object, record: Any) -> Any:
    return record
