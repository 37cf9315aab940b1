"""A stage that follows the book lets go of the former one, and is not held up by the size of the new one."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from agents.book.collector import collector_paused
from agents.book.following import FollowsBook
from agents.book.published import KEY
from agents.core.policy import Policy
from agents.core.rules.rulebook import RuleBook
from agents.core.rules.view import Facts
from schemas.book import Book
from schemas.book.book import encode_book
from schemas.units import SHANGHAI


class Stage(FollowsBook[tuple[Policy, RuleBook]]):
    """Follows the book and does nothing with it."""

    def __init__(self) -> None:
        self._policy = Policy(Book(version="first"), SHANGHAI)
        self.rules: RuleBook | None = None

    def compile(self, policy: Policy) -> tuple[Policy, RuleBook]:
        return policy, RuleBook(policy.book)

    def use(self, compiled: tuple[Policy, RuleBook]) -> None:
        self._policy, self.rules = compiled


@pytest.fixture(autouse=True)
def _memory_as_it_was() -> Iterator[None]:
    yield
    gc.unfreeze()


def take(stage: Stage, version: str) -> "weakref.ref[Any]":
    stage.adopt("", stage.read("", KEY, encode_book(Book(version=version))))
    assert stage.rules is not None
    stage.rules.scoped(Facts(), 20_000)  # it keeps what it resolved, which knows it: a cycle
    return weakref.ref(stage.rules)


def test_the_former_book_is_let_go_of_when_another_takes_its_place() -> None:
    stage = Stage()
    former = take(stage, "2026.1")
    latter = take(stage, "2026.2")
    assert former() is None
    assert latter() is stage.rules
    assert stage.describe("") == {"version": "2026.2"}


def test_what_is_in_force_is_looked_through_no_more() -> None:
    take(Stage(), "2026.1")
    assert gc.get_freeze_count() > 0


@pytest.mark.parametrize("is_on", [True, False])
def test_the_collector_is_as_it_was_after_a_book_was_read(*, is_on: bool) -> None:
    was_on = gc.isenabled()
    (gc.enable if is_on else gc.disable)()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert gc.isenabled() is is_on
    finally:
        (gc.enable if was_on else gc.disable)()
