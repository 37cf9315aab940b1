"""The closed list: what is waited for, what is tried again, what is a row's own fault, what ends the process."""

import struct

import pytest
from clickhouse_driver import errors

from sinks.clickhouse.connection import describe
from sinks.clickhouse.errors import Verdict, verdict_of


def server(code):
    return errors.ServerException("DB::Exception: patient 12345", code)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (ConnectionRefusedError(), Verdict.UNREACHABLE),
        (ConnectionResetError(), Verdict.UNREACHABLE),
        (TimeoutError(), Verdict.UNREACHABLE),
        (EOFError("Unexpected EOF while reading bytes"), Verdict.UNREACHABLE),
        (errors.NetworkError("x"), Verdict.UNREACHABLE),
        (errors.SocketTimeoutError("x"), Verdict.UNREACHABLE),
        (errors.UnexpectedPacketFromServerError("x"), Verdict.BUSY),
        (server(252), Verdict.BUSY),
        (server(241), Verdict.BUSY),
        (server(243), Verdict.BUSY),
        (server(202), Verdict.BUSY),
        (server(159), Verdict.BUSY),
        (server(242), Verdict.BUSY),
        (errors.TypeMismatchError("x"), Verdict.ROW),
        (OverflowError(), Verdict.ROW),
        (struct.error(), Verdict.ROW),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), Verdict.ROW),
        (server(469), Verdict.ROW),
        (server(53), Verdict.ROW),
        (server(349), Verdict.ROW),
        (server(60), Verdict.FATAL),
        (server(16), Verdict.FATAL),
        (server(516), Verdict.FATAL),
        (server(62), Verdict.FATAL),
        (errors.PartiallyConsumedQueryError(), Verdict.FATAL),
        (ValueError(), Verdict.FATAL),
        (KeyError(), Verdict.FATAL),
    ],
)
def test_an_error_has_one_verdict(error, verdict):
    assert verdict_of(error) is verdict


def test_an_error_is_described_by_its_code_and_never_by_its_text():
    assert describe(server(252)) == "252 TOO_MANY_PARTS"
    assert describe(ConnectionRefusedError("10.0.0.7")) == "ConnectionRefusedError"
