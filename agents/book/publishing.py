"""Publishes a book: what must be so before, and what it changes. Nothing is sent by looking."""

import gzip
import zlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from agents.book.difference import Difference, compare_books
from agents.book.folder import BookFolder, read_folder
from agents.book.published import KEY, newest_usable
from schemas.book import Status
from schemas.book.book import decode_book, encode_book
from schemas.book.entry import both
from streams.bulletin import Posted, post, read_bulletin
from streams.logs import SafeError
from streams.settings import Settings
from streams.topics import Topic


class NotPublishableError(SafeError):
    """The book is good, but it must not be published as it is."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A book that may be published. before: the version in force on the topic; empty: none was ever published.

    change: against that one; None where there is none. is_in_force: the very same book is in force already.
    """

    folder: BookFolder
    value: bytes
    before: str
    change: Difference | None
    is_in_force: bool


class _Named(msgspec.Struct):
    """What is read of a published book to learn its version."""

    version: str = ""


def propose(settings: Settings, folder: Path, today: date) -> Proposal:
    """Judge a folder and compare it with what is published.

    Raises PolicyError for a broken book, NotPublishableError, SafeError where the topic is missing, KafkaError.
    """
    read = read_folder(folder, today)
    book = read.book
    if book.status is not Status.ACTIVE:
        raise NotPublishableError(
            both(f"状态是 {book.status}，改为 active 才能发布", f"its status is {book.status}: publish it as active")
        )
    value = encode_book(book)
    assert decode_book(value) == book, "a book is read as it was written"
    records = read_bulletin(settings, Topic.POLICY_BOOK)
    for record in records:
        if _version_of(record) == book.version and record.value is not None and decode_book(record.value) != book:
            raise NotPublishableError(
                both(
                    f"版本 {book.version} 已经发布过，内容不同：请换一个版本名",
                    f"version {book.version} was published before with other content: give this one another name",
                )
            )
    found = newest_usable(records, lambda *_: None)
    if found is None:
        return Proposal(read, value, "", None, is_in_force=False)
    _, before = found
    return Proposal(read, value, before.version, compare_books(before, book), is_in_force=before == book)


def publish(settings: Settings, proposal: Proposal) -> int:
    """Write the book to its topic; returns the offset once the broker has confirmed it. Raises NotPostedError."""
    return post(settings, Topic.POLICY_BOOK, KEY, proposal.value)


def _version_of(record: Posted) -> str:
    """The version a record names; empty for what is no book."""
    try:
        return msgspec.json.decode(gzip.decompress(record.value or b""), type=_Named).version
    except (ValueError, OSError, EOFError, zlib.error):
        return ""
