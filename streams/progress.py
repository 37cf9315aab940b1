"""What a process says of itself to its health endpoints and its watchdog: set by the runner, read by other threads."""

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """Each field has one writer; assignments are atomic, so no lock is needed."""

    #: Input partitions (full topic name, number) this process answers for.
    owned: frozenset[tuple[str, int]] = frozenset()
    #: Whether the state is complete and batches are taken.
    ready: bool = False
    #: Whether the watchdog is content.
    alive: bool = True
    #: Grows with every bit of work, also while restoring.
    beats: int = 0
    #: Since when (monotonic seconds) the process has waited to get into its group; None: it is in, or does not say.
    joining_since: float | None = None
