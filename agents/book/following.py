"""What the stages that use the policy book have in common: they follow its topic (streams.stage.Following)."""

from agents.book.published import read_record
from agents.core.policy import Policy
from streams.topics import Topic


class FollowsBook:
    """A stage under a policy that a newly published book replaces."""

    follows: tuple[str, ...] = (Topic.POLICY_BOOK,)

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def read(self, topic: str, key: bytes | None, value: bytes | None) -> Policy:  # noqa: ARG002 - one topic only
        """The compiled policy of a published book. Raises PolicyError where it must not be used."""
        return Policy(read_record(key, value), self._policy.zone)

    def adopt(self, topic: str, value: object) -> None:  # noqa: ARG002
        """From the next batch on this policy holds."""
        assert isinstance(value, Policy), "what `read` returns"
        self._policy = value

    def describe(self, topic: str, value: object) -> dict[str, str]:  # noqa: ARG002
        """The version, as facts name it."""
        assert isinstance(value, Policy), "what `read` returns"
        return {"version": value.version}
