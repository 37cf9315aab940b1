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


def book(*entries: Threshold | Quota, version: str = "test", items: tuple[CatalogueItem, ...] = ()) -> Policy:
    """A compiled policy of these entries."""
    quotas = tuple(entry for entry in entries if isinstance(entry, Quota))
    thresholds = tuple(entry for entry in entries if isinstance(entry, Threshold))
    return Policy(Book(version=version, quotas=quotas, thresholds=thresholds, catalogue=items))
