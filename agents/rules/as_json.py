"""Rules, kinds and results of cases for `--json`: stable names, described in deploy/docs/reference.md."""

from inspect import cleandoc
from typing import Any

from agents.core.rules.kind import Kind
from agents.rule_library.mutations import MutationResult
from agents.rule_library.testing import CaseResult, FileResult
from agents.rules.listing import ListedRule, RuleList
from agents.rules.printing import filled


def list_json(listed: RuleList, rules: list[ListedRule]) -> dict[str, Any]:
    """The rules in short."""
    return {
        "version": listed.book.version,
        "for": {name: value for name, value in listed.subject.model_dump().items() if value},
        "rules": [rule_json(one) for one in rules],
    }


def rule_json(one: ListedRule) -> dict[str, Any]:
    """One rule in short: as it holds."""
    rule = one.rule
    return {
        "number": rule.number,
        "code": rule.code,
        "name_zh": rule.name_zh,
        "name_en": rule.name_en,
        "category": rule.category,
        "kind": rule.kind,
        "grade": one.grade,
        "phases": list(one.phases),
        "period": rule.period,
        "scenes": list(rule.scenes),
        "state": one.state,
        "is_scene_off": one.is_scene_off,
        "points": len(one.points),
        "needs": list(rule.needs),
        "exemptions": list(rule.exemptions),
    }


def whole_rule_json(one: ListedRule) -> dict[str, Any]:
    """One rule, whole: definition, parameters with who says so, every point, its cases."""
    rule = one.rule
    texts = (
        "definition_zh", "definition_en", "clause_zh", "clause_en", "source", "advice_zh", "advice_en", "behaviour",
    )  # fmt: skip
    return {
        **rule_json(one),
        **{name: getattr(rule, name) for name in texts},
        "parameters": [
            {"name": p.name, "value": p.value, "origin": p.origin, "setting": p.setting or None, "reason": p.reason}
            for p in one.parameters
        ],
        "settings": [setting.model_dump(mode="json", exclude_defaults=True) for setting in one.settings],
        "knowledge_points": [filled(point) for point in one.points],
        "cases": [
            {"name": case.name, "is_positive": case.is_positive, "is_order_check": case.check is not None}
            for case in (one.file.cases if one.file else ())
        ],
    }


def kind_json(kind: Kind[Any]) -> dict[str, Any]:
    """What a kind does, its parameters and columns."""
    return {
        "name": kind.name,
        "title_zh": kind.title_zh,
        "title_en": kind.title_en,
        "about": cleandoc(type(kind).__doc__ or ""),
        "trigger": kind.trigger.name.lower(),
        "uses_history": kind.uses_history,
        "at_end": kind.at_end,
        "point_columns": list(kind.point_columns),
        "needed_columns": [list(group) for group in kind.needed_columns],
        "parameters": kind.parameters.model_json_schema().get("properties", {}),
        "about_parameters": cleandoc(kind.parameters.__doc__ or ""),
    }


def result_json(result: FileResult, mutated: MutationResult | None) -> dict[str, Any]:
    """What came of one rule's cases, and of its mutations."""
    found: dict[str, Any] = {
        "code": result.code,
        "number": result.number,
        "name_zh": result.name_zh,
        "name_en": result.name_en,
        "holds": result.holds and not (mutated and mutated.survivors),
        "complaints": list(result.complaints),
        "cases": [case_json(case) for case in result.cases],
    }
    if mutated is not None:
        found["mutations"] = {
            "count": mutated.count,
            "unnoticed": [{"place": one.place, "change": one.change} for one in mutated.survivors],
        }
    return found


def case_json(case: CaseResult) -> dict[str, Any]:
    """What came of one case."""
    return {
        "name": case.name,
        "is_positive": case.is_positive,
        "is_order_check": case.is_order_check,
        "holds": case.holds,
        "problem": case.problem,
        "found": [
            {"subject": hit.subject, "amount_fen": hit.amount_fen, "lines": list(hit.lines), "what_zh": hit.what_zh,
             "what_en": hit.what_en}
            for hit in case.found
        ],
    }  # fmt: skip
