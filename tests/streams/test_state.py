"""The state table on a real broker: restoring, forgetting, and fencing off an owner that was replaced."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from streams.sender import Sender
from streams.settings import Settings
from streams.state import FencedError, Origin, StateLostError, StateOriginError, StateTable
from streams.topics import Topic
from tests.streams.harness import Pipeline

pytestmark = pytest.mark.integration

Tables = Callable[[], Awaitable[StateTable]]
NOTHING: dict[int, int] = {}
ORIGIN = Origin("topic-1", 1)


def with_tables(pipeline: Pipeline, test: Callable[[Tables], Awaitable[None]]) -> None:
    """Run `test` with a maker of tables, each as another process would have it."""

    async def run() -> None:
        opened = []

        async def make() -> StateTable:
            settings: Settings = pipeline.settings
            sender = Sender(settings)
            await sender.start()
            table = StateTable(pipeline.prefix + Topic.COST_CHANGELOG, sender, settings)
            await table.start()
            opened.append((table, sender))
            return table

        try:
            await test(make)
        finally:
            for table, sender in opened:
                await table.stop()
                await sender.stop()

    asyncio.run(run())


async def own(table: StateTable, *partitions: int, committed: dict[int, int] = NOTHING, origin: Origin = ORIGIN) -> int:
    return await table.own(frozenset(partitions), committed, origin, lambda: None)


async def put(table: StateTable, partition: int, *pairs: tuple[bytes, bytes | None]) -> None:
    changes = {partition: [list(pairs)]}
    await table.write(changes)
    table.apply(changes)


def test_what_one_owner_wrote_the_next_one_has(pipeline: Pipeline) -> None:
    async def test(make: Tables) -> None:
        first, second = await make(), await make()
        await own(first, 0, 1)
        await put(first, 0, (b"a", b"1"), (b"b", b"2"))
        await put(first, 0, (b"a", None), (b"c", b"3"))
        await put(first, 1, (b"z", b"9"))

        await own(second, 0, 1)

        assert dict(second[0]) == {b"b": b"2", b"c": b"3"} == dict(first[0])
        assert dict(second[1]) == {b"z": b"9"}

    with_tables(pipeline, test)


def test_a_partition_given_up_is_forgotten_and_read_anew_when_it_returns(pipeline: Pipeline) -> None:
    async def test(make: Tables) -> None:
        table, other = await make(), await make()
        await own(table, 0, 1)
        await put(table, 1, (b"z", b"9"))
        await own(table, 0)
        with pytest.raises(KeyError):
            table[1]
        await own(other, 1)
        await put(other, 1, (b"z", b"10"), (b"y", b"1"))

        await own(table, 0, 1)

        assert dict(table[1]) == {b"z": b"10", b"y": b"1"}

    with_tables(pipeline, test)


def test_a_partition_kept_over_a_rebalance_catches_up_with_what_another_wrote(pipeline: Pipeline) -> None:
    async def test(make: Tables) -> None:
        table, other = await make(), await make()
        await own(table, 0)
        await put(table, 0, (b"a", b"1"), (b"gone", b"1"))
        await own(other, 0)
        await put(other, 0, (b"a", b"2"), (b"gone", None))

        await own(table, 0)

        assert dict(table[0]) == {b"a": b"2"}

    with_tables(pipeline, test)


def test_an_owner_that_was_replaced_is_told_at_its_next_write(pipeline: Pipeline) -> None:
    async def test(make: Tables) -> None:
        zombie, owner = await make(), await make()
        await own(zombie, 0)
        await own(owner, 0)
        with pytest.raises(FencedError):
            await put(zombie, 0, (b"a", b"late"))

    with_tables(pipeline, test)


def test_a_late_write_of_a_replaced_owner_is_seen_by_the_owner_and_mended(pipeline: Pipeline) -> None:
    async def test(make: Tables) -> None:
        zombie, owner, heir, last = [await make() for _ in range(4)]
        await own(zombie, 0)
        await put(zombie, 0, (b"a", b"true"), (b"b", b"true"))
        await own(owner, 0)
        await put(owner, 0, (b"a", b"newer"))
        with pytest.raises(FencedError):
            await put(zombie, 0, (b"a", b"late"), (b"b", b"late"), (b"c", b"late"))

        with pytest.raises(FencedError):
            await owner.verify()
        with pytest.raises(FencedError):
            await put(owner, 0, (b"b", b"unsure"))

        assert await own(heir, 0) == 3
        # What the owner wrote when it found out was still its own to write.
        assert dict(heir[0]) == {b"a": b"newer", b"b": b"unsure"}
        assert await own(last, 0) == 3, "a stale record that is still in the log is mended again, harmlessly"
        assert dict(last[0]) == dict(heir[0])
        newest = {key: value for key, value in pipeline.read(Topic.COST_CHANGELOG) if not key.startswith(b"\0")}
        assert newest == {b"a": b"newer", b"b": b"unsure", b"c": None}

    with_tables(pipeline, test)


def test_nothing_was_written_by_another_as_long_as_verify_is_content(pipeline: Pipeline) -> None:
    async def test(make: Tables) -> None:
        table = await make()
        await own(table, 0, 1, 2, 3)
        await table.verify()
        await put(table, 2, (b"a", b"1"))
        await table.verify()

    with_tables(pipeline, test)


def test_groups_larger_than_a_record_batch_are_written_whole(pipeline: Pipeline) -> None:
    async def test(make: Tables) -> None:
        table, other = await make(), await make()
        await own(table, 0)
        large = [(b"part%d" % number, bytes([number]) * 3_000_000) for number in range(3)]
        many = [[(b"key%d" % number, b"x" * 5_000)] for number in range(1_000)]
        await table.write({0: [large, *many]})
        table.apply({0: [large, *many]})

        await own(other, 0)

        assert dict(other[0]) == dict(table[0])
        assert len(other[0]) == 1_003

    with_tables(pipeline, test)


def test_an_empty_changelog_behind_committed_input_is_refused(pipeline: Pipeline) -> None:
    async def test(make: Tables) -> None:
        table = await make()
        with pytest.raises(StateLostError, match="the state was lost"):
            await own(table, 0, committed={0: 5})

    with_tables(pipeline, test)


@pytest.mark.parametrize(
    ("earlier", "later", "may"),
    [
        (Origin("a", 1), Origin("a", 1), True),
        (Origin("a", 1), Origin("a", 2), True),
        (Origin("a", 1), Origin("b", 2), True),
        (Origin("a", 1), Origin("b", 1), False),
        (Origin("a", 2), Origin("a", 1), False),
    ],
)
def test_state_is_only_used_for_the_input_it_was_made_from(
    pipeline: Pipeline, earlier: Origin, later: Origin, may: bool
) -> None:
    async def test(make: Tables) -> None:
        first, second, third = await make(), await make(), await make()
        await own(first, 0, origin=earlier)
        await put(first, 0, (b"a", b"1"))
        if may:
            await own(second, 0, origin=later)
            assert dict(second[0]) == {b"a": b"1"}
            return
        for table in (second, third):
            with pytest.raises(StateOriginError, match="made anew"):
                await own(table, 0, origin=later)

    with_tables(pipeline, test)
