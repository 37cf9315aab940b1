"""How Kafka's clients reach the cluster: the one place that turns settings into their options."""

import ssl
from typing import Any

from streams.settings import SecurityProtocol, Settings

#: A cluster that does not answer by then is told to whoever waits; the client's own default is 30 s.
_BOOTSTRAP_MS = 10_000


def kafka_python_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments that every kafka-python client needs."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers.split(","),
        "security_protocol": settings.kafka_security_protocol.value,
        "bootstrap_timeout_ms": _BOOTSTRAP_MS,
    }
    if _uses_ssl(settings):
        options["ssl_cafile"] = str(settings.kafka_ca_file) if settings.kafka_ca_file else None
    if _uses_sasl(settings):
        options |= _sasl(settings)
    return options


def aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments that every aiokafka client needs."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol.value,
    }
    if _uses_ssl(settings):
        options["ssl_context"] = ssl_context(settings)
    if _uses_sasl(settings):
        options |= _sasl(settings)
    return options


def ssl_context(settings: Settings) -> ssl.SSLContext:
    """A context that trusts KAFKA_CA_FILE, or the system's authorities."""
    return ssl.create_default_context(cafile=settings.kafka_ca_file)


def _sasl(settings: Settings) -> dict[str, Any]:
    return {
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": settings.kafka_password.get_secret_value(),
    }


def _uses_ssl(settings: Settings) -> bool:
    return settings.kafka_security_protocol in {SecurityProtocol.SSL, SecurityProtocol.SASL_SSL}


def _uses_sasl(settings: Settings) -> bool:
    return settings.kafka_security_protocol in {SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL}
