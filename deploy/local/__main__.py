"""`python -m deploy.local` (`make stack`): Kafka and ClickHouse for a developer until Ctrl-C, keeping data."""

import argparse
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from deploy.local.clickhouse import ClickHouseNode
from deploy.local.kafka import PROJECT_ROOT, KafkaNode
from deploy.local.ports import accepts, free_port
from deploy.local.process import ServerFailedError

_KAFKA_PORT, _TCP_PORT, _HTTP_PORT = 9092, 9000, 8123
_WATCH_SECONDS = 1


def main() -> None:
    """Start both servers, print their addresses, and stop them on SIGINT or SIGTERM; exit 1 when one dies."""
    parser = argparse.ArgumentParser(description="Kafka and ClickHouse on loopback, for a developer.")
    parser.add_argument("--folder", type=Path, default=PROJECT_ROOT / ".local" / "stack")
    folder: Path = parser.parse_args().folder
    ends = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ends.set())
    kafka = KafkaNode(folder / "kafka", port=_preferred(_KAFKA_PORT))
    clickhouse = ClickHouseNode(folder / "clickhouse", tcp=_preferred(_TCP_PORT), http=_preferred(_HTTP_PORT))
    try:
        with ExitStack() as started:
            for node in (kafka, clickhouse):
                started.callback(node.stop)
                node.start()
            _print_addresses(kafka, clickhouse)
            while not ends.wait(_WATCH_SECONDS):
                _check(kafka, clickhouse)
            print("stopping", flush=True)
    except ServerFailedError as error:
        sys.exit(str(error))


def _check(*nodes: KafkaNode | ClickHouseNode) -> None:
    for node in nodes:
        if not node.is_running:
            raise ServerFailedError(f"a server ended by itself: {node.log_path} says why")


def _preferred(port: int) -> int:
    return free_port() if accepts(port) else port


def _print_addresses(kafka: KafkaNode, clickhouse: ClickHouseNode) -> None:
    print(f"export KAFKA_BOOTSTRAP_SERVERS={kafka.bootstrap}")
    print(f"export CLICKHOUSE_URL={clickhouse.url}")
    print(
        f"# ClickHouse over HTTP: {clickhouse.http_url}, data in {kafka.folder.parent}; Ctrl-C stops both", flush=True
    )


if __name__ == "__main__":
    main()
