"""Notices that this process did not run for a while (paused, swapped out, its machine suspended).

After a pause longer than the session, another worker may own its partitions. The state table would notice a late write
(streams/state.py); the lease makes it not happen, save for a pause that begins between the question and the write.
"""

import asyncio
import time

from streams.logs import SafeError

_TICK_SECONDS = 0.25


class PausedError(SafeError):
    """This process stood still for too long to be sure of what it owns."""


def clock() -> float:
    """Seconds that also pass while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Lease:
    """Good for `seconds` after the last tick; ticks while the loop runs."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ticked = clock()

    def check(self) -> None:
        """Raise PausedError when the last tick is too long ago."""
        stood_still = clock() - self._ticked
        if stood_still > self._seconds:
            raise PausedError(f"the process stood still for {stood_still:.1f} s")

    async def keep(self) -> None:
        """Tick for ever. Raises PausedError."""
        while True:
            self.check()
            self._ticked = clock()
            await asyncio.sleep(_TICK_SECONDS)
