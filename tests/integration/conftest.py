"""Fixtures of the tests that run the whole pipeline as processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.pipeline import Pipeline


@pytest.fixture
def pipeline(kafka: Any, database_url: str, topic_prefix: str, tmp_path: Path) -> Iterator[Callable[..., Pipeline]]:
    """Makes a pipeline with topics and a database of the test's own; keywords are settings, `book_dir="…"`."""
    from tests.pipeline import Pipeline

    with ExitStack() as stack:

        def make(**settings: str) -> Pipeline:
            env = {f"KONGFEI_{name.upper()}": str(value) for name, value in settings.items()}
            made = Pipeline(tmp_path, kafka.bootstrap, database_url, prefix=topic_prefix, env=env)
            return stack.enter_context(made.create_topics())

        yield make
