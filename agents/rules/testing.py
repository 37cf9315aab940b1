"""Which rule files `kongfei rules test` runs, what it says of each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from agents.book.folder import read_folder
from agents.book.kind_checks import check_whole
from agents.book.library import own_rules
from agents.book.mistakes import PolicyError
from agents.rule_library.mutations import MutationResult
from agents.rule_library.rule_file import RuleFile, shipped_common, shipped_rules
from agents.rule_library.testing import FileResult, run_file
from schemas.book import Book
from schemas.book.entry import both
from schemas.book.rules import Exemption
from streams.logs import SafeError


def files_to_test(folder: Path | None, names: Sequence[str]) -> tuple[list[RuleFile], tuple[Exemption, ...]]:
    """The rule files that ship (with a folder: under its own ones), by number, and the exemptions they may name.

    names: codes or numbers; empty: all. Raises PolicyError for a broken book, SafeError for a rule there is not.
    """
    files = {file.rule.code: file for _, file in shipped_rules()}
    exemptions = shipped_common().exemptions
    if folder is not None:
        own = own_rules(folder)
        if own.mistakes:
            raise PolicyError(own.mistakes)
        files |= {file.rule.code: file for _, file in own.files}
        exemptions = read_folder(folder).book.exemptions or exemptions
    listed = sorted(files.values(), key=lambda file: (file.rule.number or 1_000, file.rule.code))
    if not names:
        return listed, exemptions
    found = []
    for name in names:
        meant = [
            file for file in listed if name.upper() == file.rule.code.upper() or name == str(file.rule.number or "")
        ]
        if not meant:
            raise SafeError(both(f"没有规则 {name}", f"there is no rule {name}"))
        found += meant
    return found, exemptions


def judge_file(file: RuleFile, exemptions: Sequence[Exemption]) -> FileResult:
    """Run the cases of a rule; what a book would say of the rule and its points is among the complaints."""
    result = run_file(file, exemptions)
    book = Book(version="cases", rules=(file.rule,), points=file.points, exemptions=tuple(exemptions))
    said = [f"{'.'.join(map(str, finding.steps))}: {finding.text}" for finding in check_whole(book)]
    return replace(result, complaints=(*result.complaints, *said))


def result_lines(result: FileResult, mutated: MutationResult | None, place: int) -> Iterator[str]:
    """One line a rule, and one for everything that is wrong with it."""
    is_right = result.holds and not (mutated and mutated.survivors)
    held = sum(case.holds for case in result.cases)
    number = f"{result.number:>3}" if result.number else "   "
    name = (result.name_zh, result.name_en)[place]
    counted = f"{held}/{len(result.cases)}"
    if mutated is not None:
        counted += f"  {mutated.count - len(mutated.survivors)}/{mutated.count}"
    yield f"{'✓' if is_right else '✗'} {number} {result.code:<18} {counted:<14} {name}"
    for text in result.complaints:
        yield f"      {text}"
    for case in result.cases:
        if not case.holds:
            yield f"      ✗ {case.name}: {case.problem}"
            yield from (f"          {(hit.what_zh, hit.what_en)[place]}" for hit in case.found)
    for one in mutated.survivors if mutated else ():
        text = both("没有案例发现这一改动", "no case notices this change")
        yield f"      ✗ {one.place}: {one.change}: {text}"
