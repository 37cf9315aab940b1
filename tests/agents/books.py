"""Policy books for tests, as short as they can be."""

from typing import Any

from agents.core.policy import Policy
from schemas.book import Book, CatalogueItem, Quota, Threshold

QUOTA_LEVELS = {"yellow": 8000, "red": 10_000, "purple": 40_000}


def watch(rule: str, levels: dict[str, Any] | None = None, **more: Any) -> Threshold:
    """A threshold: level → value, in the unit of the rule (bp, yuan, days, count)."""
    steps = [{"level": level, "at": at} for level, at in (levels or QUOTA_LEVELS).items()]
    return Threshold.model_validate({"id": f"t-{rule}", "rule": rule, "source": "test", "levels": steps, **more})


def quota(yuan: int | str, department: str = "", **more: Any) -> Quota:
    """A per-visit quota, for a department or for all."""
    entry = {"id": f"q-{department}", "source": "test", "quota": yuan, "scope": {"department": department}}
    return Quota.model_validate(entry | more)


def book(
    *entries: Threshold | Quota, version: str = "test", items: tuple[CatalogueItem, ...] = (), **sections: Any
) -> Policy:
    """A compiled policy of these entries, and of other sections as they stand in a book's files."""
    quotas = tuple(entry for entry in entries if isinstance(entry, Quota))
    thresholds = tuple(entry for entry in entries if isinstance(entry, Threshold))
    fields = {"version": version, "quotas": quotas, "thresholds": thresholds, "catalogue": items, "tier": "3"}
    return Policy(Book.model_validate(fields | sections))


#: 职工 (310): 100 yuan deductible, 50 on the second admission, 85 % (退休 90 %), 90 % of it out of area; a cap of 1,500
#: yuan a year, beyond it 大额 90 %; the personal account pays what the bands leave. Outpatients: 50 yuan a year, 60 %.
MONEY: dict[str, Any] = {
    "benefits": [
        {
            "id": "b-in", "source": "test", "scope": {"insurance_type": "310"}, "care_types": ["21", "22"],
            "deductibles": [{"tier": "3", "amounts": ["100", "50"]}],
            "ratios": [
                {"tier": "3", "bands": [{"from": "0", "to": "1000", "share": "85%"}, {"from": "1000", "share": "90%"}]},
                {"tier": "3", "person": "12", "bands": [{"share": "90%"}]},
            ],
            "cap": "1500", "out_of_area": [{"code": "referred", "factor": "90%"}],
            "account": ["deductible", "proportion", "first_self_pay"], "year_end": "split",
        },
        {
            "id": "b-out", "source": "test", "pool": "outpatient",
            "scope": {"insurance_type": "310", "care_type": "11"},
            "deductibles": [{"amounts": ["50"]}], "deductible_per": "year", "ratios": [{"bands": [{"share": "60%"}]}],
            "cap": "400", "account": ["deductible", "proportion"],
        },
    ],
    "layers": [
        {
            "id": "l-large", "source": "test", "scope": {"insurance_type": "310"}, "kind": "large_amount", "order": 1,
            "base": ["over_cap"], "bands": [{"share": "90%"}], "cap": "5000",
        },
        {
            "id": "l-ci", "source": "test", "scope": {"insurance_type": "310"}, "kind": "critical_illness", "order": 2,
            "base": ["deductible", "proportion", "over_cap"], "deductible": "200", "bands": [{"share": "50%"}],
        },
    ],
    "methods": [
        {"id": "m-item", "source": "test", "kind": "by_item", "clearing_way": "1"},
        {
            "id": "m-dip", "source": "test", "kind": "dip", "clearing_way": "3", "point_value": "10", "binding": True,
            "conditions": {"care_types": ["21"]}, "deviation": {"low": "50%", "high": "200%"},
        },
    ],
    "projections": [{"id": "p", "source": "test", "expected_days": 8}],
    "dip": [
        {"code": "I10", "diagnosis": "I10", "score": "80", "mean": "800", "source": "test"},
        {"code": "E11", "diagnosis": "E11", "score": "120", "mean": "1200", "source": "test"},
    ],
}  # fmt: skip
