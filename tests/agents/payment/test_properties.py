"""What holds for every visit and every book: identities, monotonicity, order, honesty."""

from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from agents.core.case import Case
from agents.core.payment.methods import MethodsBook
from agents.core.payment.predict import predict
from schemas.prediction import Outlier, Prediction
from tests.agents.payment.worlds import book_of, case_of, foresee, settlement_of

DEVIATION = {"low": "50%", "high": "200%", "extreme": "500%"}
POLICY = book_of(
    methods=[
        {"id": "item", "kind": "by_item", "expected_deduction": "2%"},
        {"id": "quota", "kind": "visit_quota", "fourfold": "excess_by_item"},
        {"id": "single", "kind": "single_disease", "disease": "X", "standard": "9000.00"},
        {"id": "budget", "kind": "global_budget", "overrun_share": "30%"},
        {"id": "bed", "kind": "bed_day", "bands": [{"standard": "900.00"}, {"from_day": 8, "standard": "500.00"}]},
        {"id": "head", "kind": "capitation", "per_head_year": "100.00", "conditions": {"care_types": ["11"]}},
        {"id": "dip", "kind": "dip", "point_value": "11.85", "deviation": DEVIATION, "conditions": {"max_days": 60}},
        {"id": "rate", "kind": "drg_rate", "rate": "9000", "covers": "within_scope", "deviation": DEVIATION},
        {"id": "points", "kind": "drg_points", "point_value": "100", "covers": "total"},
    ],
    quotas=[{"quota": "8000.00"}],
    budgets=[{"year": 2026, "amount": "1000000.00"}],
    projections=[{"expected_days": 9}],
    special_cases=[{"departments": 3}],
    dip=[
        {"code": "cheap", "diagnosis": "K35", "score": "500", "mean": "6000"},
        {"code": "dear", "diagnosis": "K35", "procedures": "47.01", "score": "1400", "mean": "15000"},
        {"code": "dearest", "diagnosis": "K35", "procedures": "47.01 54.91", "score": "2400", "mean": "25000"},
    ],
    drg={
        "mdc": [{"mdc": "G", "order": 5, "diagnoses": "K35"}],
        "rules": [
            {"mdc": "G", "adrg": "GD1", "section": "surgery", "procedures": "47.0"},
            {"mdc": "G", "adrg": "GU1", "section": "medicine", "diagnoses": "K35"},
        ],
        "groups": [
            {"code": "GD13", "weight": "1.8"}, {"code": "GD15", "weight": "1.2"}, {"code": "GU19", "weight": "0.5"}
        ],
        "complications": [{"diagnosis": "E11", "level": "CC"}],
    },
)  # fmt: skip

AMOUNTS = st.integers(-50_000, 3_000_000).map(
    lambda fen: f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
)
MAINS = st.sampled_from(["K35.800", "K35.900", "J18.900", ""])
OTHERS = st.lists(st.sampled_from(["E11.900", "I10.x00", "A41.900"]), max_size=3)
OPERATIONS = st.lists(st.sampled_from(["47.0100", "54.9100", "38.9300"]), max_size=3)


@st.composite
def visits(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "main": draw(MAINS),
        "others": draw(OTHERS),
        "procedures": draw(OPERATIONS),
        "by_day": draw(st.lists(AMOUNTS, min_size=1, max_size=12)),
        "days": draw(st.integers(12, 70)),
        "ended": draw(st.booleans()),
        "disease_code": draw(st.sampled_from(["", "X"])),
        "insurance_type": draw(st.sampled_from(["", "310"])),
        "operation_charged": draw(st.sampled_from(["0", "800.00"])),
        "sex": draw(st.sampled_from(["1", "2", ""])),
    }


BUDGETS = st.one_of(st.none(), AMOUNTS)


@given(visits(), BUDGETS)
def test_profit_is_income_less_cost_now_and_at_discharge(visit: dict[str, Any], left: str | None) -> None:
    prediction = foresee(POLICY, visit, left)
    for method in prediction.methods:
        if method.admissible:
            assert method.profit_fen == method.income_fen - prediction.cost_fen
            assert method.projected_profit_fen == method.projected_income_fen - prediction.projected_cost_fen
            assert method.fund_due_fen >= 0
            assert method.reasons == ()


@given(visits(), BUDGETS)
def test_the_best_and_the_one_in_force_are_admissible_and_none_is_better(
    visit: dict[str, Any], left: str | None
) -> None:
    prediction = foresee(POLICY, visit, left)
    best, force = prediction.method(prediction.best), prediction.method(prediction.in_force)
    assert best is not None
    assert force is not None
    assert best.admissible
    assert force.admissible
    assert all(best.projected_profit_fen >= other.projected_profit_fen for other in _admissible(prediction))


@given(visits())
def test_what_is_not_admissible_says_why_and_shows_no_money(visit: dict[str, Any]) -> None:
    for method in foresee(POLICY, visit).methods:
        if not method.admissible:
            assert method.reasons
            assert (method.income_fen, method.profit_fen, method.projected_profit_fen) == (0, 0, 0)
            assert method.standard_fen is None


@given(visits())
def test_cost_at_discharge_is_never_below_the_cost_so_far(visit: dict[str, Any]) -> None:
    prediction = foresee(POLICY, visit)
    assert prediction.projected_cost_fen >= prediction.cost_fen
    assert prediction.projected_days >= prediction.days
    if visit["ended"]:
        assert (prediction.projected_cost_fen, prediction.projected_days) == (prediction.cost_fen, prediction.days)


@given(visits(), st.integers(1, 1_000_000))
def test_more_cost_never_raises_the_profit_of_a_fixed_standard_in_the_normal_band(
    visit: dict[str, Any], more: int
) -> None:
    visit = visit | {"ended": True, "fund": "0.00"}
    dearer = visit | {"by_day": [*visit["by_day"][:-1], _plus(visit["by_day"][-1], more)]}
    before, after = foresee(POLICY, visit), foresee(POLICY, dearer)
    assume(before.cost_fen > 0)
    for name in ("single", "dip", "points", "bed", "quota"):
        here, there = before.method(name), after.method(name)
        assert here is not None
        assert there is not None
        if here.admissible and here.outlier == there.outlier == Outlier.NORMAL:
            assert there.profit_fen <= here.profit_fen


@given(visits(), st.integers(0, 2**32))
def test_the_order_of_what_is_recorded_beside_the_main_ones_changes_nothing(visit: dict[str, Any], seed: int) -> None:
    random = Random(seed)
    others, procedures = list(visit["others"]), list(visit["procedures"])
    random.shuffle(others)
    rest = procedures[1:]
    random.shuffle(rest)
    shuffled = visit | {"others": others, "procedures": procedures[:1] + rest}
    assert foresee(POLICY, shuffled) == foresee(POLICY, visit)


@given(visits())
def test_questions_name_only_what_is_recorded(visit: dict[str, Any]) -> None:
    recorded = {visit["main"], *visit["others"], *visit["procedures"]}
    for question in foresee(POLICY, visit).questions:
        assert set(question.codes) <= recorded


@given(visits())
def test_a_prediction_is_the_same_whatever_was_asked_before(visit: dict[str, Any]) -> None:
    """Caches must not leak: the shared book answers as a fresh one."""
    case = case_of(visit)
    settlement = settlement_of(visit, case)
    assert predict(case, settlement, SHARED.methods(case)) == predict(
        case, settlement, MethodsBook(POLICY).methods(case)
    )


SHARED = MethodsBook(POLICY)


@given(visits(), st.integers(0, 3_000_000))
def test_a_fuller_budget_never_brings_less(visit: dict[str, Any], left: int) -> None:
    assume(visit["insurance_type"])
    lower = foresee(POLICY, visit, f"{left // 100}.{left % 100:02d}").method("budget")
    higher = foresee(POLICY, visit, f"{left // 100 + 1}.{left % 100:02d}").method("budget")
    assert lower is not None
    assert higher is not None
    assert higher.income_fen >= lower.income_fen


def test_a_running_visit_says_in_its_case_that_it_runs() -> None:
    case = case_of({"ended": False, "by_day": ["1.00"]})
    assert isinstance(case, Case)
    assert not case.is_ended


def _admissible(prediction: Prediction) -> list[Any]:
    return [method for method in prediction.methods if method.admissible]


def _plus(amount: str, fen: int) -> str:
    total = round(float(amount) * 100) + fen
    return f"{'-' if total < 0 else ''}{abs(total) // 100}.{abs(total) % 100:02d}"
