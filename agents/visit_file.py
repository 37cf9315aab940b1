"""Reads a file that holds the events of a visit, and reckons it through the very same rules as the stream.

The file is a JSON list of events, a JSON object with `events` (and perhaps `visit_id`, `patient_id`, `hospital`,
`year_to_date`, `inputs`), or one event a line (NDJSON). Events are those of the topics, with canonical or national
names; which kind one is says its `type` (admission, order, charge, settlement), or its fields do. Other visits of the
same patient in the file give the year so far, as in the stream.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
from pydantic import ValidationError

from agents.core.accept import entry_of, validate
from agents.core.outlook import Outlook
from agents.core.patient import Before, before, place_of
from agents.core.policy import Policy
from agents.core.reckoner import Reckoner
from agents.core.reduce import Fate, reduce
from agents.core.settlement.year import OPEN_END, year_before
from agents.core.visit import Visit, VisitKey
from agents.what_if import WhatIf
from schemas import events
from schemas.fields import reject_of
from schemas.ledger import Entry, LayerYear, PoolYear, YearToDate, version_of
from schemas.reasons import MEANING, Reason, RejectError
from schemas.units import parse_ms
from schemas.year_to_date import YearToDate as StatedYear
from streams.logs import SafeError

#: The fields that tell an event's type where it does not say it itself; the first that is there decides.
TELLING = (
    ("ack", ("alert_id",)),
    ("settlement", ("settlement_id", "setl_id")),
    ("charge", ("charge_id", "feedetl_sn")),
    ("order", ("order_id", "drord_no", "rx_id")),
    ("admission", ("kind", "infno")),
)
TYPES = tuple(events.EVENT_TYPES)
TOP_LEVEL = frozenset({"events", "visit_id", "patient_id", "hospital", "year_to_date", "inputs"})
_NAMES = {
    "hospital": ("hospital", "fixmedins_code"),
    "patient_id": ("patient_id", "patn_id"),
    "visit_id": ("visit_id", "mdtrt_id", "ipt_otp_no"),
}
#: A statement about the year that is meant to hold whatever else is known.
ALWAYS = OPEN_END


@dataclass(frozen=True, slots=True)
class EventMistake:
    """One event that cannot be used: its place in the file (from 1; 0: the file itself), the numbered reason, why."""

    place: int
    reason: Reason
    detail: str

    def __str__(self) -> str:
        zh, en = MEANING[self.reason]
        where = f"第 {self.place} 条 (event {self.place})" if self.place else "文件 (file)"
        detail = f": {self.detail}" if self.detail else ""
        return f"{where}: {self.reason.value} {zh} | {en}{detail}"


class VisitFileError(SafeError):
    """The file cannot be used; one line a mistake."""

    def __init__(self, mistakes: list[EventMistake] | str) -> None:
        self.mistakes = mistakes if isinstance(mistakes, list) else []
        super().__init__(mistakes if isinstance(mistakes, str) else "\n".join(map(str, mistakes)))


@dataclass(slots=True)
class VisitFile:
    """What a file says: ledger entries in its order, and what stands beside them."""

    entries: list[Entry]
    visit_id: str = ""
    patient_id: str = ""
    year_to_date: YearToDate | None = None
    #: What rules may need besides events, by name (kongfei audit).
    inputs: dict[str, Any] = field(default_factory=dict)
    #: Code tables and codes that are not known, each once (`table:code`).
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Opened:
    """One visit, reckoned: the running state, its outlook, the year it was reckoned on, what is doubtful.

    visits: every visit of the file, this one among them; inputs: what the file says besides events.
    """

    visit: Visit
    outlook: Outlook
    year: YearToDate
    policy: Policy
    warnings: list[tuple[str, str]]
    visits: Mapping[VisitKey, Visit] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)


def read_visit_file(path: Path, policy: Policy, hospital: str, more: Sequence[Mapping[str, Any]] = ()) -> VisitFile:
    """Read and validate every event. `more`: events besides those of the file.

    Raises VisitFileError with all that is wrong at once.
    """
    content = _content(path)
    head = content if isinstance(content, dict) else {}
    if unknown := sorted(head.keys() - TOP_LEVEL):
        raise VisitFileError(
            f"{path}: 未知的字段 {'、'.join(unknown)}；可用：{'、'.join(sorted(TOP_LEVEL))}"
            f" | unknown fields {', '.join(unknown)}; allowed: {', '.join(sorted(TOP_LEVEL))}"
        )
    found = VisitFile([], str(head.get("visit_id") or ""), str(head.get("patient_id") or ""))
    listed = head.get("events") if isinstance(content, dict) else content
    if not isinstance(listed, list) or not listed:
        raise VisitFileError(f"{path}: 没有事件 | there are no events")
    context = {"zone": policy.zone, "hospital": str(head.get("hospital") or hospital)}
    mistakes: list[EventMistake] = []
    for place, fields in enumerate([*listed, *more], 1):
        try:
            entry = _entry(fields, found, context, place)
        except RejectError as error:
            mistakes.append(EventMistake(place, error.reason, error.detail))
            continue
        found.entries.append(entry)
        found.warnings += [warning for warning in entry.warnings if warning not in found.warnings]
    try:
        found.year_to_date = _year_to_date(head.get("year_to_date"), context)
    except RejectError as error:
        mistakes.append(EventMistake(0, error.reason, f"year_to_date: {error.detail}"))
    if mistakes:
        raise VisitFileError(mistakes)
    found.inputs = _inputs(path, head.get("inputs"))
    return found


def _inputs(path: Path, said: object) -> dict[str, Any]:
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise VisitFileError(f"{path}: inputs 应为“名称: 内容” | inputs must be names with their content")
    return said


def open_visit(
    path: Path, policy: Policy, hospital: str, *, what_if: WhatIf | None = None, at: str = "", visit_id: str = "",
    more: Sequence[Mapping[str, Any]] = (),
) -> Opened:  # fmt: skip
    """Read the file, apply its events, and reckon the visit it is about, after the visits that ended before it.

    `at`: as the visit stood at the end of that day (or at that moment). `visit_id`: which visit, instead of the file's
    own or the last admitted. `more`: events besides those of the file. Raises VisitFileError.
    """
    what_if = what_if or WhatIf()
    policy = what_if.of_policy(policy, hospital)
    file = read_visit_file(path, policy, hospital, more)
    moment = _moment(at, policy) if at else None
    visits = _visits(file, policy, moment)
    visit = _pick(visits, visit_id or file.visit_id)
    family = {key.visit_id: other for key, other in visits.items() if key[:2] == visit.key[:2]}
    what_if.of_visit(visit)
    warnings = [
        (
            f"码表中没有代码 {warning}，按原样使用。",
            f"Code {warning} is not in the shipped tables; it is used as it is.",
        )
        for warning in file.warnings
    ]
    opened = _reckon(visit, family, policy, file.year_to_date, what_if)
    opened.warnings[:0] = warnings
    opened.visits, opened.inputs = visits, file.inputs
    return opened


def _content(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise VisitFileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise VisitFileError([EventMistake(0, Reason.NOT_TEXT, "UTF-8")]) from error
    try:
        return json.loads(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        mistakes, found = [], []
        for place, line in enumerate(lines, 1):
            try:
                found.append(json.loads(line))
            except ValueError:
                mistakes.append(EventMistake(place, Reason.NOT_JSON, ""))
        if len(mistakes) == len(lines) or not found:
            raise VisitFileError([EventMistake(0, Reason.NOT_JSON, str(error))]) from error
        if mistakes:
            raise VisitFileError(mistakes) from error
        return found


def _entry(fields: object, file: VisitFile, context: dict[str, Any], place: int) -> Entry:
    if not isinstance(fields, dict):
        raise RejectError(Reason.NOT_AN_OBJECT)
    filled = dict(fields)
    for name in ("patient_id", "visit_id"):
        if (default := getattr(file, name)) and not any(filled.get(other) for other in _NAMES[name]):
            filled[name] = default
    event_type = _type_of(filled)
    event = validate(event_type, filled, context)
    return entry_of(event, ("", 0, place), context["zone"])


def _type_of(fields: Mapping[str, Any]) -> str:
    said = fields.get("type", fields.get("event_type"))
    if said is not None:
        if said in TYPES:
            return str(said)
        raise RejectError(Reason.UNKNOWN_KIND, f"type is none of {', '.join(TYPES)}")
    for event_type, names in TELLING:
        if any(fields.get(name) is not None for name in names):
            return event_type
    raise RejectError(Reason.MISSING_FIELD, f"type ({', '.join(TYPES)})")


def _year_to_date(said: object, context: dict[str, Any]) -> YearToDate | None:
    if said is None:
        return None
    try:
        year = StatedYear.model_validate(said, context=context)
    except ValidationError as error:
        raise reject_of(error) from error
    return YearToDate(
        year.year,
        -1 if year.as_of is None else year.as_of,
        year.admissions,
        {name: PoolYear(pool.deductible, pool.base, pool.fund) for name, pool in year.pools.items()},
        {name: LayerYear(layer.base, layer.paid) for name, layer in year.layers.items()},
        dict(year.limits),
    )


def _moment(at: str, policy: Policy) -> int:
    """The last millisecond that counts: of the day, or the moment itself."""
    try:
        moment = parse_ms(at, policy.zone, "at")
    except RejectError as error:
        raise VisitFileError(f"--at: {EventMistake(0, error.reason, at)}") from error
    if len(at.strip()) in {8, 10}:
        day = datetime.fromtimestamp(moment / 1000, policy.zone).date() + timedelta(days=1)
        return int(datetime.combine(day, time(), policy.zone).timestamp() * 1000) - 1
    return moment


def _visits(file: VisitFile, policy: Policy, moment: int | None) -> dict[VisitKey, Visit]:
    """Every visit of the file, its events applied."""
    visits: dict[VisitKey, Visit] = {}
    mistakes = []
    for place, entry in enumerate(file.entries, 1):
        if moment is not None and max(entry.occurred_at, entry.recorded_at) > moment:
            continue
        key = VisitKey(entry.hospital, entry.patient_id, entry.visit_id)
        visit = visits.setdefault(key, Visit.load(key, {})) if key not in visits else visits[key]
        outcome = reduce(visit, entry, version_of(1, place), policy)
        if outcome.fate is Fate.REFUSED and outcome.reason is not None:
            mistakes.append(EventMistake(place, outcome.reason, outcome.detail))
    if mistakes:
        raise VisitFileError(mistakes)
    if not visits:
        raise VisitFileError("在此时间之前没有事件 | there are no events before this time")
    if moment is not None:
        for visit in visits.values():
            if visit.stay.discharged_at is None and not visit.stay.is_outpatient:
                visit.head.as_of = max(visit.head.as_of, moment)
    return visits


def _pick(visits: Mapping[VisitKey, Visit], visit_id: str) -> Visit:
    """The named visit, else the last admitted one."""
    found = [visit for key, visit in visits.items() if not visit_id or key.visit_id == visit_id]
    names = sorted({key.visit_id for key in visits})
    if not found:
        raise VisitFileError(
            f"没有就诊 {visit_id}；文件中有：{'、'.join(names)} | no visit {visit_id}; there are: {', '.join(names)}"
        )
    if len({visit.key[:2] for visit in found}) > 1:
        raise VisitFileError(
            "文件中有多个病人，请用 visit_id 指明就诊 | several patients in the file: name the visit with visit_id"
        )
    return max(found, key=lambda visit: (visit.stay.admitted_at or visit.head.as_of, visit.key.visit_id))


def _reckon(
    visit: Visit, family: Mapping[str, Visit], policy: Policy, stated: YearToDate | None, what_if: WhatIf
) -> Opened:
    """Reckon the patient's visits in the order in which they stand, up to this one."""
    reckoner = Reckoner(policy)
    if stated is not None:
        begins = visit.stay.admitted_at if visit.stay.admitted_at is not None else visit.head.as_of
        visit.stay.year_to_date = msgspec.structs.replace(stated, as_of=begins if stated.as_of < 0 else stated.as_of)
    notes = {visit_id: reckoner.note_of(other) for visit_id, other in family.items()}
    order = sorted(notes, key=lambda visit_id: place_of(visit_id, notes[visit_id]))
    for visit_id in order:
        behind = before(notes, place_of(visit_id, notes[visit_id]))
        outlook, note = reckoner.reckon(family[visit_id], behind)
        notes[visit_id] = note
        if visit_id == visit.key.visit_id:
            break
    case, settlement = outlook.case, outlook.settlement
    # The year before the visit: of a stay that was split at the year's end, the year it began in.
    first_year = settlement.periods[0].year if settlement.periods else settlement.year
    year = year_before(case, behind.stated, behind.ended, first_year)
    if what_if.changes_year:
        year = msgspec.structs.replace(what_if.of_year(year), as_of=ALWAYS)
        outlook, _ = reckoner.reckon(visit, Before(year, behind.ended))
    return Opened(visit, outlook, year, policy, [])
