"""Free loopback ports for servers that must come back on the same port after a restart.

Never returns a port of the kernel's ephemeral range: while a server is down, a client that keeps connecting to such
a port may be given it as its own source port, connect to itself, and keep the server from ever binding it again.
"""

import secrets
import socket
from pathlib import Path

_LOWEST = 15_000
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ATTEMPTS = 200
_given: set[int] = set()


def free_port() -> int:
    """Return a loopback TCP port that nothing listens on and that this process has not been given before.

    Raises OSError when no such port is found.
    """
    highest = _first_ephemeral_port() - 1
    for _ in range(_ATTEMPTS):
        port = _LOWEST + secrets.randbelow(highest - _LOWEST)
        if port not in _given and _can_bind(port):
            _given.add(port)
            return port
    raise OSError(f"no free loopback port between {_LOWEST} and {highest}")


def accepts(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _first_ephemeral_port() -> int:
    first = int(_EPHEMERAL_RANGE.read_text(encoding="ascii").split()[0]) if _EPHEMERAL_RANGE.exists() else 32_768
    return first if first > _LOWEST + 1_000 else 32_768


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
