import faust
import pytest

from streams.connection import aiokafka_options, kafka_python_options
from streams.faust_app import _credentials
from streams.settings import SecurityProtocol, Settings

SASL = {"kafka_username": "hospital", "kafka_password": "secret", "kafka_sasl_mechanism": "SCRAM-SHA-256"}


@pytest.mark.parametrize("options", [aiokafka_options, kafka_python_options])
def test_a_plain_cluster_needs_an_address_alone(options) -> None:
    made = options(Settings(kafka_bootstrap_servers="a:1,b:2"))
    assert made["security_protocol"] == "PLAINTEXT"
    assert not {"sasl_mechanism", "ssl_context", "ssl_cafile"} & set(made)


@pytest.mark.parametrize("options", [aiokafka_options, kafka_python_options])
def test_a_user_and_a_password_are_handed_on(options) -> None:
    made = options(Settings(kafka_security_protocol=SecurityProtocol.SASL_SSL, **SASL))
    assert (made["sasl_plain_username"], made["sasl_plain_password"]) == ("hospital", "secret")
    assert made["sasl_mechanism"] == "SCRAM-SHA-256"


@pytest.mark.parametrize(
    ("protocol", "kind"),
    [
        (SecurityProtocol.PLAINTEXT, type(None)),
        (SecurityProtocol.SSL, faust.SSLCredentials),
        (SecurityProtocol.SASL_PLAINTEXT, faust.SASLCredentials),
        (SecurityProtocol.SASL_SSL, faust.SASLCredentials),
    ],
)
def test_faust_connects_in_the_same_way(protocol: SecurityProtocol, kind: type) -> None:
    credentials = _credentials(Settings(kafka_security_protocol=protocol, **SASL))
    assert type(credentials) is kind
    if credentials is not None:
        assert credentials.protocol.value == protocol.value
