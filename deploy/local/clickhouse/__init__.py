"""The embedded ClickHouse of one machine: the real engine (chdb) on a folder, served as a ClickHouse server.

Owns the loopback server that lets unmodified clients (clickhouse-driver, curl, DBeaver, Grafana) use the engine over
the native protocol and HTTP. No passwords, no encryption: never for production.
"""

from deploy.local.clickhouse.node import ClickHouseNode

__all__ = ["ClickHouseNode"]
