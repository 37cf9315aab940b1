"""`kongfei book publish`, and what is in force, on a real topic."""

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from agents.book import PolicyError
from agents.book.published import KEY, book_in_force, newest_usable, read_record, starting_policy
from agents.book.publishing import NotPublishableError, propose, publish
from schemas.book import Book
from schemas.book.book import encode_book
from streams.admin import create_topics
from streams.bulletin import post, read_bulletin
from streams.logs import SafeError
from streams.settings import Settings
from streams.topics import Topic
from tests.agents.book.folders import write_book

TODAY = date(2026, 6, 1)
ENTRY = {"quota": 1, "source": "s"}
OVERLAPPING = Book.model_validate({"version": "bad", "quotas": [{"id": "a", **ENTRY}, {"id": "b", **ENTRY}]})


@pytest.fixture
def settings(kafka, topic_prefix) -> Settings:
    made = Settings(kafka_bootstrap_servers=kafka.bootstrap, topic_prefix=topic_prefix)
    create_topics(made, [Topic.POLICY_BOOK])
    return made


def run(settings: Settings, *words: object, **environment: str) -> tuple[int, str, str]:
    """The real command; exit code, output, errors."""
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "book", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {"KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers, "KONGFEI_TOPIC_PREFIX": settings.topic_prefix}
        | environment,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.integration
def test_a_book_is_published_shown_compared_and_replaced(settings, tmp_path):
    first, second = write_book(tmp_path / "a", "2026.1"), write_book(tmp_path / "b", "2026.2", quota="1500.00")
    own = {"KONGFEI_BOOK_DIR": str(write_book(tmp_path / "own", "own"))}
    assert run(settings, "show", **own)[1].startswith("own  示例\n来源 source: ")
    assert (
        run(settings, "diff", "published", first)[2]
        == "kongfei: 还没有发布过政策规则库 | no book has been published yet\n"
    )

    code, text, _ = run(settings, "publish", first, "--dry-run")
    assert (code, text) == (0, "试运行：将发布 2026.1，没有发送 | dry run: would publish 2026.1; nothing was sent\n")
    assert read_bulletin(settings, Topic.POLICY_BOOK) == []

    code, text, _ = run(settings, "publish", first)
    assert code == 0
    assert text.endswith("published 2026.1 (policy.book.v1 offset 0, confirmed by Kafka)\n")
    code, text, _ = run(settings, "publish", first)
    assert (code, text.splitlines()[-1]) == (
        0, "2026.1 已经在用，无需再发布 | 2026.1 is in force already: nothing to publish",
    )  # fmt: skip
    assert len(read_bulletin(settings, Topic.POLICY_BOOK)) == 1

    code, text, _ = run(settings, "publish", second)
    assert code == 0
    assert "      quota: 1000.00 → 1500.00" in text
    assert text.endswith("published 2026.2, after 2026.1 (policy.book.v1 offset 1, confirmed by Kafka)\n")
    _, text, _ = run(settings, "show", **own)
    assert text.startswith("2026.2  示例\n来源 source: 已发布 | published ")
    _, text, _ = run(settings, "diff", first, "published")
    assert text.startswith("2026.1 → 2026.2\n")
    told = json.loads(run(settings, "publish", first, "--json")[1])
    assert (told["version"], told["before"], told["published"], told["offset"]) == ("2026.1", "2026.2", True, 2)


@pytest.mark.integration
def test_a_version_is_published_once_with_one_content(settings, tmp_path):
    folder = write_book(tmp_path / "a", "2026.1")
    publish(settings, propose(settings, folder, TODAY))
    write_book(folder, "2026.1", quota="2000.00")
    with pytest.raises(NotPublishableError, match=r"version 2026\.1 was published before with other content"):
        propose(settings, folder, TODAY)
    code, _, errors = run(settings, "publish", folder)
    assert code == 1
    assert errors.startswith("没有发布 | not published: 版本 2026.1 已经发布过，内容不同")
    publish(settings, propose(settings, write_book(tmp_path / "b", "2026.2"), TODAY))
    back = propose(settings, write_book(folder, "2026.1"), TODAY)  # the former book, once more: a way back
    assert (back.before, back.is_in_force) == ("2026.2", False)


@pytest.mark.integration
def test_a_broken_book_or_a_draft_is_never_published(settings, tmp_path):
    broken = write_book(tmp_path / "a", "2026.1", more='  - {id: again, quota: "1", source: 示例}\n')
    code, text, errors = run(settings, "publish", broken)
    assert code == 1
    assert "quotas.yaml:3: quotas.again: " in text
    assert errors == "没有发布：这本政策规则库有错误 | not published: the book is broken\n"
    draft = write_book(tmp_path / "b", "2026.1", head="status: draft\n")
    code, _, errors = run(settings, "publish", draft)
    assert code == 1
    assert "publish it as active" in errors
    assert read_bulletin(settings, Topic.POLICY_BOOK) == []


@pytest.mark.integration
def test_the_newest_usable_record_is_in_force_and_the_broken_ones_are_told(settings, tmp_path):
    publish(settings, propose(settings, write_book(tmp_path / "a", "2026.1"), TODAY))
    for value in (b"no book", encode_book(OVERLAPPING)):
        post(settings, Topic.POLICY_BOOK, KEY, value)
    told = []
    found = book_in_force(settings, lambda record, error: told.append((record.offset, str(error))))
    assert (found.book.version, found.source, found.offset) == ("2026.1", "published", 0)
    assert [offset for offset, _ in told] == [2, 1]
    assert told[0][1].startswith("policy.book.v1: quotas.b: b 与 a 适用范围相同")
    _, text, errors = run(settings, "show")
    assert text.startswith("2026.1  示例")
    assert "offset 2 cannot be used and is left alone" in errors


@pytest.mark.integration
def test_a_worker_begins_with_the_published_book_where_its_folder_is_broken(settings, tmp_path):
    folder = write_book(tmp_path / "own", "own", quota="1,000")
    with_folder = settings.model_copy(update={"book_dir": folder})
    with pytest.raises(PolicyError):
        starting_policy(with_folder)
    publish(settings, propose(settings, write_book(tmp_path / "a", "2026.1"), TODAY))
    assert starting_policy(with_folder).version == "2026.1"
    write_book(folder, "own")
    assert starting_policy(with_folder).version == "own", "until the topic has been read"


@pytest.mark.integration
def test_without_kafka_the_configured_book_is_shown_and_that_is_said(tmp_path):
    away = Settings(kafka_bootstrap_servers="127.0.0.1:1")
    code, text, errors = run(away, "show", KONGFEI_BOOK_DIR=str(write_book(tmp_path / "own", "own")))
    assert code == 0
    assert text.startswith("own  示例\n")
    assert "Kafka does not answer" in errors


@pytest.mark.integration
def test_without_the_topic_that_is_said(kafka, topic_prefix, tmp_path):
    missing = Settings(kafka_bootstrap_servers=kafka.bootstrap, topic_prefix=topic_prefix)
    with pytest.raises(SafeError, match="does not exist"):
        propose(missing, write_book(tmp_path / "a", "2026.1"), TODAY)


GOOD = encode_book(Book(version="v"))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        (None, GOOD, "the key is not `book`"),
        (b"other", GOOD, "the key is not `book`"),
        (KEY, None, "an empty record"),
        (KEY, b"", "an empty record"),
        (KEY, b"{}", "no policy book"),
        (KEY, GOOD[:-9], "no policy book"),
        (KEY, b"\x1f\x8b\x08\x00garbage of some length", "no policy book"),
        (KEY, encode_book(Book(version="v", status="draft")), "its status is draft"),
        (KEY, encode_book(OVERLAPPING), "a and b have the same scope"),
    ],
)
def test_a_record_that_must_not_be_used_is_refused_with_its_reason(key, value, says):
    with pytest.raises(PolicyError, match=says):
        read_record(key, value)


def test_a_good_record_is_read():
    assert read_record(KEY, GOOD) == Book(version="v")
    assert newest_usable([], lambda *_: None) is None
