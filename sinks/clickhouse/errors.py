"""What an error of an insert means. A short closed list; whatever is not on it ends the process.

| verdict | meaning | the writer |
| --- | --- | --- |
| UNREACHABLE | no answer, or no connection: nobody knows whether the block arrived | waits as long as it takes |
| BUSY | ClickHouse answers that it cannot now | tries again, for a bounded time |
| ROW | something in the rows themselves | bisects, until the row stands alone |
| FATAL | anything else | ends the process |
"""

import struct
from enum import StrEnum

from clickhouse_driver.errors import (
    ErrorCodes,
    NetworkError,
    ServerException,
    SocketTimeoutError,
    TypeMismatchError,
    UnexpectedPacketFromServerError,
    UnknownPacketFromServerError,
)


class Verdict(StrEnum):
    """What to do about an error."""

    UNREACHABLE = "unreachable"
    BUSY = "busy"
    ROW = "row"
    FATAL = "fatal"


# Codes that clickhouse-driver has no name for (ClickHouse: src/Common/ErrorCodes.cpp).
_DECIMAL_OVERFLOW = 407
_CANNOT_SCHEDULE_TASK = 439
_VIOLATED_CONSTRAINT = 469
_VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE = 321
_UNKNOWN_ELEMENT_OF_ENUM = 691

#: The server answers, but cannot take the block now.
BUSY_CODES = frozenset({
    ErrorCodes.TIMEOUT_EXCEEDED,
    ErrorCodes.TOO_MANY_SIMULTANEOUS_QUERIES,
    ErrorCodes.NO_FREE_CONNECTION,
    ErrorCodes.SOCKET_TIMEOUT,
    ErrorCodes.NETWORK_ERROR,
    ErrorCodes.ABORTED,
    ErrorCodes.MEMORY_LIMIT_EXCEEDED,
    ErrorCodes.TABLE_IS_READ_ONLY,
    ErrorCodes.TOO_LESS_LIVE_REPLICAS,
    ErrorCodes.QUERY_WAS_CANCELLED,
    ErrorCodes.KEEPER_EXCEPTION,
    ErrorCodes.NOT_ENOUGH_SPACE,
    ErrorCodes.TOO_MANY_PARTS,
    ErrorCodes.UNKNOWN_STATUS_OF_INSERT,
    _CANNOT_SCHEDULE_TASK,
})  # fmt: skip

#: Something in the rows. (That the table itself is as declared was verified when the connection was made.)
ROW_CODES = frozenset({
    ErrorCodes.CANNOT_PARSE_TEXT,
    ErrorCodes.CANNOT_READ_ALL_DATA,
    ErrorCodes.CANNOT_PARSE_DATE,
    ErrorCodes.CANNOT_PARSE_DATETIME,
    ErrorCodes.TYPE_MISMATCH,
    ErrorCodes.ARGUMENT_OUT_OF_BOUND,
    ErrorCodes.CANNOT_CONVERT_TYPE,
    ErrorCodes.CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN,
    ErrorCodes.INCORRECT_DATA,
    ErrorCodes.TOO_LARGE_STRING_SIZE,
    ErrorCodes.SIZES_OF_ARRAYS_DOESNT_MATCH,
    _VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
    _DECIMAL_OVERFLOW,
    _VIOLATED_CONSTRAINT,
    _UNKNOWN_ELEMENT_OF_ENUM,
})  # fmt: skip

#: What the driver raises while it encodes a value that its column cannot hold.
ENCODING_ERRORS = (TypeMismatchError, OverflowError, UnicodeEncodeError, struct.error)


def verdict_of(error: BaseException) -> Verdict:
    """Judge an error of an insert."""
    if isinstance(error, ENCODING_ERRORS):
        return Verdict.ROW
    if isinstance(error, NetworkError | SocketTimeoutError | EOFError | OSError):
        return Verdict.UNREACHABLE
    if isinstance(error, UnexpectedPacketFromServerError | UnknownPacketFromServerError):
        return Verdict.BUSY  # a proxy before a server that starts; for ever, if it is no ClickHouse at all
    if isinstance(error, ServerException):
        if error.code in BUSY_CODES:
            return Verdict.BUSY
        if error.code in ROW_CODES:
            return Verdict.ROW
    return Verdict.FATAL
