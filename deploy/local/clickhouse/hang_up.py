"""Notices that a client went away, or asked to stop, while its statement runs."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_WORTH_WATCHING_SECONDS = 0.05
_KILL_AGAIN_SECONDS = 0.25


@dataclass(slots=True)
class Watch:
    """Whether the client gave the statement up."""

    is_given_up: bool = False


@contextmanager
def watched(sock: socket.socket, gives_up: Callable[[bytes], bool], kill: Callable[[], None]) -> Iterator[Watch]:
    """Call `kill` when, inside the block, the client's next byte (b"" at a hang-up) means that it gave up."""
    watch = Watch()
    wake, done = socket.socketpair()

    def wait() -> None:
        if select.select([wake], [], [], _WORTH_WATCHING_SECONDS)[0]:
            return
        ready = select.select([sock, wake], [], [])[0]
        if wake not in ready and gives_up(_next_byte(sock)):
            watch.is_given_up = True
            kill()
            # A query that was not registered yet when it was killed goes on for ever: kill until it is over.
            while not select.select([wake], [], [], _KILL_AGAIN_SECONDS)[0]:
                kill()

    thread = threading.Thread(target=wait, name="hang-up", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        done.close()
        thread.join()
        wake.close()


def _next_byte(sock: socket.socket) -> bytes:
    try:
        return sock.recv(1, socket.MSG_PEEK)
    except ConnectionError:
        return b""
