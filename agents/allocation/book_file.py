"""The allocation as a file of a policy book (`allocation-Y.yaml`): drafts, for a person to review and put in force.

Ids depend on hospital, year, department and kind only: made again, the file differs in nothing but its figures.
"""

import json
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from agents.allocation.words import MEASURES, METHODS, base_words, derivation, kind_words
from agents.core.allocation.result import Allocation, BudgetRow, PotRow, QuotaRow

_ID_LIMIT = 100


def file_name(year: int) -> str:
    """Its name within the book's folder."""
    return f"allocation-{year}.yaml"


def book_text(allocation: Allocation, plan_words: str) -> str:
    """The file. plan_words: how it was made, in a sentence, as each entry's source says it.

    A quota or budget of nothing cannot stand in a book, and is left out; the check table has it.
    """
    lines = [
        f"# 科室二次分配建议，{allocation.year} 年，医院 {allocation.hospital}。由 kongfei allocate 生成，待审核。",
        "# 审核后把 status 改为 active 即生效（同时终止被取代的条目）；kongfei book check 检查整个目录。",
        f"# Quotas and budgets proposed for {allocation.year}: drafts, in force once their status is active.",
        "",
        *_section("quotas", (_quota(row, allocation, plan_words) for row in allocation.quotas if row.quota_fen > 0)),
        *_section("budgets", _budgets(allocation, plan_words)),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(name: str, entries: Iterable[list[str]]) -> list[str]:
    found = list(entries)
    return [f"{name}:", *(line for entry in found for line in entry), ""] if found else []


def _quota(row: QuotaRow, allocation: Allocation, plan_words: str) -> list[str]:
    zh, _ = derivation(row)
    scope = _scope(allocation.hospital, row.department, row.care_type, row.insurance_type)
    why = f"；人工调整：{row.reason}（{row.who}）" if row.reason else ""
    return _entry(
        f"{row.department} {kind_words(row, 'zh')}：{zh}",
        _id(allocation, "定额", row.department, row.care_type, row.insurance_type),
        allocation.year,
        {"scope": scope, "quota": _yuan(row.quota_fen), "basis": allocation.quota_measure},
        f"二次分配：{METHODS[row.method][0]}，{base_words(allocation)[0]}，本项 {row.cases} 例；{plan_words}{why}",
    )


def _budgets(allocation: Allocation, plan_words: str) -> Iterator[list[str]]:
    for pot in allocation.pots:
        if not pot.id:
            yield _total(pot, allocation, plan_words)
    for row in allocation.budgets:
        if row.amount_fen > 0:
            yield _budget(row, allocation, plan_words)


def _total(pot: PotRow, allocation: Allocation, plan_words: str) -> list[str]:
    return _entry(
        "全院总额",
        _id(allocation, "总额", "", pot.care_type, pot.insurance_type),
        allocation.year,
        {
            "scope": _scope(allocation.hospital, "", pot.care_type, pot.insurance_type),
            "year": str(allocation.year),
            "amount": _yuan(pot.amount_fen),
            "basis": pot.measure,
            "months": _shares(pot.months_bp),
        },
        f"二次分配：--total 给定的总额；{plan_words}",
    )


def _budget(row: BudgetRow, allocation: Allocation, plan_words: str) -> list[str]:
    pot = "无总额约束"
    if row.pot is not None:
        total = allocation.pots[row.pot]
        pot = f"总额 {total.id or '--total'} {_yuan(total.amount_fen).strip(chr(34))} 元"
    season = {"department": "本科室", "hospital": "全院", "equal": "十二等分，无"}[row.months_from]
    return _entry(
        f"{row.department} {kind_words(row, 'zh')}，{MEASURES[row.measure][0]}",
        _id(allocation, "预算", row.department, row.care_type, row.insurance_type),
        allocation.year,
        {
            "scope": _scope(allocation.hospital, row.department, row.care_type, row.insurance_type),
            "year": str(allocation.year),
            "amount": _yuan(row.amount_fen),
            "basis": row.measure,
            "months": _shares(row.months_bp),
        },
        f"二次分配：定额 × 预计人次，{pot}，按{season}历史分月；{plan_words}",
    )


def _entry(comment: str, entry_id: str, year: int, fields: dict[str, str], source: str) -> list[str]:
    return [
        f"  # {comment}",
        f"  - id: {_text(entry_id)}",
        "    status: draft",
        *(f"    {name}: {value}" for name, value in fields.items()),
        f"    effective_from: {year}-01-01",
        f"    effective_to: {year}-12-31",
        f"    source: {_text(source)}",
    ]


def _id(allocation: Allocation, what: str, *named: str) -> str:
    """A stable name, unique in a book. Codes are the hospital's own, and may be as long as they like."""
    full = "-".join(["分配", str(allocation.year), allocation.hospital, what, *(part for part in named if part)])
    if len(full) <= _ID_LIMIT:
        return full
    return f"{full[: _ID_LIMIT - 13]}-{blake2b(full.encode(), digest_size=6).hexdigest()}"


def _scope(hospital: str, department: str, care_type: str, insurance_type: str) -> str:
    named = {
        "hospital": hospital,
        "department": department,
        "care_type": care_type,
        "insurance_type": insurance_type,
    }
    return "{" + ", ".join(f"{name}: {_text(value)}" for name, value in named.items() if value) + "}"


def _text(value: str) -> str:
    """A text as YAML and JSON both read it: codes of digits stay text."""
    return json.dumps(value, ensure_ascii=False)


def _yuan(fen: int) -> str:
    return f'"{fen // 100}.{fen % 100:02d}"'


def _shares(months_bp: tuple[int, ...]) -> str:
    return "[" + ", ".join(f'"{bp // 100}.{bp % 100:02d}%"' for bp in months_bp) + "]"
