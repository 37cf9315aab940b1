"""A worker's place in its group: a name that is the same after a restart, and nobody else's while the process lives.

Kafka gives a member that returns under the same name (static membership) its partitions back at once, without waiting
for the session of the dead one. Two live processes under one name would throw each other out, so a free number is
claimed with a file lock, which the kernel releases however the process ends.
"""

import fcntl
import hashlib
import os
import socket
from pathlib import Path
from typing import IO

from streams.logs import SafeError
from streams.settings import Settings

_MOST_WORKERS = 256


class SlotTakenError(SafeError):
    """Another live process of this machine uses the name."""


class Slot:
    """A claimed name; `release` or the end of the process gives it back."""

    def __init__(self, name: str, lock: IO[str]) -> None:
        self.name = name
        self._lock = lock

    def release(self) -> None:
        """Give the name back."""
        self._lock.close()


def claim_slot(settings: Settings, stage: str) -> Slot:
    """Claim the name in KONGFEI_WORKER_SLOT, or the first free `<host>-<folder>-<number>`. Raises SlotTakenError."""
    folder = settings.data_dir / "workers"
    folder.mkdir(parents=True, exist_ok=True)
    if settings.worker_slot:
        if slot := _try_claim(folder, f"{stage}-{settings.worker_slot}"):
            return slot
        raise SlotTakenError(f"another {stage} worker named {settings.worker_slot} runs on this machine")
    # Two data folders of one machine hold separate locks, so the folder is part of the name.
    place = hashlib.blake2s(os.fsencode(folder.resolve()), digest_size=3).hexdigest()
    host = "".join(character if character.isalnum() else "-" for character in socket.gethostname())[:63]
    for number in range(_MOST_WORKERS):
        if slot := _try_claim(folder, f"{stage}-{host}-{place}-{number:03d}"):
            return slot
    raise SlotTakenError(f"{_MOST_WORKERS} {stage} workers run on this machine already")


def _try_claim(folder: Path, name: str) -> Slot | None:
    lock = (folder / f"{name}.lock").open("a", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return Slot(name, lock)
