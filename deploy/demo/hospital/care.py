"""What a stay in each department is made of: diagnoses, days, drugs, tests, operations. 示例, not clinical advice."""

from dataclasses import dataclass

from deploy.demo.hospital.departments import (
    CARDIOLOGY,
    GASTROENTEROLOGY,
    GENERAL_SURGERY,
    INTENSIVE_CARE,
    NEUROLOGY,
    OBSTETRICS,
    ORTHOPAEDICS,
    PAEDIATRICS,
    RESPIRATORY,
)

#: Item key → quantity in 1e-4 of its unit, as in a charge.
Lines = tuple[tuple[str, int], ...]
ONE = 10_000


def lines(text: str) -> Lines:
    """Read `"CEFT 2, ASPI 0.5"`: item keys, each with an optional quantity of at most four decimals."""
    found = []
    for part in text.split(","):
        key, _, quantity = part.strip().partition(" ")
        whole, _, fraction = (quantity or "1").partition(".")
        found.append((key, int(whole) * ONE + int(fraction.ljust(4, "0") or "0")))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation for a diagnosis: how often (percent), on which day of the stay, its ICD-9-CM-3 code, its costs."""

    diagnosis: str
    percent: int
    day: int
    code: str
    charges: Lines


@dataclass(frozen=True, slots=True)
class Plan:
    """A department's usual care. `diagnoses`: ICD-10 code and weight; `days`: least, usual, most."""

    diagnoses: tuple[tuple[str, int], ...]
    days: tuple[int, int, int]
    daily: Lines
    drugs: Lines
    antibiotics: Lines
    antibiotic_percent: int
    first_tests: Lines
    repeated_tests: Lines
    examinations: Lines
    operations: tuple[Operation, ...] = ()
    infusions: int = 2


_WARD = "BED3, CONS, NLV2, OAIR"
_INTAKE_TESTS = "LBRT, LURT, LLIV, LREN, LELE, LCOA, ECG1, XRAY"

PLANS: dict[str, Plan] = {
    GENERAL_SURGERY.code: Plan(
        diagnoses=(("K80.101", 5), ("K35.900", 4), ("K40.901", 3), ("C18.900", 1)),
        days=(3, 6, 12),
        daily=lines(f"{_WARD}, TDRE"),
        drugs=lines("OMEP 2, DEZO 1, ENOX 1, NUTR 1, FURO 1, XBJI 2"),
        antibiotics=lines("CEFT 4, CEFO 4, CEFU 6"),
        antibiotic_percent=70,
        first_tests=lines(f"{_INTAKE_TESTS}, USAB"),
        repeated_tests=lines("LBRT, LELE, LCRP"),
        examinations=lines("CTPL, CTEN, USAB, LTUM"),
        operations=(
            Operation("K80.101", 85, 1, "51.2300", lines("OPLC, ANES, MGAU 2, MURI, MCAT 2, PROP 4")),
            Operation("K35.900", 80, 0, "47.0100", lines("OPAP, ANES, MGAU 1, MURI, MCAT 2, PROP 3")),
            Operation("K40.901", 85, 1, "53.0000", lines("OPHE, ANES, MMES, MURI, MCAT 1, PROP 2")),
            Operation("C18.900", 75, 2, "45.7600", lines("OPCO, ANES, MSTA 3, MGAU 4, MCVC, MURI, PROP 8")),
        ),
        infusions=3,
    ),
    ORTHOPAEDICS.code: Plan(
        diagnoses=(("S72.000", 4), ("S82.201", 4), ("M16.900", 3), ("M51.202", 4)),
        days=(5, 9, 17),
        daily=lines(f"{_WARD}, TPHY"),
        drugs=lines("ENOX 1, DEZO 1, HXZT 9, OMEP 1, AMLO 1"),
        antibiotics=lines("CEFU 6, CEFT 4"),
        antibiotic_percent=55,
        first_tests=lines(f"{_INTAKE_TESTS}, CTPL"),
        repeated_tests=lines("LBRT, LCRP, LCOA"),
        examinations=lines("CTPL, MRIP, XRAY 2"),
        operations=(
            Operation("S72.000", 75, 2, "79.3500", lines("OPFX, ANES, MPLA, MGAU 1, MURI, MCAT 2, PROP 4")),
            Operation("S82.201", 75, 2, "79.3600", lines("OPFX, ANES, MPLA, MGAU 1, MURI, MCAT 2, PROP 4")),
            Operation("M16.900", 80, 3, "81.5100", lines("OPHI, ANES, MHIP, MGAU 2, MURI, MCAT 2, PROP 5")),
        ),
    ),
    CARDIOLOGY.code: Plan(
        diagnoses=(("I25.103", 5), ("I21.900", 2), ("I50.000", 3), ("I10.x05", 3)),
        days=(4, 7, 13),
        daily=lines(f"{_WARD}, TMON 8, TOXY 6"),
        drugs=lines("ASPI 1, CLOP 1, TICA 2, ATOR 2, METO 1.5, FURO 2, ENOX 2, DHZS 2, AMLO 1"),
        antibiotics=lines("LEVO 1"),
        antibiotic_percent=10,
        first_tests=lines(f"{_INTAKE_TESTS}, LCAR, LBNP, USHE"),
        repeated_tests=lines("LCAR, LELE, LCOA"),
        examinations=lines("ECGH, CCTA, USHE, ECG1"),
        operations=(
            Operation("I25.103", 50, 1, "36.0700", lines("OPPC, MSTE 1, MBAL 1, MCAT 2, ECG1 2")),
            Operation("I21.900", 65, 0, "36.0700", lines("OPPC, MSTE 2, MBAL 1, MCAT 2, ECG1 4")),
        ),
    ),
    NEUROLOGY.code: Plan(
        diagnoses=(("I63.900", 6), ("G45.900", 3), ("I61.900", 1), ("G40.900", 2)),
        days=(5, 9, 16),
        daily=lines(f"{_WARD}, TMON 4, TOXY 4"),
        drugs=lines("EDAR 2, CITI 2, ASPI 1, ATOR 1, CLOP 1, YXTQ 2, AMLO 1, METF 3"),
        antibiotics=lines("CEFT 4, LEVO 1"),
        antibiotic_percent=15,
        first_tests=lines(f"{_INTAKE_TESTS}, LHBA, CTPL"),
        repeated_tests=lines("LBRT, LELE"),
        examinations=lines("MRIP, EEG1, USHE, CTPL"),
    ),
    RESPIRATORY.code: Plan(
        diagnoses=(("J18.900", 5), ("J44.100", 5), ("J45.900", 2), ("C34.900", 1)),
        days=(4, 8, 14),
        daily=lines(f"{_WARD}, TOXY 12, TNEB 2"),
        drugs=lines("AMBR 3, BUDE 4, MEPR 1, LHQW 9, OMEP 1, XBJI 2, NUTR 1"),
        antibiotics=lines("CEFO 4, LEVO 1, CEFT 4, AZIT 1"),
        antibiotic_percent=85,
        first_tests=lines(f"{_INTAKE_TESTS}, LCRP, LPCT, LGAS"),
        repeated_tests=lines("LBRT, LCRP, LGAS"),
        examinations=lines("CTPL, CTEN, LCUL, LTUM"),
        infusions=3,
    ),
    GASTROENTEROLOGY.code: Plan(
        diagnoses=(("K29.500", 4), ("K25.400", 3), ("K85.900", 2), ("K74.600", 2)),
        days=(3, 6, 11),
        daily=lines(_WARD),
        drugs=lines("OMEP 2, PANT 2, AMOX 6, NUTR 1, FURO 1"),
        antibiotics=lines("CEFT 4, LEVO 1"),
        antibiotic_percent=30,
        first_tests=lines(f"{_INTAKE_TESTS}, USAB"),
        repeated_tests=lines("LBRT, LLIV, LELE"),
        examinations=lines("GAST, CTPL, USAB, LTUM"),
        infusions=3,
    ),
    INTENSIVE_CARE.code: Plan(
        diagnoses=(("A41.900", 3), ("J96.000", 4), ("R57.900", 2)),
        days=(3, 5, 9),
        daily=lines("BEDI, CONI, NSPE 24, TMON 24, TOXY 24, NORE 3, PROP 6, NUTR 2, LGAS 2, LBRT, LELE"),
        drugs=lines("ENOX 1, OMEP 2, AMBR 4, INSU 0.5, FURO 4"),
        antibiotics=lines("MERO 3, VANC 2, CEFO 4"),
        antibiotic_percent=95,
        first_tests=lines("LPCT, LCUL, LCOA, LCAR, LLIV, LREN, MCVC, MVEN"),
        repeated_tests=lines("LPCT, LLIV, LREN, LCOA"),
        examinations=lines("XRAY, CTPL, USHE"),
        infusions=5,
    ),
    OBSTETRICS.code: Plan(
        diagnoses=(("O80.000", 5), ("O82.900", 4), ("D25.900", 2), ("O20.000", 2)),
        days=(2, 4, 7),
        daily=lines(_WARD),
        drugs=lines("OXYT 2, YMCA 6, AMOX 4"),
        antibiotics=lines("CEFU 4"),
        antibiotic_percent=35,
        first_tests=lines(f"{_INTAKE_TESTS}, USOB"),
        repeated_tests=lines("LBRT, LCRP"),
        examinations=lines("USOB, USAB"),
        operations=(
            Operation("O82.900", 100, 0, "74.1x00", lines("OPCS, ANES, MURI, MCAT 1, MGAU 1")),
            Operation("O80.000", 100, 0, "73.5900", lines("OPDE, MURI")),
        ),
    ),
    PAEDIATRICS.code: Plan(
        diagnoses=(("J18.000", 5), ("J20.900", 4), ("A08.000", 3), ("P59.900", 2)),
        days=(2, 5, 8),
        daily=lines("BED3, CONS, NLV2, TNEB 2"),
        drugs=lines("BUDE 2, AMBR 1, PARA 0.5, AZIT 0.5"),
        antibiotics=lines("CEFT 1.5, AZIT 0.5, CEFU 2.5"),
        antibiotic_percent=60,
        first_tests=lines("LBRT, LURT, LCRP, LLIV, LELE, XRAY"),
        repeated_tests=lines("LBRT, LCRP"),
        examinations=lines("XRAY, USAB"),
        infusions=2,
    ),
}
