"""A visit's prediction as JSON: money in fen, shares in basis points, every amount with its words."""

from typing import Any

import msgspec

from agents.prediction import Predicted
from agents.settlement_json import canonical, settlement_json
from schemas.payment_arithmetic import explain_method
from schemas.payment_words import (
    CAUTION,
    METHOD_NAMES,
    best_sentence,
    group_sentence,
    projection_sentence,
    question_sentence,
    reason_sentence,
    special_limit,
    special_sentence,
)
from schemas.prediction import Grouped, MethodOutlook

#: What of the simulated settlement stands beside a prediction; the whole of it: `kongfei settle --json`.
SETTLEMENT_SHOWN = (
    "standing", "total", "full_self_pay", "over_limit", "first_self_pay", "within_scope", "deductible", "basic_fund",
    "fund_total", "hospital_part", "patient_part", "cash_paid", "benefit_id",
)  # fmt: skip


def prediction_json(predicted: Predicted) -> dict[str, Any]:
    """Everything `kongfei predict --json` prints."""
    opened, prediction = predicted.opened, predicted.prediction
    case = opened.outlook.case
    settled = settlement_json(opened)
    return {
        "visit": settled["visit"]
        | {
            "sex": case.sex,
            "birth_date": case.birth_date,
            "diagnoses": list(case.diagnoses),
            "procedures": list(case.procedures),
            "discharge_way": case.discharge_way,
            "departments": list(case.departments),
            "basic": case.basic_fen,
        },
        "prediction": {
            "days": prediction.days,
            "cost": prediction.cost_fen,
            "projected_days": prediction.projected_days,
            "projected_cost": prediction.projected_cost_fen,
            "daily": prediction.daily_fen,
            "in_force": prediction.in_force,
            "book_in_force": predicted.book_in_force or prediction.in_force,
            "best": prediction.best,
            "projection_id": prediction.projection_id,
            "book_version": prediction.book_version,
            "projection": _texts(projection_sentence(prediction)),
            "choice": _texts(best_sentence(prediction)),
            "caution": _texts(CAUTION),
        },
        "methods": [_method(predicted, method) for method in predicted.told],
        "groups": [_group(group) for group in prediction.groups],
        "questions": [
            {"kind": question.kind, "codes": list(question.codes), **_texts(question_sentence(question))}
            for question in prediction.questions
        ],
        "special_case": {
            "reasons": [
                {"reason": reason, **_texts(special_sentence(reason, prediction))} for reason in prediction.special_case
            ],
            "at_most_bp": predicted.special_at_most_bp,
            **(_texts(special_limit(predicted.special_at_most_bp)) if predicted.special_at_most_bp else {}),
        },
        "settlement": {name: canonical(opened.outlook.settlement)[name] for name in SETTLEMENT_SHOWN},
        "warnings": settled["warnings"],
    }


def _texts(both: tuple[str, str]) -> dict[str, str]:
    return {"text_zh": both[0], "text_en": both[1]}


def _method(predicted: Predicted, method: MethodOutlook) -> dict[str, Any]:
    settlement = predicted.opened.outlook.settlement
    zh, en = METHOD_NAMES.get(method.kind, (method.kind, method.kind))
    figures = {
        name.removesuffix("_fen"): getattr(method, name)
        for name in method.__struct_fields__
        if name not in {"reasons", "numbers", "name"}
    }
    return figures | {
        "name": method.name,
        "kind_zh": zh,
        "kind_en": en,
        "in_force": method.method_id == predicted.prediction.in_force,
        "best": method.method_id == predicted.prediction.best,
        "reasons": [{"reason": reason, **_texts(reason_sentence(reason))} for reason in method.reasons],
        "numbers": dict(method.numbers),
        "explanation": [msgspec.to_builtins(item) for item in explain_method(method, predicted.prediction, settlement)],
    }


def _group(group: Grouped) -> dict[str, Any]:
    found: dict[str, Any] = {name.removesuffix("_fen"): value for name, value in msgspec.structs.asdict(group).items()}
    found["path"] = list(group.path)
    found["unknown_procedures"] = list(group.unknown_procedures)
    return found | _texts(group_sentence(group))
