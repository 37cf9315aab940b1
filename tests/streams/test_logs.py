import json
import subprocess
import sys

import pytest

from streams.logs import SafeError, describe_error, hash_id

PROGRAM = """
import logging
from streams.logs import configure_logs, end_process
from streams.settings import Settings
configure_logs(Settings())
import structlog
structlog.get_logger().info("batch_applied", records=3)
logging.getLogger("faust").info("not shown")
try:
    raise KeyError("patient 4711")
except KeyError as error:
    logging.getLogger("faust").exception("Drain messages raised")
    try:
        raise RuntimeError("visit 4712") from error
    except RuntimeError as outer:
        end_process("worker_failed", outer, stage="cost")
print("never reached")
"""


def test_logs_are_json_lines_and_the_end_of_the_process_is_one_of_them() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert ended.returncode == 70
    assert ended.stdout == ""
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["batch_applied", "Drain messages raised", "worker_failed"]
    assert lines[0]["records"] == 3
    assert lines[1]["exception"]["error"] == "KeyError"
    assert lines[2]["error"] == "RuntimeError"
    assert lines[2]["cause"]["error"] == "KeyError"
    assert lines[2]["stage"] == "cost"


def test_the_text_of_an_unknown_exception_is_not_logged() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert "471" not in ended.stderr


@pytest.mark.parametrize(("error", "shown"), [(SafeError("topic x is missing"), True), (ValueError("P1"), False)])
def test_only_errors_known_to_be_safe_show_their_text(error: Exception, shown: bool) -> None:
    assert ("message" in describe_error(error)) is shown


def test_an_id_is_followed_by_its_hash_alone() -> None:
    assert hash_id("H1|4711") == hash_id(b"H1|4711") != hash_id("H1|4712")
    assert "4711" not in hash_id("H1|4711")
