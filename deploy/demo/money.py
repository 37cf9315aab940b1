"""The money of a few patients: simulated settlement, payment prediction, and why; budgets; read from ClickHouse.

Figures come from the views v_settlement, v_payment_outlook and v_budget; the sentences from the derivation stored with
every visit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from clickhouse_driver import Client
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.demo.hospital.departments import BY_CODE
from deploy.demo.screen import Screen
from deploy.demo.tables import plain_table
from schemas.explanation import explain_settlement
from schemas.payment_arithmetic import explain_method
from schemas.payment_words import best_sentence, special_sentence
from schemas.prediction import Grouped, MethodOutlook, Prediction
from schemas.settlement import LAYER_FIELDS, Period, SimulatedSettlement, Step

#: Scripted stays that are shown (deploy/demo/hospital/plots.py), and who the patient is.
PATIENTS = {
    "critical_illness": ("居民，大病", "resident, critical illness"),
    "cap_reached": ("职工，过封顶线", "employee beyond the cap"),
    "high_outlier": ("退休，费用极高", "retired, extreme cost"),
    "deductible_disputed": ("退休，医保异议", "retired, disputed"),
}
WHY_SETTLED = frozenset(
    {"deductible", "basic_fund", "patient_part", *(name.removesuffix("_fen") for name in LAYER_FIELDS.values())}
)
WHY_PAID = frozenset({"base", "standard", "profit"})
_SHEET = (
    ("总费用", "total", "total_yuan"),
    ("符合政策范围", "within scope", "within_scope_yuan"),
    ("起付线", "deductible", "deductible_yuan"),
    ("统筹支付", "basic fund", "basic_fund_yuan"),
    ("大额、大病等", "layers above it", "layers_yuan"),
    ("基金支付合计", "funds together", "fund_total_yuan"),
    ("个人负担", "patient's part", "patient_part_yuan"),
    ("医保实际支付", "really settled", "settled_fund_yuan"),
    ("模拟 − 实际", "difference", "fund_difference_yuan"),
)
_KINDS = {
    "dip": "DIP", "drg_points": "DRG", "drg_rate": "DRG", "by_item": "按项目", "single_disease": "单病种",
    "visit_quota": "定额", "bed_day": "床日", "capitation": "人头", "global_budget": "总额",
}  # fmt: skip
_OUTLIERS = {"": "正常", "normal": "正常", "low": "低倍率", "high": "高倍率", "extreme": "极高，须评审"}
_OUTLOOK = (
    ("执行方式", "method in force", "kind"),
    ("最佳方式", "best method", "best_method_id"),
    ("病种", "group", "group_code"),
    ("支付标准", "standard", "standard_yuan"),
    ("费用 ÷ 标准", "use", "used_percent"),
    ("医院所得", "income", "income_yuan"),
    ("当前盈亏", "profit now", "profit_yuan"),
    ("出院时盈亏", "at discharge", "projected_profit_yuan"),
    ("病例类型", "kind of case", "outlier"),
)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A visit's settlement and prediction as they stand in ClickHouse."""

    settlement: SimulatedSettlement
    prediction: Prediction
    questions: tuple[str, ...]


def report_money(screen: Screen, client: Client, plotted: Mapping[str, str]) -> None:
    """Settlement and prediction of the chosen patients. `plotted`: name of a scripted stay → visit id."""
    chosen = {plotted[name]: who for name, who in PATIENTS.items() if name in plotted}
    if not chosen:
        return
    screen.heading("模拟结算", "simulated settlement of a few patients, yuan")
    layers = " + ".join(f"{name.removesuffix('_fen')}_yuan" for name in LAYER_FIELDS.values())
    columns = [f"{layers} AS layers_yuan" if name == "layers_yuan" else name for _, _, name in _SHEET]
    _sheet(screen, _SHEET, _rows(client, "v_settlement", columns, chosen), chosen)
    reckoned = {visit: found for visit in chosen if (found := _reckoned(client, visit)) is not None}
    for visit, found in reckoned.items():
        told = [item for item in explain_settlement(found.settlement) if item.what in WHY_SETTLED and item.amount_fen]
        _say_why(screen, visit, chosen[visit], [*(item.text_zh for item in told), *_differences(client, visit)])
    screen.heading("支付预测", "what the payment methods say of the same patients, yuan")
    _sheet(screen, _OUTLOOK, _rows(client, "v_payment_outlook", [name for _, _, name in _OUTLOOK], chosen), chosen)
    for visit, found in reckoned.items():
        _say_why(screen, visit, chosen[visit], _paid_why(found))


def report_budgets(screen: Screen, client: Client) -> None:
    """Budgets against time: the whole hospital and the departments, by month."""
    rows = client.execute(
        "SELECT department, month, budget_yuan, due_yuan, spent_yuan, pace_percent FROM v_budget"
        " WHERE department != '' ORDER BY month, department != '*', pace_percent DESC, department"
    )
    screen.heading("预算与时间进度", "budgets against time: paid by the funds, visits by month of admission")
    table = plain_table("月\nmonth", "科室\ndepartment", figures=(
        "当月预算\nbudget", "至今应用\ndue by now", "已用\nspent", "进度\npace",
    ))  # fmt: skip
    last = None
    for department, month, budget, due, spent, pace in rows:
        if last not in {None, month}:
            table.add_section()
        last = month
        style = "bold red" if pace and pace >= 115 else "yellow" if pace and pace >= 100 else ""
        name = (
            "全院 hospital" if department == "*" else BY_CODE[department].name if department in BY_CODE else department
        )
        table.add_row(
            str(month), name, f"{budget:,.0f}", f"{due:,.0f}", f"{spent:,.0f}",
            Text("—" if pace is None else f"{pace:.1f}%", style=style),
        )  # fmt: skip
    screen.say(table)


def _differences(client: Client, visit: str) -> list[str]:
    """What the insurer settled otherwise, field by field."""
    rows = client.execute(
        "SELECT field_zh, simulated_yuan, settled_yuan FROM v_settlement_difference"
        " WHERE visit_id = %(visit)s AND difference_fen != 0"
        " AND field NOT IN ('fund_total', 'patient_part', 'account_paid', 'cash_paid')",
        {"visit": visit},
    )
    return [f"医保另有认定：{field}，模拟 {ours:,.2f} 元，实际 {theirs:,.2f} 元。" for field, ours, theirs in rows]


def _paid_why(found: Reckoned) -> list[str]:
    prediction = found.prediction
    method = prediction.method(prediction.in_force)
    told = explain_method(method, prediction, found.settlement) if method else []
    lines = [item.text_zh for item in told if item.what in WHY_PAID]
    lines.append(best_sentence(prediction)[0])
    lines += [f"特例单议：{special_sentence(reason, prediction)[0]}" for reason in prediction.special_case]
    return lines + [f"书写提问：{question}" for question in found.questions]


def _say_why(screen: Screen, visit: str, who: tuple[str, str], lines: list[str]) -> None:
    screen.say(Text(f"{visit} {who[0]}", style="bold"))
    for line in lines:
        screen.say(Padding(Text(line), (0, 0, 0, 2), expand=False))


def _sheet(
    screen: Screen,
    lines: tuple[tuple[str, str, str], ...],
    rows: Mapping[str, tuple[Any, ...]],
    chosen: Mapping[str, tuple[str, str]],
) -> None:
    """One column a patient, one line a figure."""
    table: Table = plain_table("", "", figures=tuple(f"{visit}\n{chosen[visit][0]}" for visit in rows))
    for number, (zh, en, name) in enumerate(lines):
        table.add_row(zh, en, *(_shown(name, values[number]) for values in rows.values()))
    screen.say(table)


def _rows(client: Client, view: str, columns: list[str], chosen: Mapping[str, object]) -> dict[str, tuple[Any, ...]]:
    found = client.execute(
        f"SELECT visit_id, {', '.join(columns)} FROM {view} WHERE visit_id IN %(visits)s",  # noqa: S608 - constants
        {"visits": tuple(chosen)},
    )
    rows = {visit: tuple(values) for visit, *values in found}
    return {visit: rows[visit] for visit in chosen if visit in rows}


def _reckoned(client: Client, visit: str) -> Reckoned | None:
    """What stands in visit_fact, as the structs it was published as."""
    plain = [name for name in SimulatedSettlement.__struct_fields__ if name not in {"steps", "periods"}]
    columns = [f"simulated_{name}" for name in plain]
    rows = client.execute(
        f"SELECT {', '.join(columns)}, simulated_steps, simulated_periods, predicted_methods, predicted_groups,"  # noqa: S608 - constants
        " predicted_days, predicted_cost_fen, predicted_projected_days, predicted_projected_cost_fen,"
        " predicted_daily_fen, predicted_in_force, predicted_best, special_case"
        " FROM visit_fact FINAL WHERE visit_id = %(visit)s AND simulated_standing != ''",
        {"visit": visit},
    )
    if not rows:
        return None
    values = rows[0]
    settled = dict(zip(plain, values, strict=False))
    steps, periods, methods, groups, days, cost, later, later_cost, daily, in_force, best, special = values[
        len(plain) :
    ]
    asked = client.execute("SELECT question_zh FROM v_visit_question WHERE visit_id = %(visit)s", {"visit": visit})
    return Reckoned(
        SimulatedSettlement(
            **settled, steps=_decoded(steps, tuple[Step, ...]), periods=_decoded(periods, tuple[Period, ...])
        ),
        Prediction(
            days, cost, later, later_cost, daily, in_force, best, _decoded(groups, tuple[Grouped, ...]),
            _decoded(methods, tuple[MethodOutlook, ...]), tuple(special),
        ),
        tuple(question for (question,) in asked),
    )  # fmt: skip


def _decoded(text: str, kind: Any) -> Any:
    return msgspec.json.decode(text, type=kind) if text else ()


def _shown(name: str, value: Any) -> str:
    if name == "outlier":
        return _OUTLIERS.get(value, str(value))
    if value is None or value == "":
        return "—"
    if name == "kind":
        return _KINDS.get(value, str(value))
    if name.endswith("_percent"):
        return f"{value:.1f}%"
    return f"{value:,.2f}" if name.endswith("_yuan") else str(value)
