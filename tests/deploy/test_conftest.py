"""The test suite's own promises."""

from __future__ import annotations

import socket

import pytest


def test_a_unit_test_cannot_connect() -> None:
    with socket.socket() as tried, pytest.raises(RuntimeError, match="mark it with one of bench, chaos, integration"):
        tried.connect(("127.0.0.1", 9))


@pytest.mark.integration
def test_a_marked_test_can_connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
