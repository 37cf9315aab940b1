"""A prediction as a sheet on a terminal: the methods side by side, the best and why, groups, questions."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from agents.prediction import Predicted
from agents.sheet import say, say_list
from schemas.payment_arithmetic import explain_method, title_of
from schemas.payment_words import (
    CAUTION,
    OUTLIERS,
    best_sentence,
    group_sentence,
    method_names,
    projection_sentence,
    question_sentence,
    reason_sentence,
    special_limit,
    special_sentence,
    swapped_sentence,
)
from schemas.prediction import MethodOutlook, Outlier
from schemas.units import percent_text
from schemas.wording import money

NOTHING = "—"
#: A narrower terminal gets the columns that decide.
WIDE = 140


class Column(NamedTuple):
    """One column of the comparison."""

    titles: tuple[str, str]
    figure: Callable[[MethodOutlook], str]
    is_needed: bool = False


COLUMNS = (
    Column(("计入费用", "Cost"), lambda method: money(method.covered_fen)),
    Column(
        ("支付标准", "Standard"),
        lambda method: NOTHING if method.standard_fen is None else money(method.standard_fen),
        is_needed=True,
    ),
    Column(("费用比例", "Used"), lambda method: percent_text(method.used_bp), is_needed=True),
    Column(("医院所得", "Income"), lambda method: money(method.income_fen)),
    Column(("医保应付", "Insurer owes"), lambda method: money(method.fund_due_fen)),
    Column(("当前盈亏", "Profit now"), lambda method: money(method.profit_fen)),
    Column(("出院盈亏", "At discharge"), lambda method: money(method.projected_profit_fen), is_needed=True),
)


def show_prediction(console: Console, predicted: Predicted, *, in_detail: bool, is_chinese: bool) -> None:
    """Print the sheet in Chinese or English; in detail: the arithmetic of every method told."""
    place = 0 if is_chinese else 1
    opened, prediction = predicted.opened, predicted.prediction
    case = opened.outlook.case
    diagnoses = case.main_diagnosis or ("（未记录）", "(not recorded)")[place]
    procedures = ("、", ", ")[place].join(case.procedures) or ("无", "none")[place]
    say(
        console,
        (
            f"就诊 {case.visit_id}，主要诊断 {diagnoses}，手术操作 {procedures}。",
            f"Visit {case.visit_id}, main diagnosis {diagnoses}, operations {procedures}.",
        )[place],
    )
    say(console, projection_sentence(prediction)[place])
    for group in prediction.groups:
        say(console, group_sentence(group)[place])
    admissible = [method for method in predicted.told if method.admissible]
    refused = [method for method in predicted.told if not method.admissible]
    if admissible:
        console.print(_table(predicted, admissible, place, is_narrow=console.width < WIDE))
    if in_detail:
        for method in admissible:
            say_list(
                console,
                f"{title_of(method)[place]}{('：', ':')[place]}",
                [
                    (item.text_zh, item.text_en)[place]
                    for item in explain_method(method, prediction, opened.outlook.settlement)
                ],
            )
    say_list(
        console,
        ("不适用的方式：", "Methods that do not admit the visit:")[place],
        [_refusal(method, place) for method in refused],
    )
    if predicted.book_in_force:
        say(console, swapped_sentence(prediction)[place])
        prediction = msgspec.structs.replace(prediction, in_force=predicted.book_in_force)
    say(console, best_sentence(prediction)[place])
    say_list(
        console,
        ("书写与编码提问：", "Questions to the documentation:")[place],
        [question_sentence(question)[place] for question in prediction.questions],
    )
    reasons = [special_sentence(reason, prediction)[place] for reason in prediction.special_case]
    if reasons and predicted.special_at_most_bp:
        reasons.append(special_limit(predicted.special_at_most_bp)[place])
    say_list(console, ("可申请特例单议：", "A candidate for 特例单议 (to be judged by itself):")[place], reasons)
    say(
        console,
        (
            f"政策库：{prediction.book_version}。{CAUTION[0]}",
            f"Policy book: {prediction.book_version}. {CAUTION[1]}",
        )[place],
    )


def _refusal(method: MethodOutlook, place: int) -> str:
    """Why a method does not admit the visit: every reason."""
    reasons = [reason_sentence(reason)[place] for reason in method.reasons]
    return f"{title_of(method)[place]}{('：', ': ')[place]}{('', ' ')[place].join(reasons)}"


def _table(predicted: Predicted, methods: list[MethodOutlook], place: int, *, is_narrow: bool) -> Table:
    """The methods side by side; on a narrow terminal the columns that decide."""
    table = Table(title=("结算方式比较（元）", "Payment methods (yuan)")[place], title_justify="left")
    table.add_column(("结算方式", "Method")[place], overflow="fold", min_width=12 if is_narrow else 26)
    columns = [column for column in COLUMNS if column.is_needed or not is_narrow]
    for column in columns:
        table.add_column(column.titles[place], justify="right", no_wrap=True)
    table.add_column(("说明", "Note")[place], overflow="fold", min_width=10)
    for method in methods:
        figures = [column.figure(method) for column in columns]
        table.add_row(method_names(method)[place], *figures, _note(predicted, method, place))
    return table


def _note(predicted: Predicted, method: MethodOutlook, place: int) -> str:
    prediction = predicted.prediction
    notes = []
    if method.method_id == prediction.in_force:
        notes.append((("假设执行", "as if in force") if predicted.book_in_force else ("执行", "in force"))[place])
    if method.method_id == prediction.best:
        notes.append(("最佳", "best")[place])
    if not method.binding and any(other.binding and other.admissible for other in prediction.methods):
        notes.append(("仅供比较", "for comparison")[place])
    if "over_fourfold_fen" in method.numbers:
        notes.append(("超倍数定额，另行审核", "over the multiple of the quota")[place])
    elif method.outlier != Outlier.NORMAL:
        notes.append(OUTLIERS[Outlier(method.outlier)][place])
    elif method.projected_outlier != Outlier.NORMAL:
        foreseen = OUTLIERS[Outlier(method.projected_outlier)][place]
        notes.append((f"预计为{foreseen}", f"{foreseen} at discharge")[place])
    if method.numbers.get("low_cost"):
        notes.append(("低额", "low cost")[place])
    return ("、", ", ")[place].join(notes)
