"""The published book: how a record of `policy.book.v1` is judged, which one is in force, what a worker begins with.

In force is the newest record that can be used; where there is none, the folder of KONGFEI_BOOK_DIR; where none is
named, the book that ships.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog
from kafka.errors import KafkaError

from agents.book.collector import collector_paused
from agents.book.folder import DEFAULT_FOLDER, load_policy, read_book
from agents.book.judging import shown
from agents.book.kind_checks import check_whole
from agents.book.mistakes import Mistake, PolicyError
from agents.core.policy import Policy
from schemas.book import Book, Status
from schemas.book.book import decode_book
from schemas.book.checks import errors_of
from schemas.book.entry import both
from streams.bulletin import Posted, read_bulletin
from streams.logs import SafeError
from streams.settings import Settings
from streams.topics import Topic

KEY = b"book"
#: How the published book and the one that ships are called where a folder could stand.
PUBLISHED, SHIPPED = "published", "default"


@dataclass(frozen=True, slots=True)
class InForce:
    """The book in force, and where it comes from: `published`, a folder, or `default`."""

    book: Book
    source: str
    offset: int | None = None
    at: int | None = None


def read_record(key: bytes | None, value: bytes | None) -> Book:
    """The book of a record. Raises PolicyError where it must not be used: nobody checked what came by hand."""
    topic = str(Topic.POLICY_BOOK)
    if key != KEY:
        raise PolicyError([Mistake(topic, 0, "", both("键不是 book", "the key is not `book`"))])
    if not value:
        raise PolicyError([Mistake(topic, 0, "", both("空记录", "an empty record"))])
    try:
        with collector_paused():
            book = decode_book(value)
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
        text = both(
            "不是政策规则库（用 kongfei book publish 发布）", "no policy book (publish with kongfei book publish)"
        )
        raise PolicyError([Mistake(topic, 0, "", text)]) from error
    if book.status is not Status.ACTIVE:
        text = both(f"状态是 {book.status}，不是 active", f"its status is {book.status}, not active")
        raise PolicyError([Mistake(topic, 0, "status", text)])
    if errors := errors_of(check_whole(book)):
        raise PolicyError(Mistake(topic, 0, shown(found.steps, book), found.text) for found in errors)
    return book


def newest_usable(records: list[Posted], tell: Callable[[Posted, PolicyError], None]) -> tuple[Posted, Book] | None:
    """The newest record that can be used, with its book; `tell` hears of newer ones that cannot."""
    for record in reversed(records):
        try:
            return record, read_record(record.key, record.value)
        except PolicyError as error:
            tell(record, error)
    return None


def book_in_force(settings: Settings, tell: Callable[[Posted, PolicyError], None]) -> InForce:
    """The book that workers of this installation use. Raises PolicyError, SafeError, KafkaError."""
    found = newest_usable(read_bulletin(settings, Topic.POLICY_BOOK), tell)
    if found is not None:
        record, book = found
        return InForce(book, PUBLISHED, record.offset, record.at)
    return configured_book(settings)


def configured_book(settings: Settings) -> InForce:
    """The book of KONGFEI_BOOK_DIR, or the one that ships. Raises PolicyError."""
    folder = settings.book_dir
    return InForce(read_book(folder or DEFAULT_FOLDER), str(folder) if folder else SHIPPED)


def starting_policy(settings: Settings) -> Policy:
    """What a worker begins with, before it has read the topic: the configured book.

    Where that is broken the published one will do, which outweighs it anyway: a folder somebody is about to edit must
    not stop the workers. Raises PolicyError where there is none either.
    """
    zone = ZoneInfo(settings.timezone)
    log = structlog.get_logger()
    source = str(settings.book_dir) if settings.book_dir else SHIPPED
    try:
        policy = load_policy(settings.book_dir, zone)
    except PolicyError as error:
        log.error(  # noqa: TRY400 - the mistakes are the message; where it was raised says nothing
            "book_refused", source=source, mistakes=len(error.mistakes), message=str(error)[:2_000]
        )
        try:
            found = newest_usable(read_bulletin(settings, Topic.POLICY_BOOK), lambda *_: None)
        except (SafeError, KafkaError):
            found = None
        if found is None:
            raise
        return Policy(found[1], zone)
    log.info("book_read", source=source, version=policy.version)
    return policy
