"""The rules under a library of full size, in one process: load, order checks, audits of a whole bill.

load_seconds and load_mib: from the folder to the compiled library, in a process of its own. An order check looks at
one prescription of five orders for a patient whose bill has 3,000 lines. An audit takes a whole bill of 3,000 lines
nets the lines, runs every check and makes every finding; one item in twenty of the bill is at fault.
"""

import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from pathlib import Path
from random import Random
from typing import Any

from agents.book import load_policy
from agents.core.accept import entry_of, validate
from agents.core.policy import Policy
from agents.core.reduce import reduce
from agents.core.rules.auditing import review
from agents.core.visit import Visit, VisitKey
from agents.family import Family
from agents.reviewing import Reviewer
from schemas.order_check import CheckRequest, ProposedOrder, StatedVisit
from schemas.units import SHANGHAI
from tests.bench.library import ITEMS, item_code, write_library
from tests.bench.load import CONTEXT
from tests.bench.measure import quantile

LINES, DISTINCT, CHECKS, AUDITS = 3_000, 300, 2_000, 15
ORDERS = 5
BEGAN = 1_767_225_600_000  # 2026-01-01
HOUR_MS = 3_600_000
#: A tenth of what is used is not in the library at all.
OUTSIDE = 0.1


def some_items(random: Random, count: int = DISTINCT) -> list[str]:
    """Items of a bill: most in the library, some not."""
    return [
        item_code(random.randrange(ITEMS)) if random.random() > OUTSIDE else f"Y{number:06d}" for number in range(count)
    ]


def mostly_right(policy: Policy, reviewer: Reviewer, random: Random) -> list[str]:
    """Items of which one in twenty is at fault with the patient of the bill; the rest are as they should be."""
    candidates = list(dict.fromkeys(some_items(random, 8 * DISTINCT)))
    visit = visit_of(bill(random, len(candidates), items=candidates, refunds=False), policy)
    findings = review(visit, policy, reviewer.rules, (), 1, BEGAN)
    faulty = {line.item for finding in findings for line in finding.evidence}
    right = [item for item in candidates if item not in faulty]
    wrong = [item for item in candidates if item in faulty]
    return [*right[: DISTINCT * 19 // 20], *wrong[: DISTINCT // 20]]


def bill(
    random: Random, lines: int = LINES, patient: str = "P1", items: list[str] | None = None, *, refunds: bool = True
) -> list[tuple[str, dict[str, Any]]]:
    """An admission and the charges of a long stay: 300 items used again and again, one line in fifty refunded."""
    items = items or some_items(random)
    common = {"hospital": "H1", "patient_id": patient, "visit_id": f"V-{patient}"}
    events: list[tuple[str, dict[str, Any]]] = [
        (
            "admission",
            {
                **common, "kind": "admit", "occurred_at": BEGAN, "sex": "1", "birth_date": "1950-05-05",
                "insurance_type": "310", "care_type": "21", "department": "D01", "doctor": "DR1",
                "diagnoses": [{"code": "I10.x00", "role": "main"}, {"code": "E11.900"}],
            },
        )
    ]  # fmt: skip
    for number in range(lines):
        is_refund = refunds and number % 50 == 49
        fields = {
            **common, "charge_id": f"{patient}-{number}", "charged_at": BEGAN + number * HOUR_MS // 6,
            "item_code": items[number % len(items)], "category": f"{1 + number % 14:02d}", "level": "02",
            "ordering_department": "D01", "ordering_doctor": "DR1",
        }  # fmt: skip
        if is_refund:
            fields |= {"refund_of": f"{patient}-{number - DISTINCT if number > DISTINCT else number - 1}"}
        else:
            fields |= {"quantity": str(1 + number % 3), "unit_price": "12.50"}
        events.append(("charge", fields))
    return events


def visit_of(events: list[tuple[str, dict[str, Any]]], policy: Policy) -> Visit:
    """The visit with these events applied."""
    first = events[0][1]
    visit = Visit.load(VisitKey(first["hospital"], first["patient_id"], first["visit_id"]), {})
    for version, (kind, fields) in enumerate(events, 1):
        entry = entry_of(validate(kind, fields, CONTEXT), (f"his.{kind}.v1", 0, version), SHANGHAI)
        reduce(visit, entry, version, policy)
    return visit


def requests(random: Random, count: int) -> list[CheckRequest]:
    """Prescriptions of five orders each, for the patient of the bill."""
    made = []
    for number in range(count):
        orders = tuple(
            ProposedOrder(
                f"O{number}-{place}", item_code(random.randrange(ITEMS)), prescription_id=f"RX{number}",
                quantity_e4=20_000, unit_price_micro=35_000_000, days=7, frequency="tid", dose="1", category="09",
                department="D01", doctor="DR1", doctor_grade="2",
            )
            for place in range(ORDERS)
        )  # fmt: skip
        made.append(
            CheckRequest(
                f"R{number}", "H1", "P1", "V-P1", "5", BEGAN + 21 * 86_400_000, StatedVisit(sex="1"), orders=orders
            )
        )
    return made


def measure_rules(folder: Path | None = None) -> dict[str, float]:
    """Everything above; milliseconds and MiB."""
    folder = write_library((folder or Path(tempfile.mkdtemp(prefix="kongfei-library-"))) / "library")
    found = _loaded(folder)
    policy = load_policy(folder)
    reviewer = Reviewer(policy)
    gc.freeze()  # both as a worker does, before its first batch
    gc.set_threshold(50_000, 20, 50)
    events = bill(Random(2), items=mostly_right(policy, reviewer, Random(4)))
    visit = visit_of(events, policy)
    found["rule_points"] = len(policy.book.points)
    began = time.perf_counter()
    findings = review(visit, policy, reviewer.rules, (), len(events), BEGAN)
    found["audit_first_ms"] = round((time.perf_counter() - began) * 1000, 2)
    found["audit_findings"] = len(findings)
    store = dict(part for part in visit.parts() if part[1] is not None)
    audits = []
    for number in range(AUDITS):
        again = Visit.load(visit.key, store)  # type: ignore[arg-type]
        began = time.perf_counter()
        review(again, policy, reviewer.rules, (), len(events) + number, BEGAN)
        audits.append(time.perf_counter() - began)
    found["audit_lines"] = LINES
    found["audit_p50_ms"] = round(quantile(audits, 0.5) * 1000, 2)
    found["audit_max_ms"] = round(max(audits) * 1000, 2)
    checks, outcomes = [], 0
    family = Family("H1", "P1", OrderedDict({visit.key: visit}), {})
    for request in requests(Random(3), CHECKS):
        began = time.perf_counter()
        result = reviewer.check(request, family, 0)
        checks.append(time.perf_counter() - began)
        outcomes += bool(result.findings)
    assert outcomes, "checks of the bench must find something"
    found["order_check_p50_ms"] = round(quantile(checks, 0.5) * 1000, 3)
    found["order_check_p99_ms"] = round(quantile(checks, 0.99) * 1000, 3)
    found["order_check_found_share"] = round(outcomes / CHECKS, 2)
    return found


def _loaded(folder: Path) -> dict[str, float]:
    """Load and compile in a process of its own, for its memory is asked for."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.rules", str(folder)], capture_output=True, check=True, text=True
    )
    loaded: dict[str, float] = json.loads(done.stdout)
    return loaded


def _load(folder: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    reviewer = Reviewer(load_policy(folder))
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert reviewer.has_rules
    print(json.dumps({"library_load_seconds": round(seconds, 2), "library_mib": round((after - before) / 1024, 1)}))


if __name__ == "__main__":
    _load(Path(sys.argv[1]))
