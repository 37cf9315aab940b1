"""The dead letter: its headers say why and from where, and can be read whatever they hold."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.dead_letter import dead_letter_headers, read_dead_letter
from schemas.reasons import Reason

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_number = st.integers(-(2**63), 2**63 - 1)


@given(st.sampled_from(Reason), _text, _text, _text, _number, _number, _number, st.binary(max_size=9) | st.none())
def test_what_the_headers_say_reads_back(reason, detail, stage, topic, partition, offset, at, value):
    headers = dead_letter_headers(reason, detail, stage, (topic, partition, offset), at, "ledger")
    letter = read_dead_letter(b"key", value, headers)
    assert (letter.reason, letter.detail, letter.stage) == (reason.value, detail, stage)
    assert (letter.source_topic, letter.source_partition, letter.source_offset) == (topic, partition, offset)
    assert (letter.content, letter.at, letter.key, letter.value) == ("ledger", at, b"key", value)


def test_a_long_detail_is_cut_off():
    headers = dict(dead_letter_headers(Reason.NOT_JSON, "字" * 10_000, "intake", ("t", 0, 0), 0))
    assert headers["detail"].decode() == "字" * 500


def test_the_value_is_the_source_unless_said_otherwise():
    headers = dict(dead_letter_headers(Reason.NOT_JSON, "", "intake", ("t", 0, 0), 0))
    assert headers["content"] == b"source"


def test_a_letter_without_headers_can_still_be_read():
    letter = read_dead_letter(None, None, [])
    assert (letter.reason, letter.source_offset, letter.content, letter.at) == ("", 0, "source", 0)


@given(
    st.dictionaries(
        st.sampled_from(["reason", "at", "source-offset", "source-partition", "x"]), st.binary(max_size=8) | st.none()
    )
)
def test_a_letter_is_never_refused_again(headers):
    read_dead_letter(None, b"", headers.items())
