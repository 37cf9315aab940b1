"""What past visits were, event by event, and what was found in them: for a re-audit. Read from a store.

Who reads or keeps them registers a function in pyproject.toml, so that the rules need not know any store:

- group `kongfei.visits`: `read(settings, hospital, first, last) -> Iterable[PatientLog]`: every patient of the hospital
  with a visit that ended in these days, with all entries of all visits of the patient;
- group `kongfei.findings`: `read(settings, hospital, first, last) -> Iterable[StoredFinding]`: the findings as they
  stand (latest version, withdrawn ones too) of visits that ended in these days;
- group `kongfei.reaudit`: `write(settings, run, rows) -> int`: keeps the rows of a run and says how many; `rows` is an
  iterator that makes them as they are taken, so it is taken once, in blocks.

`first` and `last` are days of the hospital's time zone, both included. A stay ends with its discharge, an outpatient
visit when it is registered; one that is open or cancelled has not ended. Money in fen, times in epoch ms.
"""

from enum import StrEnum

import msgspec

from schemas.finding import Finding
from schemas.ledger import Entry


class PatientLog(msgspec.Struct, frozen=True):
    """A patient's log: the ledger entries of all visits at the hospital, in ledger order, each with its ledger version.

    Answers (acks) may be missing: they change nothing that rules look at. What intake or the reducer refused is not
    there. total: how many patients the reader will give in all, for progress; 0: not known.
    """

    hospital: str
    patient_id: str
    entries: tuple[tuple[int, Entry], ...]
    total: int = 0


class StoredFinding(msgspec.Struct, frozen=True, gc=False):
    """A finding as it is stored: what a re-audit compares with, and shows where it finds it no more."""

    finding_id: str
    patient_id: str
    visit_id: str
    rule: str
    rule_name_zh: str
    rule_name_en: str
    grade: str
    scenes: tuple[int, ...]
    department: str
    doctor: str
    status: str
    amount_fen: int
    policy_version: str
    what_zh: str = ""
    what_en: str = ""
    is_shadow: bool = False


class Standing(StrEnum):
    """How a finding of a re-audit stands against what is stored."""

    #: Found now, not open in the store: the present book finds it anew.
    NEW = "new"
    #: Found now and open in the store, with the same amount.
    SAME = "same"
    #: Found now and open in the store, with another amount.
    CHANGED = "changed"
    #: Open in the store, not found any more.
    GONE = "gone"


class Run(msgspec.Struct, frozen=True):
    """One re-audit: its id, whose, of which days (ISO dates), under which book, begun when (ms)."""

    run_id: str
    hospital: str
    first: str
    last: str
    policy_version: str
    started_at: int
    rules: tuple[str, ...] = ()


class ReauditRow(msgspec.Struct, frozen=True):
    """One finding of a run. finding: as found now, None where it is gone; stored: as stored, None where it is new.

    visit_ended_at: of the finding's visit, 0 for one about a doctor, a department or the hospital.
    """

    standing: Standing
    finding: Finding | None = None
    stored: StoredFinding | None = None
    visit_ended_at: int = 0

    @property
    def finding_id(self) -> str:
        """Which finding."""
        found = self.finding or self.stored
        return found.finding_id if found is not None else ""
