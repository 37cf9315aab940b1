"""The stack of one machine: real Apache Kafka and the real ClickHouse engine, started as child processes.

Owns how the two servers are fetched, started, stopped and killed for development, the demo and the tests. Loopback
only and without passwords: never for production.
"""
