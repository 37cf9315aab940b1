"""From a published fact to its row: a visit with its simulated settlement and prediction, a department's month.

What an analyst compares and sums stands in columns of its own; what is read as a list (the steps of the derivation, the
methods, the groups, the questions) is kept as the JSON it was published as, and the views spread it out.
"""

from operator import attrgetter
from typing import Any

import msgspec

from schemas.facts import CategoryTotal, DepartmentShare, Segment, VisitFact, decode_department_fact, decode_visit_fact
from schemas.ledger import WHOLE_HOSPITAL
from schemas.prediction import Grouped, Prediction
from schemas.settlement import SimulatedSettlement
from sinks.clickhouse.fact_tables import DEPARTMENT_FACT, HOSPITAL_FACT, VISIT_FACT
from sinks.clickhouse.row import Record, Row, parallel, width_of
from sinks.clickhouse.table import Table

_fields = msgspec.structs.astuple
_json = msgspec.json.Encoder()
_CATEGORY, _SHARE, _SEGMENT = (width_of(struct) for struct in (CategoryTotal, DepartmentShare, Segment))
#: Where a visit fact stops being plain columns: categories, departments, segments, ratios and quota follow.
_HEAD = VisitFact.__struct_fields__.index("categories")
#: What follows those, up to the settlement, and where the settlement stands.
_AFTER = VisitFact.__struct_fields__.index("open_alerts")
_SIMULATED = VisitFact.__struct_fields__.index("simulated")
_NO_QUOTA: Row = ("", "", None, None, None, None)


def _prefixed(prefix: str) -> tuple[list[str], Row]:
    """The columns of the visit's table that begin so, without the prefix, and what they hold where nothing is known."""
    found = [(name.removeprefix(prefix), type_) for name, type_ in VISIT_FACT.columns if name.startswith(prefix)]
    return [name for name, _ in found], tuple(None if type_.startswith("Nullable") else "" for _, type_ in found)


_settlement_columns, _NOT_SIMULATED = _prefixed("simulated_")
_settlement_of = attrgetter(*_settlement_columns[:-2])  # but steps and periods
_in_force_columns, _NONE_IN_FORCE = _prefixed("in_force_")
_in_force_of = attrgetter(*_in_force_columns)
_prediction_of = attrgetter(
    "days", "cost_fen", "daily_fen", "projected_days", "projected_cost_fen", "in_force", "best", "projection_id",
    "book_version",
)  # fmt: skip
_NOT_PREDICTED: Row = (
    *((None,) * 5), *(("",) * 4), *_NONE_IN_FORCE, *("", 0, "", 0), (), *(("",) * 3),
)  # fmt: skip
_NO_GROUP = Grouped("", "")


def visit_fact_row(record: Record, epoch: int) -> tuple[Table, Row]:  # noqa: ARG001 - the fact has its own version
    """One visit fact in the order of its columns; categories, shares and segments as parallel arrays."""
    fact = decode_visit_fact(record.value or b"")
    fields = _fields(fact)
    categories, departments, segments, ratios, quota = fields[_HEAD:_AFTER]
    return VISIT_FACT, (
        *fields[:_HEAD],
        *parallel(categories, _CATEGORY),
        *parallel(departments, _SHARE),
        *parallel(segments, _SEGMENT),
        *_fields(ratios),
        *(_fields(quota) if quota else _NO_QUOTA),
        *fields[_AFTER:_SIMULATED],
        *_settlement(fact.simulated),
        fact.fund_difference_fen,
        *_prediction(fact.prediction),
        record.partition,
        record.offset,
    )


def _settlement(settlement: SimulatedSettlement | None) -> Row:
    if settlement is None:
        return _NOT_SIMULATED
    return (*_settlement_of(settlement), _text(settlement.steps), _text(settlement.periods))


def _prediction(prediction: Prediction | None) -> Row:
    if prediction is None:
        return _NOT_PREDICTED
    method = prediction.method(prediction.in_force)
    groups = {group.system: group for group in prediction.groups}
    drg, dip = groups.get("drg", _NO_GROUP), groups.get("dip", _NO_GROUP)
    return (
        *_prediction_of(prediction),
        *(_NONE_IN_FORCE if method is None else _in_force_of(method)),
        *(drg.code, drg.score_e4, dip.code, dip.score_e4),
        prediction.special_case,
        _text(prediction.methods),
        _text(prediction.groups),
        _text(prediction.questions),
    )


def _text(items: tuple[Any, ...]) -> str:
    """As published; empty where there are none."""
    return _json.encode(items).decode() if items else ""


def department_fact_row(record: Record, epoch: int) -> tuple[Table, Row]:  # noqa: ARG001 - the fact has its own version
    """One department's month in the order of its fields; that of the whole hospital goes to a table of its own."""
    fact = decode_department_fact(record.value or b"")
    hospital, department, *month = _fields(fact)
    if department == WHOLE_HOSPITAL:
        return HOSPITAL_FACT, (hospital, *month, record.partition, record.offset)
    return DEPARTMENT_FACT, (hospital, department, *month, record.partition, record.offset)
