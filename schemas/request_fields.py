"""Reads a request field by field and tells every mistake at once, each with its field and numbered reason. Pure.

For requests in the national names, where amounts are yuan with decimals: JSON numbers are kept as they were written
and read exactly. A field may have several names; the first that says something counts, and an empty one says nothing.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from schemas import units
from schemas.book.entry import both
from schemas.reasons import MEANING, Reason, RejectError

MOST_TOLD = 40
_LONGEST_NUMBER = 40
#: A text that may be so long is prose: it may have lines.
_LONG_TEXT = 400


class Exact(str):
    """A JSON number with a fraction or an exponent, as it was written."""

    __slots__ = ()


class Fault(msgspec.Struct, frozen=True):
    """One mistake: path of the field, reason, and what is to be said beyond it in Chinese and English."""

    path: str
    reason: str
    zh: str = ""
    en: str = ""

    @property
    def text_zh(self) -> str:
        """In Chinese."""
        return f"{self.reason} {MEANING[Reason(self.reason)][0]}：{self.path}{self.zh and f'（{self.zh}）'}"

    @property
    def text_en(self) -> str:
        """In English."""
        return f"{self.reason} {MEANING[Reason(self.reason)][1]}: {self.path}{self.en and f' ({self.en})'}"


class RequestError(RejectError):
    """A request is refused; `faults` are all its mistakes. Its text names fields, never what they hold."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(Reason(faults[0].reason), "; ".join(fault.path for fault in faults)[:500])
        self.faults = tuple(faults[:MOST_TOLD])

    @property
    def text(self) -> str:
        """Every mistake, in both languages."""
        zh = "；".join(fault.text_zh for fault in self.faults)
        return both(zh, "; ".join(fault.text_en for fault in self.faults))


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, fractions as Exact. Raises RequestError: NOT_JSON, NOT_TEXT, NOT_AN_OBJECT."""
    try:
        read = json.loads(body.decode("utf-8-sig"), parse_float=Exact, parse_constant=Exact)
    except UnicodeDecodeError as error:
        raise RequestError([Fault("$", Reason.NOT_TEXT)]) from error
    except (ValueError, RecursionError) as error:
        raise RequestError([Fault("$", Reason.NOT_JSON)]) from error
    if not isinstance(read, dict):
        raise RequestError([Fault("$", Reason.NOT_AN_OBJECT)])
    return read


class Fields:
    """One object of a request. `faults` is shared by all objects of the request and holds what is wrong with it."""

    def __init__(self, data: dict[str, Any], path: str, faults: list[Fault], zone: tzinfo) -> None:
        self._data = data
        self.path = path
        self.faults = faults
        self._zone = zone

    def refuse(self, name: str, reason: Reason, zh: str = "", en: str = "") -> None:
        """Note a mistake."""
        self.faults.append(Fault(self.place(name), reason, zh, en))

    def place(self, name: str) -> str:
        """The path of a field of this object."""
        return f"{self.path}.{name}" if self.path else name

    def said(self, *names: str) -> Any:
        """The first of these fields that says something; None where none does."""
        return self._found(names)[1]

    def text(self, *names: str, most: int = 64, required: bool = False, is_key: bool = False) -> str:
        """A text or a whole number as text. `is_key`: part of a key, so it may not hold the separator."""
        name, value = self._found(names)
        if value is not None and (isinstance(value, bool | Exact) or not isinstance(value, str | int)):
            self.refuse(name, Reason.WRONG_TYPE)
            return ""
        text = str(value).strip() if value is not None else ""
        reason = _fault_of(text, most, is_key=is_key)
        if reason is None and required and not text:
            reason = Reason.MISSING_FIELD
        if reason is not None:
            self.refuse(name, reason)
            return ""
        return text

    def number_text(self, *names: str) -> str:
        """A text that may also be a number, such as a dose, as it was written."""
        value = self.said(*names)
        return str(value) if isinstance(value, Exact) else self.text(*names)

    def time_ms(self, *names: str) -> int:
        """A time in epoch ms; 0 where none is said."""
        return self._read(names, lambda value, name: units.parse_ms(value, self._zone, name))

    def day(self, *names: str) -> str:
        """An ISO date; empty where none is said. A time of day behind it is left out."""
        name, value = self._found(names)
        if value is None:
            return ""
        text = str(value).strip()[:10]
        try:
            return date.fromisoformat(text if "-" in text else text[:8]).isoformat()
        except ValueError:
            self.refuse(name, Reason.BAD_TIME)
            return ""

    def fen(self, *names: str) -> int:
        """Yuan with at most two decimals, in fen."""
        return self._decimal(names, 2, units.MAX_FEN)

    def micro(self, *names: str) -> int:
        """A price in yuan with at most six decimals, in 1e-6 yuan."""
        return self._decimal(names, 6, units.MAX_MICRO)

    def e4(self, *names: str) -> int:
        """A quantity with at most four decimals, in 1e-4."""
        return self._decimal(names, 4, units.MAX_E4)

    def whole(self, *names: str) -> int:
        """A whole number that is not negative, such as days."""
        number = self._decimal(names, 0, 10**6)
        if number < 0:
            self.refuse(self._found(names)[0], Reason.OUT_OF_RANGE)
        return number

    def flag(self, *names: str) -> bool | None:
        """1 or 0; None where it is not said."""
        name, value = self._found(names)
        if value is None or isinstance(value, bool):
            return value
        if str(value) in {"1", "0"}:
            return str(value) == "1"
        self.refuse(name, Reason.WRONG_TYPE, "应为 0 或 1", "must be 0 or 1")
        return None

    def object(self, name: str) -> "Fields":
        """An object below; empty where there is none."""
        found = self.objects(name)
        return found[0] if found else Fields({}, self.place(name), self.faults, self._zone)

    def objects(self, name: str) -> "list[Fields]":
        """A list of objects below; a single object stands for a list of one, as many systems write it."""
        value = self._data.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, dict):
            return [Fields(value, self.place(name), self.faults, self._zone)]
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.refuse(name, Reason.WRONG_TYPE)
            return []
        return [
            Fields(item, f"{self.place(name)}[{number}]", self.faults, self._zone) for number, item in enumerate(value)
        ]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or texts separated by commas."""
        value = self._data.get(name)
        listed = value.split(",") if isinstance(value, str) else value
        if listed is None:
            return ()
        if not isinstance(listed, list) or not all(isinstance(item, str | int) for item in listed):
            self.refuse(name, Reason.WRONG_TYPE)
            return ()
        texts = tuple(text for item in listed if (text := str(item).strip()))
        if any(_fault_of(text, 64, is_key=False) for text in texts):
            self.refuse(name, Reason.WRONG_TYPE)
            return ()
        return texts

    def _decimal(self, names: tuple[str, ...], places: int, limit: int) -> int:
        return self._read(names, lambda value, name: units.parse_decimal(_plain(value), places, limit, name))

    def _read(self, names: tuple[str, ...], parse: Callable[[Any, str], int]) -> int:
        name, value = self._found(names)
        if value is None:
            return 0
        try:
            return parse(value, name)
        except RejectError as error:
            self.refuse(name, error.reason)
            return 0

    def _found(self, names: tuple[str, ...]) -> tuple[str, Any]:
        """The first of these fields that says something, and what; the first of all with None where none does."""
        for name in names:
            value = self._data.get(name)
            if value is not None and value != "":
                return name, value
        return names[0], None


def _plain(value: object) -> object:
    """A number as text without an exponent: whole numbers are whole yuan here, not minor units."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None  # refused as a wrong type
    text = str(value).strip()
    if "e" in text.lower() and len(text) <= _LONGEST_NUMBER:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        return f"{number:f}" if number.is_finite() and abs(number.adjusted()) < _LONGEST_NUMBER else text
    return text


def _fault_of(text: str, most: int, *, is_key: bool) -> Reason | None:
    if len(text) > most:
        return Reason.TOO_LONG
    if not text.isprintable():
        # Lone surrogates are no text at all: they could not be written as UTF-8.
        has_surrogate = any("\ud800" <= character <= "\udfff" for character in text)
        if has_surrogate:
            return Reason.NOT_TEXT
        allowed = "\t\n\r" if most >= _LONG_TEXT else ""
        if any((character < " " or character == "\x7f") and character not in allowed for character in text):
            return Reason.CONTROL_CHARACTER
    return Reason.RESERVED_CHARACTER if is_key and "|" in text else None
