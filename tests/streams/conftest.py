from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.streams.harness import Pipeline


@pytest.fixture
def pipeline(kafka, topic_prefix: str, tmp_path: Path) -> Iterator[Pipeline]:
    """Fresh topics and no worker yet; whatever still runs afterwards is killed."""
    made = Pipeline(kafka.bootstrap, topic_prefix, tmp_path)
    yield made
    made.close()
