"""What ClickHouse holds, in the shapes of the recount: read with plain queries, one a check. Decides nothing.

Reads tables with FINAL and the analysts' own view of fee lines, so that its rules are audited too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from clickhouse_driver import Client

from sinks.auditor.events import Position, VisitKey
from sinks.auditor.findings import StoredAnswer, StoredEvidence, StoredFinding
from sinks.auditor.money import MonthKey, Settled, Worth
from sinks.auditor.recount import Identity, Sums
from sinks.clickhouse.tables import ALERT, DEPARTMENT_FACT, FINDING, HOSPITAL_FACT, VISIT_FACT, Table

#: event type → its table, and the id within the visit as the recount spells it
EVENT_TABLES = {
    "charge": ("charge_line", "charge_id"),
    "admission": ("admission_event", "event_id"),
    "order": ("order_event", "concat(order_id, '\\0', event_id)"),
    "settlement": ("settlement_event", "event_id"),
    "ack": ("alert_ack", "event_id"),
}
_LEVELS = ("class_a_fen", "class_b_fen", "class_c_fen", "unclassified_fen")
#: Name of a month's sum or count → its column.
MONTH_COLUMNS = {
    "amount": "amount_fen", "drug": "drug_fen", "herbal": "herbal_fen", "material": "material_fen",
    "test": "test_fen", "self_pay": "self_pay_fen", "charges": "charge_count", "visits": "visit_count",
    "responsible": "responsible_count", "discharged": "discharged_count", "bed_days": "bed_days",
    "basic": "basic_fen", "quota": "quota_fen", "over_quota": "over_quota_count", "over_4x": "over_4x_count",
    "over_4x_fen": "over_4x_fen", "fund": "fund_fen", "income": "income_fen", "profit": "profit_fen",
    "predicted_profit": "predicted_profit_fen", "losses": "loss_count",
}  # fmt: skip
#: In the order of sinks.auditor.money.Settled.
SETTLED_COLUMNS = (
    "total_fen", "full_self_pay_fen", "over_limit_fen", "first_self_pay_fen", "within_scope_fen", "fund_total_fen",
    "hospital_part_fen", "patient_part_fen", "account_paid_fen", "mutual_aid_paid_fen", "cash_paid_fen", "balance_fen",
)  # fmt: skip
FUND_COLUMNS = (
    "basic_fund_fen", "civil_servant_fen", "enterprise_fen", "critical_illness_fen", "large_amount_fen",
    "disabled_fen", "assistance_fen", "other_fund_fen",
)  # fmt: skip


@dataclass(slots=True)
class StoredLines:
    """The fee lines of one visit: how many, the XOR of their digests, the highest ledger version, sums by day."""

    lines: int
    digest: int
    version: int
    days: dict[int, tuple[int, int]]
    """day → lines, fen"""


@dataclass(slots=True)
class StoredVisit:
    """One visit fact."""

    version: int
    amount: int
    gross: int
    refund: int
    lines: int
    categories: dict[int, list[int]]
    shares: dict[tuple[str, int], Sums]


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """One alert on the money of a visit."""

    alert_id: str
    visit: VisitKey
    threshold_fen: int


class Store:
    """Queries over one client; months are those of the hospital's time zone."""

    def __init__(self, client: Client, timezone: str) -> None:
        self._client = client
        self._timezone = timezone

    def _rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._client.execute(query, parameters or None)
        return found

    def digest_of(self, identity: Identity) -> int | None:
        """The content digest under which an event is stored, None if it is not."""
        event_type, (hospital, patient_id, visit_id), name = identity
        table, column = EVENT_TABLES[event_type]
        found = self._rows(
            f"SELECT digest FROM {table} FINAL WHERE hospital = %(h)s AND patient_id = %(p)s AND visit_id = %(v)s"  # noqa: S608
            f" AND {column} = %(name)s",
            h=hospital,
            p=patient_id,
            v=visit_id,
            name=name,
        )
        return int(found[0][0]) if found else None

    def counts(self) -> Counter[str]:
        """How many distinct events of each type."""
        return Counter({
            event_type: self._rows(f"SELECT count() FROM {table} FINAL")[0][0]  # noqa: S608
            for event_type, (table, _) in EVENT_TABLES.items()
        })  # fmt: skip

    def lines(self) -> dict[VisitKey, StoredLines]:
        """Fee lines by visit and day; amounts as v_charge resolves them."""
        found: dict[VisitKey, StoredLines] = {}
        for *visit, lines, digest, version in self._rows(
            "SELECT hospital, patient_id, visit_id, count(), groupBitXor(digest), max(ledger_version)"
            " FROM charge_line FINAL GROUP BY hospital, patient_id, visit_id"
        ):
            found[_visit(visit)] = StoredLines(lines, digest, version, {})
        for *visit, day, lines, amount in self._rows(
            "SELECT hospital, patient_id, visit_id, toInt32(charged_on), count(), sum(amount_fen)"
            " FROM v_charge GROUP BY hospital, patient_id, visit_id, charged_on"
        ):
            found[_visit(visit)].days[day] = (lines, amount)
        return found

    def visits(self) -> dict[VisitKey, StoredVisit]:
        """Every visit fact."""
        found: dict[VisitKey, StoredVisit] = {}
        query = (
            "SELECT hospital, patient_id, visit_id, version, amount_fen, gross_fen, refund_fen,"  # noqa: S608
            f" charge_count + refund_count, category_code, {', '.join(f'category_{name}' for name in _LEVELS)},"
            " share_department, share_month, share_charge_count, share_amount_fen, share_drug_fen, share_herbal_fen,"
            " share_material_fen, share_test_fen, share_self_pay_fen FROM visit_fact FINAL"
        )
        for h, p, v, version, amount, gross, refund, lines, codes, a, b, c, none, *shares in self._rows(query):
            categories = {int(code): list(row) for code, *row in zip(codes, a, b, c, none, strict=True)}
            by_share = {(name, month): Sums(*sums) for name, month, *sums in zip(*shares, strict=True)}
            found[h, p, v] = StoredVisit(version, amount, gross, refund, lines, categories, by_share)
        return found

    def months(self) -> dict[MonthKey, dict[str, int]]:
        """Every department's month: (hospital, department, month) → its sums and counts by name."""
        query = f"SELECT hospital, department, month, {', '.join(MONTH_COLUMNS.values())} FROM department_fact FINAL"  # noqa: S608
        return {
            (hospital, department, month): dict(zip(MONTH_COLUMNS, figures, strict=True))
            for hospital, department, month, *figures in self._rows(query)
        }

    def hospital_months(self) -> dict[tuple[str, int], dict[str, int]]:
        """The whole hospital's months."""
        query = f"SELECT hospital, month, {', '.join(MONTH_COLUMNS.values())} FROM hospital_fact FINAL"  # noqa: S608
        return {
            (hospital, month): dict(zip(MONTH_COLUMNS, figures, strict=True))
            for hospital, month, *figures in self._rows(query)
        }

    def settlements(self) -> Iterator[Settled]:
        """Every simulated settlement, one at a time; to be read to the end before the next question."""
        columns = ", ".join(f"simulated_{name}" for name in (*SETTLED_COLUMNS, *FUND_COLUMNS))
        query = f"SELECT hospital, patient_id, visit_id, {columns} FROM visit_fact FINAL WHERE simulated_standing != ''"  # noqa: S608
        width = len(SETTLED_COLUMNS)
        for hospital, patient_id, visit_id, *figures in self._client.execute_iter(query):
            yield Settled._make(((hospital, patient_id, visit_id), *figures[:width], tuple(figures[width:])))

    def worth(self) -> tuple[dict[MonthKey, Worth], dict[MonthKey, int]]:
        """What the visits bring to the department and month that answers for them, and how many expect a loss."""
        found: dict[MonthKey, Worth] = {}
        losses: dict[MonthKey, int] = {}
        for hospital, department, month, count, *sums in self._rows(
            "SELECT hospital, department, toYYYYMM(toTimeZone(assumeNotNull(admitted_at), %(zone)s)) AS month,"
            " countIf(in_force_projected_profit_fen < 0), sum(ifNull(simulated_fund_total_fen, 0)),"
            " sum(ifNull(in_force_income_fen, 0)), sum(ifNull(in_force_profit_fen, 0)),"
            " sum(ifNull(in_force_projected_profit_fen, 0)) FROM visit_fact FINAL"
            " WHERE admitted_at IS NOT NULL AND department != '' AND status != 'cancelled'"
            " GROUP BY hospital, department, month",
            zone=self._timezone,
        ):
            found[hospital, department, month], losses[hospital, department, month] = Worth(*sums), count
        return found, losses

    def dead_letters(self) -> dict[Position, set[str]]:
        """Position of the refused message → reasons."""
        found: dict[Position, set[str]] = defaultdict(set)
        for topic, partition, offset, reason in self._rows(
            "SELECT source_topic, source_partition, source_offset, reason FROM dead_letter FINAL"
        ):
            found[Position(topic, partition, offset)].add(reason)
        return found

    def money_alerts(self) -> list[StoredAlert]:
        """Alerts that name an amount a visit must have reached."""
        return [
            StoredAlert(alert_id, (hospital, patient_id, visit_id), threshold)
            for alert_id, hospital, patient_id, visit_id, threshold in self._rows(
                "SELECT alert_id, hospital, patient_id, visit_id, threshold FROM alert FINAL"
                " WHERE visit_id != '' AND unit = 'fen' AND rule IN ('visit_quota', 'case_cost')"
            )
        ]

    def findings(self) -> Iterator[StoredFinding]:
        """Every finding, one at a time; to be read to the end before the next question."""
        query = (
            "SELECT finding_id, hospital, patient_id, visit_id, version, status, amount_fen, evidence_count,"
            " evidence_line_id, evidence_source, evidence_amount_fen, evidence_is_violating FROM finding FINAL"
        )
        for row in self._client.execute_iter(query):
            finding_id, hospital, patient_id, visit_id, version, status, amount, count, *lists = row
            evidence = tuple(StoredEvidence(*line) for line in zip(*lists, strict=True))
            yield StoredFinding(finding_id, (hospital, patient_id, visit_id), version, status, amount, count, evidence)

    def order_checks(self) -> Iterator[StoredAnswer]:
        """The latest answer to every order check."""
        query = "SELECT hospital, patient_id, request_id, outcome, reason, finding_count FROM order_check FINAL"
        for hospital, patient_id, request_id, *said in self._client.execute_iter(query):
            yield StoredAnswer(f"{hospital}|{patient_id}|{request_id}", *said)

    def visit_versions(self) -> Iterator[tuple[VisitKey, int, bool]]:
        """Every visit fact: the visit, its version, whether the visit was cancelled."""
        query = "SELECT hospital, patient_id, visit_id, version, status = 'cancelled' FROM visit_fact FINAL"
        for *visit, version, is_cancelled in self._client.execute_iter(query):
            yield _visit(visit), version, bool(is_cancelled)

    def disagreeing_versions(self) -> list[tuple[str, tuple[Any, ...], int]]:
        """Keys with two different rows under one version: (table, key, version)."""
        found: list[tuple[str, tuple[Any, ...], int]] = []
        for table in (VISIT_FACT, DEPARTMENT_FACT, HOSPITAL_FACT, ALERT, FINDING):
            found.extend((table.name, tuple(key), version) for *key, version in self._rows(_disagreeing(table)))
        return found


def _disagreeing(table: Table) -> str:
    key = ", ".join((*table.key, table.version))
    # As one text, because a hash of several arguments is null where any of them is.
    content = ", ".join(name for name, _ in table.columns if not name.startswith("kafka_"))
    return f"SELECT {key} FROM {table.name} GROUP BY {key} HAVING uniqExact(sipHash64(toString(tuple({content})))) > 1"  # noqa: S608


def _visit(parts: Iterable[Any]) -> VisitKey:
    hospital, patient_id, visit_id = parts
    return hospital, patient_id, visit_id
