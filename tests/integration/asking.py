"""Workers of the checking toy, and questions to them over HTTP."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from schemas.ledger import patient_key
from tests.streams.harness import ROOT, Pipeline, health_of, wait_until

EXAMPLE = ROOT / "deploy" / "examples" / "order_check" / "order_3101.json"


@dataclass
class Reply:
    status: int
    body: dict[str, Any]
    seconds: float

    @property
    def check_status(self) -> str:
        return self.body["output"]["check_status"]

    @property
    def reason(self) -> str:
        return self.body["output"]["check"]["reason"]

    @property
    def amounts(self) -> list[float]:
        return [item["vola_amt"] for item in self.body["output"]["result"]]


def request_of(patient: str, task: str, **changes: Any) -> dict[str, Any]:
    """The example request about another patient."""
    request = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    data = request["input"]["data"]
    data["task_id"] = task
    data["patient_dtos"][0]["patn_id"] = patient
    data |= changes
    return request


def post(address: str, path: str, body: object) -> Reply:
    host, _, port = address.partition(":")
    connection = HTTPConnection(host, int(port), timeout=20)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    started = time.monotonic()
    try:
        connection.request("POST", path, raw, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return Reply(response.status, json.loads(content) if is_json else {}, time.monotonic() - started)


def check(address: str, patient: str, task: str, **changes: Any) -> Reply:
    return post(address, "/3101", request_of(patient, task, **changes))


class Desk(Pipeline):
    """A pipeline whose workers answer."""

    def __init__(self, bootstrap: str, prefix: str, folder: Path) -> None:
        super().__init__(bootstrap, prefix, folder)
        self.settings = self.settings.model_copy(update={"answer_port": 0})

    def start_answering(self, **environment: str) -> subprocess.Popen[bytes]:
        return self.start(KONGFEI_ANSWER_PORT="0", **environment)

    def command(self, stage: str) -> list[str]:
        return [sys.executable, "-m", "tests.order_check_toy"]

    def address_of(self, worker: subprocess.Popen[bytes]) -> str:
        wait_until(lambda: bool(health_of(self.log_of(worker))), "the worker started")
        return health_of(self.log_of(worker))["answers"]

    def has(self, worker: subprocess.Popen[bytes], partitions: int) -> bool:
        """Whether the worker said last that it answers for so many partitions."""
        lines = [line for line in self.log_of(worker).splitlines() if '"answering"' in line]
        return bool(lines) and json.loads(lines[-1])["partitions"] == partitions

    def key(self, patient: str) -> bytes:
        return patient_key("H0001", patient)

    def give(self, totals: dict[str, int]) -> None:
        """Publish totals of patients; returns when they are in the state."""
        self.publish([(self.key(patient), total) for patient, total in totals.items()])
        wait_until(self.is_done, "the totals are counted")
