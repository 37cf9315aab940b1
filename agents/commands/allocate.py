"""`kongfei allocate`: proposes department quotas and budgets (科室二次分配), and shows how budgets are spent."""

import os
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from agents.allocation.adjustment_file import read_adjustments
from agents.allocation.book_file import book_text, file_name
from agents.allocation.check_csv import allocation_csv, csv_name
from agents.allocation.check_table import show_allocation
from agents.allocation.execution_table import show_execution
from agents.allocation.history_file import read_history_file
from agents.allocation.options import percent_bp, through_day, trim_of, weights_of, yuan_fen
from agents.allocation.sources import history_reader, spending_reader
from agents.allocation.words import method_words, pick
from agents.book import load_policy
from agents.core.allocation.allocate import allocate
from agents.core.allocation.execution import Execution, execute, spending_of
from agents.core.allocation.plan import AllocationError, Forecast, Measure, Mix, Plan, Pot
from agents.core.allocation.precedent import LastQuotas, totals_of
from agents.core.allocation.result import Allocation, Note, NoteKind
from agents.core.policy import Policy
from schemas.book.entry import both
from schemas.history import HistoryRow, SpendingRow
from streams.logs import SafeError
from streams.settings import Settings, load_settings

#: Where nobody watches a terminal, tables may be wider than the 80 columns that would be assumed.
_WIDTH = 150
#: Folder of the check table, below the one that is written to.
REVIEW = "review"


class Language(StrEnum):
    """What tables are written in."""

    ZH = "zh"
    EN = "en"


class QuotaBasis(StrEnum):
    """What quotas count."""

    BASIC = "basic"
    TOTAL = "total"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("allocate")(allocate_command)


def allocate_command(
    year: Annotated[int | None, typer.Option(help="The year to allocate, from the three before it.")] = None,
    book: Annotated[Path | None, typer.Option(help="Policy book; without: KONGFEI_BOOK_DIR.")] = None,
    hospital: Annotated[str, typer.Option(help="Code; without: the book's only one, or KONGFEI_HOSPITAL.")] = "",
    history: Annotated[Path | None, typer.Option(help="Visits from this CSV instead of the store.")] = None,
    source: Annotated[str, typer.Option(help="Store that history is read from.")] = "clickhouse",
    total: Annotated[str, typer.Option(help="Total in yuan; without: the hospital's budget in the book.")] = "",
    budget_basis: Annotated[
        Measure, typer.Option(help="What budgets count where the book's total does not say.")
    ] = Measure.BASIC,
    quota_basis: Annotated[QuotaBasis, typer.Option(help="What quotas count.")] = QuotaBasis.BASIC,
    weights: Annotated[str, typer.Option(help="Of the three years, oldest first, such as 1:2:7.")] = "1:1:1",
    trim: Annotated[str, typer.Option(help="Outliers: share at either end, or lowest:highest.")] = "1%",
    over_median: Annotated[str, typer.Option(help="Outliers too: so many times off the median.")] = "",
    mix: Annotated[Mix, typer.Option(help="Groups that adjust for the case mix.")] = Mix.AUTO,
    growth: Annotated[str, typer.Option(help="Growth of quotas.")] = "0%",
    cases: Annotated[Forecast, typer.Option(help="Expected visits: last year's, or the mean.")] = Forecast.LAST,
    case_growth: Annotated[str, typer.Option(help="Growth of visits.")] = "0%",
    limit: Annotated[str, typer.Option(help="No quota changes more than this.")] = "",
    min_cases: Annotated[int, typer.Option(min=1, help="Below: last quota, or a wider mean.")] = 30,
    by_insurance: Annotated[bool, typer.Option("--by-insurance", help="Quotas by insurance type too.")] = False,
    care_type: Annotated[list[str] | None, typer.Option(help="Only these (repeatable).")] = None,
    insurance_type: Annotated[list[str] | None, typer.Option(help="Only these (repeatable).")] = None,
    uninsured: Annotated[bool, typer.Option("--uninsured", help="Count uninsured visits too.")] = False,
    adjust: Annotated[Path | None, typer.Option(help="Manual adjustments, CSV or YAML.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write allocation-Y.yaml and review/allocation-Y.csv here.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a file that says something else.")] = False,
    execution: Annotated[bool, typer.Option("--execution", help="Show how budgets are spent instead.")] = False,
    month: Annotated[int | None, typer.Option(min=1, max=12, help="With --execution: through this month.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of tables.")] = Language.ZH,
) -> None:
    """Propose each department's visit quota and budget from three years of visits, as drafts for the policy book.

    The budgets sum to the hospital's total, to the fen. Nothing is written without --out.
    """
    settings = load_settings()
    policy = load_policy(book or settings.book_dir, ZoneInfo(settings.timezone))
    hospital = hospital or _only_hospital(policy) or settings.hospital
    if execution:
        day = through_day(year, month, datetime.now(policy.zone).date())
        spent = _execution(policy, hospital, settings, source, history, day)
        if as_json:
            _print_json(spent)
        else:
            show_execution(_console(), spent, lang)
        return
    if year is None:
        raise typer.BadParameter(both("须写明年度", "the year is needed"), param_hint="--year")
    try:
        plan = Plan(
            hospital=hospital,
            year=year,
            weights=weights_of(weights),
            trim=trim_of(trim, over_median),
            quota_measure=Measure(quota_basis),
            budget_measure=budget_basis,
            mix=mix,
            growth_bp=percent_bp(growth, "--growth"),
            forecast=cases,
            case_growth_bp=percent_bp(case_growth, "--case-growth"),
            limit_bp=percent_bp(limit, "--limit") if limit else None,
            min_cases=min_cases,
            by_insurance=by_insurance,
            with_uninsured=uninsured,
            care_types=tuple(care_type or ()),
            insurance_types=tuple(insurance_type or ()),
            pots=_pots(policy, hospital, year, total, budget_basis),
            adjustments=read_adjustments(adjust) if adjust else (),
        )
        rows = read_history_file(history, hospital) if history else _stored(settings, source, plan)
        last = LastQuotas(policy, hospital, year, plan.quota_measure)
        allocation = allocate(rows, plan, last)
    except AllocationError as error:
        raise SafeError(str(error)) from error
    if last.other_basis:
        note = Note(NoteKind.OTHER_BASIS, (len(last.other_basis),))
        allocation = msgspec.structs.replace(allocation, notes=(*allocation.notes, note))
    how = method_words(plan)
    if as_json:
        _print_json(allocation)
    else:
        show_allocation(_console(), allocation, pick(how, lang), lang)
    _write(allocation, how[0], out, lang, replace=replace)


def _only_hospital(policy: Policy) -> str:
    codes = {found.code for found in policy.book.hospitals}
    return codes.pop() if len(codes) == 1 else ""


def _pots(policy: Policy, hospital: str, year: int, total: str, basis: Measure) -> tuple[Pot, ...]:
    if total:
        return (Pot(yuan_fen(total, "--total"), basis),)
    return totals_of(policy.book.budgets, policy.subject(hospital, "", "", ""), year)


def _stored(settings: Settings, source: str, plan: Plan) -> Iterable[HistoryRow]:
    return history_reader(source)(settings, plan.base_years, plan.hospital)


def _execution(
    policy: Policy, hospital: str, settings: Settings, source: str, history: Path | None, day: date
) -> Execution:
    rows: Iterable[SpendingRow]
    if history:
        rows = spending_of(read_history_file(history, hospital))
    else:
        rows = spending_reader(source)(settings, day.year, hospital)
    found = execute(policy.book.budgets, rows, policy.subject(hospital, "", "", ""), day)
    if not found:
        drafts = sum(budget.year == day.year and not budget.is_active for budget in policy.book.budgets)
        raise SafeError(
            both(
                f"规则库中没有医院 {hospital} 在 {day} 有效的 {day.year} 年预算（草案或停用 {drafts} 条）",
                f"the book has no budget of {day.year} in force on {day} for hospital {hospital} "
                f"({drafts} drafts or retired ones)",
            )
        )
    return Execution(hospital, day.year, day.isoformat(), found)


def _console() -> Console:
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=_WIDTH)


def _print_json(found: Allocation | Execution) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


def _write(allocation: Allocation, how: str, out: Path | None, lang: str, *, replace: bool) -> None:
    """Write the book file and the check table. What a person may have edited meanwhile is not overwritten unasked."""
    say = Console(stderr=True)
    if out is None:
        say.print(Text(pick(("未写出文件；加 --out 目录 写出。", "Nothing was written; --out DIR writes it."), lang)))
        return
    texts = {
        out / file_name(allocation.year): book_text(allocation, how).encode(),
        # In a folder of its own, for it is no table of the book; with the mark by which Excel knows UTF-8.
        out / REVIEW / csv_name(allocation.year): allocation_csv(allocation, lang).encode("utf-8-sig"),
    }
    try:
        changed = [path for path, text in texts.items() if path.exists() and path.read_bytes() != text]
        if changed and not replace:
            names = ", ".join(map(str, changed))
            raise SafeError(
                both(
                    f"{names} 已存在且内容不同：另选目录，或加 --replace 覆盖",
                    f"{names} exists and says something else: choose another folder, or overwrite it with --replace",
                )
            )
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
            say.print(Text(pick((f"已写出 {path}", f"wrote {path}"), lang)))
    except OSError as error:
        wrong = both(f"无法写入 {out}", f"cannot write to {out}")
        raise SafeError(f"{wrong}: {error.strerror}") from error
