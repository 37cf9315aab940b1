"""The settlement list (医保结算清单, 4101): fields that must be there, and figures that must go together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.management.wording import listed
from agents.core.rules.view import Facts, Use, View
from schemas.book.entry import Yuan, both
from schemas.reasons import RejectError
from schemas.units import EPOCH_ORDINAL, day_text, parse_fen, yuan_text

INPUT = "settlement_list"
PARTS = ("claa_sumfee", "clab_amt", "fulamt_ownpay_amt", "oth_amt")
NODES = ("diseinfo", "oprninfo", "iteminfo")


class SettlementListParameters(Parameters):
    """required: fields of setlinfo that must be filled. tolerance: of sums, yuan.

    checks: what is looked at: required, dates, days, person, main_diagnosis, diagnosis_count, operation_count, rows,
    total.
    """

    required: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    tolerance: Yuan = 0


class SettlementList(NamedTuple):
    """The input `settlement_list`: the nodes of 4101 that are looked at, as the hospital uploads them.

    setlinfo: an object; diseinfo, oprninfo, iteminfo: lists of objects. Names are those of 4101; amounts in yuan as
    text; days `2026-03-02` or `20260302`, with or without a time.
    """

    fields: Mapping[str, Any]
    diagnoses: Sequence[Mapping[str, Any]]
    operations: Sequence[Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]]

    def text(self, name: str) -> str:
        """A field of setlinfo; empty where it is not filled."""
        value = self.fields.get(name)
        return "" if value is None else str(value).strip()


class Fault(NamedTuple):
    """What one look at the list found."""

    zh: str
    en: str
    inputs: dict[str, str]


def read_settlement_list(value: object) -> SettlementList:
    """The input. Raises ValueError (中文 | English) for another shape."""
    if not isinstance(value, dict) or not isinstance(value.get("setlinfo"), dict):
        wrong = both("settlement_list 应为含 setlinfo 的对象", "settlement_list must be an object with setlinfo")
        raise ValueError(wrong)  # noqa: TRY004
    nodes = [() if value.get(name) is None else value[name] for name in NODES]
    for name, node in zip(NODES, nodes, strict=True):
        if not isinstance(node, list | tuple) or not all(isinstance(row, dict) for row in node):
            raise ValueError(both(f"settlement_list.{name} 应为对象列表", f"settlement_list.{name} must list objects"))
    return SettlementList(value["setlinfo"], *nodes)


class SettlementListCheck(Kind[SettlementListParameters]):
    """Missing fields and figures that contradict each other or the visit on the settlement list; each is a subject."""

    name = "settlement_list"
    title_zh = "医保结算清单缺项与逻辑校验"
    title_en = "settlement list: missing fields and contradictions"
    trigger = Trigger.VISIT
    parameters = SettlementListParameters
    at_end = True

    def check(self, view: View, bound: Bound[SettlementListParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Raises ValueError for an input of another shape."""
        if INPUT not in view.inputs:
            return ()
        given, parameters = read_settlement_list(view.inputs[INPUT]), bound.parameters
        found = []
        for name in parameters.checks:
            look = LOOKS.get(name)
            fault = look(given, view.facts, parameters) if look else None
            if fault:
                limits = {"tolerance": f"{yuan_text(parameters.tolerance)} 元"} if name in {"rows", "total"} else {}
                found.append(
                    Hit(fault.zh, fault.en, subject=name, parameters=limits, inputs=fault.inputs, amount_fen=0)
                )
        return found


def _required(given: SettlementList, facts: Facts, parameters: SettlementListParameters) -> Fault | None:  # noqa: ARG001
    missing = [name for name in parameters.required if not given.text(name)]
    if not missing:
        return None
    zh, en = listed(missing, "、", " 等另 {} 项"), listed(missing, ", ", " and {} more")
    return Fault(
        f"结算清单缺 {len(missing)} 项必填：{zh}",
        f"The settlement list lacks required fields ({len(missing)}): {en}",
        {"missing": ";".join(missing), "count": str(len(missing))},
    )


def _dates(given: SettlementList, facts: Facts, parameters: SettlementListParameters) -> Fault | None:  # noqa: ARG001
    """The days of the list are those of the visit, and in their order."""
    for name, mine in (("adm_time", facts.admitted_day), ("dscg_time", facts.discharged_day)):
        day = day_of_text(given.text(name))
        if day is not None and mine is not None and day != mine:
            return Fault(
                f"结算清单 {name} 为 {day_text(day)}，就诊记录为 {day_text(mine)}",
                f"{name} of the settlement list is {day_text(day)}, of the visit {day_text(mine)}",
                {name: day_text(day), "visit": day_text(mine)},
            )
    return None


def _days(given: SettlementList, facts: Facts, parameters: SettlementListParameters) -> Fault | None:  # noqa: ARG001
    first, last = day_of_text(given.text("adm_time")), day_of_text(given.text("dscg_time"))
    stated = _count(given.text("act_ipt_days"))
    if first is None or last is None or stated is None:
        return None
    if last < first:
        return Fault(
            f"结算清单出院日期 {day_text(last)} 早于入院日期 {day_text(first)}",
            f"The settlement list has the discharge {day_text(last)} before the admission {day_text(first)}",
            {"admitted": day_text(first), "discharged": day_text(last)},
        )
    reckoned = max(1, last - first)
    if stated == reckoned:
        return None
    return Fault(
        f"结算清单实际住院 {stated} 天，按入出院日期为 {reckoned} 天",
        f"The settlement list states {stated} days in hospital, its dates make {reckoned}",
        {
            "stated": f"{stated} 天",
            "reckoned": f"{reckoned} 天",
            "admitted": day_text(first),
            "discharged": day_text(last),
        },
    )


def _person(given: SettlementList, facts: Facts, parameters: SettlementListParameters) -> Fault | None:  # noqa: ARG001
    sex, born = given.text("gend"), day_of_text(given.text("brdy"))
    if sex and facts.sex and sex != facts.sex:
        return Fault(
            f"结算清单性别为 {sex}，就诊记录为 {facts.sex}",
            f"The sex on the settlement list is {sex}, in the visit {facts.sex}",
            {"gend": sex, "visit": facts.sex},
        )
    if born is not None and facts.birth_day is not None and born != facts.birth_day:
        return Fault(
            "结算清单出生日期与就诊记录不一致",
            "The birth date on the settlement list is not that of the visit",
            {"brdy": day_text(born), "visit": day_text(facts.birth_day)},
        )
    return None


def _main_diagnosis(given: SettlementList, facts: Facts, parameters: SettlementListParameters) -> Fault | None:  # noqa: ARG001
    mains = [row for row in given.diagnoses if str(row.get("maindiag_flag", "")) == "1"]
    if len(mains) != 1:
        return Fault(
            f"结算清单主要诊断有 {len(mains)} 个，应为 1 个",
            f"The settlement list has {len(mains)} main diagnoses; it must have 1",
            {"main_diagnoses": str(len(mains)), "wanted": "1"},
        )
    stated = str(mains[0].get("diag_code", "")).upper()
    if facts.main_diagnosis and stated and stated != facts.main_diagnosis:
        return Fault(
            f"结算清单主要诊断 {stated}，就诊记录为 {facts.main_diagnosis}",
            f"The main diagnosis on the settlement list is {stated}, in the visit {facts.main_diagnosis}",
            {"diag_code": stated, "visit": facts.main_diagnosis},
        )
    return None


def _counted(name: str, noun_zh: str, noun_en: str, rows: Callable[[SettlementList], int]) -> "Look":
    def look(given: SettlementList, facts: Facts, parameters: SettlementListParameters) -> Fault | None:  # noqa: ARG001
        stated, found = _count(given.text(name)), rows(given)
        if stated is None or stated == found:
            return None
        return Fault(
            f"结算清单{noun_zh}计数 {stated}，实列 {found} 条",
            f"The settlement list counts {stated} {noun_en} and lists {found}",
            {"stated": str(stated), "listed": str(found)},
        )

    return look


def _rows(given: SettlementList, facts: Facts, parameters: SettlementListParameters) -> Fault | None:  # noqa: ARG001
    """Of each of the fourteen charge rows: amount = 甲 + 乙 + 自费 + 其他."""
    for row in given.rows:
        amount, parts = _money(row, "amt"), sum(_money(row, name) for name in PARTS)
        if abs(amount - parts) > parameters.tolerance:
            kind = str(row.get("med_chrgitm", ""))
            return Fault(
                f"结算清单收费项 {kind} 金额 {yuan_text(amount)} 元，各部分合计 {yuan_text(parts)} 元",
                f"Charge row {kind} of the settlement list is {yuan_text(amount)} yuan, its parts {yuan_text(parts)}",
                {"row": kind, "amount": f"{yuan_text(amount)} 元", "parts": f"{yuan_text(parts)} 元"},
            )
    return None


def _total(given: SettlementList, facts: Facts, parameters: SettlementListParameters) -> Fault | None:
    """Σ of the charge rows is what the visit was charged."""
    if not given.rows:
        return None
    listed_fen = sum(_money(row, "amt") for row in given.rows)
    if abs(listed_fen - facts.total_fen) <= parameters.tolerance:
        return None
    mine, theirs = yuan_text(facts.total_fen), yuan_text(listed_fen)
    return Fault(
        f"结算清单费用合计 {theirs} 元，明细合计 {mine} 元",
        f"The settlement list comes to {theirs} yuan, the fee lines to {mine}",
        {"listed": f"{theirs} 元", "lines": f"{mine} 元"},
    )


Look = Callable[[SettlementList, Facts, SettlementListParameters], Fault | None]
LOOKS: dict[str, Look] = {
    "required": _required,
    "dates": _dates,
    "days": _days,
    "person": _person,
    "main_diagnosis": _main_diagnosis,
    "diagnosis_count": _counted("diag_code_cnt", "诊断", "diagnoses", lambda given: len(given.diagnoses)),
    "operation_count": _counted("oprn_oprt_code_cnt", "手术操作", "operations", lambda given: len(given.operations)),
    "rows": _rows,
    "total": _total,
}


def day_of_text(text: str) -> int | None:
    """Day number of a date as 4101 writes it; None where it is none."""
    head = text[:10] if "-" in text else f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    try:
        return date.fromisoformat(head).toordinal() - EPOCH_ORDINAL
    except ValueError:
        return None


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _money(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    if value is None or value == "":
        return 0
    try:
        return parse_fen(str(value), name)
    except RejectError as error:
        wrong = both(f"settlement_list.iteminfo.{name} 应为金额", f"settlement_list.iteminfo.{name} must be an amount")
        raise ValueError(wrong) from error
