"""A book, its mistakes and its changes as lines of text for a terminal: Chinese first, English beside it."""

from collections.abc import Iterable, Iterator
from typing import Any

from agents.book.difference import Difference, Section, flat, part_of, rows_of
from agents.book.mistakes import Mistake
from agents.core.choice import Choice, Why
from schemas.book import Book
from schemas.book.entry import both

#: Parts of a book, in the order in which they are told.
NAMES = {
    "book": ("基本信息", "the book itself"),
    "hospitals": ("医院", "hospitals"),
    "quotas": ("定额", "quotas"),
    "thresholds": ("阈值", "thresholds"),
    "benefits": ("医保待遇", "benefits"),
    "layers": ("补充保障", "layers"),
    "methods": ("支付方式", "payment methods"),
    "budgets": ("预算", "budgets"),
    "projections": ("出院费用预测", "projections"),
    "special_cases": ("特例单议", "special cases"),
    "catalogue": ("三大目录", "catalogue"),
    "dip": ("DIP 病种", "DIP groups"),
    "drg.mdc": ("DRG 主要诊断大类", "MDCs"),
    "drg.rules": ("DRG 分组规则", "DRG rules"),
    "drg.groups": ("DRG 病组", "DRG groups"),
    "drg.complications": ("DRG 并发症", "complications"),
    "codes": ("代码表", "codes"),
    "rules": ("规则", "rules"),
    "rule_settings": ("规则设置", "rule settings"),
    "exemptions": ("豁免", "exemptions"),
    "scenes": ("场景", "scenes"),
    "prescribers": ("处方权", "prescribers"),
    "points": ("知识点", "knowledge points"),
}
#: Rows of a table that are shown; `--json` has all.
SHOWN_ROWS = 20


def title(name: str) -> str:
    """`quotas 定额`."""
    return f"{name} {NAMES[name][0]}" if name in NAMES else name


def counts(book: Book) -> dict[str, int]:
    """How many entries or rows each part of the book has; parts without any are absent."""
    found = {name: len(part_of(book, name)) for name in NAMES if name != "book"}
    return {name: count for name, count in found.items() if count}


def count_lines(book: Book) -> Iterator[str]:
    """One line a part."""
    for name, count in counts(book).items():
        yield f"  {name:<18}{count:>9,}  {NAMES[name][0]}"


def mistake_lines(heading: str, mistakes: Iterable[Mistake]) -> Iterator[str]:
    """The heading, and one line a mistake; nothing where there are none."""
    listed = list(mistakes)
    if listed:
        yield f"{heading} ({len(listed)})"
        yield from (f"  {mistake}" for mistake in listed)


def section_lines(book: Book, name: str) -> Iterator[str]:
    """Every entry of a part, field by field; of a table the first rows."""
    is_short = name not in _ENTRIES
    rows = rows_of(book, name, SHOWN_ROWS if is_short else None)
    count = len(part_of(book, name))
    yield f"{title(name)} ({count:,})"
    for called, row in rows.items():
        yield f"  {called}"
        yield from (f"      {field}: {value}" for field, value in flat(row).items() if value and field != "id")
    if count > len(rows):
        yield f"  … {both(f'另有 {count - len(rows):,} 行，--json 全部列出', f'{count - len(rows):,} more rows')}"


def choice_lines(choices: Iterable[Choice]) -> Iterator[str]:
    """Which entry holds of each thing, and why the others do not."""
    section = ""
    for choice in choices:
        if choice.section != section:
            section = choice.section
            yield title(section)
        yield f"  {choice.subject}"
        if choice.winner is None:
            yield f"    –  {choice.text}"
        else:
            yield f"    ✓  {choice.winner.id}: {choice.text}"
            yield f"       来源 source: {choice.winner.source}"
        for place, loser in enumerate(choice.losers):
            if place >= SHOWN_ROWS and loser.why is Why.OTHER_SCOPE:
                rest = len(choice.losers) - place
                text = both(f"另有 {rest} 条不适用，--json 全部列出", f"{rest} more do not hold, all in --json")
                yield f"    …  {text}"
                break
            yield f"    ✗  {loser.entry.id}: {loser.text}"


def choices_as_json(choices: Iterable[Choice]) -> list[dict[str, Any]]:
    """The same for `--json`."""
    return [
        {
            "section": choice.section,
            "subject": choice.subject,
            "winner": choice.winner.model_dump(mode="json", by_alias=True) if choice.winner else None,
            "text": choice.text,
            "losers": [{"id": loser.entry.id, "why": loser.why, "text": loser.text} for loser in choice.losers],
        }
        for choice in choices
    ]


def difference_lines(change: Difference) -> Iterator[str]:
    """What came, went and changed, part by part."""
    yield f"{change.old} → {change.new}"
    if change.is_empty:
        yield both("没有变化", "no difference")
    for name in NAMES:
        if name in change.sections:
            yield from _changes(name, change.sections[name], is_short=name not in _ENTRIES)


_ENTRIES = frozenset({
    "book", "hospitals", "quotas", "thresholds", "benefits", "layers", "methods", "budgets", "projections",
    "special_cases", "rules", "rule_settings", "exemptions", "scenes",
})  # fmt: skip


def _changes(name: str, section: Section, *, is_short: bool) -> Iterator[str]:
    yield f"{title(name)}: +{len(section.added):,} −{len(section.removed):,} ~{len(section.changed):,}"
    most = SHOWN_ROWS if is_short else None
    for mark, names in (("+", section.added), ("−", section.removed)):
        yield from (f"  {mark} {called}" for called in names[:most])
        yield from _more(len(names), most)
    for change in section.changed[:most]:
        if change.name:
            yield f"  ~ {change.name}"
        for field, (before, after) in change.fields.items():
            yield f"      {field}: {before or '∅'} → {after or '∅'}"
    yield from _more(len(section.changed), most)


def _more(count: int, most: int | None) -> Iterator[str]:
    if most is not None and count > most:
        yield f"  … {both(f'另有 {count - most:,} 行，--json 全部列出', f'{count - most:,} more, all in --json')}"
