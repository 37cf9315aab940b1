"""Fetches the pinned Apache Kafka jars with Maven into `<root>/.local/kafka-libs`.

Owns that folder; never downloads anything by itself, Maven does.
"""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

POM = Path(__file__).parents[1] / "kafka" / "pom.xml"
_STAMP = "pom.sha256"


class MavenFailedError(RuntimeError):
    """Maven is missing or could not fetch the jars."""


def ensure_jars(root: Path, echo: Callable[[str], object] = print) -> Path:
    """Return the folder of Kafka's jars under `root`, fetching them unless this very `pom.xml` was fetched before.

    Safe to call from several processes at once. Raises MavenFailedError.
    """
    folder = root / ".local" / "kafka-libs"
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "kafka-libs.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / _STAMP
        if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
            return folder
        echo(f"fetching Apache Kafka with Maven into {folder}")
        fresh = folder.with_name("kafka-libs.new")
        shutil.rmtree(fresh, ignore_errors=True)
        _copy_dependencies(fresh)
        (fresh / _STAMP).write_text(digest, encoding="ascii")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return folder


def _copy_dependencies(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise MavenFailedError("mvn is not installed: install Maven and Java 17, or set KAFKA_BOOTSTRAP_SERVERS")
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder.resolve()}"]
    done = subprocess.run(
        [maven, "-q", "-B", "-f", str(POM), *goal], capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode != 0:
        raise MavenFailedError(f"mvn ended with status {done.returncode}\n{done.stdout}{done.stderr}")
