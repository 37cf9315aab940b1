"""Errors of the engine with the codes ClickHouse's clients know."""

import re
from typing import Self

from chdb import ChdbError

# What chdb raises: the engine's own errors (RuntimeError or its subclass, with the code in the text) and its wrapper's.
ENGINE_ERRORS = (RuntimeError, ChdbError)
_CODED = re.compile(r"Code: (\d+)\. (DB::Exception: .*)", re.DOTALL)
_UNKNOWN_EXCEPTION = 1002
UNKNOWN_PACKET_FROM_CLIENT = 99
UNKNOWN_COMPRESSION_METHOD = 89
UNKNOWN_SETTING = 115


class EngineError(Exception):
    """A failed statement: ClickHouse's numeric `code` and its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Return `error` itself if it is one already, else its code and message as chdb's text tells them."""
        if isinstance(error, cls):
            return error
        if found := _CODED.search(str(error)):
            return cls(int(found[1]), found[2].strip())
        return cls(_UNKNOWN_EXCEPTION, f"DB::Exception: {error}")
