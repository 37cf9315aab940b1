"""What a check of a book finds: where, what, and whether the book may be used nevertheless."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a book as a whole (or, as a warning, doubtful).

    steps: where: section, position (from 0), fields below it, e.g. ("benefits", 3, "ratios", 1); () is the book.
    text: "中文 | English". other: the entry it contradicts, as steps.
    """

    steps: tuple[int | str, ...]
    text: str
    is_error: bool = True
    other: tuple[int | str, ...] = ()
    #: It follows from something that is missing: it says nothing of a book that could only be read in part.
    is_of_absence: bool = False
