"""What the simulated settlement (模拟结算, 2303/2304) of a visit says, with its derivation step by step. Fen.

The identities of DOMAIN 2.3 hold for every one of them:
1. total = full self-pay + over limit + first self-pay + within scope
2. total = fund_total + hospital_part + patient_part
3. patient_part = account_paid + mutual_aid_paid + cash_paid, account_paid ≤ balance
4. patient_part + hospital_part + what the layers paid ≥ full self-pay + over limit + first self-pay; that is to say,
   the basic fund never pays more than what is within scope (where that is negative, it takes it back)
Field names are those of schemas.events.SettlementEvent with the unit; DOMAIN 2.1 gives the national ones.
"""

from enum import StrEnum

import msgspec


class Standing(StrEnum):
    """Whether a settlement could be simulated. Without coverage or benefit the patient pays all: full self-pay."""

    SIMULATED = "simulated"
    COVERAGE_PENDING = "coverage_pending"
    NO_BENEFIT = "no_benefit"


class StepKind(StrEnum):
    """One step of the derivation: what `amount_fen` is; after the dash what `numbers` hold, in order."""

    LINES = "lines"  # total — full self-pay, over price caps, first self-pay, within scope, of it without a class
    TEST_LIMIT = "test_limit"  # what lies over it — within-scope 03+04, limit, reckoned before, all within scope
    SCOPE_LIMIT = "scope_limit"  # what lies over it — within scope, limit, used before, whether yearly (1/0)
    DEDUCTIBLE = "deductible"  # deducted — number of the admission (0: none), standard, paid before, reckoned cost,
    # whether it is the year's (1/0)
    BAND = "band"  # paid — amount in the band, from, to (-1: open), share bp, factor bp, less bp (out of area)
    FUND_LIMIT = "fund_limit"  # what lies over it — fund before, limit, used before, whether yearly (1/0)
    CAP = "cap"  # what lies over it — fund before, cap, paid before in the year
    TAKEN_BACK = "taken_back"  # the fund's (negative) part — within scope: more was refunded than charged
    LAYER = "layer"  # paid — base, base before, deductible, paid before, cap (-1: none), then of each band three:
    # amount in the band, share bp, what it gives
    HOSPITAL = "hospital"  # over limit borne by the hospital
    ACCOUNT = "account"  # paid — eligible, balance (-1: not known), whether it may be used (1/0)
    CASH = "cash"  # paid in cash — patient part, account paid, mutual aid paid


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One step: what it decided, in fen, from which numbers, by which book entry.

    Numbers are fen unless StepKind says otherwise. schemas.explanation puts it in words. `period`: the index of the
    last period that the step reckons (0 where the visit is one): steps reckon a year's part of the visit in one.
    `name`: a layer's LayerKind, a band's out-of-area code, the key of a yearly limit.
    """

    kind: str
    amount_fen: int
    numbers: tuple[int, ...] = ()
    entry_id: str = ""
    period: int = 0
    name: str = ""


class Period(msgspec.Struct, frozen=True):
    """What one part of the visit comes to: up to a mid-stay settlement (中途结算), or to the year's end. Fen.

    Days are day numbers, both included; `year`: whose accumulators it counts to. The periods sum to the visit.
    base_fen: what went through the bands; layers_fen: what all layers paid.
    """

    year: int
    first_day: int
    last_day: int
    total_fen: int
    full_self_pay_fen: int
    over_limit_fen: int
    first_self_pay_fen: int
    within_scope_fen: int
    deductible_fen: int
    base_fen: int
    basic_fund_fen: int
    layers_fen: int
    fund_total_fen: int
    hospital_part_fen: int
    patient_part_fen: int
    account_paid_fen: int
    cash_paid_fen: int


class SimulatedSettlement(msgspec.Struct, frozen=True, omit_defaults=True):
    """The settlement of a visit as it stands. `pool_share_bp`: basic fund ÷ what went through the bands.

    proportion_fen: 比例自付, the patient's share of the bands; over_cap_fen: what the bands gave beyond the cap;
    over_disease_limit_fen: what lies over a disease's or maternity's limit, or the bands gave beyond it;
    test_over_fen: 检验检查限额以上 (part of over_limit_fen); unmapped_fen: lines without a class anywhere.
    balance_fen: of the personal account before this settlement. year, pool: the accumulators that the visit (its last
    period) counts to; cap_used_fen: the year's payments of the pool with this visit, against cap_fen.
    periods: empty where the visit was reckoned as one.
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
    over_disease_limit_fen: int = 0
    year: int = 0
    pool: str = ""
    periods: tuple[Period, ...] = ()


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
