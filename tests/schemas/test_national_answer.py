"""CheckResults as 3101 answers, field by field; what is unfinished can never be taken for a pass."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from schemas.book.rules import Grade
from schemas.codes import is_known
from schemas.finding import Evidence
from schemas.national_answer import answer_check
from schemas.national_envelope import Envelope
from schemas.order_check import CheckRequest, CheckResult, Outcome, Unfinished, check_finding_id, partition_of_check
from streams.stage import Unanswered
from tests.order_check_toy import total_finding

ZONE = ZoneInfo("Asia/Shanghai")
RECEIVED = 1_730_773_800_123
ENVELOPE = Envelope(msgid="M1", infno="3101", received_at=RECEIVED)
REQUEST = CheckRequest("T1", "H0001", "P1", "V1", "5", RECEIVED)
FINDING = total_finding(REQUEST, 3, 123_456)


def result_with(*findings: Any, outcome: Outcome = Outcome.FINDINGS, **changes: Any) -> CheckResult:
    made = CheckResult("T1", "H0001", "P1", "V1", outcome, RECEIVED, 7, "http", "d", "5", findings=findings)
    return msgspec.structs.replace(made, **changes)


def answer_to(result: CheckResult) -> dict[str, Any]:
    return json.loads(answer_check(result, ENVELOPE, ZONE, RECEIVED + 20))


def test_every_official_field_of_the_answer_is_there() -> None:
    found = answer_to(result_with(FINDING, took_us=900, policy_version="v1", order_ids=("RX1",)))
    output = found.pop("output")
    assert found == {
        "infcode": "0",
        "inf_refmsgid": "M1",
        "refmsg_time": "20241105103000123",
        "respond_time": "20241105103000143",
        "err_msg": "",
        "warn_msg": "明确违规 1 条 | 1 violation",
        "signtype": "",
        "cainfo": "",
    }
    assert output["check_status"] == "findings"
    assert output["check"] == {
        "task_id": "T1", "reason": "", "reason_zh": "", "reason_en": "", "detail": "", "not_checked": {},
        "order_ids": ["RX1"], "version": 7, "policy_version": "v1", "took_us": 900,
    }  # fmt: skip
    (item,) = output["result"]
    (detail,) = item.pop("judge_result_detail_dtos")
    extension = item.pop("extension")
    assert item == {
        "jr_id": FINDING.finding_id,
        "rule_id": "KF-T1",
        "rule_name": "总额",
        "vola_cont": "总额超出",
        "patn_id": "P1",
        "mdtrt_id": "V1",
        "vola_amt": 1234.56,
        "vola_amt_stas": "1",
        "sev_deg": "1",
        "vola_evid": "第三条（示例）",
        "vola_bhvr_type": "1",
        "task_id": "T1",
        "is_feedback": "1",
    }
    assert detail.pop("jrd_id").startswith("jrd-")
    assert detail == {
        "patn_id": "P1", "mdtrt_id": "V1", "rx_id": "RX1", "vola_item_type": "1", "vola_amt": 1234.56,
        "extension": {"source": "proposed", "item": "XC09CAS059", "name": "缬沙坦", "at": 0},
    }  # fmt: skip
    assert extension["vola_cont_en"] == "the total is too high"
    assert extension["vola_evid_en"] == "article 3"
    assert (extension["alternative"], extension["alternative_en"]) == ("改用甲类", "use class A")
    assert (extension["parameters"], extension["inputs"]) == ({"limit": "0.00 元"}, {"total": "123456"})
    assert (extension["sev_deg_name"], extension["sev_deg_name_en"]) == ("明确违规", "violation")


def test_amounts_travel_as_exact_numbers() -> None:
    largest = msgspec.structs.replace(FINDING, amount_fen=9_999_999_999_999_999)
    body = answer_check(result_with(largest), ENVELOPE, ZONE, RECEIVED)
    assert b'"vola_amt":99999999999999.99,' in body


def test_ids_fit_into_fifty_characters_and_lead_to_the_partition() -> None:
    found = answer_to(result_with(FINDING))["output"]["result"][0]
    assert len(found["jr_id"]) <= 50
    assert len(found["judge_result_detail_dtos"][0]["jrd_id"]) <= 50
    assert partition_of_check(found["jr_id"]) == 3


@pytest.mark.parametrize("partition", [0, 7, 1023])
def test_a_finding_id_says_its_partition_and_is_the_same_for_the_same_request(partition: int) -> None:
    first = check_finding_id("T1", "H1", "P1", "R1", "S1", partition)
    assert first == check_finding_id("T1", "H1", "P1", "R1", "S1", partition)
    assert first != check_finding_id("T2", "H1", "P1", "R1", "S1", partition)
    assert partition_of_check(first) == partition


@pytest.mark.parametrize("foreign", ["", "jr-", "jr-0001", f"jr-001-{'0' * 40}", f"jr-00g1-{'0' * 40}", "P1|V1|quota"])
def test_a_foreign_id_leads_nowhere(foreign: str) -> None:
    assert partition_of_check(foreign) is None


@pytest.mark.parametrize("why", list(Unfinished))
def test_an_unfinished_check_is_unmistakable(why: Unfinished) -> None:
    found = answer_to(result_with(outcome=Outcome.UNFINISHED, reason=why.value, version=0))
    assert found["infcode"] == "0"
    assert found["output"]["check_status"] == "unfinished"
    assert found["output"]["check"]["reason"] == why
    assert found["output"]["check"]["reason_zh"]
    assert found["output"]["result"] == []
    chinese, english = found["warn_msg"].split(" | ")
    assert chinese.startswith("校验未完成：")
    assert english.startswith("check not finished: ")


def test_the_reasons_of_the_carrier_are_those_of_the_answer() -> None:
    assert {why.value for why in Unanswered} == {why.value for why in Unfinished}


def test_a_passed_check_says_so_and_names_rules_that_could_not_be_judged() -> None:
    found = answer_to(result_with(outcome=Outcome.PASSED))
    assert (found["output"]["check_status"], found["warn_msg"]) == ("passed", "")
    lacking = answer_to(result_with(outcome=Outcome.PASSED, not_checked={"KF-9": "stock_ledger"}))
    assert lacking["output"]["check"]["not_checked"] == {"KF-9": "stock_ledger"}
    assert lacking["warn_msg"].startswith("1 条规则缺少数据未判定")


@pytest.mark.parametrize("change", [{"is_shadow": True}, {"grade": Grade.LEAD}])
def test_rules_on_trial_and_leads_are_not_shown_to_the_doctor(change: dict[str, Any]) -> None:
    hidden = msgspec.structs.replace(FINDING, **change)
    alone = answer_to(result_with(hidden))
    assert (alone["output"]["check_status"], alone["output"]["result"], alone["warn_msg"]) == ("passed", [], "")
    beside = answer_to(result_with(hidden, FINDING))
    assert (beside["output"]["check_status"], len(beside["output"]["result"])) == ("findings", 1)


def test_a_suspicion_need_not_be_answered() -> None:
    found = answer_to(result_with(msgspec.structs.replace(FINDING, grade=Grade.SUSPICION)))["output"]["result"][0]
    assert (found["sev_deg"], found["is_feedback"]) == ("2", "0")
    assert is_known("sev_deg", found["sev_deg"])


def test_an_involved_line_of_another_visit_names_that_visit() -> None:
    line = Evidence("V0", "visit", is_violating=False)
    found = answer_to(result_with(msgspec.structs.replace(FINDING, evidence=(line,))))["output"]["result"][0]
    detail = found["judge_result_detail_dtos"][0]
    assert (detail["mdtrt_id"], detail["rx_id"], detail["vola_item_type"]) == ("V0", "", "2")


def test_a_long_clause_is_cut_at_five_hundred_characters() -> None:
    long = msgspec.structs.replace(FINDING, clause_zh="条" * 600)
    evidence = answer_to(result_with(long))["output"]["result"][0]["vola_evid"]
    assert len(evidence) == 500
    assert evidence.endswith("…")
