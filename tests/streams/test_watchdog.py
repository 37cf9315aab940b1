from kafka.errors import KafkaConnectionError

from streams.progress import Progress
from streams.settings import Settings
from streams.watchdog import Stall, Watchdog

A, B = ("ledger.v1", 0), ("ledger.v1", 1)
OWNED = frozenset({A, B})


class Looks:
    """A Stall that is shown one thing after the other."""

    def __init__(self) -> None:
        self.stall = Stall()

    def look(self, now: float, done: int, end: int, *, ready: bool = True, beats: int = 0, owned=OWNED) -> float:
        return self.stall.look(now, owned, {A: done, B: 7}, {A: end, B: 7}, ready, beats)


def test_an_idle_partition_never_stalls() -> None:
    looks = Looks()
    assert [looks.look(now, 5, 5) for now in (0, 100, 1000)] == [0, 0, 0]


def test_a_partition_that_moves_does_not_stall_however_far_behind() -> None:
    looks = Looks()
    assert [looks.look(now, now, 10_000) for now in (0, 100, 200)] == [0, 0, 0]


def test_a_partition_that_rests_before_its_end_stalls() -> None:
    looks = Looks()
    assert [looks.look(now, 5, 9) for now in (0, 10, 30)] == [0, 10, 30]
    assert looks.look(40, 6, 9) == 0
    assert looks.look(45, 6, 9) == 5


def test_time_spent_idle_is_not_counted_against_new_input() -> None:
    looks = Looks()
    assert looks.look(0, 5, 5) == 0
    assert looks.look(1000, 5, 5) == 0
    assert looks.look(1010, 5, 6) == 10


def test_restoring_counts_as_work_as_long_as_it_goes_forward() -> None:
    looks = Looks()
    assert looks.look(0, 5, 9, ready=False, beats=1) == 0
    assert looks.look(100, 5, 9, ready=False, beats=2) == 0
    assert looks.look(200, 5, 9, ready=False, beats=2) == 100


def test_a_partition_given_up_is_forgotten() -> None:
    looks = Looks()
    looks.look(0, 5, 9)
    assert looks.look(50, 5, 9, owned=frozenset({B})) == 0
    assert looks.look(60, 5, 9) == 0


class Broker:
    def __init__(self) -> None:
        self.answers = True

    def committed(self) -> dict[tuple[str, int], int]:
        if not self.answers:
            raise KafkaConnectionError
        return {A: 1}

    def ends(self, partitions: frozenset[tuple[str, int]]) -> dict[tuple[str, int], int]:
        return dict.fromkeys(partitions, 2)

    def forget(self) -> None:
        pass


def test_a_stuck_worker_is_ended_and_one_without_a_broker_is_not() -> None:
    broker, progress, ended = Broker(), Progress(owned=frozenset({A}), ready=True), []
    watchdog = Watchdog(Settings(stall_seconds=60), "cost", progress, broker)
    end = lambda event, **fields: ended.append((event, fields))  # noqa: E731

    watchdog.check(0, end)
    broker.answers = False
    watchdog.check(50, end)
    broker.answers = True
    watchdog.check(70, end)
    watchdog.check(120, end)
    assert ended == []
    assert progress.alive

    watchdog.check(131, end)
    assert ended == [("worker_stalled", {"stage": "cost", "seconds": 61})]
    assert not progress.alive


def test_a_process_that_never_gets_into_its_group_is_ended_once_the_broker_has_answered_for_long_enough() -> None:
    broker, progress, ended = Broker(), Progress(joining_since=0.0), []
    watchdog = Watchdog(Settings(stall_seconds=60), "sink", progress, broker)
    end = lambda event, **fields: ended.append((event, fields))  # noqa: E731

    broker.answers = False
    watchdog.check(50, end)
    broker.answers = True
    watchdog.check(100, end)
    progress.joining_since = None
    watchdog.check(200, end)
    assert ended == []

    progress.joining_since = 200.0
    watchdog.check(261, end)
    assert ended == [("worker_not_in_group", {"stage": "sink", "seconds": 61.0})]
