"""The example audits find what was put into them, by hand; their README says the same."""

import json
import re
from pathlib import Path

import pytest

from agents.audit.auditing import Audited, audit_visit
from agents.book import load_policy
from agents.visit_file import open_visit
from schemas.book.rules import Grade

DEPLOY = Path(__file__).parents[3] / "deploy"
EXAMPLES, BOOK = DEPLOY / "examples", DEPLOY / "policies" / "example_taizhou"

#: File → (rule number, amount in fen) of every finding, by hand.
BY_HAND = {
    # 参附 4×52.60; 艾地骨化醇 20×3.40, of it 13 of 20 days 44.20; HbA1c again after 30 days; 二甲双胍 42×53/60;
    # 奥美拉唑 28×0.86÷2, 艾司奥美拉唑 14×1.92÷2; six drugs; for women only; two of one class
    "audit_outpatient_prescription": {
        (12, 21_040), (8, 6_800), (31, 4_500), (9, 4_420), (9, 3_710), (9, 1_344), (9, 1_204), (46, 21_040),
        (67, 7_400), (69, 2_688),
    },
    # half of 阑尾切除 1000; 阿瑞匹坦; the bed of the last day; a second 诊查费; 25 − 20 of the blood count; 输液器;
    # 诊查费 two days after; 2 of 6 cartridges at 980; material above 25 %
    "audit_inpatient_surgery": {
        (15, 50_000), (8, 38_900), (27, 4_500), (27, 2_500), (26, 500), (30, 420), (42, 2_500), (86, 196_000), (58, 0),
    },
    "audit_split_stay": {(27, 800), (49, 0)},
    # 4×6.50 charged after 24 hours; 8 charged of 6 dispensed
    "audit_with_records": {(44, 2_600), (43, 1_300)},
}  # fmt: skip


def audited(name: str) -> Audited:
    return audit_visit(open_visit(EXAMPLES / f"{name}.json", load_policy(BOOK), ""))


def test_every_example_of_an_audit_is_worked_out() -> None:
    assert {path.stem for path in EXAMPLES.glob("audit_*.json")} == set(BY_HAND)


@pytest.mark.parametrize("name", BY_HAND)
def test_an_example_is_found_out_as_worked_out_by_hand(name: str) -> None:
    found = [(finding.rule_number, finding.amount_fen) for finding in audited(name).findings]
    assert sorted(found) == sorted(BY_HAND[name])


@pytest.mark.parametrize("name", BY_HAND)
def test_the_readme_counts_what_is_found(name: str) -> None:
    row = re.search(rf"`{name}\.json` \|.*\| (\d+) \| (\d+) \| (\d+) \|", (EXAMPLES / "README.md").read_text("utf-8"))
    assert row is not None
    grades = [finding.grade for finding in audited(name).findings]
    assert tuple(map(int, row.groups())) == tuple(grades.count(grade) for grade in Grade)


def test_an_example_without_its_records_is_not_checked_for_them(tmp_path: Path) -> None:
    content = json.loads((EXAMPLES / "audit_with_records.json").read_text("utf-8"))
    del content["inputs"]
    path = tmp_path / "visit.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    result = audit_visit(open_visit(path, load_policy(BOOK), ""))
    assert result.findings == []
    assert {(one.rule.number, one.needs) for one in result.not_checked if one.needs} >= {
        (43, ("stock_ledger",)), (44, ("surgery_record",)),
    }  # fmt: skip
