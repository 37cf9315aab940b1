"""A CheckResult as the answer of 3101 and 3102 (DOMAIN 2.1), and what a refused request is answered with. Pure.

Beside the official fields: `check_status` (passed, findings, unfinished) with `check`, which says why and on what; in
each result `is_feedback` (1: answer by 3103) and `extension`: English texts, the alternative, what decided and what was
measured. Rules on trial are shown to nobody, and leads (线索) go to the insurance office, not to the doctor: neither is
in the answer, and a check that found nothing else has passed.

An unfinished check is no failure of the transaction: infcode 0, no result, check_status `unfinished`, and warn_msg
begins with 校验未完成. It is never a pass; HIS goes on with its work and may ask again with the same task_id.
"""

from datetime import tzinfo
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from schemas.book.entry import both
from schemas.book.rules import GRADE_NAMES, Grade
from schemas.codes import name_en, name_zh
from schemas.finding import Evidence, Finding
from schemas.national_envelope import Envelope, wrap
from schemas.order_check import CheckResult, Outcome, Unfinished
from schemas.request_fields import RequestError
from schemas.units import yuan_text

#: sev_deg: codes of table `sev_deg`. The names are published; the numbers are [B].
SEVERITY = {Grade.VIOLATION: "1", Grade.SUSPICION: "2", Grade.LEAD: "3"}
#: vola_amt_stas 正常 and vola_bhvr_type 行为类 are the values seen [V]; their numbers are [B].
AMOUNT_STANDING, BEHAVIOUR = "1", "1"
#: vola_item_type [V].
VIOLATING, INVOLVED = "1", "2"
#: What must be answered by 3103 before HIS goes on.
MUST_ANSWER = frozenset({Grade.VIOLATION})
MOST_EVIDENCE_TEXT = 500

UNFINISHED_ZH, UNFINISHED_EN = "校验未完成", "check not finished"
WHY_UNFINISHED: dict[str, tuple[str, str]] = {
    Unfinished.OUT_OF_TIME: ("在限定时间内未完成", "it took longer than it may"),
    Unfinished.NO_OWNER: ("该患者的数据暂无处理进程", "no worker has this patient at the moment"),
    Unfinished.NOT_READY: ("处理进程正在恢复数据", "the worker is restoring its state"),
    Unfinished.ENGINE_ERROR: ("审核引擎出错", "the engine met an error"),
    Unfinished.OVERLOADED: ("等待审核的请求过多", "too many requests are waiting"),
}


def shown(result: CheckResult) -> CheckResult:
    """The result as whoever asked sees it: without rules on trial, and without leads."""
    findings = tuple(item for item in result.findings if not item.is_shadow and item.grade is not Grade.LEAD)
    if len(findings) == len(result.findings):
        return result
    passed = result.outcome is Outcome.FINDINGS and not findings
    return msgspec.structs.replace(result, findings=findings, outcome=Outcome.PASSED if passed else result.outcome)


def why_unfinished(reason: str) -> tuple[str, str]:
    """Chinese and English for the reason of an unfinished check; a reason unknown here is its own text."""
    return WHY_UNFINISHED.get(reason, (reason, reason))


def answer_check(result: CheckResult, envelope: Envelope, zone: tzinfo, answered_at: int) -> bytes:
    """The answer to a request, JSON in UTF-8; amounts are JSON numbers of yuan with two decimals."""
    result = shown(result)
    zh, en = why_unfinished(result.reason) if result.outcome is Outcome.UNFINISHED else ("", "")
    output = {
        "check_status": result.outcome.value,
        "check": {
            "task_id": result.request_id,
            "reason": result.reason,
            "reason_zh": zh,
            "reason_en": en,
            "detail": result.detail,
            "not_checked": result.not_checked,
            "order_ids": result.order_ids,
            "version": result.version,
            "policy_version": result.policy_version,
            "took_us": result.took_us,
        },
        "result": [_result(item, result.request_id) for item in result.findings],
    }
    return wrap(envelope, zone, answered_at, output, warning=warning_of(result))


def refuse_request(error: RequestError, envelope: Envelope, zone: tzinfo, answered_at: int) -> bytes:
    """Infcode -1, with every mistake in words and as a list."""
    return wrap(envelope, zone, answered_at, {"faults": listed_faults(error)}, error=error.text)


def listed_faults(error: RequestError) -> list[dict[str, str]]:
    """Every mistake of a request: field, reason, and both languages."""
    return [
        {"field": fault.path, "reason": fault.reason, "zh": fault.text_zh, "en": fault.text_en}
        for fault in error.faults
    ]


def warning_of(result: CheckResult) -> str:
    """warn_msg: what a person should know at a glance, in both languages; empty where all is well."""
    if result.outcome is Outcome.UNFINISHED:
        zh, en = why_unfinished(result.reason)
        return both(f"{UNFINISHED_ZH}：{zh}", f"{UNFINISHED_EN}: {en}")
    parts_zh, parts_en = [], []
    for grade in (Grade.VIOLATION, Grade.SUSPICION):
        if count := sum(item.grade is grade for item in result.findings):
            grade_zh, grade_en = GRADE_NAMES[grade]
            parts_zh.append(f"{grade_zh} {count} 条")
            parts_en.append(f"{count} {grade_en}")
    if result.not_checked:
        parts_zh.append(f"{len(result.not_checked)} 条规则缺少数据未判定")
        parts_en.append(f"{len(result.not_checked)} rules not judged for lack of data")
    return both("，".join(parts_zh), ", ".join(parts_en)) if parts_zh else ""


def _result(finding: Finding, request_id: str) -> dict[str, Any]:
    severity = SEVERITY[finding.grade]
    return {
        "jr_id": finding.finding_id,
        "rule_id": finding.rule,
        "rule_name": finding.rule_name_zh,
        "vola_cont": finding.what_zh or finding.message_zh,
        "patn_id": finding.patient_id,
        "mdtrt_id": finding.visit_id,
        "judge_result_detail_dtos": [_detail(finding, item) for item in finding.evidence],
        "vola_amt": _yuan(finding.amount_fen),
        "vola_amt_stas": AMOUNT_STANDING,
        "sev_deg": severity,
        "vola_evid": _evidence_text(finding.clause_zh, finding.clause_source),
        "vola_bhvr_type": BEHAVIOUR,
        "task_id": request_id,
        "is_feedback": "1" if finding.grade in MUST_ANSWER else "0",
        "extension": {
            "rule_number": finding.rule_number,
            "rule_name_en": finding.rule_name_en,
            "category": finding.category,
            "kind": finding.kind,
            "sev_deg_name": name_zh("sev_deg", severity),
            "sev_deg_name_en": name_en("sev_deg", severity),
            "vola_cont_en": finding.what_en or finding.message_en,
            "vola_evid_en": finding.clause_en,
            "vola_evid_source": finding.clause_source,
            "alternative": finding.advice_zh,
            "alternative_en": finding.advice_en,
            "message": finding.message_zh,
            "message_en": finding.message_en,
            "point": finding.point,
            "parameters": finding.parameters,
            "inputs": finding.inputs,
            "policy_version": finding.policy_version,
        },
    }


def _detail(finding: Finding, evidence: Evidence) -> dict[str, Any]:
    named = f"{finding.finding_id}\0{evidence.source}\0{evidence.line_id}".encode()
    return {
        "jrd_id": f"jrd-{blake2b(named, digest_size=20).hexdigest()}",
        "patn_id": finding.patient_id,
        # A line of another visit names it: it is the visit that takes part.
        "mdtrt_id": evidence.line_id if evidence.source == "visit" else finding.visit_id,
        "rx_id": "" if evidence.source == "visit" else evidence.line_id,
        "vola_item_type": VIOLATING if evidence.is_violating else INVOLVED,
        "vola_amt": _yuan(evidence.amount_fen),
        "extension": {"source": evidence.source, "item": evidence.item, "name": evidence.name, "at": evidence.at},
    }


def _yuan(fen: int) -> Decimal:
    return Decimal(yuan_text(fen))


def _evidence_text(clause: str, source: str) -> str:
    text = f"{clause}（{source}）" if clause and source else clause or source
    return text if len(text) <= MOST_EVIDENCE_TEXT else f"{text[: MOST_EVIDENCE_TEXT - 1]}…"
