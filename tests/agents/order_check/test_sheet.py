"""The answer of an order check on the terminal."""

import io
import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.console import Console

from agents.order_check.asking import AskingError, as_text, ask, read_request
from agents.order_check.sheet import show_answer
from schemas.national_answer import answer_check
from schemas.national_envelope import Envelope
from schemas.order_check import CheckRequest, CheckResult, Outcome
from tests.order_check_toy import total_finding

REQUEST = CheckRequest("T1", "H0001", "P1", "V1", "5", 0)
RESULT = CheckResult(
    "T1", "H0001", "P1", "V1", Outcome.FINDINGS, 0, 7, "http", "d", findings=(total_finding(REQUEST, 0, 123_450),)
)


def answer_of(**changes: Any) -> dict[str, Any]:
    result = msgspec.structs.replace(RESULT, **changes)
    body = answer_check(result, Envelope(), ZoneInfo("Asia/Shanghai"), 0)
    return json.loads(body, parse_float=Decimal)


def sheet_of(answer: dict[str, Any], *, is_chinese: bool = True) -> str:
    written = io.StringIO()
    show_answer(Console(file=written, width=200), answer, is_chinese=is_chinese)
    return written.getvalue()


def test_a_finding_is_shown_with_its_clause_its_alternative_and_its_lines() -> None:
    assert sheet_of(answer_of(not_checked={"KF-9": "stock_ledger"})).splitlines() == [
        "医嘱审核 T1",
        "结论：审核发现问题",
        "",
        "[1] 明确违规  KF-T1 总额  1234.50 元",
        "    内容：总额超出",
        "    依据：第三条（示例）",
        "    建议：改用甲类",
        "    参数：limit = 0.00 元",
        "    实测：total = 123450",
        "    明细：",
        "  - 违规项 RX1 XC09CAS059 缬沙坦 1234.50",
        f"    须反馈后方可继续（3103）  jr_id {RESULT.findings[0].finding_id}",
        "未判定的规则：",
        "  - KF-9: stock_ledger",
    ]


def test_the_sheet_is_english_where_asked_for() -> None:
    english = sheet_of(answer_of(), is_chinese=False)
    assert "[1] violation  KF-T1 total  1234.50 yuan" in english
    assert "what: the total is too high" in english
    assert "instead: use class A" in english
    assert "must be answered by 3103" in english


def test_an_unfinished_check_is_never_shown_as_passed() -> None:
    answer = answer_of(outcome=Outcome.UNFINISHED, reason="engine_error", detail="KeyError", findings=())
    assert sheet_of(answer).splitlines() == [
        "医嘱审核 T1", "结论：校验未完成，不是通过", "原因：审核引擎出错 (KeyError)",
    ]  # fmt: skip
    assert "this is no pass" in sheet_of(answer, is_chinese=False)


def test_a_passed_check_says_so() -> None:
    assert "审核通过" in sheet_of(answer_of(outcome=Outcome.PASSED, findings=()))


def test_amounts_are_printed_as_they_came() -> None:
    assert '"vola_amt": 1234.50' in as_text(answer_of())


def test_a_file_that_is_no_request_is_refused_in_both_languages(tmp_path) -> None:
    for text in ("[]", "{"):
        file = tmp_path / "request.json"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(AskingError, match=r" \| "):
            read_request(file)


def test_an_address_without_its_scheme_is_refused() -> None:
    with pytest.raises(AskingError, match="http://"):
        ask("127.0.0.1:8310", "/3101", {})
