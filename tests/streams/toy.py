"""A stage that counts: the smallest thing whose totals are exact afterwards or show what went wrong.

Its input is ledger.v1; a record's value is an amount. The state of a key lies in two parts, each with the offset up
to which it holds; parts that disagree end the process. Its output on visit.fact.v1 is the absolute total, versioned.
"""

import struct
import sys
import time

from streams.settings import Settings, load_settings
from streams.stage import Batch, Outcome, Store, partition_of
from streams.topics import Topic

PART = struct.Struct(">qq")


class Counting:
    name = "cost"
    inputs = (Topic.LEDGER.value,)
    table = True

    def __init__(self, settings: Settings) -> None:
        self.partitions = settings.partitions
        self.told: list[tuple[str, str, tuple[int, ...]]] = []

    def assigned(self, topic: str, partitions: frozenset[int]) -> None:
        self.told.append(("assigned", topic, tuple(sorted(partitions))))

    def revoked(self, topic: str, partitions: frozenset[int]) -> None:
        self.told.append(("revoked", topic, tuple(sorted(partitions))))

    def handle(self, batch: Batch, store: Store) -> Outcome:
        touched: dict[bytes, tuple[int, int, int]] = {}
        applied = duplicate = 0
        seen: set[bytes] = set()
        for record in batch.records:
            key = record.key or b""
            if record.value == b"raise":
                raise KeyError(f"patient {key.decode()} is unknown")
            if record.value == b"hang":
                time.sleep(600)
            seen.add(key)
            if key not in touched:
                touched[key] = load(store, key)
            offset, total, count = touched[key]
            if record.offset <= offset:
                duplicate += 1
                continue
            applied += 1
            touched[key] = (record.offset, total + int(record.value or b"0"), count + 1)
        outcome = Outcome(counts={"applied": applied, "duplicate": duplicate})
        target = (Topic.VISIT_FACT.value, batch.partition)
        outcome.outputs[target] = [(key, b"%d %d %d" % touched[key], [("by", b"toy")]) for key in seen]
        outcome.state = [
            [(key + b"|total", PART.pack(offset, total)), (key + b"|count", PART.pack(offset, count))]
            for key, (offset, total, count) in touched.items()
        ]
        return outcome


def load(store: Store, key: bytes) -> tuple[int, int, int]:
    total, count = store.get(key + b"|total"), store.get(key + b"|count")
    if total is None and count is None:
        return -1, 0, 0
    assert total is not None, "one part without the other"
    assert count is not None, "one part without the other"
    total_offset, total_value = PART.unpack(total)
    count_offset, count_value = PART.unpack(count)
    assert total_offset == count_offset, "the parts disagree"
    return total_offset, total_value, count_value


class Copying:
    """A stage without a table and with several inputs: copies records to the ledger, by key."""

    name = "intake"
    inputs = (Topic.CHARGE.value, Topic.ORDER.value)
    table = False

    def __init__(self, settings: Settings) -> None:
        self.partitions = settings.partitions

    def assigned(self, topic: str, partitions: frozenset[int]) -> None:
        pass

    def revoked(self, topic: str, partitions: frozenset[int]) -> None:
        pass

    def handle(self, batch: Batch, store: Store) -> Outcome:
        outcome = Outcome(counts={"applied": len(batch.records)})
        for record in batch.records:
            target = (Topic.LEDGER.value, partition_of(record.key or b"", self.partitions))
            outcome.outputs.setdefault(target, []).append((record.key, record.value, ()))
        return outcome


STAGES = {"cost": Counting, "intake": Copying}

if __name__ == "__main__":
    from streams.runner import run_stage

    run_stage(STAGES[sys.argv[1]], load_settings())
