"""The prediction in words: names, reasons, groups, questions, 特例单议. Whole sentences, Chinese and English.

The arithmetic of a method is told by schemas.payment_arithmetic. Nothing here proposes another diagnosis (DOMAIN 8.1).
"""

from schemas.prediction import Grouped, MethodOutlook, Outlier, Prediction, Question
from schemas.wording import money, share_text

#: schemas.book.payment.MethodKind → its name in Chinese and English.
METHOD_NAMES = {
    "by_item": ("按项目付费", "payment by item"),
    "visit_quota": ("人次定额", "the per-visit quota"),
    "single_disease": ("单病种付费", "the single-disease standard"),
    "global_budget": ("总额控制", "the global budget"),
    "bed_day": ("按床日付费", "payment by bed-day"),
    "capitation": ("按人头付费", "capitation"),
    "drg_rate": ("DRG 费率法", "DRG (rate)"),
    "drg_points": ("DRG 点数法", "DRG (points)"),
    "dip": ("按病种分值付费（DIP）", "DIP"),
}
#: schemas.prediction.Admissibility → why the method does not admit the visit.
REASONS = {
    "care_type": ("该方式不适用于本次医疗类别。", "The method is not for this care type."),
    "diagnosis": ("主要诊断不在该方式的病种范围内。", "The main diagnosis is not among those of the method."),
    "procedure": ("没有记录该方式要求的手术操作。", "None of the operations that the method asks for is recorded."),
    "excluded_diagnosis": ("存在该方式排除的诊断（变异退出）。", "A diagnosis is recorded that the method excludes."),
    "excluded_procedure": (
        "存在该方式排除的手术操作（变异退出）。",
        "An operation is recorded that the method excludes.",
    ),
    "discharge_way": ("离院方式不符合该方式的条件。", "The way of discharge does not meet the method's condition."),
    "too_short": ("住院天数短于该方式的下限。", "The stay is shorter than the method asks for."),
    "too_long": ("住院天数超过该方式的上限。", "The stay is longer than the method allows."),
    "too_cheap": ("总费用低于该方式的下限。", "The total lies below the method's lower limit."),
    "too_dear": ("总费用超过该方式的上限。", "The total lies above the method's upper limit."),
    "no_group": ("未能入组，或政策库没有该组的分值（权重）。", "There is no group, or the book has no score for it."),
    "no_quota": ("政策库没有适用的人次定额。", "The book has no per-visit quota for this visit."),
    "no_budget": ("政策库没有适用的总额预算。", "The book has no budget for this visit."),
    "coverage_pending": ("尚无参保信息（未刷卡），暂不能按医保结算。", "No insurance is known yet (card not swiped)."),
}
OUTLIERS = {
    Outlier.NORMAL: ("正常病例", "normal"),
    Outlier.LOW: ("费用偏低（低倍率）病例", "low outlier"),
    Outlier.HIGH: ("费用偏高（高倍率）病例", "high outlier"),
    Outlier.EXTREME: ("费用极高病例，须专家评审", "extreme outlier, for expert review"),
}
#: schemas.prediction.Grouped.status, where no group came of it.
STATUSES = {
    "no_main_diagnosis": ("尚无主要诊断，未入组", "no main diagnosis yet, not grouped"),
    "diagnosis_not_listed": ("主要诊断不在目录内，未入组", "the main diagnosis is not in the tables, not grouped"),
    "sex_conflict": ("主要诊断与性别不符，未入组", "the main diagnosis conflicts with the sex, not grouped"),
    "ungrouped": ("未能入组", "not grouped"),
    "weight_missing": ("已入组，但政策库没有该组的权重", "grouped, but the book has no weight for it"),
    "grouper_failed": ("分组器出错，未入组", "the grouper failed, not grouped"),
}
QUESTIONS = {
    "no_main_diagnosis": (
        "尚未记录主要诊断，请补充记录。",
        "No main diagnosis is recorded yet; please record it.",
    ),
    "diagnosis_not_listed": (
        "主要诊断 {codes} 不在病种（病组）目录内，请核对编码与病历记载是否一致。",
        "The main diagnosis {codes} is not in the tables; please check that the code agrees with the record.",
    ),
    "sex_conflict": (
        "主要诊断 {codes} 与患者性别不符，请核对性别与诊断编码。",
        "The main diagnosis {codes} conflicts with the patient's sex; please check both.",
    ),
    "ungrouped": (
        "{codes} 未能入组，请核对诊断与手术操作的记录是否完整、编码是否与病历一致。",
        "{codes} lead to no group; please check that diagnoses and operations are recorded completely and correctly.",
    ),
    "ambiguous": (
        "手术操作 {codes} 同时符合多个病种，请核对主要手术操作的记录；在此之前按所记主要手术、分值最低者预测。",
        "The operations {codes} fit several groups; please check which one is the main operation.",
    ),
    "procedure_not_known": (
        "已记录的手术操作 {codes} 在该主要诊断下没有对应的病种（病组），请核对诊断与手术操作编码是否与病历一致。",
        "The recorded operations {codes} belong to no group of this main diagnosis; please check both.",
    ),
    "operation_not_coded": (
        "已收取手术费，但没有记录手术操作编码，请核对后补充记录，或更正收费。",
        "An operation was charged, but none is coded; please check, and record it or correct the charge.",
    ),
    "unspecified_diagnosis": (
        "主要诊断 {codes} 是“未特指”编码，请核对病历是否有更明确的记载；没有则无须改动。",
        "The main diagnosis {codes} is an unspecified code; please check whether the record says more.",
    ),
    "sex_missing": ("没有记录患者性别，请补充。", "The patient's sex is not recorded; please record it."),
    "birth_date_missing": ("没有记录出生日期，请补充。", "The date of birth is not recorded; please record it."),
}
SPECIAL_CASES = {
    "long_stay": ("住院 {days} 天，住院时间长。", "The stay has lasted {days} days."),
    "high_cost": ("费用 {cost} 元，远高于同组次均费用。", "Cost of {cost} yuan lies far above the group's mean."),
    "several_departments": ("曾转入多个科室（多学科联合诊疗）。", "The patient lay in several departments."),
}
#: What stands below every prediction (DOMAIN 8.1).
CAUTION = (
    "在多数地区结算方式由经办机构确定，此处只比较可用的方式；诊断与手术操作只能按病历事实填写。",
    (
        "In most regions the insurer fixes the method; only admissible ones are compared. Diagnoses and operations are "
        "recorded as the record shows them, never for what they pay."
    ),
)


def method_names(method: MethodOutlook) -> tuple[str, str]:
    """What a method is called: the book's name for it in Chinese, and its kind in English."""
    zh, en = METHOD_NAMES.get(method.kind, (method.kind, method.kind))
    return method.name or zh, en


def reason_sentence(reason: str) -> tuple[str, str]:
    """Why a method does not admit the visit."""
    return REASONS.get(reason, (reason, reason))


def question_sentence(question: Question) -> tuple[str, str]:
    """A question to the documentation."""
    zh, en = QUESTIONS.get(question.kind, (question.kind, question.kind))
    return zh.format(codes="、".join(question.codes)), en.format(codes=", ".join(question.codes))


def special_sentence(reason: str, prediction: Prediction) -> tuple[str, str]:
    """A reason to propose the visit for 特例单议."""
    zh, en = SPECIAL_CASES.get(reason, (reason, reason))
    cost = money(prediction.cost_fen)
    return zh.format(days=prediction.days, cost=cost), en.format(days=prediction.days, cost=cost)


def group_sentence(group: Grouped) -> tuple[str, str]:
    """Which group the visit is in, by which way; or why it is in none."""
    system = group.system.upper()
    if not group.code or group.status in {"weight_missing", "grouper_failed"}:
        zh, en = STATUSES.get(group.status, (group.status, group.status))
        way = " → ".join((*group.path, group.code) if group.code else group.path)
        return (
            f"{system}：{zh}{f'（{way}）' if way else ''}。",
            f"{system}: {en}{f' ({way})' if way else ''}.",
        )
    version = f" {group.version}" if group.version else ""
    name = f" {group.name}" if group.name else ""
    way_zh, way_en = _way(group)
    open_zh, open_en = ("，同时符合多个病种", "; several groups fit") if group.status == "ambiguous" else ("", "")
    return (
        f"{system}{version}：{group.code}{name}（{way_zh}{open_zh}）。",
        f"{system}{version}: {group.code}{name} ({way_en}{open_en}).",
    )


def _way(group: Grouped) -> tuple[str, str]:
    if group.system == "dip":
        diagnosis, *procedures = group.path or ("",)
        if procedures:
            return f"{diagnosis}，{' + '.join(procedures)}", f"{diagnosis} with {' + '.join(procedures)}"
        return f"{diagnosis}，无手术操作（保守治疗）", f"{diagnosis} without operation"
    steps = [_level(step) for step in group.path]
    return " → ".join(zh for zh, _ in steps), " → ".join(en for _, en in steps)


def _level(step: str) -> tuple[str, str]:
    """One step of the DRG path: MDC and ADRG as they are, the complication level in words."""
    level, _, code = step.partition(":")
    if level == "uncounted":
        return f"并发症或合并症 {code} 在该核心组不单独成组", f"complication {code} has no group of its own"
    if level in {"MCC", "CC"} and code:
        zh = "严重并发症或合并症" if level == "MCC" else "并发症或合并症"
        return f"伴{zh}（{code}）", f"with {level} ({code})"
    return {
        "none": ("不伴并发症或合并症", "without complications"),
        "undivided": ("不区分并发症", "complications not told apart"),
    }.get(step, (step, step))


def projection_sentence(prediction: Prediction) -> tuple[str, str]:
    """How cost at discharge was foreseen."""
    cost, later = money(prediction.cost_fen), money(prediction.projected_cost_fen)
    rest = prediction.projected_days - prediction.days
    if not prediction.days and rest <= 0:
        return f"费用 {cost} 元。", f"Cost {cost} yuan."
    if not _is_foreseen(prediction):
        return f"住院 {prediction.days} 天，费用 {cost} 元。", f"{prediction.days} days, cost {cost} yuan."
    daily = money(prediction.daily_fen)
    return (
        (
            f"已住院 {prediction.days} 天，费用 {cost} 元；预计共 {prediction.projected_days} 天，近日日均 {daily} 元，"
            f"出院时约 {later} 元。"
        ),
        (
            f"{prediction.days} days so far, cost {cost} yuan; {prediction.projected_days} days expected, "
            f"recently {daily} a day, about {later} at discharge."
        ),
    )


def _is_foreseen(prediction: Prediction) -> bool:
    """Whether anything is still to come."""
    return (prediction.projected_cost_fen, prediction.projected_days) != (prediction.cost_fen, prediction.days)


def _profit_names(prediction: Prediction) -> tuple[str, str]:
    return ("出院时预测盈亏", "profit at discharge") if _is_foreseen(prediction) else ("盈亏", "profit")


def best_sentence(prediction: Prediction) -> tuple[str, str]:
    """Which method is in force and which of the admissible ones is best, and why."""
    best, force = prediction.method(prediction.best), prediction.method(prediction.in_force)
    if best is None:
        return "没有可用的结算方式。", "No method admits the visit."
    name_zh, name_en = method_names(best)
    profit = money(best.projected_profit_fen)
    what_zh, what_en = _profit_names(prediction)
    if best.binding and sum(method.binding and method.admissible for method in prediction.methods) == 1:
        choice_zh = f"医保已确定采用{name_zh}，{what_zh} {profit} 元。"
        choice_en = f"The insurer has fixed {name_en}; {what_en} {profit} yuan."
    elif best.binding:
        choice_zh = f"医保已确定的方式中，{name_zh}的{what_zh}最高：{profit} 元。"
        choice_en = f"Of the methods that the insurer has fixed, {name_en} has the highest {what_en}: {profit} yuan."
    else:
        choice_zh = f"可用的方式中，{name_zh}的{what_zh}最高：{profit} 元。"
        choice_en = f"Of the admissible methods, {name_en} has the highest {what_en}: {profit} yuan."
    if force is None or force.method_id == best.method_id:
        return choice_zh, choice_en
    other_zh, other_en = method_names(force)
    other = money(force.projected_profit_fen)
    return (
        f"{choice_zh}当前执行：{other_zh}，{what_zh} {other} 元。",
        f"{choice_en} In force: {other_en}, {what_en} {other} yuan.",
    )


def swapped_sentence(prediction: Prediction) -> tuple[str, str]:
    """What a method that a person put in force, only to see, would bring."""
    method = prediction.method(prediction.in_force)
    if method is None:
        return "没有这种方式。", "There is no such method."
    zh, en = method_names(method)
    profit = money(method.projected_profit_fen)
    what_zh, what_en = _profit_names(prediction)
    return (
        f"假设执行{zh}，{what_zh} {profit} 元。",
        f"If {en} were in force, {what_en} would be {profit} yuan.",
    )


def special_limit(at_most_bp: int) -> tuple[str, str]:
    """How many visits may be proposed for 特例单议."""
    share = share_text(at_most_bp)
    return f"申请数量一般不超过出院人次的 {share}。", f"At most {share} of the discharges may be proposed."
