"""What past visits cost, as planning reads it (schemas/history.py): entry points `kongfei.history`, `kongfei.spending`.

Both read current rows of visit_fact only. Months are those of the hospital's time zone. What the funds paid for a visit
that is over is the settled figure, else the simulated one; what is spent so far is the simulated one, as the facts of
departments have it, else the settled one.
"""

from collections.abc import Iterator, Sequence

from schemas.history import HistoryRow, SpendingRow
from sinks.clickhouse.connection import session
from sinks.clickhouse.query import READ_ONLY
from streams.settings import Settings

_BLOCK_ROWS = 65_536

#: When a visit was over. An outpatient visit has no length of stay, and is over when it is registered; a stay is over
#: when the patient is discharged.
ENDED_AT = (
    "if(status = 'discharged', discharged_at,"
    " if(status = 'open' AND length_of_stay_days IS NULL, admitted_at, NULL)) AS ended_at"
)
#: The columns are the fields of HistoryRow, in order.
_HISTORY = f"""
WITH {ENDED_AT}
SELECT
    hospital, department, insurance_type, care_type,
    toYYYYMM(toTimeZone(assumeNotNull(ended_at), %(zone)s)) AS month,
    amount_fen, basic_fen,
    ifNull(settled_fund_fen, if(simulated_standing = 'simulated', simulated_fund_total_fen, NULL)) AS fund_fen,
    ifNull(length_of_stay_days, 0) AS days,
    ifNull(toYYYYMM(toTimeZone(admitted_at, %(zone)s)), 0) AS admitted_month,
    drg_code, drg_weight_e4, dip_code, dip_score_e4, visit_id
FROM visit_fact FINAL
WHERE hospital = %(hospital)s AND ended_at IS NOT NULL AND intDiv(month, 100) IN %(years)s
"""  # noqa: S608 - constants
#: As the facts of departments count it: charges by their department and month, payments of the funds and visits by the
#: department that answers for the visit and its month of admission.
_SPENDING = """
SELECT hospital, department, insurance_type, care_type, month, sum(visit) AS visits,
    sum(total) AS total_fen, sum(basic) AS basic_fen, sum(fund) AS fund_fen
FROM
(
    SELECT hospital, department, insurance_type, care_type,
        toYYYYMM(toTimeZone(assumeNotNull(admitted_at), %(zone)s)) AS month,
        toInt64(1) AS visit, toInt64(0) AS total, toInt64(0) AS basic,
        ifNull(if(simulated_standing = 'simulated', simulated_fund_total_fen, settled_fund_fen), 0) AS fund
    FROM visit_fact FINAL
    WHERE hospital = %(hospital)s AND admitted_at IS NOT NULL AND department != '' AND status != 'cancelled'
    UNION ALL
    SELECT hospital, charged_department AS department, insurance_type, care_type, charged_month AS month,
        toInt64(0) AS visit, amount AS total, amount - self_pay AS basic, toInt64(0) AS fund
    FROM
    (
        SELECT hospital, insurance_type, care_type, share_department, share_month, share_amount_fen, share_self_pay_fen
        FROM visit_fact FINAL
        WHERE hospital = %(hospital)s
    )
    ARRAY JOIN share_department AS charged_department, share_month AS charged_month, share_amount_fen AS amount,
        share_self_pay_fen AS self_pay
)
WHERE intDiv(month, 100) = %(year)s
GROUP BY hospital, department, insurance_type, care_type, month
"""


def read_history(settings: Settings, years: Sequence[int], hospital: str) -> Iterator[HistoryRow]:
    """Visits of a hospital that ended in these years, in no particular order. Raises ClickHouseError."""
    values = {"hospital": hospital, "years": tuple(years), "zone": settings.timezone}
    with session(settings.clickhouse_url, READ_ONLY | {"max_block_size": _BLOCK_ROWS}) as client:
        for row in client.execute_iter(_HISTORY, values):
            yield HistoryRow(*row)


def read_spending(settings: Settings, year: int, hospital: str) -> Iterator[SpendingRow]:
    """What counts against the budgets of a year so far, by kind of visit and month. Raises ClickHouseError."""
    values = {"hospital": hospital, "year": year, "zone": settings.timezone}
    with session(settings.clickhouse_url, READ_ONLY) as client:
        for row in client.execute(_SPENDING, values):
            yield SpendingRow(*row)
