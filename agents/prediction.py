"""A visit of a file, predicted under every method of its book (what `kongfei predict` shows)."""

from dataclasses import dataclass

import msgspec

from agents.core.payment.methods import MethodsBook
from agents.core.payment.predict import predict
from agents.grouper_adapter import check_grouper, installed_grouper
from agents.visit_file import Opened
from schemas.book.payment import SpecialCase
from schemas.prediction import MethodOutlook, Prediction
from streams.logs import SafeError


class PredictionError(SafeError):
    """What keeps the prediction from being made; one line each."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """The visit and its prediction. told: the methods to show.

    book_in_force: the method that the book has in force, where another was put in its place to see what it would bring.
    special_at_most_bp: what share of the discharges may be 特例单议; 0 where there is nothing to say.
    """

    opened: Opened
    prediction: Prediction
    told: tuple[MethodOutlook, ...]
    book_in_force: str = ""
    special_at_most_bp: int = 0


def predict_visit(opened: Opened, *, method: str = "", budget_left_fen: int | None = None) -> Predicted:
    """Every method of the book for the visit, those for other diseases too.

    method: only this one is told, and it counts as the one in force where it admits the visit. Raises PredictionError
    for a grouper that is not installed and for a method that the book does not have for this visit.
    """
    book = opened.policy.book
    if mistakes := check_grouper(book):
        raise PredictionError("\n".join(mistakes))
    case, settlement = opened.outlook.case, opened.outlook.settlement
    methods = MethodsBook(opened.policy, installed_grouper(book)).methods(case)
    prediction = predict(case, settlement, methods, budget_left_fen, every=True)
    told, book_in_force = prediction.methods, ""
    if method:
        told = tuple(outlook for outlook in told if outlook.method_id == method)
        if not told:
            names_zh = "、".join(outlook.method_id for outlook in prediction.methods) or "（无）"
            names_en = ", ".join(outlook.method_id for outlook in prediction.methods) or "(none)"
            raise PredictionError(
                f"--method {method}: 本次就诊没有这种结算方式；可用的编号：{names_zh}"
                f" | the book has no such method for this visit; there are: {names_en}"
            )
        if told[0].admissible:
            book_in_force = prediction.in_force if prediction.in_force != method else ""
            prediction = msgspec.structs.replace(prediction, in_force=method)
    return Predicted(opened, prediction, told, book_in_force, _special_at_most(methods.special, prediction))


def _special_at_most(rule: SpecialCase | None, prediction: Prediction) -> int:
    if rule is None or not prediction.special_case:
        return 0
    is_dip = any(group.system == "dip" and group.code for group in prediction.groups)
    return rule.dip_at_most if is_dip else rule.drg_at_most
