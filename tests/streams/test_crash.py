import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.crash import CRASH_POINTS, VARIABLE

ROOT = Path(__file__).parents[2]
PROGRAM = """
from streams.crash import crash_point
for number in range(5):
    crash_point("after_outputs")
    crash_point("after_ack")
    print(number, flush=True)
"""


def run(value: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | {VARIABLE: value}, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout.split()[-1] if ended.stdout else ""


@pytest.mark.parametrize(
    ("value", "status", "last"),
    [
        ("", 0, "4"),
        ("elsewhere", 0, "4"),
        ("after_outputs", -signal.SIGKILL, ""),
        ("after_ack:3", -signal.SIGKILL, "1"),
        ("after_ack:6", 0, "4"),
    ],
)
def test_the_process_dies_where_it_is_told_to(value: str, status: int, last: str) -> None:
    assert run(value) == (status, last)


def test_every_point_in_the_code_is_listed_and_every_listed_one_is_in_the_code() -> None:
    """The tests of the runner visit what is listed."""
    named = set()
    for path in (ROOT / "streams").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.name != "crash.py":
                named |= {node.value} & set(CRASH_POINTS)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "crash_point":
                argument = node.args[0]
                if isinstance(argument, ast.Constant):
                    assert argument.value in CRASH_POINTS
    assert named == set(CRASH_POINTS)
