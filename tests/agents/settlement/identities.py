"""The identities of DOMAIN 2.3, and that the explanation's figures add up: for every settlement there is."""

from schemas.settlement import LAYER_FIELDS, SimulatedSettlement, Standing, StepKind

LAYER_NAMES = tuple(LAYER_FIELDS.values())


def check_identities(found: SimulatedSettlement) -> None:
    """Raises AssertionError where one does not hold."""
    own_parts = found.full_self_pay_fen + found.over_limit_fen + found.first_self_pay_fen
    layers = sum(getattr(found, name) for name in LAYER_NAMES)
    # 1
    assert found.total_fen == own_parts + found.within_scope_fen
    # 2
    assert found.total_fen == found.fund_total_fen + found.hospital_part_fen + found.patient_part_fen
    assert found.fund_total_fen == found.basic_fund_fen + layers
    # 3
    assert found.patient_part_fen == found.account_paid_fen + found.mutual_aid_paid_fen + found.cash_paid_fen
    assert 0 <= found.account_paid_fen <= max(0, found.balance_fen or 0)
    # 4
    assert found.patient_part_fen + found.hospital_part_fen + layers >= own_parts
    assert found.basic_fund_fen <= found.within_scope_fen
    assert all(getattr(found, name) >= 0 for name in LAYER_NAMES)


def check_steps_add_up(found: SimulatedSettlement) -> None:
    """Each field of 2304 is made of the steps' figures, and of nothing else."""
    sums = dict.fromkeys(StepKind, 0)
    for step in found.steps:
        sums[StepKind(step.kind)] += step.amount_fen
    bands = [step for step in found.steps if step.kind == StepKind.BAND]
    cuts = sums[StepKind.FUND_LIMIT] + sums[StepKind.CAP]
    assert found.total_fen == sums[StepKind.LINES]
    assert found.deductible_fen == sums[StepKind.DEDUCTIBLE]
    assert found.basic_fund_fen == sums[StepKind.BAND] - cuts + sums[StepKind.TAKEN_BACK]
    assert found.proportion_fen == sum(step.numbers[0] - step.amount_fen for step in bands)
    assert found.over_cap_fen == sums[StepKind.CAP]
    assert found.over_disease_limit_fen == sums[StepKind.FUND_LIMIT] + sums[StepKind.SCOPE_LIMIT]
    assert found.test_over_fen == sums[StepKind.TEST_LIMIT]
    assert found.hospital_part_fen == sums[StepKind.HOSPITAL]
    assert found.account_paid_fen == sums[StepKind.ACCOUNT]
    assert found.cash_paid_fen == sums[StepKind.CASH]
    for kind, name in LAYER_FIELDS.items():
        steps = [step for step in found.steps if step.kind == StepKind.LAYER and step.name == kind]
        assert getattr(found, name) == sum(step.amount_fen for step in steps)
        assert all(step.amount_fen <= sum(step.numbers[7::3]) for step in steps)
    lines = [step.numbers for step in found.steps if step.kind == StepKind.LINES]
    full, over, first, within, unmapped = (sum(column) for column in zip(*lines, strict=True))
    assert (found.full_self_pay_fen, found.first_self_pay_fen, found.unmapped_fen) == (full, first, unmapped)
    assert found.over_limit_fen == over + found.test_over_fen
    assert found.within_scope_fen == within - found.test_over_fen
    if found.standing == Standing.SIMULATED and found.within_scope_fen >= 0 and not sums[StepKind.TAKEN_BACK]:
        through_bands = sum(step.numbers[0] for step in bands)
        scope_over = sums[StepKind.SCOPE_LIMIT]
        assert found.within_scope_fen == found.deductible_fen + through_bands + scope_over


def check_periods(found: SimulatedSettlement) -> None:
    """The periods of a visit sum to it."""
    if not found.periods:
        return
    for name in (
        "total_fen", "full_self_pay_fen", "over_limit_fen", "first_self_pay_fen", "within_scope_fen", "deductible_fen",
        "basic_fund_fen", "fund_total_fen", "hospital_part_fen", "patient_part_fen", "account_paid_fen",
        "cash_paid_fen",
    ):  # fmt: skip
        assert getattr(found, name) == sum(getattr(period, name) for period in found.periods)
    for earlier, later in zip(found.periods, found.periods[1:], strict=False):
        assert later.first_day == earlier.last_day + 1
