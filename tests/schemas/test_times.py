"""Times are epoch milliseconds; days are the hospital's calendar days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import units
from schemas.reasons import Reason, RejectError

SHANGHAI = units.SHANGHAI
NOON = 1_709_611_200_000  # 2024-03-05 12:00:00 in Shanghai


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05 12:00:00",
        " 2024-03-05 12:00:00 ",
        "2024-03-05T12:00:00",
        "2024-03-05T12:00:00.000",
        "2024-03-05T12:00:00+08:00",
        "2024-03-05T04:00:00Z",
        "2024-03-04T23:00:00-05:00",
        "20240305120000",
        "20240305T120000",
        NOON,
        datetime(2024, 3, 5, 4, tzinfo=UTC),
        datetime(2024, 3, 5, 12),
    ],
    ids=str,
)
def test_every_way_of_writing_a_moment_reads_as_the_same_one(text):
    assert units.parse_ms(text, SHANGHAI) == NOON


def test_text_without_an_offset_is_hospital_time():
    assert units.parse_ms("2024-03-05 12:00", ZoneInfo("Asia/Urumqi")) == NOON + 2 * 3_600_000
    assert units.parse_ms("2024-03-05 12:00+08:00", ZoneInfo("Asia/Urumqi")) == NOON


def test_a_day_alone_is_its_first_moment():
    midnight = units.parse_ms("2024-03-05", SHANGHAI)
    assert midnight == units.parse_ms("20240305", SHANGHAI) == NOON - 12 * 3_600_000


def test_milliseconds_are_kept_and_less_is_cut_off():
    assert units.parse_ms("2024-03-05 12:00:00.123999", SHANGHAI) == NOON + 123


@pytest.mark.parametrize(
    "value",
    [
        "", "yesterday", "2024-02-30", "2024-03-05 24:00:01", "24:00", "2024-13-01 00:00:00", "20240230000000",
        "2024030510101", "20240305101", "202403051010", "1709611200000", "２０２４０３０５１２００００", "²",
        "2024-03-05\x0012:00:00", "x" * 10_000_000, " " * 100, True, False, 1.5, float("nan"), None, [], {}, b"2024",
        "1899-12-31T00:00:00Z", "2100-01-02", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
        units.MIN_MS - 1, units.MAX_MS + 1, 10**400, -(10**400),
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_what_is_no_time_of_this_century_or_the_last_is_refused(value):
    with pytest.raises(RejectError) as error:
        units.parse_ms(value, SHANGHAI, "charged_at")
    assert error.value.reason is Reason.BAD_TIME
    assert error.value.detail == "charged_at"


def test_a_second_that_was_cut_off_is_not_read_as_an_hour():
    """ISO 8601 of Python reads 2024030510101 as the day, a separator `1`, and 01:01."""
    assert datetime.fromisoformat("2024030510101").hour == 1
    with pytest.raises(RejectError):
        units.parse_ms("2024030510101", SHANGHAI)


@pytest.mark.parametrize("value", [units.MIN_MS, 0, -1, units.MAX_MS])
def test_the_bounds_themselves_are_times(value):
    assert units.parse_ms(value, SHANGHAI) == value


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text):
    try:
        ms = units.parse_ms(text, SHANGHAI)
    except RejectError as refusal:
        assert refusal.reason is Reason.BAD_TIME  # noqa: PT017 - either is right
    else:
        assert units.MIN_MS <= ms <= units.MAX_MS


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)),
    st.sampled_from(["Asia/Shanghai", "Asia/Urumqi", "UTC", "America/New_York", "Europe/Lisbon"]),
)
def test_the_day_of_a_moment_is_the_calendar_day_there(naive, name):
    zone = ZoneInfo(name)
    ms = units.parse_ms(naive.replace(tzinfo=UTC).isoformat(), zone)
    assert units.day_text(units.day_of(ms, zone)) == naive.replace(tzinfo=UTC).astimezone(zone).date().isoformat()


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2024-03-05T15:59:59.999Z", "2024-03-05"),
        ("2024-03-05T16:00:00Z", "2024-03-06"),
        ("2024-02-28T16:00:00Z", "2024-02-29"),
        ("1969-12-31T15:59:59Z", "1969-12-31"),
        ("1969-12-31T16:00:00Z", "1970-01-01"),
        ("1988-07-01T15:30:00Z", "1988-07-02"),  # Shanghai had summer time from 1986 to 1991
        ("1988-12-01T15:30:00Z", "1988-12-01"),
    ],
)
def test_a_day_begins_at_midnight_in_shanghai(at, day):
    assert units.day_text(units.day_of(units.parse_ms(at, SHANGHAI), SHANGHAI)) == day


def test_the_first_day_is_number_zero():
    assert units.day_number("1970-01-01") == 0
    assert units.day_of(0, ZoneInfo("UTC")) == 0


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_day_number_reads_back_and_knows_its_month(day):
    number = units.day_number(day.isoformat())
    assert units.day_text(number) == day.isoformat()
    assert units.month_of(number) == day.year * 100 + day.month
    assert units.day_number((day + timedelta(days=1)).isoformat()) == number + 1
