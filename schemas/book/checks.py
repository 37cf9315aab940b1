"""Checks of a book as a whole: what no single entry shows. Pure; whoever reads the book says file and line.

Errors: the book could not say what holds. Warnings: it can, but it is probably not what was meant (DOMAIN 2.3, "meta-
checks for parameter sets").
"""

from collections.abc import Iterable, Iterator
from datetime import date

from schemas.book.benefit_checks import check_benefits
from schemas.book.book import ENTRY_SECTIONS, Book
from schemas.book.code_checks import check_codes
from schemas.book.entry import BookEntry, Status, both
from schemas.book.findings import Finding
from schemas.book.overlaps import check_overlaps, rivalries
from schemas.book.payment_checks import check_payment
from schemas.book.rule_checks import check_rules
from schemas.book.table_checks import check_tables

__all__ = ["Finding", "check_book", "doubled_id", "errors_of"]


def check_book(book: Book, today: date | None = None) -> list[Finding]:
    """Everything that is wrong or doubtful. today: for entries that have expired; None: nothing is said of that."""
    found = [
        *_check_head(book),
        *_check_ids(book),
        *check_overlaps(book),
        *check_benefits(book),
        *check_payment(book),
        *check_tables(book),
        *check_codes(book),
        *check_rules(book),
    ]
    if today is not None:
        found += _check_validity(book, today)
    return found


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Those with which a book must not be used."""
    return [finding for finding in findings if finding.is_error]


def _check_head(book: Book) -> Iterator[Finding]:
    if len(set(book.tiers)) < len(book.tiers):
        yield Finding(("tiers",), both("同一级别写了两次", "a tier is listed twice"))
    if book.tier and book.tier not in book.tiers:
        yield Finding(("tier",), _no_tier(book.tier, book))
    seen: dict[str, int] = {}
    for index, hospital in enumerate(book.hospitals):
        if hospital.code in seen:
            text = both("医院编码写了两次", "this hospital is listed twice")
            yield Finding(("hospitals", index, "code"), text, other=("hospitals", seen[hospital.code]))
        seen.setdefault(hospital.code, index)
        if hospital.tier and hospital.tier not in book.tiers:
            yield Finding(("hospitals", index, "tier"), _no_tier(hospital.tier, book))
    if book.status is not Status.ACTIVE:
        zh = "草稿，发布前须改为 active" if book.status is Status.DRAFT else "已停用，不能发布"
        text = both(f"这本政策规则库是{zh}", f"this book is {book.status}: it cannot be published")
        yield Finding(("status",), text, is_error=False)
    if not any(entries for entries in book.entries.values()):
        text = both("没有任何条目", "there is not one entry")
        yield Finding((), text, is_error=False, is_of_absence=True)


def _no_tier(tier: str, book: Book) -> str:
    known = ", ".join(book.tiers)
    return both(f"级别“{tier}”不在 tiers（{known}）之中", f"tier {tier} is none of tiers ({known})")


def _check_ids(book: Book) -> Iterator[Finding]:
    for section, entries in book.entries.items():
        seen: dict[str, int] = {}
        for index, entry in enumerate(entries):
            if (first := seen.setdefault(entry.id, index)) != index:
                yield doubled_id(section, entry.id, first, index)


def doubled_id(section: str, name: str, first: int, index: int) -> Finding:
    """Facts and alerts cite entries by their ids."""
    text = both(f"id“{name}”写了两次", f"the id {name} is used twice")
    return Finding((section, index, "id"), text, other=(section, first))


def _check_validity(book: Book, today: date) -> Iterator[Finding]:
    """Entries that have expired and that nothing follows; one finding for a section that has expired as a whole."""
    for section in ENTRY_SECTIONS:
        last: dict[int, tuple[int, BookEntry]] = {}
        for rivals in rivalries(book, section):
            index, entry = max(rivals, key=lambda rival: rival[1].effective_to)
            if entry.effective_to < today:
                last[index] = index, entry
        count = sum(entry.is_active for entry in getattr(book, section))
        expired = [last[index] for index in sorted(last)]
        if expired and len(expired) == count:
            day = max(entry.effective_to for _, entry in expired)
            text = both(f"本部分的条目到 {day} 已全部过期", f"every entry of this section has expired by {day}")
            yield Finding((section, expired[0][0]), text, is_error=False)
            continue
        for index, entry in expired:
            day = entry.effective_to
            text = both(f"已于 {day} 过期，之后没有接续的条目", f"expired on {day}, and no entry follows it")
            yield Finding((section, index, "effective_to"), text, is_error=False)
