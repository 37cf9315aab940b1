"""The code tables as ClickHouse holds them: the national ones, the numbered reasons, the words of alerts and visits.

Names for people only; nothing is decided by them.
"""

from clickhouse_driver import Client

from schemas.alerts import Level, Rule, Status
from schemas.codes import code_tables
from schemas.facts import VisitStatus
from schemas.reasons import MEANING

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
    Rule.DEPARTMENT_QUOTA: ("科室定额", "quota of a department"),
    Rule.DEPARTMENT_DRUG_RATIO: ("科室药占比", "drug ratio of a department"),
    Rule.DEPARTMENT_MATERIAL_RATIO: ("科室材料占比", "material ratio of a department"),
}
VISIT_STATUS_NAMES = {
    VisitStatus.PENDING: ("待入院登记", "pending"),
    VisitStatus.OPEN: ("在院", "open"),
    VisitStatus.DISCHARGED: ("已出院", "discharged"),
    VisitStatus.CANCELLED: ("已撤销", "cancelled"),
}


def code_rows() -> list[CodeRow]:
    """Every row of `code_name`: table, code, Chinese name, English name, source; sorted."""
    rows = [
        (code.table, code.code, code.name_zh, code.name_en, code.source)
        for table in code_tables().values()
        for code in table.values()
    ]
    rows += [("reason", reason.value, zh, en, _OWN) for reason, (zh, en) in MEANING.items()]
    for table, names in (
        ("alert_level", LEVEL_NAMES),
        ("alert_status", STATUS_NAMES),
        ("alert_step", STEP_NAMES),
        ("alert_rule", RULE_NAMES),
        ("visit_status", VISIT_STATUS_NAMES),
    ):
        rows += [(table, str(code), zh, en, _OWN) for code, (zh, en) in names.items()]
    return sorted(rows)


def load_code_names(client: Client) -> int:
    """Write the rows that `code_name` lacks or has otherwise; returns how many. Two that do so at once do no harm."""
    found = client.execute("SELECT code_table, code, name_zh, name_en, source FROM code_name FINAL")
    missing = sorted(set(code_rows()) - set(found))
    if missing:
        client.execute("INSERT INTO code_name (code_table, code, name_zh, name_en, source) VALUES", missing)
    return len(missing)
