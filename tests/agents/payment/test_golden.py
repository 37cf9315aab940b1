"""Golden cases: each says where it comes from and how it was reckoned by hand. The files are read, never written."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.prediction import MethodOutlook, Prediction
from tests.agents.payment.worlds import book_of, fen, foresee

FOLDER = Path(__file__).with_name("golden")
FEN_FIELDS = {"covered", "standard", "income", "fund_due", "profit", "projected_income", "projected_profit"}
OF_PREDICTION = {"in_force", "best", "days", "projected_days", "special_case", "questions", "group"}
FEN_OF_PREDICTION = {"cost", "projected_cost", "daily"}


def _cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in sorted(FOLDER.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def _actual(outlook: MethodOutlook, name: str) -> object:
    if name in FEN_FIELDS:
        return getattr(outlook, f"{name}_fen")
    if name == "numbers":
        return outlook.numbers
    return getattr(outlook, name)


def _wanted(name: str, value: Any) -> object:
    if name in FEN_FIELDS | FEN_OF_PREDICTION:
        return None if value is None else fen(value)
    return tuple(value) if isinstance(value, list) else value


def _of_prediction(prediction: Prediction, name: str) -> object:
    if name in FEN_OF_PREDICTION:
        return getattr(prediction, f"{name}_fen")
    if name == "questions":
        return tuple(question.kind for question in prediction.questions)
    if name == "group":
        return prediction.groups[0].code
    return getattr(prediction, name)


@pytest.mark.parametrize("case", _cases())
def test_a_golden_case_comes_out_as_reckoned_by_hand(case: dict[str, Any]) -> None:
    assert case["source"], "every golden case cites its source"
    assert case["by_hand"], "every golden case shows its arithmetic"
    prediction = foresee(book_of(**case["book"]), case["visit"], case.get("budget_left"))
    for name, expected in case["expect"].items():
        if name in OF_PREDICTION | FEN_OF_PREDICTION:
            assert _of_prediction(prediction, name) == _wanted(name, expected), name
            continue
        outlook = prediction.method(name)
        assert outlook is not None, f"method {name} is told"
        for field, value in expected.items():
            if field == "numbers":
                assert {key: outlook.numbers.get(key) for key in value} == value
            else:
                assert _actual(outlook, field) == _wanted(field, value), f"{name}.{field}"


def test_there_are_enough_golden_cases() -> None:
    assert len(_cases()) >= 35
