"""The commands that the demo tells people to try work as they stand."""

import shlex
import subprocess
import sys

import pytest

from deploy.demo.guide import COMMANDS
from deploy.local.kafka import PROJECT_ROOT


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_needs_no_pipeline_works_as_it_stands(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", *shlex.split(command)],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "示例" in done.stdout or "规则" in done.stdout
