"""The code tables as ClickHouse holds them: the national ones, the numbered reasons, words of alerts, visits, rules.

Names for people only; nothing is decided by them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from clickhouse_driver import Client

from schemas.alerts import Level, Rule, Status
from schemas.codes import code_tables
from schemas.difference import FIELDS
from schemas.facts import VisitStatus
from schemas.payment_words import METHOD_NAMES, OUTLIERS, QUESTIONS, REASONS, SPECIAL_CASES, STATUSES
from schemas.reasons import MEANING
from schemas.settlement import Standing, StepKind
from schemas.wording import LAYER_NAMES
from sinks.clickhouse.rule_words import RULE_WORDS

CodeRow = tuple[str, str, str, str, str]
_OWN = "kongfei"

LEVEL_NAMES = {
    Level.NOTICE: ("提示", "notice"),
    Level.YELLOW: ("黄色警告", "yellow"),
    Level.RED: ("红色危险", "red"),
    Level.PURPLE: ("紫色超4倍", "purple"),
}
STATUS_NAMES = {
    Status.RAISED: ("已触发", "raised"),
    Status.ESCALATED: ("已升级", "escalated"),
    Status.ACKNOWLEDGED: ("已确认", "acknowledged"),
    Status.CLEARED: ("已解除", "cleared"),
}
STEP_NAMES = {
    "raised": ("触发", "raised"),
    "escalated": ("升级", "escalated"),
    "eased": ("回落", "eased"),
    "acknowledged": ("确认", "acknowledged"),
    "cleared": ("解除", "cleared"),
}
RULE_NAMES = {
    Rule.VISIT_QUOTA: ("人次定额", "quota of a visit"),
    Rule.CASE_COST: ("单病例费用", "cost of a single case"),
    Rule.DRUG_RATIO: ("药占比", "drug ratio"),
    Rule.MATERIAL_RATIO: ("材料占比", "material ratio"),
    Rule.SELF_PAY_RATIO: ("自费率", "self-pay ratio"),
    Rule.LENGTH_OF_STAY: ("住院天数", "length of stay"),
    Rule.VALUABLE_DRUG: ("贵重药品", "valuable drug"),
    Rule.CONSUMABLE: ("医用耗材", "consumable"),
    Rule.TRANSFER: ("转科", "transfer"),
    Rule.PAYMENT_STANDARD: ("支付标准", "payment standard"),
    Rule.PREDICTED_LOSS: ("预测亏损", "predicted loss"),
    Rule.CAP_REACHED: ("年度封顶线", "cap of the year"),
    Rule.COVERAGE_MISSING: ("未刷卡", "coverage missing"),
    Rule.SETTLEMENT_DIFFERENCE: ("模拟与实际结算差异", "simulated and real settlement differ"),
    Rule.DEPARTMENT_QUOTA: ("科室定额", "quota of a department"),
    Rule.DEPARTMENT_DRUG_RATIO: ("科室药占比", "drug ratio of a department"),
    Rule.DEPARTMENT_MATERIAL_RATIO: ("科室材料占比", "material ratio of a department"),
    Rule.DEPARTMENT_BUDGET: ("科室预算执行", "budget of a department"),
    Rule.HOSPITAL_BUDGET: ("全院预算执行", "budget of the hospital"),
}
VISIT_STATUS_NAMES = {
    VisitStatus.PENDING: ("待入院登记", "pending"),
    VisitStatus.OPEN: ("在院", "open"),
    VisitStatus.DISCHARGED: ("已出院", "discharged"),
    VisitStatus.CANCELLED: ("已撤销", "cancelled"),
}
STANDING_NAMES = {
    Standing.SIMULATED: ("已模拟结算", "simulated"),
    Standing.COVERAGE_PENDING: ("险种未定，暂按自费", "coverage pending, all self-pay so far"),
    Standing.NO_BENEFIT: ("账簿无适用待遇，按自费", "no benefit in the book, all self-pay"),
}
STEP_KIND_NAMES = {
    StepKind.LINES: ("明细拆分", "line split"),
    StepKind.TEST_LIMIT: ("检验检查限额", "limit of tests"),
    StepKind.SCOPE_LIMIT: ("范围内费用限额", "limit of cost within scope"),
    StepKind.DEDUCTIBLE: ("起付线", "deductible"),
    StepKind.BAND: ("分段支付", "band"),
    StepKind.FUND_LIMIT: ("基金支付限额", "limit of the fund's payment"),
    StepKind.CAP: ("封顶线", "cap"),
    StepKind.TAKEN_BACK: ("退费冲回", "taken back"),
    StepKind.LAYER: ("补充保障", "layer"),
    StepKind.HOSPITAL: ("医院负担", "the hospital's part"),
    StepKind.ACCOUNT: ("个人账户", "personal account"),
    StepKind.CASH: ("个人现金", "cash"),
}
BASIS_NAMES = {
    "fund": ("基金支付（模拟）", "payment of the funds (simulated)"),
    "total": ("总费用", "total cost"),
    "basic": ("基本医疗费用", "basic cost"),
}
GROUP_STATUS_NAMES = {"grouped": ("已入组", "grouped"), "ambiguous": ("同时符合多个病种", "several fit")} | STATUSES


def code_rows() -> list[CodeRow]:
    """Every row of `code_name`: table, code, Chinese name, English name, source; sorted."""
    rows = [
        (code.table, code.code, code.name_zh, code.name_en, code.source)
        for table in code_tables().values()
        for code in table.values()
    ]
    rows += [("reason", reason.value, zh, en, _OWN) for reason, (zh, en) in MEANING.items()]
    worded: Sequence[tuple[str, Mapping[Any, tuple[str, str]]]] = (
        ("alert_level", LEVEL_NAMES),
        ("alert_status", STATUS_NAMES),
        ("alert_step", STEP_NAMES),
        ("alert_rule", RULE_NAMES),
        ("visit_status", VISIT_STATUS_NAMES),
        ("settlement_standing", STANDING_NAMES),
        ("settlement_step", STEP_KIND_NAMES),
        ("settlement_layer", LAYER_NAMES),
        ("settlement_field", {name.removesuffix("_fen"): names for name, names in FIELDS.items()}),
        ("payment_method", METHOD_NAMES),
        ("not_admitted", REASONS),
        ("outlier", OUTLIERS),
        ("group_status", GROUP_STATUS_NAMES),
        ("question", QUESTIONS),
        ("special_case", SPECIAL_CASES),
        ("budget_basis", BASIS_NAMES),
        *RULE_WORDS.items(),
    )
    for table, names in worded:
        rows += [(table, str(code), zh, en, _OWN) for code, (zh, en) in names.items()]
    return sorted(rows)


def load_code_names(client: Client) -> int:
    """Write the rows that `code_name` lacks or has otherwise; returns how many. Two that do so at once do no harm."""
    found = client.execute("SELECT code_table, code, name_zh, name_en, source FROM code_name FINAL")
    missing = sorted(set(code_rows()) - set(found))
    if missing:
        client.execute("INSERT INTO code_name (code_table, code, name_zh, name_en, source) VALUES", missing)
    return len(missing)
