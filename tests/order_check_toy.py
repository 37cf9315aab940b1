"""A stage that counts and answers order checks about its totals: the smallest thing whose answers are right or wrong.

The finding of a check is what the patient's total is. Rules asked for steer it: `raise`, and `sleep:<milliseconds>`.
An amount of 0 in the ledger keeps the stage busy for BUSY_SECONDS.
"""

import time

from agents.order_check.service import OrderCheckService
from schemas.book.rules import Grade
from schemas.finding import OPEN, Evidence, Finding
from schemas.ledger import patient_key
from schemas.order_check import CheckRequest, CheckResult, Outcome, check_finding_id
from streams.settings import Settings, load_settings
from streams.stage import Batch, Store
from streams.stage import Outcome as StageOutcome
from tests.streams.toy import Counting, load

BUSY_SECONDS = 0.5


class Checking(Counting):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.answering = OrderCheckService(settings, check_total)

    def handle(self, batch: Batch, store: Store) -> StageOutcome:
        time.sleep(BUSY_SECONDS * sum(record.value == b"0" for record in batch.records))
        return super().handle(batch, store)


def check_total(request: CheckRequest, partition: int, store: Store) -> CheckResult:
    for rule in request.rules:
        if rule == "raise":
            raise KeyError(f"patient {request.patient_id} is unknown")
        if rule.startswith("sleep:"):
            time.sleep(int(rule.removeprefix("sleep:")) / 1000)
    offset, total, _ = load(store, patient_key(request.hospital, request.patient_id))
    findings = (total_finding(request, partition, total),) if total else ()
    return CheckResult(
        request_id=request.request_id,
        hospital=request.hospital,
        patient_id=request.patient_id,
        visit_id=request.visit_id,
        outcome=Outcome.FINDINGS if findings else Outcome.PASSED,
        at=request.at,
        version=offset + 1,
        via="",
        digest="",
        scene=request.scene,
        findings=findings,
        order_ids=tuple(order.order_id for order in request.orders),
    )


def total_finding(request: CheckRequest, partition: int, total: int, **changes: object) -> Finding:
    said: dict[str, object] = {
        "finding_id": check_finding_id(
            request.request_id, request.hospital, request.patient_id, "KF-T1", "total", partition
        ),
        "version": 1, "hospital": request.hospital, "patient_id": request.patient_id, "visit_id": request.visit_id,
        "rule": "KF-T1", "rule_number": 12, "rule_name_zh": "总额", "rule_name_en": "total", "category": "policy",
        "kind": "total", "grade": Grade.VIOLATION, "phase": "order", "scenes": (1,), "subject": "total", "status": OPEN,
        "is_shadow": False, "amount_fen": total, "evidence_count": 1,
        "evidence": (Evidence("RX1", "proposed", "XC09CAS059", "缬沙坦", 0, 20_000, total),),
        "what_zh": "总额超出", "what_en": "the total is too high", "clause_zh": "第三条", "clause_en": "article 3",
        "clause_source": "示例", "advice_zh": "改用甲类", "advice_en": "use class A", "message_zh": "总额超出",
        "message_en": "total too high", "parameters": {"limit": "0.00 元"}, "inputs": {"total": str(total)},
        "policy_version": "v1",
    }  # fmt: skip
    return Finding(**(said | changes))


if __name__ == "__main__":
    from streams.runner import run_stage

    run_stage(Checking, load_settings())
