"""The dead letter: value = the refused bytes as they were, key = the original key, headers = why and from where.

| header | content |
| --- | --- |
| `reason` | numbered reason, e.g. `V203` |
| `detail` | fields and rule, never values (headers carry no patient data) |
| `stage` | who refused: intake, cost, departments, sink |
| `source-topic`, `source-partition`, `source-offset` | where the original stands (topic without prefix) |
| `content` | `source`: the value is the hospital's own bytes; `ledger`: it is the ledger entry (reasons R3xx) |
| `at` | epoch ms of the refused record (broker's or event time, never the clock, so that a replay writes the same) |
"""

from collections.abc import Iterable, Sequence

import msgspec

from schemas.reasons import Reason

Headers = Sequence[tuple[str, bytes]]


class DeadLetter(msgspec.Struct, frozen=True):
    """One refused message."""

    reason: str
    detail: str
    stage: str
    source_topic: str
    source_partition: int
    source_offset: int
    content: str
    at: int
    key: bytes | None
    value: bytes | None


def dead_letter_headers(
    reason: Reason, detail: str, stage: str, source: tuple[str, int, int], at: int, content: str = "source"
) -> list[tuple[str, bytes]]:
    """Headers of a dead letter; `source` is (topic, partition, offset)."""
    topic, partition, offset = source
    return [
        ("reason", reason.value.encode()),
        ("detail", detail[:500].encode()),
        ("stage", stage.encode()),
        ("source-topic", topic.encode()),
        ("source-partition", str(partition).encode()),
        ("source-offset", str(offset).encode()),
        ("content", content.encode()),
        ("at", str(at).encode()),
    ]


def read_dead_letter(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> DeadLetter:
    """Read a dead letter from its record; missing headers read as empty or zero, for it is never refused again."""
    found = {name: (content or b"").decode("utf-8", "replace") for name, content in headers}

    def number(name: str) -> int:
        text = found.get(name, "")
        return int(text) if text.lstrip("-").isdigit() else 0

    return DeadLetter(
        reason=found.get("reason", ""),
        detail=found.get("detail", ""),
        stage=found.get("stage", ""),
        source_topic=found.get("source-topic", ""),
        source_partition=number("source-partition"),
        source_offset=number("source-offset"),
        content=found.get("content", "source"),
        at=number("at"),
        key=key,
        value=value,
    )
