"""In one process: what it costs to settle and predict a visit of 3,000 lines afresh, and when one line was added."""

import time
from pathlib import Path

from agents.book import load_policy
from agents.core.accept import entry_of, validate
from agents.core.patient import Before
from agents.core.policy import Policy
from agents.core.reckoner import Reckoner
from agents.core.reduce import reduce
from agents.core.visit import Visit, VisitKey
from schemas.ledger import Entry
from schemas.units import SHANGHAI
from tests.bench.load import CONTEXT, admissions, charges
from tests.bench.measure import quantile

LINES, ADDED = 3_000, 500
#: A complete book: two layers above the fund, account, methods with groups. What it says does not matter here.
BOOK = Path(__file__).parents[2] / "deploy" / "policies" / "example_shangluo"


def entries(count: int) -> list[Entry]:
    """An admission and so many charges of one patient."""
    made = []
    for kind, stream in (("admission", admissions(1)), ("charge", charges(1, count))):
        for offset, fields in enumerate(stream):
            made.append(entry_of(validate(kind, fields, CONTEXT), (f"his.{kind}.v1", 0, offset), SHANGHAI))
    return made


def visit_of(applied: list[Entry], policy: Policy) -> Visit:
    """A live visit with these entries applied."""
    first = applied[0]
    visit = Visit.load(VisitKey(first.hospital, first.patient_id, first.visit_id), {})
    for version, entry in enumerate(applied, 1):
        reduce(visit, entry, version, policy)
    return visit


def measure_settling() -> dict[str, float]:
    """Milliseconds: afresh (all lines split), and the median and p99 of settle and predict after one more line."""
    policy = load_policy(BOOK)
    reckoner = Reckoner(policy)
    applied = entries(LINES + ADDED)
    visit = visit_of(applied[: LINES + 1], policy)
    nothing = Before(None, ())
    began = time.perf_counter()
    outlook, _ = reckoner.reckon(visit, nothing)
    afresh = time.perf_counter() - began
    assert outlook.settlement.fund_total_fen > 0, "the book of the bench must pay something"
    assert outlook.prediction.methods, "and know payment methods"
    samples = []
    for version, entry in enumerate(applied[LINES + 1 :], LINES + 2):
        began = time.perf_counter()
        reduce(visit, entry, version, policy)
        reckoner.reckon(visit, nothing)
        samples.append(time.perf_counter() - began)
    return {
        "settle_lines": LINES,
        "settle_afresh_ms": round(afresh * 1000, 2),
        "settle_added_line_p50_ms": round(quantile(samples, 0.5) * 1000, 3),
        "settle_added_line_p99_ms": round(quantile(samples, 0.99) * 1000, 3),
    }
