"""Holds what ClickHouse stores against what the raw messages come to. Pure: finds differences, repairs nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas.reasons import Reason
from schemas.units import day_text, yuan_text
from sinks.auditor.check import Check, visit_text
from sinks.auditor.events import Position, VisitKey
from sinks.auditor.findings import FindingChecks, check_answers
from sinks.auditor.money import MoneyChecks, check_hospital, check_worth
from sinks.auditor.recount import Identity, Recount, Sums, VisitTotals
from sinks.auditor.stored import Store, StoredAlert, StoredLines, StoredVisit
from streams.topics import Topic

#: An answer may be refused for what only the state knows.
ANSWER_REASONS = frozenset({Reason.UNKNOWN_ALERT.value, Reason.CONTENT_CONFLICT.value})


def audit(recount: Recount, store: Store) -> list[Check]:
    """Every check, in the order in which a reader asks. Settles the recount's rivalries on the way."""
    losing = recount.settle(store.digest_of)
    totals = recount.totals()
    lines, visits, months = store.lines(), store.visits(), store.months()
    return [
        check_events(recount, store.counts()),
        check_dead_letters(recount, losing, store.dead_letters()),
        check_fates(recount, losing),
        check_rivals(recount, store.digest_of),
        check_lines(totals, lines),
        check_days(totals, lines),
        check_visits(totals, recount.visits(), visits),
        check_categories(totals, visits),
        check_shares(totals, visits),
        check_departments(totals, {key: month_sums(row) for key, row in months.items()}),
        *MoneyChecks(totals).feed(store.settlements()),
        check_worth(*store.worth(), months),
        check_hospital(totals, months, store.hospital_months()),
        check_versions(lines, visits, store.disagreeing_versions()),
        check_alerts(totals, store.money_alerts()),
        *FindingChecks(store.visit_versions(), recount.contents).feed(store.findings()),
        check_answers(store.order_checks()),
    ]


def check_events(recount: Recount, stored: Mapping[str, int]) -> Check:
    """Distinct valid events of each type are stored, each once."""
    check = Check("事件数", "distinct events")
    counts = recount.counts()
    for event_type in sorted({*counts, *stored}):
        check.compare(event_type, counts.get(event_type, 0), stored.get(event_type, 0))
    return check


def check_dead_letters(
    recount: Recount, losing: Mapping[Position, Identity], stored: Mapping[Position, set[str]]
) -> Check:
    """Each message has the dead letter it deserves, or none. Every dead letter there is counts as compared.

    An answer may be refused for what only the state knows (its alert was not there any more).
    """
    check = Check("死信", "dead letters")
    expected = {position: {reason} for position, reason in recount.refused.items()}
    expected |= {position: {Reason.CONTENT_CONFLICT.value} for position in losing}
    for position in sorted({*expected, *stored}):
        wanted, found = expected.get(position, set()), stored.get(position, set())
        if position.topic == Topic.ACK and not wanted and found <= ANSWER_REASONS:
            wanted = found
        check.compare(place(position), wanted, found, reasons)
        check.compared += max(0, len(found) - 1)
    return check


def check_fates(recount: Recount, losing: Mapping[Position, Identity]) -> Check:
    """Ingested = applied + duplicates + dead-lettered, topic by topic as the recount knows them."""
    check = Check("消息去向", "fates of messages")
    applied, ingested = len(recount.contents) + recount.department_answers, sum(recount.ingested.values())
    fates = applied + sum(recount.duplicates.values()) + len({*recount.refused, *losing})
    check.compare("收到 = 采用 + 重复 + 死信 | ingested = applied + duplicates + dead letters", ingested, fates)
    return check


def check_rivals(recount: Recount, digest_of: Callable[[Identity], int | None]) -> Check:
    """Of the contents under one id, exactly one is stored."""
    check = Check("同号不同内容", "same id, different content")
    for identity, rivals in recount.rivals.items():
        stored = digest_of(identity)
        check.compared += 1
        if stored not in rivals:
            check.miss(identity_text(identity), f"{len(rivals)} 种之一 | one of {len(rivals)}", str(stored))
    return check


def check_lines(totals: Mapping[VisitKey, VisitTotals], lines: Mapping[VisitKey, StoredLines]) -> Check:
    """Every visit's lines are there, with the content they were sent with."""
    check = Check("明细内容", "fee lines and their content")
    for visit in sorted({*totals, *lines}):
        wanted = (totals[visit].total.lines, totals[visit].digest) if visit in totals else (0, 0)
        found = (lines[visit].lines, lines[visit].digest) if visit in lines else (0, 0)
        check.compare(visit_text(visit), wanted, found, lambda pair: f"{pair[0]} 条 | lines, {pair[1]:016x}")
    return check


def check_days(totals: Mapping[VisitKey, VisitTotals], lines: Mapping[VisitKey, StoredLines]) -> Check:
    """Lines and fen of every visit's day, refunds resolved (v_charge)."""
    check = Check("就诊按日金额", "fen by visit and day", sum_fen=0)
    for visit in sorted({*totals, *lines}):
        wanted = totals[visit].days if visit in totals else {}
        found = lines[visit].days if visit in lines else {}
        for day in sorted({*wanted, *found}):
            sums = wanted.get(day, Sums())
            check.sum_fen = (check.sum_fen or 0) + sums.amount
            check.compare(
                f"{visit_text(visit)} {day_text(day)}",
                (sums.lines, sums.amount),
                found.get(day, (0, 0)),
                lambda pair: f"{pair[0]} 条 | lines, {yuan_text(pair[1])}",
            )
    return check


def check_visits(
    totals: Mapping[VisitKey, VisitTotals], known: Iterable[VisitKey], visits: Mapping[VisitKey, StoredVisit]
) -> Check:
    """Every visit has a fact with its total, charges, refunds, number of lines; no other visit has one."""
    check = Check("就诊合计", "visit totals", sum_fen=0)
    known = set(known)
    for visit in sorted({*known, *visits}):
        wanted = totals.get(visit, VisitTotals())
        fact = visits.get(visit)
        check.sum_fen = (check.sum_fen or 0) + wanted.total.amount
        expected = (wanted.total.amount, wanted.gross, wanted.refund, wanted.total.lines) if visit in known else None
        found = (fact.amount, fact.gross, fact.refund, fact.lines) if fact else None
        check.compare(visit_text(visit), expected, found, visit_sums_text)
    return check


def check_categories(totals: Mapping[VisitKey, VisitTotals], visits: Mapping[VisitKey, StoredVisit]) -> Check:
    """The fourteen categories by class, of every visit."""
    check = Check("收费类别×甲乙丙", "category × class", sum_fen=0)
    for visit in sorted({*totals, *visits}):
        wanted = totals[visit].categories if visit in totals else {}
        found = visits[visit].categories if visit in visits else {}
        for category in sorted({*wanted, *found}):
            cells = list(wanted.get(category, [0, 0, 0, 0]))
            check.sum_fen = (check.sum_fen or 0) + sum(cells)
            check.compare(
                f"{visit_text(visit)} {category:02d}", cells, list(found.get(category, [0, 0, 0, 0])), cells_text
            )
    return check


def check_shares(totals: Mapping[VisitKey, VisitTotals], visits: Mapping[VisitKey, StoredVisit]) -> Check:
    """Every visit's cost by department and month."""
    check = Check("就诊科室分摊", "visit by department and month", sum_fen=0)
    for visit in sorted({*totals, *visits}):
        wanted = totals[visit].shares if visit in totals else {}
        found = visits[visit].shares if visit in visits else {}
        for department, month in sorted({*wanted, *found}):
            sums = wanted.get((department, month), Sums())
            check.sum_fen = (check.sum_fen or 0) + sums.amount
            check.compare(
                f"{visit_text(visit)} {department or '—'} {month}",
                sums,
                found.get((department, month), Sums()),
                sums_text,
            )
    return check


def check_departments(
    totals: Mapping[VisitKey, VisitTotals], departments: Mapping[tuple[str, str, int], Sums]
) -> Check:
    """Every department's month."""
    check = Check("科室月合计", "departments by month", sum_fen=0)
    wanted: dict[tuple[str, str, int], Sums] = defaultdict(Sums)
    for (hospital, _, _), visit in totals.items():
        for (department, month), sums in visit.shares.items():
            wanted[hospital, department, month].merge(sums)
    for key in sorted({*wanted, *departments}):
        hospital, department, month = key
        sums = wanted.get(key, Sums())
        check.sum_fen = (check.sum_fen or 0) + sums.amount
        check.compare(f"{hospital} {department or '—'} {month}", sums, departments.get(key, Sums()), sums_text)
    return check


def check_versions(
    lines: Mapping[VisitKey, StoredLines],
    visits: Mapping[VisitKey, StoredVisit],
    disagreeing: Iterable[tuple[str, tuple[Any, ...], int]],
) -> Check:
    """A fact is as new as the lines it must hold; equal versions mean equal rows."""
    check = Check("版本", "versions")
    for visit, stored in sorted(lines.items()):
        check.compared += 1
        fact = visits.get(visit)
        if fact is not None and fact.version < stored.version:
            check.miss(visit_text(visit), f"≥ {stored.version}", str(fact.version))
    for table, key, version in disagreeing:
        check.miss(f"{table} {'|'.join(map(str, key))}", "同版本同内容 | equal rows", f"version {version}")
    return check


def check_alerts(totals: Mapping[VisitKey, VisitTotals], alerts: Iterable[StoredAlert]) -> Check:
    """No alert on an amount that no order of the visit's lines could have reached."""
    check = Check("告警阈值", "alerts and their thresholds")
    for alert in alerts:
        check.compared += 1
        most = totals[alert.visit].most if alert.visit in totals else 0
        if most < alert.threshold_fen:
            check.miss(
                alert.alert_id,
                f"至多 | at most {yuan_text(most)}",
                f"阈值 | threshold {yuan_text(alert.threshold_fen)}",
            )
    return check


def place(position: Position) -> str:
    """As topic[partition]@offset."""
    return f"{position.topic}[{position.partition}]@{position.offset}"


def identity_text(identity: Identity) -> str:
    """Type, visit, id."""
    event_type, visit, name = identity
    return f"{event_type} {visit_text(visit)} {name.replace(chr(0), '/')}"


def reasons(found: set[str]) -> str:
    """Reasons, or a dash."""
    return ", ".join(sorted(found)) or "—"


def visit_sums_text(sums: tuple[int, int, int, int] | None) -> str:
    """The total as charges + refunds, and the lines."""
    if sums is None:
        return "—"
    amount, gross, refund, lines = sums
    return f"{yuan_text(amount)} = {yuan_text(gross)} + {yuan_text(refund)}, {lines} 条 | lines"


def month_sums(month: Mapping[str, int]) -> Sums:
    """A department's month in the shape of the recount."""
    names = ("charges", "amount", "drug", "herbal", "material", "test", "self_pay")
    return Sums(*(month[name] for name in names))


def cells_text(cells: list[int]) -> str:
    """甲 乙 丙 and without a class."""
    return " ".join(f"{name}{yuan_text(cell)}" for name, cell in zip("甲乙丙无", cells, strict=True))


def sums_text(sums: Sums) -> str:
    """Every sum that is not zero."""
    parts = [
        f"{name}{yuan_text(value)}"
        for name, value in (
            ("计", sums.amount),
            ("药", sums.drug),
            ("饮片", sums.herbal),
            ("材", sums.material),
            ("检", sums.test),
            ("自费", sums.self_pay),
        )
        if value
    ]
    return f"{' '.join(parts) or '0.00'}, {sums.lines} 条 | lines"
