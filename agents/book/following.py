"""What the stages that use the policy book have in common: they follow its topic (streams.stage.Following)."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar, cast

from agents.book.collector import settle_memory
from agents.book.published import read_record
from agents.core.policy import Policy
from streams.topics import Topic

Compiled = TypeVar("Compiled")


class FollowsBook(ABC, Generic[Compiled]):
    """A stage under a policy that a newly published book replaces. `Compiled`: what the stage makes of a policy."""

    follows: tuple[str, ...] = (Topic.POLICY_BOOK,)
    _policy: Policy

    @abstractmethod
    def compile(self, policy: Policy) -> Compiled:
        """Make ready what the stage needs of a policy. May be slow, runs in a thread, and must change nothing."""

    @abstractmethod
    def use(self, compiled: Compiled) -> None:
        """From the next batch on this holds; also sets the policy. Quick."""

    def read(self, topic: str, key: bytes | None, value: bytes | None) -> Compiled:  # noqa: ARG002 - one topic only
        """What a published book comes to. Raises PolicyError where it must not be used."""
        return self.compile(Policy(read_record(key, value), self._policy.zone))

    def adopt(self, topic: str, value: object) -> None:  # noqa: ARG002
        """From the next batch on the published book holds."""
        self.use(cast("Compiled", value))
        settle_memory()

    def describe(self, topic: str) -> dict[str, str]:  # noqa: ARG002
        """The version, as facts name it."""
        return {"version": self._policy.version}
