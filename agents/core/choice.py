"""Which entry of the book holds for a subject on a day, and why the others do not: the book's own answer.

The winner is found by the very function that the pipeline uses (`agents.core.policy.most_specific`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agents.core.policy import active, most_specific
from schemas.book import Benefit, Book, BookEntry, Layer, Scope, Status
from schemas.book.book import ENTRY_SECTIONS
from schemas.book.entry import both
from schemas.book.payment import Method
from schemas.units import EPOCH_ORDINAL

#: Fields of a scope from the least to the most specific, as people call them.
FIELD_NAMES = {
    "region": ("地区", "region"),
    "hospital": ("医院", "hospital"),
    "insurance_type": ("险种", "insurance type"),
    "care_type": ("医疗类别", "care type"),
    "department": ("科室", "department"),
}


#: The days of an entry that names none.
ALWAYS = (date(1970, 1, 1), date(2099, 12, 31))


class Why(StrEnum):
    """Why an entry does not hold."""

    DRAFT = "draft"
    RETIRED = "retired"
    OTHER_SCOPE = "other_scope"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    LESS_SPECIFIC = "less_specific"


@dataclass(frozen=True, slots=True)
class Loser:
    """An entry that does not hold, why, and that in words ("中文 | English")."""

    entry: BookEntry
    why: Why
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What holds of one thing that entries compete about. `subject`: which thing, e.g. a rule or a kind of layer."""

    section: str
    subject: str
    winner: BookEntry | None
    text: str
    losers: tuple[Loser, ...]


def explain_choice(book: Book, subject: Scope, day: int, sections: Iterable[str] = ENTRY_SECTIONS) -> list[Choice]:
    """For each thing that entries of these sections compete about: which one holds on a day, and why the others do not.

    subject: as far as it is known; an empty field is one that nobody knows (a visit without insurance). day: since
    1970. Losers stand in the order in which they came close.
    """
    return [choice for section in sections for choice in _of_section(book, section, subject, day)]


def _of_section(book: Book, section: str, subject: Scope, day: int) -> Iterator[Choice]:
    rivals: dict[str, list[BookEntry]] = {}
    for entry in getattr(book, section):
        rivals.setdefault(entry.subject, []).append(entry)
    for name, entries in rivals.items():
        winner = most_specific((entry for entry in active(entries) if _admits(entry, subject)), subject, day)
        losers = [_loser(entry, winner, subject, day) for entry in entries if entry is not winner]
        losers.sort(key=lambda loser: (list(Why).index(loser.why), loser.entry.specificity), reverse=True)
        yield Choice(section, name, winner, _of_winner(winner), tuple(losers))


def _of_winner(winner: BookEntry | None) -> str:
    if winner is None:
        return both("没有适用的条目", "no entry holds")
    named = _named(winner)
    zh = "、".join(f"{FIELD_NAMES[name][0]} {value}" for name, value in named) or "对所有情况"
    en = ", ".join(f"{FIELD_NAMES[name][1]} {value}" for name, value in named) or "everything"
    since, until = winner.effective_from, winner.effective_to
    if (since, until) == ALWAYS:
        return both(f"适用：{zh}，一直有效", f"holds for {en} at all times")
    return both(f"适用：{zh}，{since} 至 {until} 有效", f"holds for {en} from {since} to {until}")


def _loser(entry: BookEntry, winner: BookEntry | None, subject: Scope, day: int) -> Loser:
    today = date.fromordinal(day + EPOCH_ORDINAL)
    if entry.status is Status.DRAFT:
        return Loser(entry, Why.DRAFT, both("草稿，未启用", "a draft"))
    if entry.status is Status.RETIRED:
        return Loser(entry, Why.RETIRED, both("已停用", "retired"))
    if not (entry.matches(subject) and _admits(entry, subject)):
        return Loser(entry, Why.OTHER_SCOPE, _other_scope(entry, subject))
    if today < entry.effective_from:
        return Loser(entry, Why.NOT_YET, both(f"{entry.effective_from} 起才生效", f"holds from {entry.effective_from}"))
    if today > entry.effective_to:
        return Loser(entry, Why.EXPIRED, both(f"已于 {entry.effective_to} 到期", f"ended on {entry.effective_to}"))
    assert winner is not None, "an active entry that is in force and matches would have won"
    return Loser(entry, Why.LESS_SPECIFIC, _less_specific(entry, winner))


def _other_scope(entry: BookEntry, subject: Scope) -> str:
    """Each field in which the entry is for others."""
    zh, en = [], []
    for name, value in _named(entry):
        given = getattr(subject, name)
        fits = given.startswith(entry.scope.region_prefix) if name == "region" else given in value.split("/")
        if not fits:
            field_zh, field_en = FIELD_NAMES[name]
            zh.append(f"{field_zh} {value}（这里是 {given}）" if given else f"{field_zh} {value}（这里没有）")
            en.append(f"{field_en} {value} (here {given})" if given else f"{field_en} {value} (here none)")
    return both(f"只适用于 {'、'.join(zh)}", f"is only for {', '.join(en)}")


def _less_specific(entry: BookEntry, winner: BookEntry) -> str:
    if entry.specificity == winner.specificity:
        return both(f"与 {winner.id} 同样具体，先写的为准", f"as specific as {winner.id}, which stands first")
    names = {name for name, _ in _named(entry)}
    more = [name for name, _ in reversed(_named(winner)) if name not in names]
    if not more:
        return both(
            f"不如 {winner.id} 具体：后者的地区更小", f"less specific than {winner.id}, whose region is smaller"
        )
    zh, en = FIELD_NAMES[more[0]]
    return both(f"不如 {winner.id} 具体：后者指明了{zh}", f"less specific than {winner.id}, which names the {en}")


def _admits(entry: BookEntry, subject: Scope) -> bool:
    """Whether a payment method is for the care type; of those that are not, another may hold."""
    listed = entry.conditions.care_types if isinstance(entry, Method) else ()
    return not listed or subject.care_type in listed


def _care_types(entry: BookEntry) -> tuple[str, ...]:
    if isinstance(entry, Method):
        return entry.conditions.care_types
    return entry.care_types if isinstance(entry, Benefit | Layer) else ()


def _named(entry: BookEntry) -> list[tuple[str, str]]:
    """The fields of the scope that are named, with care types that the entry lists."""
    listed = "/".join(_care_types(entry))
    values = {name: getattr(entry.scope, name) for name in FIELD_NAMES}
    if listed and not values["care_type"]:
        values["care_type"] = listed
    return [(name, value) for name, value in values.items() if value]
