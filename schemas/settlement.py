"""What the simulated settlement (模拟结算, 2303/2304) of a visit says, with its derivation step by step. Fen.

The identities of DOMAIN 2.3 hold for every one of them:
1. total = full self-pay + over limit + first self-pay + within scope
2. total = fund_total + hospital_part + patient_part
3. patient_part = account_paid + mutual_aid_paid + cash_paid, account_paid ≤ balance
Field names are those of schemas.events.SettlementEvent with the unit; DOMAIN 2.1 gives the national ones.
"""

from enum import StrEnum

import msgspec


class Standing(StrEnum):
    """Whether a settlement could be simulated: `self_paid` without coverage or benefit, everything is the patient's."""

    SIMULATED = "simulated"
    COVERAGE_PENDING = "coverage_pending"
    NO_BENEFIT = "no_benefit"


class StepKind(StrEnum):
    """One step of the derivation. After each: what `numbers` hold, in order."""

    LINES = "lines"  # total, full self-pay, over limit, first self-pay, within scope, of it unmapped
    TEST_LIMIT = "test_limit"  # within-scope cost of 03+04, limit, over it
    SCOPE_LIMIT = "scope_limit"  # within scope, limit, used before in the year, over it
    DEDUCTIBLE = "deductible"  # number of admission in the year, standard, paid before, within scope
    BAND = "band"  # amount in the band, from, to (-1: open), share bp, factor bp (out of area), less bp
    FUND_LIMIT = "fund_limit"  # fund before, limit, used before in the year
    CAP = "cap"  # fund before, cap, paid before in the year
    LAYER = "layer"  # base of this visit, base before in the year, deductible, paid before, cap (-1: none)
    HOSPITAL = "hospital"  # over limit borne by the hospital
    ACCOUNT = "account"  # eligible, balance
    CASH = "cash"  # patient part, account paid, mutual aid paid


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One step: what it decided, in fen, from which numbers, by which book entry. `period` counts from 0.

    Numbers are fen unless StepKind says otherwise. schemas.explanation puts it in words.
    """

    kind: str
    amount_fen: int
    numbers: tuple[int, ...] = ()
    entry_id: str = ""
    period: int = 0
    #: A layer's LayerKind, a band's out-of-area code.
    name: str = ""


class SimulatedSettlement(msgspec.Struct, frozen=True, omit_defaults=True):
    """The settlement of a visit as it stands. `pool_share_bp`: basic fund ÷ what went through the bands.

    proportion_fen: 比例自付, the patient's share of the bands; over_cap_fen: what the bands gave beyond the cap;
    test_over_fen: 检验检查限额以上 (part of over_limit_fen); unmapped_fen: lines without a class anywhere.
    cap_used_fen: the year's payments of the pool with this visit, against cap_fen.
    """

    standing: str
    total_fen: int
    full_self_pay_fen: int = 0
    over_limit_fen: int = 0
    first_self_pay_fen: int = 0
    within_scope_fen: int = 0
    deductible_fen: int = 0
    deductible_standard_fen: int = 0
    basic_fund_fen: int = 0
    pool_share_bp: int = 0
    proportion_fen: int = 0
    over_cap_fen: int = 0
    civil_servant_fen: int = 0
    enterprise_fen: int = 0
    critical_illness_fen: int = 0
    large_amount_fen: int = 0
    disabled_fen: int = 0
    assistance_fen: int = 0
    other_fund_fen: int = 0
    fund_total_fen: int = 0
    hospital_part_fen: int = 0
    patient_part_fen: int = 0
    account_paid_fen: int = 0
    mutual_aid_paid_fen: int = 0
    cash_paid_fen: int = 0
    balance_fen: int | None = None
    test_within_fen: int = 0
    test_limit_fen: int | None = None
    test_over_fen: int = 0
    unmapped_fen: int = 0
    cap_fen: int | None = None
    cap_used_fen: int = 0
    admission_number: int = 0
    benefit_id: str = ""
    benefit_source: str = ""
    book_version: str = ""
    steps: tuple[Step, ...] = ()


#: The layers' fields, by schemas.book.settlement.LayerKind.
LAYER_FIELDS = {
    "large_amount": "large_amount_fen",
    "critical_illness": "critical_illness_fen",
    "civil_servant": "civil_servant_fen",
    "enterprise": "enterprise_fen",
    "disabled": "disabled_fen",
    "assistance": "assistance_fen",
    "other": "other_fund_fen",
}
