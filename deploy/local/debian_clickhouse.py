"""Debian's own `clickhouse-server` (18.16) on loopback, with a user and a password, without a service manager.

Owns a folder with a configuration of its own; the system's configuration and data are never read. The one genuine
server at hand: the writer's contract is tested against it too. Modern DDL is beyond it.
"""

import shutil
import socket
from pathlib import Path

from deploy.local.ports import accepts, free_port
from deploy.local.process import ServerProcess

USER = "kongfei"
PASSWORD = "correct-horse"  # noqa: S105 - of a server on loopback that lives as long as a test
_CONFIG = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <tcp_port>{tcp}</tcp_port>
  <http_port>{http}</http_port>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/data/tmp/</tmp_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
</yandex>
"""
_USERS = """<?xml version="1.0"?>
<yandex>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <{user}>
      <password>{password}</password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </{user}>
  </users>
</yandex>
"""


def server_binary() -> str | None:
    """Return the path of the installed `clickhouse-server`, or None."""
    return shutil.which("clickhouse-server", path="/usr/sbin:/usr/bin:/usr/local/bin")


class DebianClickHouseNode:
    """The installed server on a folder. A restart, also after `kill()`, keeps its ports and data.

    Starting raises ServerFailedError when the server is not installed.
    """

    def __init__(self, folder: Path, *, tcp: int | None = None, http: int | None = None) -> None:
        self.folder = folder.resolve()
        self.tcp = tcp or free_port()
        self.http = http or free_port()
        command = [server_binary() or "clickhouse-server", f"--config-file={self.folder / 'config.xml'}"]
        self._process = ServerProcess(
            "clickhouse-server", command, self.folder / "clickhouse-server.log", ports=(self.tcp, self.http)
        )

    @property
    def url(self) -> str:
        """The address for clickhouse-driver, with user and password."""
        return f"clickhouse://{USER}:{PASSWORD}@127.0.0.1:{self.tcp}/default"

    @property
    def pid(self) -> int:
        """The process id of the running server; raises ServerFailedError when it was never started."""
        return self._process.pid

    def start(self, timeout: float = 60) -> None:
        """Start the server and return when it serves clients; raises ServerFailedError after `timeout` seconds."""
        (self.folder / "data" / "tmp").mkdir(parents=True, exist_ok=True)
        config = _CONFIG.format(folder=self.folder, tcp=self.tcp, http=self.http)
        (self.folder / "config.xml").write_text(config, encoding="utf-8")
        users = _USERS.format(user=USER, password=PASSWORD)
        (self.folder / "users.xml").write_text(users, encoding="utf-8")
        self._process.start(self._answers, timeout)

    def stop(self) -> None:
        """End the server in order (SIGTERM)."""
        self._process.stop()

    def kill(self) -> None:
        """End the server with SIGKILL."""
        self._process.kill()

    def restart(self, timeout: float = 60) -> None:
        """Stop the server if it runs and start it again on the same ports and data."""
        self.stop()
        self.start(timeout)

    def _answers(self) -> bool:
        if not accepts(self.tcp):
            return False
        try:
            with socket.create_connection(("127.0.0.1", self.http), timeout=5) as client:
                client.sendall(b"GET /ping HTTP/1.0\r\n\r\n")
                return client.recv(16).startswith(b"HTTP/1.")
        except OSError:
            return False
