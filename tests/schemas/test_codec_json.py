"""JSON as a hospital sends it: what is read, and the D reason of what is not."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec, encode_json
from schemas.reasons import Reason, RejectError

CODEC = Codec()


def reason_of(value: bytes | None, event_type: str = "charge") -> Reason:
    with pytest.raises(RejectError) as error:
        CODEC.decode(value, event_type)
    return error.value.reason


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b' \r\n\t{"a": 1} \n', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "费用 é 😀"}'.encode(), {"a": "费用 é 😀"}),
        (b'{"a": "\\u8d39\\ud83d\\ude00"}', {"a": "费😀"}),
        (b'{"a": "\\u0000"}', {"a": "\x00"}),
        (b'{"a": null, "b": true}', {"a": None, "b": True}),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b'{"a": 1.5}', {"a": 1.5}),
        (b"{}", {}),
    ],
)
def test_json_is_read_as_it_is(value, fields):
    assert CODEC.decode(value, "charge") == fields


def test_of_a_repeated_key_the_last_one_counts():
    assert CODEC.decode(b'{"amount": 1, "amount": 2}', "charge") == {"amount": 2}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_numbers_that_are_not_finite_reach_the_validator_which_says_so(text):
    found = CODEC.decode(f'{{"amount": {text}}}'.encode(), "charge")["amount"]
    assert type(found) is float
    assert not math.isfinite(found)


@pytest.mark.parametrize("value", [None, b""])
def test_no_value_is_an_empty_message(value):
    assert reason_of(value) is Reason.EMPTY_MESSAGE


@pytest.mark.parametrize(
    "value",
    [
        b"{", b'{"a": 1', b'{"a": 1}}', b'{"a": 1} x', b"{'a': 1}", b'{"a": 1,}', b"nul", b"hello", b" ",
        b"\xef\xbb\xbf",
        b"<xml/>", b'{"a": "\x00"}', b'{"a": "\n"}', b'{"a": "\\x"}', b'{"a": 01}', b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000, b'{"a":' * 1000 + b"1" + b"}" * 1000, b'{"a": "' + b"x" * 10_000_000,
        '{"a": "é"}'.encode("utf-16"), b"MSH|^~\\&|HIS|", b"\xc3", b"\x01\x02\x03",
    ],
    ids=lambda value: repr(value)[:25],
)  # fmt: skip
def test_what_is_no_json_is_refused(value):
    assert reason_of(value) is Reason.NOT_JSON


@pytest.mark.parametrize(
    "value",
    [
        b'{"a": "\xff"}',
        b'{"\xff": 1}',
        '{"a": "费用"}'.encode("gbk"),
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\udc00"}',
        b'{"a": "\\ud800\\u0041"}',
        b'{"a": "\\ud800x"}',
    ],
)
def test_a_string_that_is_no_text_is_refused(value):
    """Also an unpaired surrogate, which is well-formed JSON: it could not be written anywhere as UTF-8."""
    assert reason_of(value) is Reason.NOT_TEXT


@pytest.mark.parametrize("value", [b"[]", b'[{"a": 1}]', b"1", b'"text"', b"null", b"true"])
def test_what_is_no_object_is_refused(value):
    assert reason_of(value) is Reason.NOT_AN_OBJECT


def test_ten_megabytes_of_text_are_read_for_the_validator_to_judge():
    assert len(CODEC.decode(encode_json({"a": "x" * 10_000_000}), "charge")["a"]) == 10_000_000


@given(st.binary(max_size=60))
def test_no_bytes_do_more_than_be_refused(value):
    try:
        decoded = CODEC.decode(value, "charge")
    except RejectError as refused:
        assert refused.reason.value.startswith("D")  # noqa: PT017 - either is right
    else:
        assert isinstance(decoded, dict)


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
_values = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | _texts | st.lists(_texts, max_size=3)


@given(st.dictionaries(_texts, _values, max_size=5))
def test_what_is_encoded_reads_back(fields):
    assert CODEC.decode(encode_json(fields), "charge") == fields
    assert CODEC.decode(json.dumps(fields).encode(), "charge") == fields


@given(st.dictionaries(_texts, _values, min_size=1, max_size=4), st.data())
def test_json_cut_off_anywhere_is_refused(fields, data):
    whole = encode_json(fields)
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    assert reason_of(cut) in {Reason.NOT_JSON, Reason.NOT_TEXT}
