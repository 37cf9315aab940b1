"""The embedded ClickHouse as a child process on fixed ports.

Owns the node's folder: data and log. The engine itself runs in the child (`python -m deploy.local.clickhouse`), since
one process must own a data folder and a crash of the engine must not take its user along.
"""

import sys
import urllib.error
import urllib.request
from pathlib import Path

from deploy.local.ports import accepts, free_port
from deploy.local.process import ServerProcess


class ClickHouseNode:
    """An embedded ClickHouse server on a folder. A restart, also after `kill()`, keeps its ports and data."""

    def __init__(self, folder: Path, *, tcp: int | None = None, http: int | None = None) -> None:
        self.folder = folder.resolve()
        self.tcp = tcp or free_port()
        self.http = http or free_port()
        ports = ["--tcp", str(self.tcp), "--http", str(self.http)]
        self._process = ServerProcess(
            "clickhouse",
            [sys.executable, "-m", "deploy.local.clickhouse", str(self.folder / "data"), *ports],
            self.log_path,
            ports=(self.tcp, self.http),
        )

    @property
    def url(self) -> str:
        """The address for clickhouse-driver, the native protocol."""
        return f"clickhouse://default@127.0.0.1:{self.tcp}/default"

    @property
    def http_url(self) -> str:
        """The address for curl and for tools that speak HTTP."""
        return f"http://127.0.0.1:{self.http}"

    @property
    def pid(self) -> int:
        """The process id of the running node; raises ServerFailedError when it was never started."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process.is_running

    @property
    def log_path(self) -> Path:
        """Where the server's log goes."""
        return self.folder / "clickhouse.log"

    def start(self, timeout: float = 60) -> None:
        """Start the server and return when it serves clients; raises ServerFailedError after `timeout` seconds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process.start(self._answers, timeout)

    def stop(self) -> None:
        """End the server in order (SIGTERM); running statements are killed."""
        self._process.stop()

    def kill(self) -> None:
        """End the server with SIGKILL. Every insert it acknowledged stays."""
        self._process.kill()

    def restart(self, timeout: float = 60) -> None:
        """Stop the server if it runs and start it again on the same ports and data."""
        self.stop()
        self.start(timeout)

    def _answers(self) -> bool:
        if not (accepts(self.tcp) and accepts(self.http)):
            return False
        try:
            with urllib.request.urlopen(f"{self.http_url}/?query=SELECT%201", timeout=5) as reply:
                return bool(reply.read() == b"1\n")
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False
