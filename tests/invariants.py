"""The invariants of the pipeline, once, over decoded records: used by unit, integration and chaos tests alike.

Each function returns nothing and fails with an AssertionError that names the key. Numbers are those of STYLE.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from schemas.alerts import LEVEL_RANK, Alert, Level
from schemas.dead_letter import DeadLetter
from schemas.facts import DepartmentFact, VisitFact
from schemas.ledger import EPOCH_SHIFT, WHOLE_HOSPITAL, DepartmentAck, Entry
from schemas.units import ratio_bp

Source = tuple[str, int, int]  # topic without prefix, partition, offset
OFFSET_MASK = (1 << EPOCH_SHIFT) - 1


class Published(NamedTuple):
    """One record of a topic of absolute rows, in the order of its partition."""

    key: bytes
    version: int
    value: bytes


# ------------------------------------------------------------ 1, 7: money adds up


def visit_adds_up(fact: VisitFact) -> None:
    """Invariants 1 and 7 within a visit: every split of the total is the total, every ratio is what it says."""
    where = (fact.patient_id, fact.visit_id)
    assert fact.gross_fen + fact.refund_fen == fact.amount_fen, where
    assert sum(row.amount_fen for row in fact.categories) == fact.amount_fen, where
    for row in fact.categories:
        split = row.class_a_fen + row.class_b_fen + row.class_c_fen + row.unclassified_fen
        assert split == row.amount_fen, (where, row.category)
    assert sum(share.amount_fen for share in fact.departments) == fact.amount_fen, where
    assert sum(share.charge_count for share in fact.departments) == fact.charge_count + fact.refund_count, where
    if fact.segments:
        assert sum(segment.amount_fen for segment in fact.segments) == fact.amount_fen, where
    by_category = defaultdict(int, {row.category: row.amount_fen for row in fact.categories})
    self_pay = sum(row.class_c_fen for row in fact.categories)
    drugs, herbal = by_category["09"] + by_category["11"], by_category["10"]
    tests, material = by_category["03"] + by_category["04"], by_category["08"]
    assert fact.basic_fen == fact.amount_fen - self_pay, where
    total = fact.amount_fen
    assert fact.ratios.drug_bp == ratio_bp(drugs, total), where
    assert fact.ratios.drug_with_herbal_bp == ratio_bp(drugs + herbal, total), where
    assert fact.ratios.material_bp == ratio_bp(material, total), where
    assert fact.ratios.test_bp == ratio_bp(tests, total), where
    assert fact.ratios.service_bp == ratio_bp(total - drugs - herbal - material - tests, total), where
    assert fact.ratios.self_pay_bp == ratio_bp(self_pay, total), where
    for name, amount in (
        ("drug_fen", drugs), ("herbal_fen", herbal), ("material_fen", material), ("test_fen", tests),
        ("self_pay_fen", self_pay),
    ):  # fmt: skip
        assert sum(getattr(share, name) for share in fact.departments) == amount, (where, name)
    settlement_adds_up(fact)
    if fact.quota is not None:
        used = fact.basic_fen if fact.quota.basis == "basic" else fact.amount_fen
        assert fact.quota.used_fen == used, where
        assert fact.quota.over_4x_fen == max(0, used - 4 * fact.quota.quota_fen), where


def facts_are_the_charges(facts: Iterable[VisitFact], charged: Mapping[tuple[str, str], int]) -> None:
    """Invariant 1: each visit's total is the sum of its distinct valid charges; (patient, visit) → fen."""
    found = {(fact.patient_id, fact.visit_id): fact.amount_fen for fact in facts}
    assert {key: amount for key, amount in found.items() if amount} == {key: fen for key, fen in charged.items() if fen}


def departments_are_their_visits(visits: Iterable[VisitFact], departments: Iterable[DepartmentFact]) -> None:
    """A department's month is the sum of what its visits had there; responsible visits count once, where they lie.

    The rows of the whole hospital are held to the same, each month of a visit as one.
    """
    names = ("amount_fen", "drug_fen", "herbal_fen", "material_fen", "test_fen", "self_pay_fen", "charge_count")
    expected: dict[tuple[str, str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    visits = list(visits)
    for visit in visits:
        for share in visit.departments:
            row = expected[visit.hospital, share.department, share.month]
            for name in names:
                row[name] += getattr(share, name)
            row["visit_count"] += share.charge_count > 0
            whole = expected[visit.hospital, WHOLE_HOSPITAL, share.month]
            for name in names:
                whole[name] += getattr(share, name)
        for month in {share.month for share in visit.departments}:
            count = sum(share.charge_count for share in visit.departments if share.month == month)
            expected[visit.hospital, WHOLE_HOSPITAL, month]["visit_count"] += count > 0
    departments = list(departments)
    for fact in departments:
        key = (fact.hospital, fact.department, fact.month)
        row = expected.pop(key, defaultdict(int))
        for name in (*names, "visit_count"):
            assert getattr(fact, name) == row[name], (key, name)
    assert not any(any(row.values()) for row in expected.values())
    answered = [v for v in visits if v.admitted_at is not None and v.department and v.status != "cancelled"]
    with_quota = [visit.quota for visit in answered if visit.quota is not None]
    for rows in (
        [fact for fact in departments if fact.department != WHOLE_HOSPITAL],
        [fact for fact in departments if fact.department == WHOLE_HOSPITAL],
    ):
        assert sum(fact.responsible_count for fact in rows) == len(answered)
        assert sum(fact.bed_days for fact in rows) == sum(visit.length_of_stay_days or 0 for visit in answered)
        assert sum(fact.quota_fen for fact in rows) == sum(quota.quota_fen for quota in with_quota)
        assert sum(fact.basic_fen for fact in rows) == sum(quota.used_fen for quota in with_quota)
        assert sum(fact.over_4x_fen for fact in rows) == sum(quota.over_4x_fen for quota in with_quota)
        assert sum(fact.fund_fen for fact in rows) == sum(v.simulated.fund_total_fen for v in answered if v.simulated)


def settlement_adds_up(fact: VisitFact) -> None:
    """Invariant 7 for the simulated settlement: the identities of DOMAIN 2.3."""
    found, where = fact.simulated, (fact.patient_id, fact.visit_id)
    if found is None:
        return
    parts = found.full_self_pay_fen + found.over_limit_fen + found.first_self_pay_fen + found.within_scope_fen
    assert found.total_fen == fact.amount_fen == parts, where
    assert found.total_fen == found.fund_total_fen + found.hospital_part_fen + found.patient_part_fen, where
    paid = found.account_paid_fen + found.mutual_aid_paid_fen + found.cash_paid_fen
    assert found.patient_part_fen == paid, where
    assert found.account_paid_fen <= max(0, found.balance_fen or 0), where


# ------------------------------------------------------------ 2, 3: nothing is lost, nothing twice


def every_message_has_one_fate(
    published: Iterable[Source],
    ledger: Iterable[Entry],
    department_answers: Iterable[DepartmentAck],
    dead_letters: Iterable[DeadLetter],
) -> None:
    """Invariant 2: what a hospital published stands in a ledger or among the dead letters of intake, never in both.

    A crash may make intake write an entry again; the reader knows it by its id and content.
    """
    entries: set[Source] = set()
    for entry in [*ledger, *department_answers]:
        entries.add((entry.source_topic, entry.source_partition, entry.source_position & OFFSET_MASK))
    refused = {
        (letter.source_topic, letter.source_partition, letter.source_offset)
        for letter in dead_letters
        if letter.stage == "intake"
    }
    assert not entries & refused, "a message was both accepted and refused"
    assert entries | refused == set(published)


def committed_never_passes(committed: Mapping[tuple[str, int], int], applied: Mapping[tuple[str, int], int]) -> None:
    """Invariant 3: (topic, partition) → next offset to read, as committed and as really applied."""
    for place, offset in committed.items():
        assert offset <= applied.get(place, 0), place


# ------------------------------------------------------------ 4: versions


def a_version_means_one_row(records: Iterable[Published]) -> None:
    """Invariant 4 under crashes: a version may be published again, but only as the same row."""
    known: dict[tuple[bytes, int], bytes] = {}
    for record in records:
        assert known.setdefault((record.key, record.version), record.value) == record.value, record.key


def versions_grow(records: Iterable[Published]) -> None:
    """Invariant 4 without crashes: the version strictly increases per key."""
    last: dict[bytes, int] = {}
    for record in records:
        assert record.version > last.get(record.key, -1), record.key
        last[record.key] = record.version


# ------------------------------------------------------------ 5: alerts


def alerts_are_episodes(alerts: Iterable[Alert]) -> None:
    """Invariant 5: episodes are numbered from 1, one open at most, each history is a possible one."""
    subjects: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        subjects[alert.alert_id.rpartition("|")[0]].append(alert)
        alert_is_one_episode(alert)
    for subject, episodes in subjects.items():
        episodes.sort(key=lambda alert: alert.episode)
        assert [alert.episode for alert in episodes] == list(range(1, len(episodes) + 1)), subject
        assert all(alert.status == "cleared" for alert in episodes[:-1]), subject


def alert_is_one_episode(alert: Alert) -> None:
    """The history begins with the crossing and agrees with everything the alert says."""
    steps, where = alert.history, alert.alert_id
    moves = [step for step in steps if step.what != "acknowledged"]
    assert steps[0].what == "raised", where
    assert [step.what for step in steps].count("raised") == 1, where
    assert [step.what for step in moves[:-1]].count("cleared") == 0, where
    assert (moves[-1].what == "cleared") == (alert.status == "cleared"), where
    versions = [step.version for step in steps]
    assert versions == sorted(set(versions)), where
    assert (alert.version, alert.updated_at) == (steps[-1].version, steps[-1].at), where
    assert alert.raised_at == steps[0].at, where
    assert alert.level == moves[-1].level, where
    if len(steps) < 50:  # a longer history keeps its first and latest steps only
        assert LEVEL_RANK[Level(alert.peak_level)] == max(LEVEL_RANK[Level(step.level)] for step in steps), where
    assert alert.alert_id.endswith(f"|{alert.rule}|{alert.subject}|{alert.episode}"), where
    assert alert.message_zh, where
    assert alert.message_en, where
    assert alert.patient_id == "" or alert.patient_id not in alert.message_zh + alert.message_en, where


def open_alerts_are_in_the_facts(visits: Iterable[VisitFact], alerts: Iterable[Alert]) -> None:
    """Invariant 5: the fact names exactly the alerts that stand open."""
    expected: dict[tuple[str, str], list[str]] = defaultdict(list)
    for alert in alerts:
        if alert.visit_id and alert.status != "cleared":
            expected[alert.patient_id, alert.visit_id].append(f"{alert.rule}:{alert.level}")
    for visit in visits:
        assert sorted(visit.open_alerts) == sorted(expected[visit.patient_id, visit.visit_id]), visit.visit_id


# ------------------------------------------------------------ 8: order of arrival


def settled_visit(fact: VisitFact) -> dict[str, Any]:
    """What must not depend on the order of arrival: all but versions, and alerts, which depend on history."""
    settled = msgspec.to_builtins(fact)
    for name in ("version", "policy_version", "open_alerts", "worst_level"):
        del settled[name]
    return settled


def settled_department(fact: DepartmentFact) -> dict[str, Any]:
    """The same of a department. `as_of` is that of the last contribution that changed, and goes as well."""
    settled = msgspec.to_builtins(fact)
    for name in ("version", "policy_version", "open_alerts", "as_of"):
        del settled[name]
    return settled


def is_empty_department(fact: DepartmentFact) -> bool:
    """A row from which every charge and visit has gone again; another order of arrival may never have made it."""
    settled = settled_department(fact)
    return not any(settled[name] for name in settled if name not in {"hospital", "department", "month"})


# ------------------------------------------------------------ 9: privacy


def tells_nobody(text: str, private: Iterable[str]) -> None:
    """Invariant 9: none of these (names, numbers, diagnoses) stands in a log, a metric or a header."""
    for word in private:
        assert word not in text, "patient data in a log, metric or header"
