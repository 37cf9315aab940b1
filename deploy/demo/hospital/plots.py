"""The stays that are meant to be noticed: each is written so that one rule of cost control has something to say."""

from dataclasses import dataclass

from deploy.demo.hospital.care import Lines, lines
from deploy.demo.hospital.departments import (
    CARDIOLOGY,
    GASTROENTEROLOGY,
    GENERAL_SURGERY,
    NEUROLOGY,
    OBSTETRICS,
    ORTHOPAEDICS,
    PAEDIATRICS,
    RESPIRATORY,
    Department,
)


@dataclass(frozen=True, slots=True)
class Plot:
    """How one scripted stay differs from its department's usual care. Days count from the admission, 0 is the first.

    `daily` and `once` are charged on top; `reach_bp`: before discharge, therapy is added until the basic cost is this
    share of the department's quota; `intensive`: transferred to intensive care on the first, back on the second day;
    `cancel`: the admission, or the first discharge, is withdrawn; `returns_after`: so many days after the discharge the
    same patient is admitted again; `plain`: no usual care at all beyond bed, nursing and consultation.
    """

    name: str
    department: Department
    starts: int
    days: int
    diagnosis: str = ""
    daily: Lines = ()
    once: tuple[tuple[int, Lines], ...] = ()
    reach_bp: int = 0
    intensive: tuple[int, int] | None = None
    insurance_type: str = "310"
    covered_after_days: int = 0
    cancel: str = ""
    returns_after: int = 0
    plain: bool = False
    with_clinic: bool = False
    contradicts: bool = False


PLOTS = (
    Plot("over_quota", CARDIOLOGY, 0, 9, "I21.900", once=((1, lines("OPPC, MSTE 2, MBAL 3, CCTA")),), reach_bp=12_000),
    Plot(
        "over_4x_quota",
        RESPIRATORY,
        0,
        18,
        "J96.000",
        daily=lines("TVEN 24, NORE 4, PROP 8, MERO 3, LGAS 3"),
        once=((0, lines("MVEN, MCVC, MCRR")), (4, lines("MCRR, TCRR 24, OPTR")), (5, lines("TCRR 24, ALBU 2"))),
    ),
    Plot("near_quota", GASTROENTEROLOGY, 1, 7, "K25.400", reach_bp=9_000),
    Plot("near_quota_resident", GENERAL_SURGERY, 2, 6, "K80.101", reach_bp=9_300, insurance_type="390"),
    Plot(
        "drug_ratio",
        RESPIRATORY,
        1,
        8,
        "J18.900",
        daily=lines("MERO 4, VANC 2, XBJI 4, MEPR 4"),
    ),
    Plot("material_ratio", ORTHOPAEDICS, 2, 10, "M16.900", once=((3, lines("OPHI, ANES, MHIP 2, MGAU 4, MPLA")),)),
    Plot("long_stay", NEUROLOGY, 0, 20, "I63.900", daily=lines("TREH 1, TACU 1"), insurance_type="390"),
    Plot("valuable_drug", NEUROLOGY, 3, 8, "I63.900", once=((0, lines("ALTE 2")), (2, lines("ALBU 2, IGIV 2")))),
    Plot(
        "self_pay",
        ORTHOPAEDICS,
        1,
        9,
        "M16.900",
        daily=lines("BED1, THYM 2, CERE 2"),
        once=((2, lines("OPHI, ANES, MHPC, MDRE 2")),),
    ),
    Plot("low_cost", PAEDIATRICS, 2, 2, "J20.900", insurance_type="390", plain=True),
    Plot("low_cost_adult", GASTROENTEROLOGY, 4, 2, "K29.500", plain=True),
    Plot("intensive_and_back", GENERAL_SURGERY, 1, 12, "K35.900", intensive=(3, 7)),
    Plot("covered_late", CARDIOLOGY, 2, 6, "I50.000", covered_after_days=3),
    Plot("covered_late_resident", RESPIRATORY, 3, 7, "J44.100", covered_after_days=2, insurance_type="390"),
    Plot("uninsured", GENERAL_SURGERY, 3, 5, "K40.901", insurance_type=""),
    Plot("cancelled_admission", OBSTETRICS, 3, 1, "O20.000", cancel="admission", plain=True),
    Plot("cancelled_discharge", GASTROENTEROLOGY, 2, 6, "K85.900", cancel="discharge"),
    Plot("readmitted", RESPIRATORY, 0, 5, "J44.100", returns_after=3),
    Plot("clinic_and_ward", PAEDIATRICS, 4, 5, "J18.000", insurance_type="390", with_clinic=True),
    Plot("contradicted", OBSTETRICS, 2, 4, "O80.000", contradicts=True),
)
