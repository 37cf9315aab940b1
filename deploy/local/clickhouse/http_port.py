"""ClickHouse's HTTP interface, the one curl, DBeaver and most tools speak.

Left out on purpose: passwords, sessions, compressed replies other than `compress=1`. Every request has a session of
its own.
"""

import contextlib
import gzip
import json
import time
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from deploy.local.clickhouse.encoding import compressed
from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.errors import EngineError
from deploy.local.clickhouse.hang_up import watched
from deploy.local.clickhouse.session import Result, Session, Setting
from deploy.local.clickhouse.statement import format_of, parse_insert

# URL parameters that are neither query parameters (param_…) nor settings.
_NOT_SETTINGS = frozenset({
    "buffer_size", "client_protocol_version", "close_session", "compress", "database", "decompress", "default_format",
    "enable_http_compression", "password", "query", "query_id", "quota_key", "role", "session_check", "session_id",
    "session_timeout", "stacktrace", "user", "wait_end_of_query",
})  # fmt: skip
_STATUS_OF_CODE = {
    27: HTTPStatus.BAD_REQUEST,
    46: HTTPStatus.NOT_FOUND,
    47: HTTPStatus.NOT_FOUND,
    60: HTTPStatus.NOT_FOUND,
    62: HTTPStatus.BAD_REQUEST,
    81: HTTPStatus.NOT_FOUND,
    115: HTTPStatus.BAD_REQUEST,
    159: HTTPStatus.REQUEST_TIMEOUT,
    202: HTTPStatus.TOO_MANY_REQUESTS,
}
_CONTENT_TYPES = {
    "JSON": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
}
_TEXT = "text/plain; charset=UTF-8"


class HttpPort(ThreadingHTTPServer):
    """Listens on loopback for HTTP clients."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, engine: Engine) -> None:
        self.engine = engine
        super().__init__(("127.0.0.1", port), HttpClient)


class Request(NamedTuple):
    """A request taken apart: URL parameters and body."""

    arguments: dict[str, str]
    body: bytes

    @property
    def statement(self) -> bytes:
        """The statement: what the URL says of it, then the body."""
        return b"\n".join(part for part in (self.arguments.get("query", "").encode(), self.body) if part)

    @property
    def settings(self) -> dict[str, Setting]:
        """The query's settings; a misspelt one is an error."""
        return {
            name: Setting(value, is_important=True)
            for name, value in self.arguments.items()
            if name not in _NOT_SETTINGS and not name.startswith("param_")
        }

    @property
    def params(self) -> dict[str, str]:
        """Values for the `{name:Type}` places."""
        return {
            name.removeprefix("param_"): value for name, value in self.arguments.items() if name.startswith("param_")
        }


class HttpClient(BaseHTTPRequestHandler):
    """One client's connection; keeps alive between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "kongfei-clickhouse"
    disable_nagle_algorithm = True
    server: HttpPort

    def handle(self) -> None:
        """Serve requests until the client leaves, in whatever way."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Requests may carry patients' data: they are not logged."""

    def do_GET(self) -> None:
        """Serve a statement or a ping."""
        if self.headers.get("Origin"):  # a web page must not reach a database without a password
            self._reply(HTTPStatus.FORBIDDEN, b"browser requests are refused\n", {})
            return
        url = urlsplit(self.path)
        try:
            request = Request(dict(parse_qsl(url.query, keep_blank_values=True)), self._body())
        except EngineError as error:
            self.close_connection = True  # what is left of the body would be read as the next request
            self._reply_error(error)
            return
        if url.path in {"/ping", "/replicas_status"} or not request.statement.strip():
            self._reply(HTTPStatus.OK, b"Ok.\n", {})
            return
        try:
            self._run(request)
        except EngineError as error:
            self._reply_error(error)

    do_POST = do_GET  # noqa: N815 - the base class finds methods by these names
    do_PUT = do_GET  # noqa: N815
    do_HEAD = do_GET  # noqa: N815

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            data = self._chunked_body()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match self.headers.get("Content-Encoding", ""):
            case "":
                return data
            case "gzip":
                return gzip.decompress(data)
            case other:
                raise EngineError(89, f"DB::Exception: content encoding {other!r} is not supported, gzip is")

    def _chunked_body(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _run(self, request: Request) -> None:
        arguments = request.arguments
        began_ns = time.perf_counter_ns()
        asked = arguments.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated"
        database = arguments.get("database") or self.headers.get("X-ClickHouse-Database") or ""
        written_rows = written_bytes = 0
        with self.server.engine.session(database) as session:
            session.use(request.settings)
            if insert := parse_insert(request.statement):
                written_rows, written_bytes = session.insert(insert, [insert.rows], insert.format)
                result = Result(b"", written_rows, 0, 0)
            else:
                query = request.statement.decode()
                asked = format_of(query) or asked
                result = self._query(session, query, asked, request.params)
        summary = {
            "read_rows": result.read_rows,
            "read_bytes": result.read_bytes,
            "written_rows": written_rows,
            "written_bytes": written_bytes,
            "result_rows": result.rows,
            "elapsed_ns": time.perf_counter_ns() - began_ns,
        }
        headers = {
            "Content-Type": _CONTENT_TYPES.get(asked, _TEXT),
            "X-ClickHouse-Format": asked,
            "X-ClickHouse-Query-Id": arguments.get("query_id") or str(uuid.uuid4()),
            "X-ClickHouse-Summary": json.dumps({name: str(value) for name, value in summary.items()}),
        }
        data = b"".join(compressed(result.data)) if arguments.get("compress") == "1" else result.data
        self._reply(HTTPStatus.OK, data, headers)

    def _query(self, session: Session, query: str, data_format: str, params: Mapping[str, str]) -> Result:
        with watched(self.connection, lambda byte: not byte, session.kill):
            return session.query(query, data_format, params)

    def _reply_error(self, error: EngineError) -> None:
        version = ".".join(map(str, self.server.engine.version))
        message = f"Code: {error.code}. {error.message} (version {version})\n"
        status = _STATUS_OF_CODE.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
        self._reply(status, message.encode(), {"X-ClickHouse-Exception-Code": str(error.code)})

    def _reply(self, status: HTTPStatus, data: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        common = {
            "Content-Type": _TEXT,
            "X-ClickHouse-Timezone": self.server.engine.time_zone,
            "X-ClickHouse-Server-Display-Name": "embedded",
        }
        for name, value in {**common, **headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
