"""Rules, kinds and the results of their cases as lines for a terminal."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from inspect import cleandoc
from typing import Any

from rich.console import Console
from rich.table import Table

from agents.core.rules.kind import Kind, Trigger
from agents.rules.listing import DEFAULT, SETTING, ListedRule, ParameterInForce
from schemas.book.points import Point
from schemas.book.rules import GRADE_NAMES, Period, Phase, RuleCategory, RuleState

PHASES = {Phase.ORDER: ("事前", "order"), Phase.CHARGE: ("事中", "charge"), Phase.REVIEW: ("事后", "review")}
PERIODS = {
    Period.LINE: ("单条", "line"),
    Period.PRESCRIPTION: ("处方", "prescription"),
    Period.DAY: ("自然日", "day"),
    Period.VISIT: ("当次就诊", "visit"),
    Period.DAYS: ("若干天", "days"),
    Period.MONTH: ("自然月", "month"),
    Period.QUARTER: ("季度", "quarter"),
    Period.YEAR: ("年度", "year"),
}
STATES = {
    RuleState.DRAFT: ("草稿", "draft"),
    RuleState.IN_REVIEW: ("审核中", "in review"),
    RuleState.SHADOW: ("试运行", "shadow"),
    RuleState.ACTIVE: ("启用", "active"),
    RuleState.RETIRED: ("停用", "retired"),
}
CATEGORIES = {
    RuleCategory.POLICY: ("政策类", "policy"),
    RuleCategory.MANAGEMENT: ("管理类", "management"),
    RuleCategory.MEDICAL: ("医疗类", "medical"),
    RuleCategory.DETECTOR: ("行为监测", "detector"),
}
TRIGGERS = {
    Trigger.ITEM: ("出现知识点的项目时", "a line of the point's item"),
    Trigger.GROUP: ("出现本组任一项目时", "a line of any item of the point's group"),
    Trigger.EVERY_ITEM: ("每个项目", "any line, item by item; without points"),
    Trigger.DIAGNOSIS: ("有知识点的诊断时", "a diagnosis of the point"),
    Trigger.PROCEDURE: ("有知识点的手术操作时", "an operation of the point"),
    Trigger.VISIT: ("每次就诊一次", "once a visit; without points"),
    Trigger.POINTS: ("每次就诊一次，用全部知识点", "once a visit, with all points"),
    Trigger.POPULATION: ("许多就诊一起看", "many visits together"),
}
#: Points of a rule that `show` lists.
MOST_POINTS = 5
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Point)}


def phases_text(phases: Iterable[Phase], place: int) -> str:
    """事前、事中."""
    return ("、", ", ")[place].join(PHASES[phase][place] for phase in phases)


def list_table(rules: Iterable[ListedRule], place: int) -> Table:
    """One line a rule."""
    table = Table(box=None, pad_edge=False)
    headings = (
        ("序号", "编码", "名称", "类型", "级别", "环节", "时间区间", "场景", "状态", "知识点", "所需资料"),
        ("no.", "code", "name", "kind", "grade", "phases", "period", "scenes", "state", "points", "needs"),
    )
    for number, heading in enumerate(headings[place]):
        table.add_column(heading, justify="right" if number in {0, 9} else "left", no_wrap=True)
    for one in rules:
        rule = one.rule
        table.add_row(
            str(rule.number or ""), rule.code, (rule.name_zh, rule.name_en)[place], rule.kind,
            GRADE_NAMES[one.grade][place], phases_text(one.phases, place), PERIODS[rule.period][place],
            " ".join(map(str, rule.scenes)), state_text(one, place), f"{len(one.points):,}", " ".join(rule.needs),
        )  # fmt: skip
    return table


def state_text(one: ListedRule, place: int) -> str:
    """启用, or that its scenes are off."""
    return ("场景关闭", "scene off")[place] if one.is_scene_off else STATES[one.state][place]


def rule_lines(one: ListedRule, place: int) -> Iterator[str]:
    """All about one rule."""
    rule = one.rule
    number = f"{rule.number} " if rule.number else ""
    yield f"{number}{(rule.name_zh, rule.name_en)[place]}  {rule.code}"
    yield "  " + "，".join((
        CATEGORIES[rule.category][place], GRADE_NAMES[one.grade][place], phases_text(one.phases, place),
        PERIODS[rule.period][place], state_text(one, place),
    ))  # fmt: skip
    pairs = (
        ("定义", "definition", (rule.definition_zh, rule.definition_en)),
        ("条款", "clause", (rule.clause_zh, rule.clause_en)),
        ("来源", "source", (rule.source, rule.source)),
        ("建议", "advice", (rule.advice_zh, rule.advice_en)),
    )
    for zh, en, texts in pairs:
        if text := texts[place] or texts[0]:
            yield f"  {(zh, en)[place]}: {text}"
    yield f"  {('类型', 'kind')[place]}: {rule.kind}（{(one.kind.title_zh, one.kind.title_en)[place]}）"
    for name, zh, en in (
        ("scenes", "场景", "scenes"),
        ("exemptions", "豁免", "exemptions"),
        ("needs", "所需资料", "needs"),
    ):
        if values := getattr(rule, name):
            yield f"  {(zh, en)[place]}: {', '.join(map(str, values))}"
    if one.parameters:
        yield f"  {('参数', 'parameters')[place]}:"
        yield from (f"    {parameter_text(parameter, place)}" for parameter in one.parameters)
    changed = [
        one_setting for one_setting in one.settings if one_setting.state or one_setting.grade or one_setting.phases
    ]
    for setting in changed:
        said = [str(value) for value in (setting.state, setting.grade) if value]
        said += [phases_text(setting.phases, place)] if setting.phases else []
        yield f"  {('设置', 'setting')[place]} {setting.id}: {', '.join(said)}（{setting.reason or setting.source}）"
    yield f"  {('知识点', 'points')[place]}: {len(one.points):,}"
    yield from (f"    {point_text(point)}" for point in one.points[:MOST_POINTS])
    if len(one.points) > MOST_POINTS:
        yield "    …"
    if one.file is not None:
        yield f"  {('案例', 'cases')[place]}: {len(one.file.cases)}"
        yield from (f"    {'+' if case.is_positive else '−'} {case.name}" for case in one.file.cases)


def parameter_text(parameter: ParameterInForce, place: int) -> str:
    """`days = 14（设置 示例: 本地规定）`."""
    value = parameter.value
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    if parameter.origin == SETTING:
        why = f"：{parameter.reason}" if parameter.reason else ""
        return f"{parameter.name} = {text}（{('设置', 'setting')[place]} {parameter.setting}{why}）"
    if parameter.origin == DEFAULT:
        return f"{parameter.name} = {text}（{('默认', 'default')[place]}）"
    return f"{parameter.name} = {text}"


def point_text(point: Point) -> str:
    """The filled columns of a point that decide something."""
    skipped = {"rule", "clause", "clause_en", "advice", "advice_en", "source"}
    return " ".join(f"{name}={value}" for name, value in filled(point).items() if name not in skipped)


def filled(point: Point) -> dict[str, str]:
    """The columns of a point that are filled, as they are written in a table."""
    from agents.book.difference import flat  # noqa: PLC0415 - only where points are shown

    written = flat(point)
    return {name: written[name] for name, unsaid in _DEFAULTS.items() if getattr(point, name) != unsaid}


def kind_lines(kind: Kind[Any], place: int) -> Iterator[str]:
    """What a kind does, its parameters, and the columns that its points fill."""
    yield f"{kind.name}  {(kind.title_zh, kind.title_en)[place]}"
    yield from (f"  {line}" for line in cleandoc(type(kind).__doc__ or "").splitlines())
    yield f"  {('何时检查', 'checked')[place]}: {TRIGGERS[kind.trigger][place]}"
    if kind.point_columns:
        yield f"  {('知识点列', 'point columns')[place]}: {', '.join(kind.point_columns)}"
    if kind.needed_columns:
        needed = "; ".join(" / ".join(group) for group in kind.needed_columns)
        yield f"  {('必填列', 'needed columns')[place]}: {needed}"
    if kind.parameters.model_fields:
        yield f"  {('参数', 'parameters')[place]}:"
        for name, field in kind.parameters.model_fields.items():
            default = (
                ("必填", "required")[place]
                if field.is_required()
                else f"{('默认', 'default')[place]} {field.default!r}"
            )
            yield f"    {name}（{default}）"
        yield from (f"    {line}" for line in cleandoc(kind.parameters.__doc__ or "").splitlines() if line)


def wide_console() -> Console:
    """A terminal as it is; a file or a pipe gets room for every column."""
    console = Console()
    return console if console.is_terminal else Console(width=240)
