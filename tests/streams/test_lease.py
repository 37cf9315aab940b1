import asyncio

import pytest

from streams import lease
from streams.lease import Lease, PausedError


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(lease, "clock", lambda: now[0])
    return now


def test_a_process_that_runs_keeps_its_lease(time: list[float]) -> None:
    held = Lease(8)
    time[0] += 7.9
    held.check()


def test_a_process_that_stood_still_has_lost_its_lease(time: list[float]) -> None:
    held = Lease(8)
    time[0] += 8.1
    with pytest.raises(PausedError, match=r"stood still for 8\.1 s"):
        held.check()


def test_the_keeper_notices_a_pause_between_two_ticks(time: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(_: float) -> None:
        time[0] += pauses.pop(0)

    pauses = [0.25, 5.0, 0.25, 9.0]
    held = Lease(8)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(PausedError):
        asyncio.run(held.keep())
    assert pauses == []


def test_the_clock_also_counts_a_suspended_machine() -> None:
    import time as standard

    assert lease.clock() >= standard.clock_gettime(standard.CLOCK_MONOTONIC) - 1
