"""ClickHouse's native protocol over TCP, the one clickhouse-driver and Grafana speak.

Left out on purpose: passwords, external tables, server logs. One thread and one session a client.
"""

import socket
import socketserver
import struct
from collections.abc import Iterator
from contextlib import closing
from enum import IntEnum

import structlog

from deploy.local.clickhouse.encoding import (
    BLOCK_INFO,
    FRAME_HEADER_BYTES,
    compressed,
    decompressed,
    empty_block,
    frame_body_bytes,
    text,
    varint,
)
from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.errors import UNKNOWN_PACKET_FROM_CLIENT, EngineError
from deploy.local.clickhouse.hang_up import watched
from deploy.local.clickhouse.reader import REVISION, Block, Reader
from deploy.local.clickhouse.session import Session, Setting
from deploy.local.clickhouse.statement import Insert, parse_insert, without_format

_RECEIVE_BYTES = 1 << 20
_IS_IMPORTANT = 1
log = structlog.get_logger(__name__)


class FromClient(IntEnum):
    """Packets a client sends."""

    HELLO = 0
    QUERY = 1
    DATA = 2
    CANCEL = 3
    PING = 4


class FromServer(IntEnum):
    """Packets a server sends."""

    HELLO = 0
    DATA = 1
    EXCEPTION = 2
    PROGRESS = 3
    PONG = 4
    END_OF_STREAM = 5
    PROFILE_INFO = 6


class NativePort(socketserver.ThreadingTCPServer):
    """Listens on loopback for native clients."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, engine: Engine) -> None:
        self.engine = engine
        super().__init__(("127.0.0.1", port), NativeClient)


class NativeClient(socketserver.BaseRequestHandler):
    """One client's connection, from its Hello to its end."""

    request: socket.socket
    server: NativePort

    def handle(self) -> None:
        """Serve packets until the client leaves."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input = Reader(lambda: self.request.recv(_RECEIVE_BYTES))
        self._is_compressed = False
        try:
            if session := self._hello():
                with session:
                    while self._packet(session):
                        pass
        except (EOFError, ConnectionError, UnicodeDecodeError):
            pass  # the client left, or never spoke this protocol

    # -------------------------------------------------------------------------------- reading

    def _hello(self) -> Session | None:
        read = self._input
        if read.varint() != FromClient.HELLO:
            return None  # somebody speaks HTTP or TLS to this port
        read.text(), read.varint(), read.varint()  # the client's name and version
        revision, database = read.varint(), read.text()
        read.text(), read.text()  # user and password: not checked
        if revision < REVISION:
            self._send_error(_protocol_error(f"client revision {revision} is older than {REVISION}"))
            return None
        try:
            session = self.server.engine.session(database)
        except EngineError as error:
            self._send_error(error)
            return None
        engine = self.server.engine
        major, minor, patch = engine.version[:3]
        name, zone, display_name = text("ClickHouse"), text(engine.time_zone), text("embedded")
        version = varint(major) + varint(minor) + varint(REVISION)
        self._send(FromServer.HELLO, name, version, zone, display_name, varint(patch))
        return session

    def _packet(self, session: Session) -> bool:
        """Serve one packet; false ends the connection."""
        kind = self._input.varint()
        if kind == FromClient.QUERY:
            self._query(session)
        elif kind == FromClient.PING:
            self._send(FromServer.PONG)
        elif kind != FromClient.CANCEL:  # a cancel that came too late
            self._send_error(_protocol_error(f"Unexpected packet {kind} from client"))
            return False
        return True

    def _query(self, session: Session) -> None:
        read = self._input
        read.text()  # the query's id: chdb makes its own
        self._skip_client_info()
        settings: dict[str, Setting] = {}
        while name := read.text():
            is_important = bool(read.varint() & _IS_IMPORTANT)
            settings[name] = Setting(read.text(), is_important)
        read.varint()  # the stage: always complete
        self._is_compressed = bool(read.varint())
        query = read.text()
        try:
            external = [block for block in self._blocks() if block.rows]
            if external:
                raise _protocol_error("external tables are not supported")
            session.use(settings)
            insert = parse_insert(query.encode())
            if insert:
                self._insert(session, insert)
            else:
                self._select(session, without_format(query))
        except EngineError as error:
            log.info("statement_failed", code=error.code)
            self._send_error(error)

    def _skip_client_info(self) -> None:
        read = self._input
        if read.byte():  # the kind of query: 0 is no client info
            read.text(), read.text(), read.text(), read.byte()  # initial user, id and address; interface
            read.text(), read.text(), read.text()  # system user, host, client
            read.varint(), read.varint(), read.varint(), read.text(), read.varint()  # version, quota key, patch

    def _blocks(self) -> Iterator[Block]:
        """Yield the blocks of Data packets up to the empty one that ends them."""
        while True:
            kind = self._input.varint()
            if kind != FromClient.DATA:
                raise ConnectionError(f"packet {kind} instead of Data")
            self._input.text()  # the external table's name
            body = Reader(self._frame) if self._is_compressed else self._input
            body.skip_block_info()
            block = body.block()
            if not block.columns:
                return
            yield block

    def _frame(self) -> bytes:
        header = self._input.exactly(FRAME_HEADER_BYTES)
        return decompressed(header, self._input.exactly(frame_body_bytes(header)))

    # -------------------------------------------------------------------------------- statements

    def _insert(self, session: Session, insert: Insert) -> None:
        if insert.rows_follow:
            self._send_block(empty_block(session.describe(insert.sample_query)))
            written = session.insert(insert, (block.raw for block in self._blocks()), "Native")
        else:
            written = session.insert(insert, [insert.rows], insert.format)
        self._send_progress(written_rows=written.rows, written_bytes=written.bytes)
        self._send(FromServer.END_OF_STREAM)

    def _select(self, session: Session, query: str) -> None:
        rows = 0
        with watched(self.request, _gives_up, session.kill) as watch:
            try:
                with closing(session.stream(query)) as pieces:
                    for piece in pieces:
                        rows += piece.rows
                        self._send_block(piece.raw)
                        if piece.read_rows:
                            self._send_progress(piece.read_rows, piece.read_bytes)
                        if watch.is_given_up:
                            break
            except EngineError:
                if not watch.is_given_up:
                    raise
        # rows, blocks, bytes, whether a limit applied, rows before it, whether those were counted
        self._send(FromServer.PROFILE_INFO, varint(rows), varint(1), varint(0), b"\0", varint(rows), b"\1")
        self._send(FromServer.END_OF_STREAM)

    # -------------------------------------------------------------------------------- writing

    def _send(self, kind: FromServer, *parts: bytes) -> None:
        self.request.sendall(varint(kind) + b"".join(parts))

    def _send_block(self, raw: bytes) -> None:
        data = BLOCK_INFO + raw
        self._send(FromServer.DATA, text(""), *(compressed(data) if self._is_compressed else [data]))

    def _send_progress(
        self, read_rows: int = 0, read_bytes: int = 0, written_rows: int = 0, written_bytes: int = 0
    ) -> None:
        figures = (read_rows, read_bytes, read_rows, written_rows, written_bytes)
        self._send(FromServer.PROGRESS, *map(varint, figures))

    def _send_error(self, error: EngineError) -> None:
        code, name, stack = struct.pack("<i", error.code), text("DB::Exception"), text("")
        self._send(FromServer.EXCEPTION, code, name, text(error.message), stack, b"\0")


def _gives_up(byte: bytes) -> bool:
    return byte in {b"", bytes([FromClient.CANCEL])}


def _protocol_error(message: str) -> EngineError:
    return EngineError(UNKNOWN_PACKET_FROM_CLIENT, f"DB::Exception: {message}")
