"""What holds for any history and plan: exact sums, nothing negative, the order of rows, factors, limits."""

import random
from fractions import Fraction

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agents.core.allocation.plan import AllocationError, Forecast, Measure, Pot, Trim
from agents.core.allocation.result import NoteKind
from tests.agents.allocation.visits import adjustment, allocated, quotas, visit


@st.composite
def hospitals(draw):
    departments = draw(st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=5, unique=True))
    rows = [
        visit(
            draw(st.integers(1, 10**6)) / 100,
            draw(st.integers(2023, 2025)),
            department,
            month=draw(st.integers(1, 12)),
            insurance_type=draw(st.sampled_from(["310", "390"])),
            care_type=draw(st.sampled_from(["21", "11"])),
            drg_weight_e4=draw(st.sampled_from([0, 5_000, 20_000])),
            fund_fen=draw(st.sampled_from([None, 0, 77])),
        )
        for department in departments
        for _ in range(draw(st.integers(1, 12)))
    ]
    return [*rows, visit(1, 2025, "A")]


plans = st.fixed_dictionaries({
    "weights": st.sampled_from([(1, 1, 1), (1, 2, 7), (0, 0, 1)]),
    "trim": st.builds(Trim, st.integers(0, 2500), st.integers(0, 2500), st.sampled_from([0, 30_000])),
    "growth_bp": st.integers(-5_000, 5_000),
    "forecast": st.sampled_from(list(Forecast)),
    "limit_bp": st.sampled_from([None, 0, 500, 10_000]),
    "min_cases": st.integers(1, 6),
    "by_insurance": st.booleans(),
    "pots": st.lists(
        st.builds(
            Pot, st.integers(1, 10**9), st.sampled_from([Measure.BASIC, Measure.TOTAL]),
            st.sampled_from(["", "21", "11"]), st.sampled_from(["", "390"]),
        ), max_size=3, unique_by=lambda pot: (pot.care_type, pot.insurance_type),
    ).map(tuple),
})  # fmt: skip


@given(hospitals(), plans)
def test_sums_are_exact_and_nothing_is_negative_for_any_history(rows, said):
    try:
        found = allocated(rows, quotas(A=10, C=500), **said)
    except AllocationError:
        return  # a total for visits of which none is expected
    for place, pot in enumerate(found.pots):
        assert pot.sum_fen == pot.amount_fen
        assert sum(row.budget_fen for row in found.quotas if row.pot == place) == pot.amount_fen
        assert sum(row.amount_fen for row in found.budgets if row.pot == place) == pot.amount_fen
    assert sum(row.budget_fen for row in found.quotas) == found.total_fen
    assert all(row.quota_fen >= 0 and row.budget_fen >= 0 for row in found.quotas)
    assert all(sum(row.months_bp) == 10_000 and min(row.months_bp) >= 0 for row in found.budgets)
    assert found.cases == sum(row.cases for row in found.quotas)


@given(hospitals(), plans, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_again_gives_the_same(rows, said, shuffler: random.Random):
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    results = []
    for order in (rows, shuffled, rows):
        try:
            results.append(msgspec.json.encode(allocated(order, **said)))
        except AllocationError as error:
            results.append(str(error).encode())

    assert results[0] == results[1] == results[2]


@given(hospitals(), st.integers(1, 100_000), st.integers(1, 10**8))
def test_a_factor_is_respected_whatever_the_total(rows, factor_e4, yuan):
    """Everybody is scaled by one λ = total ÷ wishes, after the factor: to the fen that rounding makes."""
    factor = adjustment("A", factor=f"{factor_e4 // 10_000}.{factor_e4 % 10_000:04d}")
    try:
        before, after = allocated(rows), allocated(rows, adjustments=(factor,), pots=(Pot(yuan * 100, Measure.BASIC),))
    except AllocationError:
        return  # nobody is expected next year
    scale = Fraction(yuan * 100, sum(row.adjusted_fen * row.expected_cases for row in after.quotas))
    for plain, row in zip(before.quotas, after.quotas, strict=True):
        wanted = plain.quota_fen if row.department != "A" else Fraction(plain.quota_fen * factor_e4, 10_000)
        assert abs(row.adjusted_fen - wanted) <= Fraction(1, 2)
        assert abs(row.quota_fen - row.adjusted_fen * scale) <= 2


@given(hospitals(), st.integers(0, 3_000))
def test_quotas_of_departments_stay_within_the_limit_unless_the_total_forbids(rows, limit):
    found = allocated(rows, quotas(A=10, B=20, C=30, D=40, E=50), limit_bp=limit, pots=(Pot(500_000, Measure.BASIC),))

    if NoteKind.RELEASED in {note.kind for note in found.notes}:
        return
    for row in found.quotas:
        assert abs(row.quota_fen - row.reference_fen) * 10_000 <= limit * row.reference_fen
