"""Sends what answers lead to, in the background, in the order it was put in; one send at a time carries all that waits.

A failed send ends the process as any other does: `run` raises, and the runner sees to it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from streams import metrics
from streams.lease import Lease
from streams.sender import Sender
from streams.stage import Output


class Outbox:
    """Records of answers on their way to the broker; lives on the stage's event loop."""

    def __init__(self, stage_name: str, prefix: str, sender: Sender, lease: Lease) -> None:
        self._stage_name = stage_name
        self._prefix = prefix
        self._sender = sender
        self._lease = lease
        self._waiting: dict[tuple[str, int], list[Output]] = {}
        self._told: list[Callable[[], None]] = []
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, outputs: Mapping[tuple[str, int], Sequence[Output]], confirmed: Callable[[], None] | None) -> None:
        """Send these, by topic without prefix and partition; `confirmed` is called when the broker has all of them."""
        for target, records in outputs.items():
            self._waiting.setdefault(target, []).extend(records)
        if confirmed is not None:
            self._told.append(confirmed)
        self._empty.clear()
        self._filled.set()

    async def run(self) -> None:
        """Send what is put in, for ever. Raises SendError, PausedError."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            waiting, self._waiting = self._waiting, {}
            told, self._told = self._told, []
            self._lease.check()
            await self._sender.send({(self._prefix + topic, number): sent for (topic, number), sent in waiting.items()})
            for (topic, _), sent in waiting.items():
                metrics.STAGE_OUTPUTS.labels(self._stage_name, topic).inc(len(sent))
            for confirmed in told:
                confirmed()
            if not self._filled.is_set():
                self._empty.set()

    async def settle(self) -> None:
        """Wait until the broker has confirmed everything."""
        await self._empty.wait()
