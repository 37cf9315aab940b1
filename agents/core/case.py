"""A visit as settlement, grouping and payment look at it: who, under which coverage, what was found and done, the sums.

Built from the running state of a visit (`case_of`, agents/core/visit.py), so that the stream and the command line
reckon the very same thing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.core.settlement.lines import LineSums


@dataclass(slots=True)
class Case:
    """One visit. Days are day numbers (schemas.units), codes as they came; empty means not said.

    is_ended: discharged, or an outpatient visit. days: length of stay (outpatients: 0). end_day: discharge, else the
    day of the visit's clock. basic_fen: total − 丙. by_day: the split sums of each charge day; `sums` is their total.
    mid_stay_days: days through which a mid-stay settlement (中途结算) reckoned. admitted_at (ms) orders visits.
    """

    hospital: str = ""
    patient_id: str = ""
    visit_id: str = ""
    department: str = ""
    insurance_type: str = ""
    care_type: str = ""
    person_type: str = ""
    special_person: str = ""
    out_of_area: str = ""
    sex: str = ""
    birth_date: str = ""
    main_diagnosis: str = ""
    diagnoses: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    disease_code: str = ""
    discharge_way: str = ""
    is_outpatient: bool = False
    is_ended: bool = False
    admitted_at: int = 0
    admitted_day: int = 0
    end_day: int = 0
    days: int = 0
    basic_fen: int = 0
    sums: LineSums = field(default_factory=LineSums)
    by_day: Mapping[int, LineSums] = field(default_factory=dict)
    mid_stay_days: tuple[int, ...] = ()
    account_balance_fen: int | None = None
    account_used: bool = True
