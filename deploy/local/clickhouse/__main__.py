"""The server's process, `python -m deploy.local.clickhouse FOLDER --tcp PORT --http PORT`. SIGTERM or SIGINT end it."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

import structlog

from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.http_port import HttpPort
from deploy.local.clickhouse.native_port import NativePort

log = structlog.get_logger(__name__)


def main() -> None:
    """Open the engine, then the ports, and serve until told to end."""
    parser = argparse.ArgumentParser(description="The embedded ClickHouse on loopback, for one machine.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tcp", type=int, default=9000)
    parser.add_argument("--http", type=int, default=8123)
    arguments = parser.parse_args()
    structlog.configure(processors=_processors())
    engine = Engine(arguments.folder)
    ends = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ends.set())
    ports = [NativePort(arguments.tcp, engine), HttpPort(arguments.http, engine)]
    for port in ports:
        threading.Thread(target=port.serve_forever, daemon=True).start()
    version = ".".join(map(str, engine.version))
    log.info("server_started", tcp=arguments.tcp, http=arguments.http, version=version, pid=os.getpid())
    ends.wait()
    for port in ports:
        port.shutdown()
        port.server_close()
    engine.close()
    log.info("server_stopped")
    sys.stdout.flush()
    os._exit(0)  # clients' threads may be inside the engine, whose tear-down under them would crash


def _processors() -> list[structlog.typing.Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(),
    ]


if __name__ == "__main__":
    main()
