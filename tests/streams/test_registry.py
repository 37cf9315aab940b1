import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from schemas.codec import Codec
from schemas.reasons import Reason, RejectError
from streams.registry import Registry, RegistryError, resolver_of
from streams.settings import Settings

SCHEMA = {
    "type": "record",
    "name": "Fee",
    "fields": [{"name": "patient_id", "type": "string"}, {"name": "amount", "type": "string"}],
}
BODY = b"\x04P1\x081.50"


class Answers(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []
    failures = 0

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.endswith("/9") or Answers.failures > 0:
            Answers.failures -= 1
            self.send_error(500)
        elif self.path == "/schemas/ids/7":
            self._send({"schema": json.dumps(SCHEMA)})
        elif self.path == "/schemas/ids/8":
            self._send({"schemaType": "PROTOBUF", "schema": '{"a": 1}'})
        else:
            self.send_error(404)

    def _send(self, answer: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Answers.asked = []
    Answers.failures = 0
    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def frame(number: int) -> bytes:
    return b"\0" + number.to_bytes(4, "big") + BODY


@pytest.mark.integration
def test_a_registered_message_is_read_and_its_schema_is_asked_for_once(url: str) -> None:
    codec = Codec(resolver=Registry(url).schema)
    for _ in range(3):
        assert codec.decode(frame(7), "charge") == {"patient_id": "P1", "amount": "1.50"}
    assert Answers.asked == ["/schemas/ids/7"]


@pytest.mark.integration
def test_an_id_the_registry_does_not_know_is_refused(url: str) -> None:
    with pytest.raises(RejectError) as refused:
        Codec(resolver=Registry(url).schema).decode(frame(1), "charge")
    assert refused.value.reason is Reason.UNKNOWN_SCHEMA


@pytest.mark.integration
def test_a_registry_that_stumbles_is_asked_again(url: str) -> None:
    Answers.failures = 2
    assert Registry(url).schema(7) == SCHEMA


@pytest.mark.integration
def test_a_registry_that_cannot_answer_does_not_make_the_message_unknown(url: str) -> None:
    with pytest.raises(RegistryError, match="cannot be asked"):
        Registry(url).schema(9)


@pytest.mark.integration
def test_a_schema_that_is_not_avro_is_told(url: str) -> None:
    with pytest.raises(RegistryError, match="not an Avro record"):
        Registry(url).schema(8)


def test_without_a_registry_there_is_no_resolver() -> None:
    assert resolver_of(Settings()) is None


def test_only_http_addresses_are_taken() -> None:
    with pytest.raises(RegistryError, match="no http address"):
        resolver_of(Settings(schema_registry_url="file:///etc/passwd"))
