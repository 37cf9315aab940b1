"""Reasons are numbered, explained in two languages, and never reused."""

import re

from schemas.reasons import MEANING, Reason, RejectError

#: As published; a number may be retired, never given to another reason.
PUBLISHED = {
    "D101": "NOT_JSON", "D102": "TRUNCATED_FRAME", "D103": "UNKNOWN_SCHEMA", "D104": "MALFORMED_FRAME",
    "D105": "EMPTY_MESSAGE", "D106": "NOT_AN_OBJECT", "D107": "WRONG_SCHEMA", "D108": "NOT_TEXT",
    "V201": "MISSING_FIELD", "V202": "WRONG_TYPE", "V203": "FLOAT_AMOUNT", "V204": "NOT_FINITE", "V205": "OUT_OF_RANGE",
    "V206": "BAD_DECIMAL", "V207": "TOO_LONG", "V208": "CONTROL_CHARACTER", "V209": "BAD_TIME", "V210": "UNKNOWN_KIND",
    "V211": "SIGN_MISMATCH", "V212": "REFUND_NOT_NEGATIVE", "V213": "AMOUNT_MISSING", "V214": "RESERVED_CHARACTER",
    "R301": "CONTENT_CONFLICT", "R302": "UNKNOWN_ALERT", "R303": "UNKNOWN_CHECK",
    "S401": "ROW_REFUSED", "S402": "UNREADABLE_OUTPUT",
}  # fmt: skip


def test_every_number_keeps_its_published_meaning():
    found = {reason.value: reason.name for reason in Reason}
    assert {number: found.get(number) for number in PUBLISHED} == PUBLISHED


def test_numbers_are_unique_and_tell_the_stage():
    numbers = [member.value for member in Reason.__members__.values()]
    assert len(numbers) == len(set(numbers))
    assert all(re.fullmatch(r"D1\d\d|V2\d\d|R3\d\d|S4\d\d", number) for number in numbers)


def test_every_reason_is_explained_in_two_languages():
    assert set(MEANING) == set(Reason)
    for chinese, english in MEANING.values():
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert english.isascii() or "–" in english


def test_a_refusal_says_its_number_and_its_name():
    assert str(RejectError(Reason.FLOAT_AMOUNT, "amount")) == "V203 float_amount: amount"
    assert str(RejectError(Reason.NOT_JSON)) == "D101 not_json"
