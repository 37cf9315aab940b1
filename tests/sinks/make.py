"""Small makers of what travels on the output topics: ledger entries, facts, alerts, dead letters, Kafka records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from schemas.alerts import Alert, Derivation, Transition, encode_alert
from schemas.dead_letter import dead_letter_headers
from schemas.facts import CategoryTotal, DepartmentFact, DepartmentShare, QuotaUse, Segment, VisitFact, encode_fact
from schemas.finding import Answer, Evidence, Finding, encode_finding
from schemas.ledger import (
    Ack,
    Admission,
    Body,
    Charge,
    Diagnosis,
    Entry,
    Order,
    Procedure,
    Settlement,
    content_digest,
    encode_entry,
)
from schemas.order_check import CheckResult, Outcome, check_finding_id, encode_check
from schemas.prediction import Grouped, MethodOutlook, Prediction, Question
from schemas.reasons import Reason
from schemas.settlement import SimulatedSettlement, Step
from schemas.units import SHANGHAI, day_number, day_of

#: 2024-03-01 08:00 in Shanghai.
MORNING = (day_number("2024-03-01") * 24) * 3_600_000
HOUR = 3_600_000


@dataclass(frozen=True)
class KafkaRecord:
    topic: str
    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = b"k"
    timestamp: int = MORNING
    headers: Any = field(default_factory=list)


def charge(charge_id: str = "C1", amount: int | None = 1000, **said: Any) -> Charge:
    at = said.pop("charged_at", MORNING)
    plain = {
        "refund_of": "", "order_id": "", "item_code": "X1", "hospital_item_code": "", "quantity_e4": 10_000,
        "unit_price_micro": 10_000_000, "category": "09", "level": "01", "list_type": "101",
        "ordering_department": "ICU", "ordering_doctor": "D1", "executing_department": "",
    }  # fmt: skip
    return Charge(charge_id=charge_id, amount_fen=amount, charged_at=at, day=day_of(at, SHANGHAI), **(plain | said))


def bare_refund(charge_id: str, refund_of: str, **said: Any) -> Charge:
    """A refund that says nothing but which line it takes back (2302)."""
    empty = {
        "item_code": "", "quantity_e4": None, "unit_price_micro": None, "category": "", "level": "", "list_type": "",
        "ordering_department": "", "ordering_doctor": "",
    }  # fmt: skip
    return charge(charge_id, None, refund_of=refund_of, **(empty | said))


def entry(body: Body, visit: str = "V1", **said: Any) -> Entry:
    event_id = getattr(body, "charge_id", said.pop("event_id", "E1"))
    at = said.pop("occurred_at", getattr(body, "charged_at", MORNING))
    plain: dict[str, Any] = {
        "hospital": "H1", "patient_id": "P1", "visit_id": visit, "event_id": event_id, "person_no": "N1",
        "source_topic": "his.charge.v1", "source_partition": 0, "source_position": 1 << 48, "occurred_at": at,
        "recorded_at": at, "digest": content_digest(body, 0), "warnings": (), "body": body,
    }  # fmt: skip
    return Entry(**(plain | said))


def admission(kind: str = "admit", department: str = "ICU", **said: Any) -> Admission:
    return Admission(kind=kind, department=department, **said)


def full_admission() -> Admission:
    return Admission(
        "admit", "310", "21", "1101", "2", "1960-02-03", "W1", "12", "ICU", "D1",
        (Diagnosis("I10", "main", MORNING), Diagnosis("E11")), (Procedure("51.2300", MORNING, "1"),), True, "1", "DIP1",
    )  # fmt: skip


def order(order_id: str = "O1", kind: str = "placed", **said: Any) -> Order:
    return Order(order_id, kind, **said)


def settlement(settlement_id: str = "S1", total: int = 1000) -> Settlement:
    amounts = [total, *range(1, 20)]
    return Settlement(settlement_id, "settled", "310", "21", *amounts, "1", "11")


def ack(alert_id: str = "A1") -> Ack:
    return Ack(alert_id, "nurse7", "nurse", "confirm", "医嘱需要")


def visit_fact(visit: str = "V1", version: int = 1, **said: Any) -> VisitFact:
    return VisitFact("H1", "P1", visit, version, "book-1", said.pop("status", "open"), MORNING, **said)


def full_visit_fact(visit: str = "V1", version: int = 1) -> VisitFact:
    return visit_fact(
        visit,
        version,
        department="ICU",
        admitted_at=MORNING,
        amount_fen=1500,
        categories=(CategoryTotal("08", 500, 0, 0, 500, 0), CategoryTotal("09", 1000, 600, 300, 100, 0)),
        departments=(DepartmentShare("ICU", 202403, 1500, 1000, 0, 500, 0, 600, 2),),
        segments=(
            Segment("ER", "W0", "1", MORNING, MORNING + HOUR, 500),
            Segment("ICU", "W1", "12", MORNING + HOUR, None, 1000),
        ),
        quota=QuotaUse("q1", "basic", 1000, 900, 9000, 0),
        open_alerts=("visit_quota:yellow",),
        worst_level="yellow",
        diagnoses=("I10", "E11"),
    )  # fmt: skip


def simulated(total: int = 1500, **said: Any) -> SimulatedSettlement:
    """A settlement that adds up: 丙 100, the rest in scope, the fund pays what is left of it after 200."""
    plain: dict[str, Any] = {
        "full_self_pay_fen": 100, "within_scope_fen": total - 100, "deductible_fen": 200, "patient_part_fen": 300,
        "basic_fund_fen": total - 300, "fund_total_fen": total - 300, "cash_paid_fen": 300, "benefit_id": "b1",
        "book_version": "book-1",
        "steps": (
            Step("lines", total, (100, 0, 0, total - 100, 0)),
            Step("deductible", 200, (1, 200, 0, total - 100, 0), "b1"),
            Step("layer", 60, (100, 0, 0, 0, -1, 100, 6000, 60), "l1", name="critical_illness"),
        ),
    }  # fmt: skip
    return SimulatedSettlement("simulated", total, **plain | said)


def outlook(method_id: str = "m-dip", kind: str = "dip", **said: Any) -> MethodOutlook:
    plain: dict[str, Any] = {
        "admissible": True, "binding": True, "name": "示例 DIP", "clearing_way": "3", "covered_fen": 1500,
        "standard_fen": 1200, "income_fen": 1200, "fund_due_fen": 900, "profit_fen": -300, "used_bp": 12_500,
        "outlier": "high", "projected_income_fen": 1200, "projected_profit_fen": -900, "group_code": "I10:1",
        "numbers": {"score_e4": 1_000_000}, "source": "示例",
    }  # fmt: skip
    return MethodOutlook(method_id, kind, **plain | said)


def prediction(*methods: MethodOutlook, **said: Any) -> Prediction:
    plain: dict[str, Any] = {
        "days": 3, "cost_fen": 1500, "projected_days": 5, "projected_cost_fen": 2100, "daily_fen": 300,
        "in_force": "m-dip", "best": "m-dip", "projection_id": "p1", "book_version": "book-1",
        "groups": (
            Grouped("dip", "grouped", "I10:1", "高血压", "2.0", 1_000_000, 0, 1000, 4, ("I10",)),
            Grouped("drg", "ungrouped"),
        ),
        "questions": (Question("diagnosis_not_listed", ("I10.x00",)),),
    }  # fmt: skip
    return Prediction(**{"methods": methods or (outlook(),)} | plain | said)


def department_fact(department: str = "ICU", month: int = 202403, version: int = 1, **said: Any) -> DepartmentFact:
    return DepartmentFact("H1", department, month, version, "book-1", MORNING, **said)


def alert(alert_id: str = "A1", version: int = 1, **said: Any) -> Alert:
    plain: dict[str, Any] = {
        "hospital": "H1", "rule": "visit_quota", "subject": "", "episode": 1, "level": "red", "peak_level": "red",
        "status": "raised", "value": 1200, "threshold": 1000, "unit": "fen", "message_zh": "定额使用率 120%",
        "message_en": "120% of the quota", "raised_at": MORNING, "updated_at": MORNING, "patient_id": "P1",
        "visit_id": "V1", "department": "ICU",
        "derivation": Derivation({"used_fen": 1200, "quota_fen": 1000}, "12.00 ÷ 10.00", "q1", "book-1", "示例"),
        "history": (
            Transition(MORNING, "raised", "red", 1200, "C1", 1),
            Transition(MORNING, "acknowledged", "red", 1200, "K1", 2, "nurse7", "nurse", "continue", "病情需要"),
        ),
    }  # fmt: skip
    return Alert(alert_id=alert_id, version=version, **(plain | said))


def finding(rule: str = "R1", subject: str = "X1", version: int = 1, **said: Any) -> Finding:
    """An open violation of 12.00 yuan resting on one fee line of visit V1."""
    visit_id = said.pop("visit_id", "V1")
    lines = (
        Evidence("C1", "charge", "X1", "福沙匹坦", MORNING, 10_000, 1200),
        Evidence("O1", "order", is_violating=False),
    )
    plain: dict[str, Any] = {
        "hospital": "H1", "patient_id": "P1", "rule_number": 8, "rule_name_zh": "药品限适应症",
        "rule_name_en": "drug outside its indication", "category": "policy", "kind": "indication",
        "grade": "violation", "phase": "charge", "scenes": (3,), "status": "open", "is_shadow": False,
        "amount_fen": 1200, "evidence": lines, "evidence_count": 2, "what_zh": "无相应诊断",
        "what_en": "no such diagnosis", "clause_zh": "限放化疗患者", "clause_en": "for chemotherapy only",
        "clause_source": "示例目录", "advice_zh": "退费", "advice_en": "refund",
        "message_zh": "无相应诊断；依据：限放化疗患者。", "message_en": "No such diagnosis.",
        "parameters": {"diagnoses": "C00-C97"}, "inputs": {"diagnoses": "I10"},
        "policy_version": "book-1", "point": subject, "department": "ICU", "doctor": "D1", "ward": "W1", "bed": "12",
        "raised_at": MORNING, "updated_at": MORNING,
    }  # fmt: skip
    plain |= said
    name = plain.pop("finding_id", f"{plain['hospital']}|{plain['patient_id']}|{visit_id}|{rule}|{subject}")
    return Finding(finding_id=name, version=version, visit_id=visit_id, rule=rule, subject=subject, **plain)


def answered(decision: str, at: int = MORNING, **said: Any) -> Answer:
    return Answer(at, said.pop("actor", "D1"), "doctor", decision, said.pop("reason", ""), said.pop("event_id", "K1"))


def check_finding(request_id: str = "T1", rule: str = "R1", **said: Any) -> Finding:
    """A finding of an order check: known by its jr_id, resting on the order being checked."""
    name = check_finding_id(request_id, "H1", "P1", rule, "X1", 0)
    lines = (Evidence("O1", "proposed", "X1", "福沙匹坦", MORNING, 10_000, 1200),)
    plain = {"finding_id": name, "evidence": lines, "evidence_count": 1, "phase": "order", "version": 0}
    return finding(rule, **(plain | said))


def order_check(request_id: str = "T1", *findings: Finding, **said: Any) -> CheckResult:
    plain: dict[str, Any] = {
        "hospital": "H1", "patient_id": "P1", "visit_id": "V1", "at": MORNING, "version": 1, "via": "http",
        "outcome": Outcome.FINDINGS if findings else Outcome.PASSED, "digest": "d1", "scene": "5",
        "order_ids": ("O1",), "took_us": 900, "policy_version": "book-1",
    }  # fmt: skip
    return CheckResult(request_id, findings=findings, **(plain | said))


def record(
    value: bytes | msgspec.Struct | None, topic: str = "ledger.v1", offset: int = 0, partition: int = 0, **said: Any
) -> KafkaRecord:
    if isinstance(value, Entry):
        value = encode_entry(value)
    elif isinstance(value, VisitFact | DepartmentFact):
        value = encode_fact(value)
    elif isinstance(value, Alert):
        value = encode_alert(value)
    elif isinstance(value, Finding):
        value = encode_finding(value)
    elif isinstance(value, CheckResult):
        value = encode_check(value)
    assert value is None or isinstance(value, bytes)
    return KafkaRecord(topic, partition, offset, value, **said)


def dead_letter(
    value: bytes = b"{", source: tuple[str, int, int] = ("his.charge.v1", 0, 7), reason: Reason = Reason.NOT_JSON,
    offset: int = 0, **said: Any,
) -> KafkaRecord:  # fmt: skip
    headers = dead_letter_headers(reason, "detail", "intake", source, MORNING, **said)
    return KafkaRecord("dead.letter.v1", 0, offset, value, headers=headers)
