"""How many records a worker takes at once: all that may be, or, while somebody asks it, what takes a fixed short time.

A question about a partition waits until the batch of that partition that is at work is in the state. Large batches are
cheap, small ones answer soon: so they are small only while there are questions.
"""

_QUIET_SECONDS = 10.0
_FEWEST = 16
_LEAST_CHANGE, _MOST_CHANGE = 0.25, 1.5


class Pace:
    """Records a partition and round. `most`: the size of a batch where nobody asks; `round_seconds`: wanted else."""

    def __init__(self, most: int, round_seconds: float) -> None:
        self._most = most
        self._wanted = round_seconds
        self._size = float(min(most, 256))
        self._asked = float("-inf")

    def asked(self, now: float) -> None:
        """Somebody asked (monotonic seconds)."""
        self._asked = now

    def records(self, now: float) -> int:
        """How many records of each partition the next round may take."""
        return self._most if now - self._asked > _QUIET_SECONDS else int(self._size)

    def worked(self, records: int, seconds: float) -> None:
        """A round of so many records of its largest partition took so long."""
        per_record = seconds / max(1, records)
        change = self._wanted / max(per_record * self._size, 1e-9)
        if records < int(self._size) and change > 1:
            return  # a small round says nothing of larger ones
        self._size *= min(_MOST_CHANGE, max(_LEAST_CHANGE, change))
        self._size = min(float(self._most), max(float(min(_FEWEST, self._most)), self._size))
