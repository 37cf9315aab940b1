"""How the bench reads speeds: from a group's committed offsets, sampled while it works through a prepared log."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

from tests.pipeline import Pipeline


def rate_of(committed: Callable[[], int], total: int, timeout: float) -> float:
    """Records a second between the first progress seen and the last; `committed` is the sum of committed offsets."""
    samples: list[tuple[float, int]] = []
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        now = committed()
        if now and (not samples or now > samples[-1][1]):
            samples.append((time.monotonic(), now))
        if now >= total:
            break
        time.sleep(0.1)
    if len(samples) < 2:
        raise AssertionError(f"only {samples} of {total} records were worked through in {timeout} s")
    (first_at, first), (last_at, last) = samples[0], samples[-1]
    return (last - first) / (last_at - first_at)


def group_progress(pipeline: Pipeline, group: str, topics: Iterable[str]) -> Callable[[], int]:
    """Sum of a group's committed offsets over these topics."""
    names = {pipeline.topic(topic) for topic in topics}
    admin = KafkaAdminClient(bootstrap_servers=pipeline.settings.kafka_bootstrap_servers)

    def progress() -> int:
        try:
            offsets = admin.list_group_offsets([group])[group]
        except (CoordinatorNotAvailableError, NotCoordinatorError, CoordinatorLoadInProgressError):
            return 0  # the very first group of a young broker
        return sum(found.offset for place, found in offsets.items() if place.topic in names and found.offset > 0)

    return progress


def resident_mib(pid: int) -> float:
    """Resident memory of a process, MiB; of the real process where `pid` is a thin parent."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    own = next(
        int(line.split()[1]) / 1024
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmRSS")
    )
    return own + sum(resident_mib(int(child)) for child in children)


def quantile(values: list[float], share: float) -> float:
    """Nearest-rank quantile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
