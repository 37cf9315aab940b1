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
from deploy.demo.hospital.insurer import Dispute
from deploy.demo.hospital.people import NOTHING_BEFORE, YearBefore


@dataclass(frozen=True, slots=True)
class Plot:
    """How one scripted stay differs from its department's usual care. Days count from the admission, 0 is the first.

    `daily` and `once` are charged on top; `reach_bp`: before discharge, therapy is added until the basic cost is this
    share of the department's quota; `intensive`: transferred to intensive care on the first, back on the second day;
    `cancel`: the admission, or the first discharge, is withdrawn; `returns_after`: so many days after the discharge the
    same patient is admitted again; `plain`: no usual care at all beyond bed, nursing and consultation.
    `procedures`: day and code of operations that are recorded (what is charged `once` may go without). `refused`: items
    of `once` that are not approved, or whose payment condition is not met. `year_before`: what the insurer states at
    admission. `insured_as`: from that day on the patient has another insurance (费别变动). `dispute`: the insurer
    settles otherwise. `admitted_late`: the admission reaches the system half a day after the first charges.
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
    procedures: tuple[tuple[int, str], ...] = ()
    refused: tuple[str, ...] = ()
    year_before: YearBefore = NOTHING_BEFORE
    insured_as: tuple[int, str] | None = None
    special_person: str = ""
    out_of_area: str = ""
    person_type: str = ""
    dispute: Dispute | None = None
    admitted_late: bool = False


PLOTS = (
    Plot(
        "over_quota",
        CARDIOLOGY,
        0,
        9,
        "I21.900",
        once=((1, lines("OPPC, MSTE 2, MBAL 3, CCTA")),),
        procedures=((1, "36.0700"),),
        reach_bp=12_000,
    ),
    Plot(
        "over_4x_quota",
        RESPIRATORY,
        0,
        18,
        "J96.000",
        daily=lines("TVEN 24, NORE 4, PROP 8, MERO 3, LGAS 3"),
        once=((0, lines("MVEN, MCVC, MCRR")), (4, lines("MCRR, TCRR 24, OPTR")), (5, lines("TCRR 24, ALBU 2"))),
        procedures=((4, "96.7200"),),
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
    Plot(
        "material_ratio",
        ORTHOPAEDICS,
        2,
        10,
        "M16.900",
        once=((3, lines("OPHI, ANES, MHIP 2, MGAU 4, MPLA")),),
        procedures=((3, "81.5100"),),
    ),
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
        procedures=((2, "81.5100"),),
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
    Plot("admitted_late", RESPIRATORY, 2, 6, "J18.900", admitted_late=True),
    Plot("contradicted", OBSTETRICS, 2, 4, "O80.000", contradicts=True, procedures=((0, "73.5900"),)),
    # ------------------------------------------------------------ the money: settlement and payment
    Plot("uncovered_for_days", NEUROLOGY, 5, 9, "G45.900", covered_after_days=5),
    Plot("coverage_changed", RESPIRATORY, 4, 6, "J18.900", insured_as=(3, "390")),
    Plot(
        "third_admission",
        CARDIOLOGY,
        3,
        6,
        "I50.000",
        year_before=YearBefore(2, 120_000, 1_460_000, 1_343_200),
        person_type="1201",
    ),
    Plot(
        "cap_reached",
        CARDIOLOGY,
        1,
        8,
        "I21.900",
        once=((1, lines("OPPC, MSTE 1, MBAL 2, CCTA")),),
        procedures=((1, "36.0700"),),
        year_before=YearBefore(3, 120_000, 33_820_000, 29_690_000),
    ),
    Plot(
        "critical_illness",
        GENERAL_SURGERY,
        2,
        11,
        "C18.900",
        once=((3, lines("OPCO, ANES, MSTA 4, MGAU 6, MCVC, ALBU 4")),),
        procedures=((3, "45.7600"),),
        insurance_type="390",
        year_before=YearBefore(2, 105_000, 5_200_000, 3_640_000, 1_665_000, 279_000),
    ),
    Plot(
        "assisted",
        RESPIRATORY,
        2,
        9,
        "J44.100",
        daily=lines("MERO 3"),
        insurance_type="390",
        special_person="2",
        year_before=YearBefore(1, 70_000, 2_100_000, 1_470_000, 700_000, 70_000),
    ),
    Plot("civil_servant", GASTROENTEROLOGY, 2, 7, "K25.400", once=((1, lines("GAST, CTEN")),), person_type="1102"),
    Plot("out_of_area", NEUROLOGY, 4, 8, "I63.900", out_of_area="unreferred"),
    Plot(
        "not_met",
        GASTROENTEROLOGY,
        1,
        8,
        "K74.600",
        once=((1, lines("ALBU 6, MPIC")), (4, lines("ALBU 6"))),
        refused=("ALBU", "MPIC"),
    ),
    Plot("undocumented_operation", GENERAL_SURGERY, 2, 6, "K80.101", once=((1, lines("OPLC, ANES, MGAU 2")),)),
    Plot("high_outlier", GASTROENTEROLOGY, 0, 15, "K29.500", daily=lines("XBJI 4, CEFO 4, ALBU 1")),
    Plot("low_outlier", ORTHOPAEDICS, 4, 2, "M51.202", plain=True),
    Plot(
        "deductible_disputed",
        CARDIOLOGY,
        2,
        6,
        "I25.103",
        year_before=YearBefore(1, 80_000, 900_000, 792_000),
        dispute=Dispute.FIRST_DEDUCTIBLE,
    ),
    Plot(
        "item_disputed",
        ORTHOPAEDICS,
        1,
        9,
        "S72.000",
        once=((2, lines("OPFX, ANES, MPLA 2, MGAU 2")),),
        procedures=((2, "79.3500"),),
        dispute=Dispute.ITEM_REFUSED,
    ),
    Plot("person_disputed", RESPIRATORY, 1, 8, "J44.100", person_type="1201", dispute=Dispute.OTHER_PERSON),
)
