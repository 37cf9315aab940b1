"""What past visits cost, for planning: one row an ended visit, and what is spent so far. Read from a store or a file.

Who reads them registers a function in pyproject.toml, so that planning need not know any store:

- group `kongfei.history`: `read(settings, years, hospital) -> Iterable[HistoryRow]`, visits that ended in these years;
- group `kongfei.spending`: `read(settings, year, hospital) -> Iterable[SpendingRow]`, what is spent in this year.

Money in fen, months as YYYYMM, weights and scores in 1e-4.
"""

import msgspec


class HistoryRow(msgspec.Struct, frozen=True, gc=False):
    """One ended visit: whose it was, when it ended, what it cost.

    department: the one that answered for it. month: of discharge; outpatients: of registration. admitted_month: 0 where
    it is not said. basic_fen: total − 丙. fund_fen: what the funds paid, None where nobody knows. days: length of stay,
    0 for outpatients. drg_*, dip_*: the group and its weight or score, 0 where the visit has none. An empty
    insurance_type: uninsured, or not known. visit_id serves only to find a visit that is listed twice.
    """

    hospital: str
    department: str
    insurance_type: str
    care_type: str
    month: int
    total_fen: int
    basic_fen: int
    fund_fen: int | None = None
    days: int = 0
    admitted_month: int = 0
    drg_code: str = ""
    drg_weight_e4: int = 0
    dip_code: str = ""
    dip_score_e4: int = 0
    visit_id: str = ""


class SpendingRow(msgspec.Struct, frozen=True, gc=False):
    """What counts against budgets in one month, of one department and kind of visit; those in bed included.

    total_fen, basic_fen (total − 丙): charges of the department in the month. visits, fund_fen: of the visits that the
    department answers for, in their month of admission; what the funds would pay if they were settled now, else what
    they paid, 0 where nobody knows. So the facts of departments count it, and their budget alerts.
    """

    hospital: str
    department: str
    insurance_type: str
    care_type: str
    month: int
    visits: int
    total_fen: int
    basic_fen: int
    fund_fen: int
