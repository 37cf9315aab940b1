"""The fencing rules by themselves, on an imagined changelog: whatever late writers do, the state is the owners' own."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.state import FENCE_KEY, _number, _Partition

KEYS = [b"a", b"b", b"c"]
VALUES = [b"1", b"2", b"3", None]


@dataclass
class Written:
    offset: int
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]] = field(default_factory=list)


class Changelog(RuleBasedStateMachine):
    """One partition, its owner, and owners that were replaced but do not know it yet."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Written] = []
        self.end = 0
        self.owner: bytes | None = None
        self.replaced: list[bytes] = []
        self.truth: dict[bytes, bytes] = {}
        self.is_mended = True

    def append(self, key: bytes, value: bytes | None, number: bytes | None) -> int:
        self.log.append(Written(self.end, key, value, [("o", number)] if number else []))
        self.end += 1
        return self.end - 1

    def restored(self) -> _Partition:
        partition = _Partition()
        partition.apply(self.log)
        return partition

    @rule()
    def a_new_owner_takes_over(self) -> None:
        if self.owner is not None:
            self.replaced.append(self.owner)
        self.owner = _number(self.append(FENCE_KEY, b"", None))
        partition = self.restored()
        assert partition.owner == self.owner
        for key in sorted(partition.stale):
            self.append(key, partition.data.get(key), self.owner)
        self.is_mended = True

    @precondition(lambda self: self.owner is not None)
    @rule(key=st.sampled_from(KEYS), value=st.sampled_from(VALUES))
    def the_owner_writes(self, key: bytes, value: bytes | None) -> None:
        self.append(key, value, self.owner)
        if value is None:
            self.truth.pop(key, None)
        else:
            self.truth[key] = value

    @precondition(lambda self: bool(self.replaced))
    @rule(key=st.sampled_from(KEYS), value=st.sampled_from(VALUES), data=st.data())
    def a_replaced_owner_writes_late(self, key: bytes, value: bytes | None, data: st.DataObject) -> None:
        self.append(key, value, data.draw(st.sampled_from(self.replaced)))
        self.is_mended = False

    @precondition(lambda self: self.is_mended)
    @rule()
    def the_log_cleaner_runs(self) -> None:
        """It may only forget what is older than its lag; a late write is mended long before."""
        newest = {record.key: record.offset for record in self.log}
        self.log = [record for record in self.log if newest[record.key] == record.offset]

    @invariant()
    def the_state_is_what_the_owners_wrote(self) -> None:
        assert self.restored().data == self.truth

    @invariant()
    def reading_on_from_anywhere_gives_the_same(self) -> None:
        partition = _Partition()
        for record in self.log:
            partition.apply([record])
        assert partition.data == self.truth


Changelog.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestChangelog = Changelog.TestCase
