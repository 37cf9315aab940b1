"""Money, quantities, ratios and days as integers, and the one rounding function. Exact; no floats anywhere.

| unit | what | example |
| --- | --- | --- |
| fen | money | 12.34 yuan = 1234 |
| e4 | quantity, four decimals (2301 `cnt` 16,4) | 1.5 = 15000 |
| micro | unit price, six decimals of yuan (2301 `pric` 16,6) | 0.35 yuan = 350000 |
| bp | ratio in basis points | 35 % = 3500 |
| ms | epoch milliseconds, UTC | |
| day | days since 1970-01-01 in the hospital's time zone | |
"""

import math
import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.reasons import Reason, RejectError

DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)\Z", re.ASCII)
NOT_FINITE = frozenset({"nan", "inf", "infinity", "+inf", "-inf", "+infinity", "-infinity", "-nan", "+nan"})

MAX_FEN = 10**16 - 1
MAX_E4 = 10**16 - 1
MAX_MICRO = 10**16 - 1
MAX_BP = 10**15

#: Length of a time written in digits alone → its format.
COMPACT = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MIN_MS = -2_208_988_800_000  # 1900-01-01
MAX_MS = 4_102_444_800_000  # 2100-01-01
SHANGHAI = ZoneInfo("Asia/Shanghai")


def div_round(numerator: int, denominator: int) -> int:
    """Divide and round half away from zero, the commercial rounding (四舍五入) every amount here uses."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))


def ratio_bp(part: int, whole: int) -> int | None:
    """`part ÷ whole` in basis points, rounded; None where the whole is not positive (a ratio would say nothing).

    Cut off at ±MAX_BP: refunds can leave a fen of a fortune, and 64 bits must hold the result.
    """
    return max(-MAX_BP, min(MAX_BP, div_round(part * 10_000, whole))) if whole > 0 else None


def reached_bp(part: int, whole: int) -> int:
    """`part ÷ whole` in basis points, rounded down so that a line counts as reached only when it is; else ratio_bp."""
    return max(-MAX_BP, min(MAX_BP, part * 10_000 // whole)) if whole > 0 else 0


def line_amount_fen(quantity_e4: int, unit_price_micro: int) -> int:
    """`round(pric × cnt, 2)` in fen (DOMAIN 2.3): 1e-4 × 1e-6 yuan is 1e-8 fen."""
    return div_round(quantity_e4 * unit_price_micro, 10**8)


def parse_decimal(value: object, places: int, limit: int, field: str) -> int:
    """Turn a decimal string, or an integer that already counts minor units, into an integer of 10^-places.

    Raises RejectError: FLOAT_AMOUNT, NOT_FINITE, BAD_DECIMAL, OUT_OF_RANGE or WRONG_TYPE.
    """
    if type(value) is int:
        result = value
    elif isinstance(value, str):
        text = value.strip()
        if not DECIMAL.match(text):
            raise RejectError(Reason.NOT_FINITE if text.lower() in NOT_FINITE else Reason.BAD_DECIMAL, field)
        if len(text) > 64:
            raise RejectError(Reason.OUT_OF_RANGE, field)
        whole, _, fraction = text.partition(".")
        significant = fraction.rstrip("0")
        if len(significant) > places:
            raise RejectError(Reason.BAD_DECIMAL, f"{field}: more than {places} decimal places")
        digits = whole.lstrip("+-") or "0"
        result = int(digits) * 10**places + int(significant.ljust(places, "0") or "0")
        if whole.startswith("-"):
            result = -result
    elif isinstance(value, float):
        raise RejectError(Reason.FLOAT_AMOUNT if math.isfinite(value) else Reason.NOT_FINITE, field)
    else:
        raise RejectError(Reason.WRONG_TYPE, field)
    if not -limit <= result <= limit:
        raise RejectError(Reason.OUT_OF_RANGE, field)
    return result


def parse_fen(value: object, field: str = "amount") -> int:
    """Money: a string of yuan (`"12.34"`) or an integer of fen (`1234`)."""
    return parse_decimal(value, 2, MAX_FEN, field)


def parse_price_micro(value: object, field: str = "unit_price") -> int:
    """Unit price: a string of yuan with up to six decimals, or an integer of 1e-6 yuan."""
    return parse_decimal(value, 6, MAX_MICRO, field)


def parse_quantity_e4(value: object, field: str = "quantity") -> int:
    """Quantity: a string with up to four decimals, or an integer of whole units (`2` is two, as in 2301 `cnt`)."""
    if type(value) is int:
        if abs(value) > MAX_E4 // 10_000:
            raise RejectError(Reason.OUT_OF_RANGE, field)
        return value * 10_000
    return parse_decimal(value, 4, MAX_E4, field)


def parse_ms(value: object, zone: tzinfo, field: str = "time") -> int:
    """A time in epoch ms: ISO 8601 text (without offset it is hospital time), `yyyyMMddHHmmss`, or epoch ms itself."""
    if type(value) is int:
        ms = value
    elif isinstance(value, str):
        text = value.strip()
        if len(text) > 64 or not text.isprintable():
            raise RejectError(Reason.BAD_TIME, field)
        ms = _parse_text_ms(text, zone, field)
    elif isinstance(value, datetime):
        ms = _datetime_ms(value, zone)
    else:
        raise RejectError(Reason.BAD_TIME, field)
    if not MIN_MS <= ms <= MAX_MS:
        raise RejectError(Reason.BAD_TIME, field)
    return ms


@lru_cache(maxsize=65_536)
def _parse_text_ms(value: str, zone: tzinfo, field: str) -> int:
    try:
        if not (value.isascii() and value.isdigit()):
            return _datetime_ms(datetime.fromisoformat(value), zone)
        # Digits alone are a day or a second: fromisoformat would read a cut-off second as some hour of the day.
        return _datetime_ms(datetime.strptime(value, COMPACT[len(value)]), zone)  # noqa: DTZ007 - the zone follows
    except (ValueError, KeyError) as error:
        raise RejectError(Reason.BAD_TIME, field) from error


def _datetime_ms(value: datetime, zone: tzinfo) -> int:
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    try:
        return (aware - EPOCH) // timedelta(milliseconds=1)
    except OverflowError as error:
        raise RejectError(Reason.BAD_TIME, "time") from error


@lru_cache(maxsize=65_536)
def _hour_offset_ms(hour: int, zone: tzinfo) -> int:
    moment = EPOCH + timedelta(hours=hour)
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(milliseconds=1)


def day_of(ms: int, zone: tzinfo) -> int:
    """The hospital's calendar day of a moment.

    The offset is looked up once an hour of UTC: zones change theirs on the hour (China has not since 1991).
    """
    return (ms + _hour_offset_ms(ms // 3_600_000, zone)) // 86_400_000


@lru_cache(maxsize=65_536)
def month_of(day: int) -> int:
    """The month of a day as YYYYMM."""
    found = date.fromordinal(day + EPOCH_ORDINAL)
    return found.year * 100 + found.month


def day_text(day: int) -> str:
    """ISO date of a day number."""
    return date.fromordinal(day + EPOCH_ORDINAL).isoformat()


def day_number(text: str) -> int:
    """Day number of an ISO date (`2024-01-31`)."""
    return date.fromisoformat(text).toordinal() - EPOCH_ORDINAL


def yuan_text(fen: int) -> str:
    """Fen as yuan with two decimals and no grouping: `-1234` is `-12.34`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def percent_text(bp: int | None) -> str:
    """Basis points as a percentage with two decimals, `—` where there is none."""
    return "—" if bp is None else f"{'-' if bp < 0 else ''}{abs(bp) // 100}.{abs(bp) % 100:02d}%"
