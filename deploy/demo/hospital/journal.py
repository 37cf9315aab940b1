"""What happens in the hospital, in the order it happens: drafts of events, and what each is expected to come to.

Owns the virtual horizon: nothing is recorded after it, so that a run ends with nothing under way.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from deploy.demo.hospital.expectation import Expectation

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Draft(NamedTuple):
    """An event before it is encoded. Sorted by when it is delivered, then as it was made.

    `fields` have canonical names; times in ms, money in fen, quantities in 1e-4, prices in 1e-6 yuan.
    """

    deliver_at: int
    sequence: int
    event_type: str
    fields: dict[str, Any]
    may_repeat: bool = True


@dataclass(slots=True)
class Journal:
    """Collects drafts until somebody takes them. `horizon` in epoch ms."""

    expectation: Expectation
    horizon: int = 0
    _drafts: list[Draft] = field(default_factory=list)
    _sequence: int = 0

    def write(
        self, event_type: str, fields: dict[str, Any], occurred_at: int, lag_ms: int, *, may_repeat: bool = True
    ) -> int:
        """Note an event that reaches the system `lag_ms` after it happened, but before the horizon; returns when."""
        recorded_at = max(occurred_at, min(occurred_at + lag_ms, self.horizon))
        self._sequence += 1
        timed = {**fields, "occurred_at": occurred_at, "recorded_at": recorded_at}
        self._drafts.append(Draft(recorded_at, self._sequence, event_type, timed, may_repeat))
        return recorded_at

    def take(self) -> list[Draft]:
        """Everything noted since the last call, in order of delivery."""
        taken, self._drafts = sorted(self._drafts, key=lambda draft: draft[:2]), []
        return taken


def usual_lag(rng: Random) -> int:
    """How late an entry reaches the system, ms: minutes mostly, hours sometimes, days rarely."""
    luck = rng.random()
    if luck < 0.9:
        return rng.randrange(20, 25 * 60) * 1000
    if luck < 0.985:
        return rng.randrange(60, 8 * 60) * MINUTE
    if luck < 0.998:
        return rng.randrange(8 * 60, 30 * 60) * MINUTE
    return rng.randrange(2 * 24 * 60, 5 * 24 * 60) * MINUTE
