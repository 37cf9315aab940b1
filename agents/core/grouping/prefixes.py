"""Code prefixes looked up at once: a table of thousands costs as many dictionary look-ups as it has lengths."""

from collections.abc import Iterable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Prefixes(Generic[Value]):
    """Values filed under code prefixes; letters match whatever their case (医保版 codes end in `x00…` or `X00…`)."""

    __slots__ = ("_by_prefix", "_lengths")

    def __init__(self, pairs: Iterable[tuple[str, Value]]) -> None:
        self._by_prefix: dict[str, list[Value]] = {}
        for prefix, value in pairs:
            self._by_prefix.setdefault(prefix.strip().upper(), []).append(value)
        #: The lengths that occur, longest first.
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._by_prefix)

    def of(self, code: str) -> list[tuple[int, Value]]:
        """Every value whose prefix the code begins with, with the prefix's length, longest first."""
        code = code.upper()
        found: list[tuple[int, Value]] = []
        for length in self._lengths:
            if length <= len(code):
                found.extend((length, value) for value in self._by_prefix.get(code[:length], ()))
        return found

    def longest(self, code: str) -> tuple[int, list[Value]]:
        """The values under the longest prefix the code begins with, and its length; (0, []) where there is none."""
        code = code.upper()
        for length in self._lengths:
            if length <= len(code) and (values := self._by_prefix.get(code[:length])) is not None:
                return length, values
        return 0, []

    def knows(self, code: str) -> bool:
        """Whether the code begins with any of the prefixes."""
        code = code.upper()
        return any(code[:length] in self._by_prefix for length in self._lengths if length <= len(code))


def prefix_set(prefixes: Iterable[str]) -> Prefixes[bool]:
    """Prefixes with nothing filed under them: only `knows` is asked."""
    return Prefixes((prefix, True) for prefix in prefixes)
