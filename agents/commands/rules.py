"""`kongfei rules list|show|kinds|test`: the rule library, what its rules say, and whether their cases hold."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from agents.commands.visit_arguments import LANGUAGES, AsJson, BookFolder, Language, is_chinese, refuse

if TYPE_CHECKING:
    from agents.rule_library.mutations import MutationResult
    from agents.rule_library.rule_file import RuleFile
    from agents.rule_library.testing import FileResult
    from agents.rules.listing import RuleList
    from schemas.book.rules import Exemption

EXIT_FAILED = 1

rules_app = typer.Typer(help="The rule library (两库): list it, explain it, run its cases.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(rules_app, name="rules")


@rules_app.command("list")
def list_command(
    book: BookFolder = None,
    scene: Annotated[int, typer.Option("--scene", min=0, max=15, help="Only rules of this scene (1–15).")] = 0,
    kind: Annotated[str, typer.Option("--kind", help="Only rules of this kind.")] = "",
    category: Annotated[str, typer.Option("--category", help="policy, management, medical or detector.")] = "",
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """List the rules of a book as they hold today: number, code, name, kind, grade, phases, scenes, state, points."""
    from agents.rules.as_json import list_json  # noqa: PLC0415 - loads slowly, and every command registers here
    from agents.rules.printing import list_table, wide_console  # noqa: PLC0415

    in_chinese = is_chinese(lang)
    listed = _listed(book)
    rules = [
        one
        for one in listed.rules
        if (not scene or scene in one.rule.scenes)
        and (not kind or one.rule.kind == kind)
        and (not category or one.rule.category == category)
    ]
    if as_json:
        _print_json(list_json(listed, rules))
        return
    wide_console().print(list_table(rules, 0 if in_chinese else 1))
    typer.echo((f"{len(rules)} 条规则", f"{len(rules)} rules")[0 if in_chinese else 1])


@rules_app.command("show")
def show_command(
    name: Annotated[str, typer.Argument(metavar="CODE|NUMBER", help="Code or number of the rule.")],
    book: BookFolder = None,
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """Explain a rule: definition, clause, parameters in force and who set them, points, cases."""
    from agents.rules.as_json import whole_rule_json  # noqa: PLC0415
    from agents.rules.printing import rule_lines  # noqa: PLC0415
    from schemas.book.entry import both  # noqa: PLC0415
    from streams.logs import SafeError  # noqa: PLC0415

    place = 0 if is_chinese(lang) else 1
    found = _listed(book).find(name)
    if not found:
        refuse(SafeError(both(f"没有规则 {name}（kongfei rules list 列出全部）", f"there is no rule {name}")))
    if as_json:
        _print_json({"rules": [whole_rule_json(one) for one in found]})
        return
    for one in found:
        for line in rule_lines(one, place):
            typer.echo(line)


@rules_app.command("kinds")
def kinds_command(
    name: Annotated[str, typer.Argument(help="Only this kind.")] = "",
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """Describe the kinds of rules: what each does, its parameters, the columns that knowledge points fill."""
    from agents.book.wording import unknown  # noqa: PLC0415
    from agents.core.rules.kinds import KINDS  # noqa: PLC0415
    from agents.rules.as_json import kind_json  # noqa: PLC0415
    from agents.rules.printing import kind_lines  # noqa: PLC0415
    from streams.logs import SafeError  # noqa: PLC0415

    place = 0 if is_chinese(lang) else 1
    if name and name not in KINDS:
        refuse(SafeError(unknown(name, tuple(KINDS))))
    kinds = [KINDS[name]] if name else list(KINDS.values())
    if as_json:
        _print_json({"kinds": [kind_json(kind) for kind in kinds]})
        return
    for kind in kinds:
        for line in kind_lines(kind, place):
            typer.echo(line)
        typer.echo("")


@rules_app.command("test")
def cases_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="[CODE|NUMBER]…", help="Without: every rule.")] = None,
    book: Annotated[
        Path | None, typer.Option("--book", metavar="DIR", help="Also the rules of this book's rules/ folder.")
    ] = None,
    mutations: Annotated[
        bool, typer.Option("--mutations", help="Also change every parameter and column: some case must fail.")
    ] = False,
    as_json: AsJson = False,
    lang: Language = LANGUAGES[0],
) -> None:
    """Run the cases of rules; exit code 1 where one fails, where there are too few, or a change goes unnoticed."""
    from agents.book import PolicyError  # noqa: PLC0415
    from agents.rules.as_json import result_json  # noqa: PLC0415
    from agents.rules.testing import files_to_test, result_lines  # noqa: PLC0415
    from streams.logs import SafeError  # noqa: PLC0415

    place = 0 if is_chinese(lang) else 1
    began = time.monotonic()
    try:
        files, exemptions = files_to_test(book, names or ())
    except (PolicyError, SafeError) as error:
        refuse(error)
    results = []
    for result, mutated in _run(files, exemptions, with_mutations=mutations):
        results.append((result, mutated))
        if not as_json:
            for line in result_lines(result, mutated, place):
                typer.echo(line)
    holds = all(result.holds and not (mutated and mutated.survivors) for result, mutated in results)
    cases = sum(len(result.cases) for result, _ in results)
    failed = sum(not case.holds for result, _ in results for case in result.cases)
    tried = sum(mutated.count for _, mutated in results if mutated)
    missed = sum(len(mutated.survivors) for _, mutated in results if mutated)
    if as_json:
        _print_json({
            "holds": holds, "rules": len(results), "cases": cases, "failed": failed, "mutations": tried,
            "unnoticed": missed, "results": [result_json(result, mutated) for result, mutated in results],
        })  # fmt: skip
    else:
        seconds = time.monotonic() - began
        zh = f"{len(results)} 条规则，{cases} 个案例，失败 {failed}"
        en = f"{len(results)} rules, {cases} cases, {failed} failed"
        if mutations:
            zh += f"；{tried} 处变异，未被发现 {missed}"
            en += f"; {tried} mutations, {missed} unnoticed"
        typer.echo((f"{zh}（{seconds:.1f} 秒）", f"{en} ({seconds:.1f} s)")[place])
    if not holds:
        raise typer.Exit(EXIT_FAILED)


def _run(
    files: "list[RuleFile]", exemptions: "tuple[Exemption, ...]", *, with_mutations: bool
) -> "Iterator[tuple[FileResult, MutationResult | None]]":
    """Each rule in turn; mutations only of rules whose cases hold."""
    from agents.rule_library.mutations import run_mutations  # noqa: PLC0415
    from agents.rules.testing import judge_file  # noqa: PLC0415

    for file in files:
        result = judge_file(file, exemptions)
        is_sound = all(case.holds for case in result.cases)
        yield result, run_mutations(file, exemptions) if with_mutations and is_sound else None


def _listed(book: Path | None) -> "RuleList":
    from agents.book import PolicyError  # noqa: PLC0415
    from agents.rules.listing import list_rules  # noqa: PLC0415
    from schemas.units import EPOCH_ORDINAL  # noqa: PLC0415
    from streams.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    today = datetime.now(ZoneInfo(settings.timezone)).date()
    try:
        return list_rules(book or settings.book_dir, today.toordinal() - EPOCH_ORDINAL, settings.hospital)
    except PolicyError as error:
        refuse(error)


def _print_json(content: dict[str, Any]) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
