"""An answer of 3101 or 3102 as a sheet on the terminal, in Chinese or English."""

from decimal import Decimal
from typing import Any

from rich.console import Console

from agents.sheet import say, say_list
from schemas.codes import name_en, name_zh

_STATUS = {
    "passed": ("审核通过，未发现问题", "passed: nothing was found"),
    "findings": ("审核发现问题", "findings"),
    "unfinished": ("校验未完成，不是通过", "check not finished: this is no pass"),
}


def show_answer(console: Console, answer: dict[str, Any], *, is_chinese: bool) -> None:
    """Print what the check came to, each finding with its clause, its alternative and its lines."""
    output = answer["output"]
    check, status = output["check"], _STATUS[output["check_status"]]
    say(console, f"{'医嘱审核' if is_chinese else 'Order check'} {check['task_id']}")
    say(console, f"结论：{status[0]}" if is_chinese else f"Outcome: {status[1]}")
    if output["check_status"] == "unfinished":
        reason = check["reason_zh"] if is_chinese else check["reason_en"]
        detail = f" ({check['detail']})" if check["detail"] else ""
        say(console, f"{'原因：' if is_chinese else 'Why: '}{reason}{detail}")
        return
    for number, item in enumerate(output["result"], start=1):
        say(console, "")
        _show_finding(console, number, item, is_chinese=is_chinese)
    heading = "未判定的规则：" if is_chinese else "Rules not judged:"
    say_list(console, heading, [f"{rule}: {why}" for rule, why in check["not_checked"].items()])


def _show_finding(console: Console, number: int, item: dict[str, Any], *, is_chinese: bool) -> None:
    extension = item["extension"]
    name_of = name_zh if is_chinese else name_en
    severity = name_of("sev_deg", item["sev_deg"])
    rule = item["rule_name"] if is_chinese else extension["rule_name_en"] or item["rule_name"]
    amount = f"{_yuan(item['vola_amt'])} {'元' if is_chinese else 'yuan'}"
    say(console, f"[{number}] {severity}  {item['rule_id']} {rule}  {amount}")
    rows = (
        ("内容", item["vola_cont"], "what", extension["vola_cont_en"]),
        ("依据", item["vola_evid"], "clause", extension["vola_evid_en"] or item["vola_evid"]),
        ("建议", extension["alternative"], "instead", extension["alternative_en"]),
        ("参数", _pairs(extension["parameters"]), "parameters", _pairs(extension["parameters"])),
        ("实测", _pairs(extension["inputs"]), "measured", _pairs(extension["inputs"])),
    )
    for heading_zh, text_zh, heading_en, text_en in rows:
        if text := text_zh if is_chinese else text_en:
            say(console, f"    {heading_zh}：{text}" if is_chinese else f"    {heading_en}: {text}")
    lines = [_line(detail, is_chinese=is_chinese) for detail in item["judge_result_detail_dtos"]]
    say_list(console, "    明细：" if is_chinese else "    lines:", lines)
    must = item["is_feedback"] == "1"
    told_zh = "须反馈后方可继续（3103）" if must else "可反馈（3103）"
    told_en = "must be answered by 3103" if must else "may be answered by 3103"
    say(console, f"    {told_zh if is_chinese else told_en}  jr_id {item['jr_id']}")


def _line(detail: dict[str, Any], *, is_chinese: bool) -> str:
    kind = (name_zh if is_chinese else name_en)("vola_item_type", detail["vola_item_type"])
    named = " ".join(part for part in (detail["extension"]["item"], detail["extension"]["name"]) if part)
    return f"{kind} {detail['rx_id'] or detail['mdtrt_id']} {named} {_yuan(detail['vola_amt'])}".replace("  ", " ")


def _pairs(values: dict[str, str]) -> str:
    return "; ".join(f"{name} = {value}" for name, value in values.items())


def _yuan(value: Decimal | int | str) -> str:
    return f"{Decimal(value):.2f}"
