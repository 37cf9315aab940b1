"""A mistake in a policy book: where it stands and what is wrong, in Chinese and English, and the error made of all."""

from collections.abc import Iterable
from dataclasses import dataclass

from streams.logs import SafeError


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong (or, as a warning, doubtful) at one place.

    path: the file; empty for a book that was read from a topic. line: from 1; 0: the file as a whole. field: the
    entry's section, id and field, as `quotas.示例-定额-骨科.quota`. text: "中文 | English".
    """

    path: str
    line: int
    field: str
    text: str
    is_error: bool = True

    @property
    def place(self) -> str:
        """`file:line`, as editors and terminals understand it."""
        return f"{self.path}:{self.line}" if self.line else self.path

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.field, self.text) if part)


class PolicyError(SafeError):
    """The policy book cannot be used; one line a mistake, in the order of files and lines."""

    def __init__(self, mistakes: Iterable[Mistake], warnings: Iterable[Mistake] = ()) -> None:
        self.mistakes = in_order(mistakes)
        self.warnings = in_order(warnings)
        super().__init__("\n".join(map(str, self.mistakes)))


def in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """By file, then line, each once."""
    return sorted(dict.fromkeys(mistakes), key=lambda mistake: (mistake.path, mistake.line))
