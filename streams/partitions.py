"""Which partition a key belongs to: one rule for intake, the agents, the publisher and the tools.

The default partitioners of Kafka's clients differ; ours must not, because a patient's log and state are found by it.
"""

from zlib import crc32


def partition_of(key: bytes, partitions: int) -> int:
    """The partition, 0 … partitions - 1, of `key`."""
    return crc32(key) % partitions
