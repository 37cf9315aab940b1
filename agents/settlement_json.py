"""A reckoned visit as JSON: canonical names in fen; the national names of 2301 and 2303/2304 in yuan (DOMAIN 2.1)."""

from typing import Any

import msgspec

from agents.core.outlook import settled_by_insurer
from agents.core.settlement.lines import Split
from agents.core.settlement.terms import TermsBook
from agents.visit_file import Opened
from schemas.book.settlement import Benefit, Layer
from schemas.codes import CATEGORY_CODES, LEVEL_COUNT, name_en, name_zh
from schemas.explanation import Explanation, explain_difference, explain_settlement
from schemas.settlement import LAYER_FIELDS, SimulatedSettlement, Standing, StepKind
from schemas.units import day_text, yuan_text

#: Canonical name → the name in 2304 `setlinfo`.
SETLINFO = {
    "total": "medfee_sumamt",
    "full_self_pay": "fulamt_ownpay_amt",
    "over_limit": "overlmt_selfpay",
    "first_self_pay": "preselfpay_amt",
    "within_scope": "inscp_scp_amt",
    "deductible": "act_pay_dedc",
    "basic_fund": "hifp_pay",
    "civil_servant": "cvlserv_pay",
    "enterprise": "hifes_pay",
    "critical_illness": "hifmi_pay",
    "large_amount": "hifob_pay",
    "disabled": "hifdm_pay",
    "assistance": "maf_pay",
    "other_fund": "oth_pay",
    "fund_total": "fund_pay_sumamt",
    "hospital_part": "hosp_part_amt",
    "patient_part": "psn_part_amt",
    "account_paid": "acct_pay",
    "mutual_aid_paid": "acct_mulaid_pay",
    "cash_paid": "psn_cash_pay",
}
#: 2301 result: the parts of a line.
LINE_NAMES = {
    "full_self_pay": "fulamt_ownpay_amt",
    "over_limit": "overlmt_amt",
    "first_self_pay": "preselfpay_amt",
    "within_scope": "inscp_scp_amt",
}
#: fund_pay_type of the basic fund by insurance type, and of each layer, where the book does not say.
BASIC_FUND_TYPES = {
    "310": "310100",
    "340": "340100",
    "350": "350100",
    "390": "390100",
    "391": "390100",
    "510": "510100",
}
LAYER_FUND_TYPES = {
    "large_amount": "330100",
    "critical_illness": "390200",
    "civil_servant": "320100",
    "enterprise": "370100",
    "disabled": "350100",
    "assistance": "610100",
    "other": "999997",
}
OTHER_FUND_TYPE = "999997"
CLASSES = ("01", "02", "03", "")
OUTPATIENT_CLEARING, INPATIENT_CLEARING = "11", "21"


def settlement_json(opened: Opened) -> dict[str, Any]:
    """Everything `kongfei settle --json` prints."""
    settlement = opened.outlook.settlement
    entries = entries_named(opened)
    found = {
        "visit": _visit(opened),
        "settlement": canonical(settlement),
        "setlinfo": _setlinfo(opened),
        "setldetail": _setldetail(opened, entries),
        "lines": [_line(opened, charge_id, split) for charge_id, split in split_lines(opened).items()],
        "explanation": [msgspec.to_builtins(item) for item in explanations(opened)],
        "year_to_date": _year(opened),
        "warnings": [{"text_zh": zh, "text_en": en} for zh, en in warnings_of(opened)],
    }
    real = settled_by_insurer(opened.visit)
    if real is not None:
        found["differences"] = [
            {**msgspec.to_builtins(item), "text_zh": item.text_zh, "text_en": item.text_en}
            for item in explain_difference(settlement, real)
        ]
    return found


def canonical(settlement: SimulatedSettlement) -> dict[str, Any]:
    """The settlement under its canonical names (those of settlement events): money in fen, shares in basis points."""
    left_out = {"steps", "periods"}
    found = {
        name.removesuffix("_fen"): getattr(settlement, name)
        for name in settlement.__struct_fields__
        if name not in left_out
    }
    found["periods"] = [
        {name.removesuffix("_fen"): value for name, value in msgspec.structs.asdict(period).items()}
        | {"first_day": day_text(period.first_day), "last_day": day_text(period.last_day)}
        for period in settlement.periods
    ]
    return found


def entries_named(opened: Opened) -> dict[str, Benefit | Layer]:
    """The book's entries that the settlement names, by id."""
    book = opened.policy.book
    named = {step.entry_id for step in opened.outlook.settlement.steps}
    entries: tuple[Benefit | Layer, ...] = (*book.benefits, *book.layers)
    return {entry.id: entry for entry in entries if entry.id in named}


def explanations(opened: Opened) -> list[Explanation]:
    """Every amount in words, with the source of each entry that decided."""
    sources = {entry.id: entry.source for entry in entries_named(opened).values()}
    return explain_settlement(opened.outlook.settlement, sources)


def split_lines(opened: Opened) -> dict[str, Split]:
    """Every line's split; without coverage or benefit all is full self-pay."""
    visit, settlement = opened.visit, opened.outlook.settlement
    lines: dict[str, Split] = visit.rating.lines  # type: ignore[attr-defined]  # rated when it was reckoned
    if settlement.standing == Standing.SIMULATED:
        return lines
    return {charge_id: Split(sum(split), 0, 0, 0) for charge_id, split in lines.items()}


def warnings_of(opened: Opened) -> list[tuple[str, str]]:
    """What is doubtful about the settlement, in Chinese and English."""
    case, settlement = opened.outlook.case, opened.outlook.settlement
    found = list(opened.warnings)
    if settlement.standing == Standing.COVERAGE_PENDING:
        found.append(("尚无参保信息（未刷卡），全部按自费计。", "No insurance is known: all is reckoned as self-paid."))
    elif settlement.standing == Standing.NO_BENEFIT:
        who = f"{case.insurance_type}/{case.care_type or '—'}/{case.person_type or '—'}"
        found.append((f"政策库没有适用的待遇（险种/医疗类别/人员类别 {who}）。", f"The book has no benefit for {who}."))
    if settlement.unmapped_fen:
        amount = yuan_text(settlement.unmapped_fen)
        found.append(
            (
                f"有 {amount} 元费用没有目录等级，按政策库的缺省处理。",
                f"{amount} yuan of lines have no class; the book decided.",
            )
        )
    if case.out_of_area and not any(area.code == case.out_of_area for area in _areas(opened)):
        found.append(
            (
                f"政策库没有异地就医代码 {case.out_of_area}，按本地计算。",
                f"The book does not know {case.out_of_area}: as local.",
            )
        )
    if (
        case.account_used
        and case.account_balance_fen is None
        and any(step.kind == StepKind.ACCOUNT for step in settlement.steps)
    ):
        found.append(
            ("个人账户余额未知，未计个人账户支付。", "The account's balance is not known; it pays nothing here.")
        )
    if opened.visit.unmatched_refunds:
        count = opened.visit.unmatched_refunds
        found.append((f"{count} 条退费找不到原明细。", f"{count} refunds name a line that is not in the file."))
    found += [
        (
            f"政策库没有 {year} 年度的待遇，按就诊结束时的待遇计算。",
            f"The book has no benefit of {year}; another year's is used.",
        )
        for year in _foreign_years(opened)
    ]
    return found


def _areas(opened: Opened) -> list[Any]:
    return [
        area for entry in entries_named(opened).values() if isinstance(entry, Benefit) for area in entry.out_of_area
    ]


def _foreign_years(opened: Opened) -> list[int]:
    """Years of a split visit for which the book has no benefit of their own."""
    case, periods = opened.outlook.case, opened.outlook.settlement.periods
    if len({period.year for period in periods}) < 2:
        return []
    book = TermsBook(opened.policy)
    return sorted({
        period.year
        for period in periods
        if book.terms(
            case.hospital, case.department, case.insurance_type, case.care_type, period.last_day
        ).standing != Standing.SIMULATED
    })  # fmt: skip


def _visit(opened: Opened) -> dict[str, Any]:
    case = opened.outlook.case
    return {
        "hospital": case.hospital,
        "patient_id": case.patient_id,
        "visit_id": case.visit_id,
        "department": case.department,
        "insurance_type": case.insurance_type,
        "care_type": case.care_type,
        "person_type": case.person_type,
        "special_person": case.special_person,
        "out_of_area": case.out_of_area,
        "main_diagnosis": case.main_diagnosis,
        "disease_code": case.disease_code,
        "is_outpatient": case.is_outpatient,
        "is_ended": case.is_ended,
        "admitted": day_text(case.admitted_day),
        "ended": day_text(case.end_day) if case.is_ended else None,
        "as_of": day_text(case.end_day),
        "days": case.days,
        "region": opened.policy.hospital(case.hospital).region,
        "tier": opened.policy.hospital(case.hospital).tier,
        "book_version": opened.policy.version,
    }


def _setlinfo(opened: Opened) -> dict[str, str]:
    case, settlement = opened.outlook.case, opened.outlook.settlement
    found = {
        "mdtrt_id": case.visit_id,
        "psn_no": opened.visit.stay.person_no,
        "gend": case.sex,
        "brdy": case.birth_date,
        "insutype": case.insurance_type,
        "psn_type": case.person_type,
        "med_type": case.care_type,
    }
    found |= {name: yuan_text(getattr(settlement, f"{key}_fen")) for key, name in SETLINFO.items()}
    found["pool_prop_selfpay"] = f"{settlement.pool_share_bp // 10_000}.{settlement.pool_share_bp % 10_000:04d}"
    found["balc"] = yuan_text(settlement.balance_fen or 0)
    found["clr_type"] = OUTPATIENT_CLEARING if case.is_outpatient else INPATIENT_CLEARING
    return found


def _setldetail(opened: Opened, entries: dict[str, Benefit | Layer]) -> list[dict[str, str]]:
    """One row a fund that was reckoned: what it was reckoned on, what it may still pay, what it pays, and how."""
    settlement = opened.outlook.settlement
    told = {item.what: item for item in explain_settlement(settlement)}
    rows = []
    if settlement.standing == Standing.SIMULATED:
        benefit = entries.get(settlement.benefit_id)
        code = (benefit.fund_pay_type if benefit else "") or BASIC_FUND_TYPES.get(
            opened.outlook.case.insurance_type, OTHER_FUND_TYPE
        )
        cap = settlement.cap_fen
        left = None if cap is None else max(0, cap - (settlement.cap_used_fen - settlement.basic_fund_fen))
        info = told["basic_fund"].formula if "basic_fund" in told else ""
        rows.append(_fund(code, settlement.within_scope_fen, left, settlement.basic_fund_fen, info))
    for kind, name in LAYER_FIELDS.items():
        steps = [step for step in settlement.steps if step.kind == StepKind.LAYER and step.name == kind]
        if not steps:
            continue
        layer = entries.get(steps[-1].entry_id)
        cap, paid = steps[0].numbers[4], steps[0].numbers[3]
        rows.append(
            _fund(
                (layer.fund_pay_type if layer else "") or LAYER_FUND_TYPES[kind],
                sum(step.numbers[0] for step in steps),
                None if cap < 0 else max(0, cap - paid),
                getattr(settlement, name),
                told[name.removesuffix("_fen")].formula,
            )
        )
    return rows


def _fund(code: str, base: int, left: int | None, paid: int, info: str) -> dict[str, str]:
    return {
        "fund_pay_type": code,
        "fund_pay_type_name": name_zh("fund_pay_type", code),
        "fund_pay_type_name_en": name_en("fund_pay_type", code),
        "inscp_scp_amt": yuan_text(base),
        "crt_payb_lmt_amt": "" if left is None else yuan_text(left),
        "fund_payamt": yuan_text(paid),
        "setl_proc_info": info,
    }


def _line(opened: Opened, charge_id: str, split: Split) -> dict[str, Any]:
    """One charge line: its parts in fen, and the 2301 result in yuan."""
    visit = opened.visit
    mark = visit.effective.get(charge_id) or visit.charges[charge_id]
    terms = visit.rating.terms.line_terms(mark)  # type: ignore[attr-defined]  # rated when it was reckoned
    amount = sum(split)
    cap = terms.price_cap_micro
    share = 10_000 if terms.is_full_self_pay else terms.first_self_pay_bp
    return {
        "charge_id": charge_id,
        "refund_of": mark.refund_of,
        "amount": amount,
        "full_self_pay": split.full_self_pay,
        "over_limit": split.over_limit,
        "first_self_pay": split.first_self_pay,
        "within_scope": split.within_scope,
        "unmapped": terms.is_unmapped,
        "feedetl_sn": charge_id,
        "det_item_fee_sumamt": yuan_text(amount),
        "cnt": _decimal(mark.quantity_e4, 4),
        "pric": _decimal(mark.price_micro, 6),
        "pric_uplmt_amt": "" if cap is None else _decimal(cap, 6),
        "selfpay_prop": _decimal(share, 4),
        **{name: yuan_text(getattr(split, key)) for key, name in LINE_NAMES.items()},
        "chrgitm_lv": CLASSES[mark.level] if mark.level < LEVEL_COUNT else "",
        "med_chrgitm_type": CATEGORY_CODES[mark.category],
    }


def _decimal(value: int, places: int) -> str:
    whole, rest = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{places}d}"


def _year(opened: Opened) -> dict[str, Any]:
    """The year that the visit was reckoned on, as events state it, in fen."""
    year = opened.year
    return {
        "year": year.year,
        "admissions": year.admissions,
        "pools": {
            name: {"deductible": pool.deductible_fen, "base": pool.base_fen, "fund": pool.fund_fen}
            for name, pool in year.pools.items()
        },
        "layers": {name: {"base": layer.base_fen, "paid": layer.paid_fen} for name, layer in year.layers.items()},
        "limits": dict(year.limits),
    }
