"""From a published finding, or the answer to an order check, to its row: pure functions. No I/O, no clock, no rule.

What an analyst compares and sums stands in columns of its own, evidence and answers as parallel arrays; the findings of
an order check are kept as the JSON they were published as, and a view spreads them out.
"""

from typing import Any

import msgspec

from schemas.finding import Answer, Evidence, Finding, decode_finding
from schemas.order_check import decode_check
from sinks.clickhouse.row import Record, Row, parallel, width_of
from sinks.clickhouse.rule_tables import FINDING, ORDER_CHECK
from sinks.clickhouse.table import Table

_fields = msgspec.structs.astuple
_json = msgspec.json.Encoder()
_EVIDENCE, _ANSWER = width_of(Evidence), width_of(Answer)
_AT = Evidence.__struct_fields__.index("at")
_LISTS = ("evidence", "parameters", "inputs", "answers")
_EVIDENCE_PLACE, _PARAMETERS_PLACE, _INPUTS_PLACE, _ANSWERS_PLACE = map(Finding.__struct_fields__.index, _LISTS)


def finding_columns(finding: Finding) -> Row:
    """What a finding says, in the order of sinks.clickhouse.rule_tables.FINDING_COLUMNS."""
    fields = _fields(finding)
    evidence = [*parallel(finding.evidence, _EVIDENCE)]
    evidence[_AT] = tuple(at or None for at in evidence[_AT])
    return (
        *fields[:_EVIDENCE_PLACE],
        *evidence,
        *fields[_EVIDENCE_PLACE + 1 : _PARAMETERS_PLACE],
        *_pairs(finding.parameters),
        *_pairs(finding.inputs),
        *fields[_INPUTS_PLACE + 1 : _ANSWERS_PLACE],
        *parallel(finding.answers, _ANSWER),
    )


def finding_row(record: Record, epoch: int) -> tuple[Table, Row]:  # noqa: ARG001 - the finding has its own version
    """One finding."""
    finding = decode_finding(record.value or b"")
    return FINDING, (*finding_columns(finding), record.partition, record.offset)


def order_check_row(record: Record, epoch: int) -> tuple[Table, Row]:  # noqa: ARG001 - the answer has its own version
    """One answer to an order check. amount_fen: what its findings come to, those on trial left out."""
    check = decode_check(record.value or b"")
    return ORDER_CHECK, (
        check.hospital,
        check.patient_id,
        check.visit_id,
        check.request_id,
        check.version,
        check.outcome,
        check.at,
        check.via,
        check.digest,
        check.scene,
        check.reason,
        check.detail,
        check.order_ids,
        *_pairs(check.not_checked),
        check.took_us,
        check.policy_version,
        len(check.findings),
        sum(finding.amount_fen for finding in check.findings if not finding.is_shadow),
        _json.encode(check.findings).decode() if check.findings else "",
        record.partition,
        record.offset,
    )


def _pairs(found: dict[str, Any]) -> tuple[list[str], list[Any]]:
    return list(found), list(found.values())
