"""Structured logs: JSON when nobody watches, readable on a terminal; one canonical line a batch; no patient's data.

An event is a past-tense verb phrase with counts, offsets and durations beside it. Ids go through `hash_id`. The text
of an exception may quote what it choked on, so only exceptions known to be safe show theirs; others type and place.
"""

import hashlib
import logging
import os
import secrets
import sys
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

import structlog
from aiokafka.errors import KafkaError as AioKafkaError
from kafka.errors import KafkaError
from pydantic_settings import SettingsError as EnvironmentError_

from streams.settings import Settings, SettingsError

EXIT_FATAL = 70
_FRAMEWORKS = ("faust", "mode", "aiokafka", "kafka", "asyncio")
_salt = secrets.token_bytes(16)


class SafeError(Exception):
    """An error of ours whose message names topics, offsets and settings, never a patient's data: it may be logged."""


_SAFE: tuple[type[BaseException], ...] = (
    SafeError,
    SettingsError,
    EnvironmentError_,
    KafkaError,
    AioKafkaError,
    OSError,
    TimeoutError,
)


def configure_logs(settings: Settings) -> None:
    """Set up structlog and the frameworks' loggers on standard error. Call once, before anything logs."""
    global _salt  # noqa: PLW0603 - set once at start
    if salt := settings.log_salt.get_secret_value():
        _salt = hashlib.blake2s(salt.encode()).digest()
    level = logging.getLevelName(settings.log_level)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    watched = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if watched else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _drop_exception_text],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _FRAMEWORKS:  # Faust sets levels of its own where it is left to itself
        logging.getLogger(name).setLevel(logging.INFO if settings.log_level == "DEBUG" else logging.WARNING)
    for name in ("kafka.net.selector", "mode.timers"):  # they warn of every 0.1 s without the processor
        logging.getLogger(name).setLevel(logging.ERROR)


def hash_id(value: str | bytes) -> str:
    """A short keyed hash, to follow one patient through the logs of a hospital without naming him.

    Equal over processes only where KONGFEI_LOG_SALT is set.
    """
    raw = value.encode() if isinstance(value, str) else value
    return hashlib.blake2s(raw, digest_size=6, key=_salt).hexdigest()


def describe_error(error: BaseException) -> dict[str, object]:
    """What may be logged of an exception: its type, its place, and its text where that is known to be safe."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    described: dict[str, object] = {
        "error": type(error).__name__,
        "at": [f"{os.path.relpath(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, _SAFE):
        described["message"] = str(error)
    if error.__cause__ is not None:
        described["cause"] = describe_error(error.__cause__)
    return described


def end_process(event: str, error: BaseException | None = None, **fields: object) -> NoReturn:
    """Say why in one line and end this process at once with a non-zero status.

    Nothing is finished, nothing is committed: what was not acknowledged comes again.
    """
    described: Mapping[str, object] = describe_error(error) if error is not None else {}
    structlog.get_logger().critical(event, **fields, **described)
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(EXIT_FATAL)


def _drop_exception_text(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    info = event.pop("exc_info", None)
    if isinstance(info, tuple) and info[1] is not None:
        event["exception"] = describe_error(info[1])
    return event
