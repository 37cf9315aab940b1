"""The numbered reasons for which a message is refused. Stable: a number is never reused, only retired.

D1xx decode, V2xx validation, R3xx rule (needs the patient's state), S4xx sink.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a message became a dead letter; the value is what travels in headers, metrics and ClickHouse."""

    NOT_JSON = "D101"
    TRUNCATED_FRAME = "D102"
    UNKNOWN_SCHEMA = "D103"
    MALFORMED_FRAME = "D104"
    EMPTY_MESSAGE = "D105"
    NOT_AN_OBJECT = "D106"
    WRONG_SCHEMA = "D107"
    NOT_TEXT = "D108"

    MISSING_FIELD = "V201"
    WRONG_TYPE = "V202"
    FLOAT_AMOUNT = "V203"
    NOT_FINITE = "V204"
    OUT_OF_RANGE = "V205"
    BAD_DECIMAL = "V206"
    TOO_LONG = "V207"
    CONTROL_CHARACTER = "V208"
    BAD_TIME = "V209"
    UNKNOWN_KIND = "V210"
    SIGN_MISMATCH = "V211"
    REFUND_NOT_NEGATIVE = "V212"
    AMOUNT_MISSING = "V213"
    RESERVED_CHARACTER = "V214"

    CONTENT_CONFLICT = "R301"
    UNKNOWN_ALERT = "R302"
    UNKNOWN_CHECK = "R303"

    ROW_REFUSED = "S401"
    UNREADABLE_OUTPUT = "S402"


MEANING: dict[Reason, tuple[str, str]] = {
    Reason.NOT_JSON: ("不是合法的 JSON", "neither Avro framing nor valid JSON"),
    Reason.TRUNCATED_FRAME: ("Avro 消息被截断", "the Avro body ends before its schema does"),
    Reason.UNKNOWN_SCHEMA: ("未知的 Avro 模式", "no schema with this fingerprint or registry id"),
    Reason.MALFORMED_FRAME: ("Avro 消息损坏", "the Avro body does not fit its schema, or bytes are left over"),
    Reason.EMPTY_MESSAGE: ("空消息", "no value"),
    Reason.NOT_AN_OBJECT: ("不是对象", "valid JSON, but not an object"),
    Reason.WRONG_SCHEMA: ("模式与主题不符", "a known schema, but not one for this topic"),
    Reason.NOT_TEXT: ("字符编码错误", "a string that is not UTF-8"),
    Reason.MISSING_FIELD: ("缺少必填字段", "a required field is absent or empty"),
    Reason.WRONG_TYPE: ("字段类型错误", "a field has the wrong type"),
    Reason.FLOAT_AMOUNT: ("金额不得为浮点数", "amounts travel as strings or integers of minor units, never floats"),
    Reason.NOT_FINITE: ("金额不是有限数", "NaN or infinite"),
    Reason.OUT_OF_RANGE: ("数值超出范围", "beyond what the national interface can carry"),
    Reason.BAD_DECIMAL: ("小数格式错误", "not a decimal number, or too many decimal places"),
    Reason.TOO_LONG: ("字段过长", "a string longer than the field allows"),
    Reason.CONTROL_CHARACTER: ("含控制字符", "a NUL or another control character in a string"),
    Reason.BAD_TIME: ("时间无效", "not a time, or outside 1900–2100"),
    Reason.UNKNOWN_KIND: ("未知的事件种类", "an event kind the contract does not know"),
    Reason.SIGN_MISMATCH: ("数量与金额符号不符", "quantity and amount have opposite signs"),
    Reason.REFUND_NOT_NEGATIVE: ("退费金额应为负", "a refund must carry a negative quantity or amount"),
    Reason.AMOUNT_MISSING: ("缺少金额", "no amount, and no quantity with unit price to reckon it from"),
    Reason.RESERVED_CHARACTER: ("含保留字符", "an id that is part of a key may not hold the character |"),
    Reason.CONTENT_CONFLICT: ("同号不同内容", "the same id was already applied with different content"),
    Reason.UNKNOWN_ALERT: ("未知的告警", "an acknowledgement of an alert that was never raised"),
    Reason.UNKNOWN_CHECK: ("未知的审核结果", "a finding of an order check that is not known, or not any more"),
    Reason.ROW_REFUSED: ("入库被拒", "ClickHouse refuses this row by itself"),
    Reason.UNREADABLE_OUTPUT: ("输出不可读", "a record of an output topic cannot be decoded"),
}


class RejectError(Exception):
    """One message is refused. `detail` names fields, never their values: it may be logged."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(
            f"{reason.value} {reason.name.lower()}: {detail}" if detail else f"{reason.value} {reason.name.lower()}"
        )
        self.reason = reason
        self.detail = detail
