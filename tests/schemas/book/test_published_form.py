"""The published form of a book: gzipped JSON that gives the very same book back."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agents.book import read_book
from schemas.book import Book, CatalogueItem
from schemas.book.book import decode_book, encode_book
from schemas.book.entry import E4, Micro, Share, Yuan

ROOT = Path(__file__).parents[3]
FOLDERS = [ROOT / "agents" / "default_book", *(path.parent for path in ROOT.glob("deploy/policies/*/book.yaml"))]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_books_that_ship_travel_unchanged(folder):
    book = read_book(folder)
    value = encode_book(book)
    assert decode_book(value) == book
    assert encode_book(decode_book(value)) == value, "the same book gives the same bytes"


@pytest.mark.parametrize(("kind", "places"), [(Yuan, 2), (Share, 2), (E4, 4), (Micro, 6)])
def test_a_figure_is_written_as_it_can_be_read_again(kind, places):
    adapter = TypeAdapter(kind)

    @given(st.integers(-(10**9), 10**9))
    def check(value):
        written = adapter.dump_json(value)
        assert adapter.validate_json(written) == value
        text = json.loads(written)
        assert isinstance(text, str)
        assert len(text.strip("%").partition(".")[2]) <= places

    check()


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [(Yuan, 1_200_000, "12000.00"), (Share, 8500, "85%"), (Share, 1250, "12.5%"), (Share, 0, "0%"), (E4, 12_000, "1.2"),
     (E4, 10_000, "1"), (Micro, 8_350_000, "8.35"), (Yuan, -5, "-0.05"), (Share, -5, "-0.05%")],
)  # fmt: skip
def test_a_figure_is_written_as_people_write_it(kind, value, text):
    assert TypeAdapter(kind).dump_python(value, mode="json") == text


def test_only_what_is_said_travels():
    book = Book.model_validate({"version": "v", "catalogue": [{"item_code": "XA01", "self_pay": "10%"}]})
    assert json.loads(gzip.decompress(encode_book(book))) == {
        "version": "v", "catalogue": [{"item_code": "XA01", "self_pay": "10%"}],
    }  # fmt: skip


def test_a_row_of_the_catalogue_takes_little_memory():
    assert not hasattr(CatalogueItem(item_code="XA01"), "__dict__")


@pytest.mark.parametrize(
    "value",
    [b"", b"{}", b"no gzip", gzip.compress(b"[]", mtime=0), gzip.compress(b'{"version":', mtime=0)],
    ids=["nothing", "plain", "no_gzip", "no_object", "cut_off"],
)
def test_what_is_no_book_is_refused(value):
    with pytest.raises((ValueError, OSError)):
        decode_book(value)
