"""An audited visit as JSON: stable names, described in deploy/docs/reference.md. Fen, epoch ms, quantities in 1e-4."""

from collections.abc import Iterable
from typing import Any

import msgspec

from agents.audit.auditing import Audited
from agents.audit.effect import Effect
from agents.audit.self_check import SelfCheck
from schemas.book.rules import Grade
from schemas.finding import Finding


def audit_json(audited: Audited, effect: Effect | None) -> dict[str, Any]:
    """Everything `kongfei audit --json` prints."""
    facts = audited.view.facts
    return {
        "visit": {
            "hospital": facts.hospital,
            "patient_id": facts.patient_id,
            "visit_id": facts.visit_id,
            "mode": facts.mode,
            "insurance_type": facts.insurance_type,
            "care_type": facts.care_type,
            "department": facts.department,
            "tier": facts.tier,
            "sex": facts.sex,
            "birth_date": facts.birth_date,
            "diagnoses": list(facts.diagnosis_codes),
            "procedures": list(facts.procedure_codes),
            "admitted_at": facts.admitted_at,
            "discharged_at": facts.discharged_at,
            "is_ended": facts.is_ended,
            "as_of": facts.as_of,
            "total_fen": facts.total_fen,
        },
        "policy_version": audited.opened.policy.version,
        "phases": [str(phase) for phase in audited.phases],
        "findings": [_finding(finding) for finding in audited.findings],
        "order_findings": [_finding(finding) for finding in audited.order_findings],
        "totals": _totals(audited),
        "self_check": _self_check(audited.self_check, effect),
        "not_checked": [
            {
                "rule": one.rule.code,
                "rule_number": one.rule.number,
                "rule_name_zh": one.rule.name_zh,
                "rule_name_en": one.rule.name_en,
                "needs": list(one.needs),
                "reason_zh": one.reason[0],
                "reason_en": one.reason[1],
            }
            for one in audited.not_checked
        ],
        "warnings": [{"text_zh": zh, "text_en": en} for zh, en in audited.warnings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    """The record of `finding.v1`."""
    fields: dict[str, Any] = msgspec.to_builtins(finding)
    return fields | {"evidence": _evidence(finding)}


def _evidence(finding: Finding) -> list[dict[str, Any]]:
    """Every field of every line, also where it is nothing."""
    return [
        {
            "line_id": line.line_id,
            "source": line.source,
            "item": line.item,
            "name": line.name,
            "at": line.at,
            "quantity_e4": line.quantity_e4,
            "amount_fen": line.amount_fen,
            "is_violating": line.is_violating,
        }
        for line in finding.evidence
    ]


def _totals(audited: Audited) -> dict[str, Any]:
    """Rules on trial apart: they are counted, and count for nothing."""
    shown = [finding for finding in audited.findings if not finding.is_shadow]
    scenes = sorted({scene for finding in shown for scene in finding.scenes})
    rules = sorted({(finding.rule_number or 1_000, finding.rule) for finding in shown})
    return {
        **_sum(shown),
        "by_grade": {str(grade): _sum(one for one in shown if one.grade is grade) for grade in Grade},
        "by_scene": {str(scene): _sum(one for one in shown if scene in one.scenes) for scene in scenes},
        "by_rule": {code: _sum(one for one in shown if one.rule == code) for _, code in rules},
        "shadow": _sum(finding for finding in audited.findings if finding.is_shadow),
    }


def _sum(findings: Iterable[Finding]) -> dict[str, int]:
    listed = list(findings)
    return {"findings": len(listed), "amount_fen": sum(finding.amount_fen for finding in listed)}


def _self_check(check: SelfCheck, effect: Effect | None) -> dict[str, Any]:
    return {
        "refund": [
            {
                "line_id": line.use.id,
                "item": line.use.item,
                "name": line.name,
                "at": line.use.at,
                "quantity_e4": line.quantity_e4,
                "amount_fen": line.amount_fen,
                "line_quantity_e4": line.use.quantity_e4,
                "line_amount_fen": line.use.amount_fen,
                "is_whole": line.is_whole,
                "is_price_only": line.is_price_only,
                "rules": list(line.rules),
            }
            for line in check.refunds
        ],
        "withdraw": [
            {
                "order_id": order.use.id,
                "item": order.use.item,
                "name": order.name,
                "at": order.use.at,
                "rules": list(order.rules),
            }
            for order in check.withdrawals
        ],
        "explain": [finding.finding_id for finding in check.suspicions],
        "look_at": [finding.finding_id for finding in check.leads],
        "refund_fen": check.refund_fen,
        "explain_fen": check.suspicion_fen,
        "settlement": None
        if effect is None
        else {
            "total_before_fen": effect.total_before_fen,
            "total_after_fen": effect.total_after_fen,
            "fund_before_fen": effect.fund_before_fen,
            "fund_after_fen": effect.fund_after_fen,
            "patient_before_fen": effect.patient_before_fen,
            "patient_after_fen": effect.patient_after_fen,
        },
    }
