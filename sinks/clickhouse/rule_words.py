"""The words of rules, findings and order checks as `code_name` holds them: for people only; nothing is decided by them.

What a hospital calls a scene otherwise stands in its book; these are the names of the catalogue (15 类场景).
"""

from collections.abc import Mapping
from typing import Any

from schemas.book.rules import GRADE_NAMES, Phase, RuleCategory
from schemas.finding import OPEN, WITHDRAWN
from schemas.order_check import Outcome, Unfinished
from schemas.visit_history import Standing

PHASE_NAMES = {
    Phase.ORDER: ("事前", "before: when an order is placed"),
    Phase.CHARGE: ("事中", "during: on every charge"),
    Phase.REVIEW: ("事后", "after: on the ended visit"),
}
CATEGORY_NAMES = {
    RuleCategory.POLICY: ("政策类", "policy"),
    RuleCategory.MANAGEMENT: ("管理类", "management"),
    RuleCategory.MEDICAL: ("医疗类", "medical"),
    RuleCategory.DETECTOR: ("行为监测", "detector of behaviour"),
}
FINDING_STATUS_NAMES = {OPEN: ("成立", "open"), WITHDRAWN: ("已撤回", "withdrawn")}
OUTCOME_NAMES = {
    Outcome.PASSED: ("通过", "passed"),
    Outcome.FINDINGS: ("有疑点", "findings"),
    Outcome.UNFINISHED: ("校验未完成", "not finished"),
}
UNFINISHED_NAMES = {
    Unfinished.OUT_OF_TIME: ("超过时限", "out of time"),
    Unfinished.NO_OWNER: ("无处理节点", "no worker holds the patient"),
    Unfinished.NOT_READY: ("尚未就绪", "not ready yet"),
    Unfinished.ENGINE_ERROR: ("引擎错误", "error of the engine"),
    Unfinished.OVERLOADED: ("过载", "too many at once"),
}
STANDING_NAMES = {
    Standing.NEW: ("新增", "found anew"),
    Standing.SAME: ("一致", "as stored"),
    Standing.CHANGED: ("金额不同", "another amount"),
    Standing.GONE: ("不再成立", "not found any more"),
}
SCENE_NAMES = {
    1: ("性别", "sex"),
    2: ("年龄（新生儿、儿童、老年）", "age: newborn, child, old"),
    3: ("适应症", "indication"),
    4: ("险种（工伤、生育）", "insurance: work injury, maternity"),
    5: ("医疗机构级别", "tier of the hospital"),
    6: ("就医方式（门诊、住院、互联网）", "way of care: outpatient, inpatient, online"),
    7: ("二线、专科与处方权", "second line, speciality, right to prescribe"),
    8: ("支付疗程与最大开药量", "paid course, longest supply"),
    9: ("用量与种类", "dose and number of drugs"),
    10: ("重复用药、相互作用、配伍、禁忌、妊娠哺乳", "duplicates, interactions, contraindications, pregnancy"),
    11: ("重复收费、分解收费、手术折价", "double charges, split charges, operation discount"),
    12: ("频次、周期、数量、总额", "frequency, period, quantity, total"),
    13: ("诊疗项目合理性", "reasonable tests and treatment"),
    14: ("项目、耗材、药品、科室匹配", "items, consumables, drugs and departments that match"),
    15: ("定额、占比、自费、贵重", "quotas, ratios, self-pay, valuables"),
}
INDICATOR_NAMES = {
    56: ("药费占比", "share of drugs"),
    57: ("检验检查占比", "share of tests"),
    58: ("耗材占比", "share of consumables"),
    59: ("治疗占比", "share of treatment"),
    63: ("31天非计划再入院率", "unplanned readmission within 31 days"),
}
#: Code table → code → Chinese name, English name.
RULE_WORDS: Mapping[str, Mapping[Any, tuple[str, str]]] = {
    "grade": GRADE_NAMES,
    "phase": PHASE_NAMES,
    "rule_category": CATEGORY_NAMES,
    "finding_status": FINDING_STATUS_NAMES,
    "check_outcome": OUTCOME_NAMES,
    "unfinished": UNFINISHED_NAMES,
    "reaudit_standing": STANDING_NAMES,
    "scene": SCENE_NAMES,
    "indicator": INDICATOR_NAMES,
}
