"""Liveness, readiness and metrics over HTTP, on loopback unless set otherwise. Never shows anything of a patient.

/live: 200 while the watchdog is content. /ready: 200 while the state is complete and batches are taken.
/metrics: Prometheus's text format.
"""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.metrics import REGISTRY
from streams.progress import Progress
from streams.settings import Settings


class HealthServer:
    """Serves from threads of its own, so that it answers while the event loop is busy."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._server = _Server((settings.health_host, settings.health_port), progress)

    @property
    def address(self) -> str:
        """http://host:port."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Serve until the process ends or `stop` is called."""
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], progress: Progress) -> None:
        super().__init__(address, _Handler)
        self.progress = progress


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def do_GET(self) -> None:
        """Answer one of the three paths."""
        progress = self.server.progress
        match self.path.partition("?")[0]:
            case "/live":
                self._answer(b"live" if progress.alive else b"stalled", ok=progress.alive)
            case "/ready":
                ready = progress.ready and progress.alive
                self._answer(b"ready" if ready else b"not ready", ok=ready)
            case "/metrics":
                self._answer(generate_latest(REGISTRY), ok=True, kind=CONTENT_TYPE_LATEST)
            case _:
                self.send_error(HTTPStatus.NOT_FOUND)

    def _answer(self, body: bytes, *, ok: bool, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: probes come every few seconds."""
