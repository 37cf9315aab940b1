"""How a value of a rule file can be a little different: one step more or less, flipped, one element short, foreign."""

import re
import types
from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from schemas.book.points import SEPARATOR, codes
from schemas.book.rules import Parameter

#: A code, text or element that no case has.
FOREIGN = "ZZZ9"
_NUMBER = re.compile(r"(-?\d+)(?:\.(\d+))?(%?)\Z", re.ASCII)
_AGE = re.compile(r"(\d+)([dmy])\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


def parameter_changes(value: Parameter, annotation: Any) -> Iterator[Parameter]:
    """What a parameter could be instead. annotation: of the field of its kind that reads it."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, tuple):
        yield from _list_changes(value, annotation)
    elif choices := _choices(annotation):
        yield from (choice for choice in choices if choice != value)
    elif isinstance(value, int):
        yield from (value + 1, value - 1) if reads_numbers(annotation) else (FOREIGN,)
    elif reads_numbers(annotation):
        yield from number_changes(value)
    elif _AGE.match(value):
        yield from (moved_age(value, by) for by in (1, -1) if moved_age(value, by) != value)
    elif _DAY.match(value):
        yield from ((date.fromisoformat(value) + timedelta(days=by)).isoformat() for by in (1, -1))
    else:
        yield from cell_changes(value)


def _list_changes(value: tuple[str, ...], annotation: Any) -> Iterator[Parameter]:
    """Each element dropped; foreign ones in place of all; numbers a step up and down."""
    if len(value) > 1:
        yield from (value[:place] + value[place + 1 :] for place in range(len(value)))
    elements = [arm for arm in _arms(annotation) if get_origin(arm) in {tuple, list, frozenset, set}]
    element: Any = get_args(elements[0])[0] if elements else str
    if reads_numbers(element):
        for place, one in enumerate(value):
            for other in number_changes(str(one)):
                yield (*value[:place], other, *value[place + 1 :])
    elif choices := _choices(element):
        yield from ((choice,) for choice in choices if (choice,) != value)
    else:
        yield (FOREIGN,)


def cell_changes(cell: str) -> Iterator[str]:
    """A text or list of codes in one cell: each code dropped where there are several; a foreign one for all."""
    yield from dropped(cell)
    yield FOREIGN


def dropped(cell: str) -> Iterator[str]:
    """The cell without each of its codes in turn; nothing where there is but one."""
    listed = codes(cell)
    if len(listed) > 1:
        yield from (SEPARATOR.join(listed[:place] + listed[place + 1 :]) for place in range(len(listed)))


def number_changes(text: str) -> Iterator[str]:
    """One step of the written precision up and down, never below nothing."""
    match = _NUMBER.match(text.strip())
    if match is None:
        yield FOREIGN
        return
    whole, decimals, percent = match[1], match[2] or "", match[3]
    value = int(whole + decimals)
    for other in (value + 1, value - 1):
        if other >= 0 or value < 0:
            digits = f"{abs(other):0{len(decimals) + 1}d}"
            head, tail = (digits[: -len(decimals)], f".{digits[-len(decimals) :]}") if decimals else (digits, "")
            yield f"{'-' if other < 0 else ''}{head}{tail}{percent}"


def moved_number(value: int, finest: int, by: int) -> int:
    """A number held in small units (1e-4, fen …), one step more (by 1) or less (by −1); as it is where it cannot be.

    finest: the largest step (10⁴ of 1e-4: a whole unit); smaller where the number needs it.
    """
    step = finest
    while step > 1 and value % step:
        step //= 10
    return max(0, value + by * step)


def moved_age(age: str, by: int) -> str:
    """An age one of its unit more or less: `14y` → `15y`, `13y`; as it is where it cannot be."""
    match = _AGE.match(age)
    return f"{max(0, int(match[1]) + by)}{match[2]}" if match else age


def reads_numbers(annotation: Any) -> bool:
    """Whether a field holds a number (`E4 | None`, `int` …) and not a text."""
    arms = set(_arms(annotation))
    return int in arms and str not in arms


def _choices(annotation: Any) -> list[str]:
    """The texts a field can hold, where they are few."""
    found: list[str] = []
    for arm in _arms(annotation):
        if get_origin(arm) is Literal:
            found += [str(choice) for choice in get_args(arm)]
        elif isinstance(arm, type) and issubclass(arm, Enum):
            found += [str(choice.value) for choice in arm]
    return found


def _arms(annotation: Any) -> list[Any]:
    """The alternatives of a union, annotations taken off."""
    if get_origin(annotation) is Annotated:
        return _arms(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return [arm for choice in get_args(annotation) for arm in _arms(choice)]
    return [annotation]
