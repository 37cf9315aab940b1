"""Runs an installed grouper of the open CHS-DRG family (OpenDRG DRG_Python) behind the Grouper protocol.

The family: a package `drg_group` with one module a region and year (`chs_drg_11`, `beijing_2022`, …), each with a
class GroupProxy whose `group_record("Index,gender,age,ageDay,weight,dept,inHospitalTime,leavingType,zd1|zd2,ss1|ss2")`
returns a GroupResult(Index, status, messages, mdc, adrg, drg). It gives groups only; weights stand in the book. It is
not a dependency of this project and is imported here and nowhere else: which one is configuration (`drg.grouper` of
the book).
"""

from datetime import date
from functools import cache
from importlib import import_module
from typing import Any, Protocol

import structlog

from agents.core.case import Case
from agents.core.grouping.drg import DrgGroups
from agents.core.grouping.findings import UNKNOWN_AGE, Findings, findings_of
from schemas.book import Book
from schemas.book.entry import both
from schemas.book.groups import DrgTables
from schemas.prediction import Grouped
from schemas.units import EPOCH_ORDINAL

TABLES = "tables"
PACKAGE = "drg_group"
CACHE_LIMIT = 20_000
GROUPED = "分组成功"
#: The family's statuses as ours; every other one is `ungrouped`.
STATUSES = {
    "诊断不能转换": "diagnosis_not_listed",
    "诊断不是有效ICD": "diagnosis_not_listed",
    "主诊断不在MDC主诊表": "diagnosis_not_listed",
    "主诊断与性别不符": "sex_conflict",
}
#: Statuses that say the recorded operations do not belong to the main diagnosis.
OPERATIONS_IN_DOUBT = frozenset({"歧义病案", "手术选择错误", "手术操作不能转换", "手术不是有效ICD"})

log = structlog.get_logger(__name__)


class Proxy(Protocol):
    """What the family's GroupProxy offers."""

    def group_record(self, record: str) -> Any:
        """Group one record; returns a GroupResult."""


def check_grouper(book: Book) -> list[str]:
    """What keeps the grouper that a book names from being used here; empty where nothing does. For loading a book."""
    name = book.drg.grouper
    if name == TABLES:
        return []
    try:
        _proxy(name)
    except Exception as error:  # noqa: BLE001 - somebody else's package: whatever it raises, the book is not usable here
        missing = f"{PACKAGE}.{name}"
        return [
            both(
                f"drg.grouper：无法使用分组器 {missing}（{type(error).__name__}: {error}），"
                f"请在本机安装，或改用 grouper: {TABLES}",
                f"drg.grouper: the grouper {missing} cannot be used ({type(error).__name__}: {error}); "
                f"install it on this machine, or use grouper: {TABLES}",
            )
        ]
    return []


def installed_grouper(book: Book) -> "InstalledGrouper | None":
    """The installed grouper that a book names; None where the book groups by its own tables.

    One that cannot be loaded gives a grouper all of whose answers are `grouper_failed` (check_grouper tells it before).
    """
    if book.drg.grouper == TABLES:
        return None
    try:
        proxy = _proxy(book.drg.grouper)
    except Exception as error:  # noqa: BLE001 - as above
        log.warning("grouper_not_loaded", grouper=book.drg.grouper, error=type(error).__name__)
        proxy = None
    return InstalledGrouper(proxy, book.drg)


@cache
def _proxy(name: str) -> Proxy:
    """The GroupProxy of a module of the family, made once: it reads its tables when it is made."""
    if not name.isidentifier():
        raise ImportError(f"{name!r} is not the name of a module")
    proxy: Proxy = import_module(f"{PACKAGE}.{name}.GroupProxy").GroupProxy()
    return proxy


class InstalledGrouper:
    """Asks an installed grouper; the same record is asked once."""

    def __init__(self, proxy: Proxy | None, tables: DrgTables) -> None:
        self._proxy = proxy
        self._groups = DrgGroups(tables)
        self._cache: dict[tuple[Findings, str], Grouped] = {}

    def group(self, case: Case) -> Grouped:
        """The group of a visit (agents.core.grouping.findings.Grouper). Never raises."""
        findings = findings_of(case)
        key = (findings, record_of(case, findings))
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[key] = self._ask(*key)
        return found

    def _ask(self, findings: Findings, record: str) -> Grouped:
        told = self._groups.told
        if not findings.main:
            return told("no_main_diagnosis", "", ())
        if not _clean((findings.main,)):
            return told("diagnosis_not_listed", "", ())
        if self._proxy is None:
            return told("grouper_failed", "", ())
        try:
            result = self._proxy.group_record(record)
            status, mdc, adrg, drg = (str(getattr(result, name) or "") for name in ("status", "mdc", "adrg", "drg"))
        except Exception as error:  # noqa: BLE001 - a fault of somebody else's package must not end the worker
            log.warning("grouper_call_failed", error=type(error).__name__)
            return told("grouper_failed", "", ())
        if status != GROUPED:
            unknown = findings.procedures if status in OPERATIONS_IN_DOUBT else ()
            return told(STATUSES.get(status, "ungrouped"), "", (status[:20],), unknown)
        return told("grouped", drg, (mdc, adrg))


def record_of(case: Case, findings: Findings) -> str:
    """The record as the family reads it; a code with a separator in it is no code and is left out."""
    diagnoses = "|".join(_clean((findings.main, *findings.others)))
    procedures = "|".join(_clean(findings.procedures))
    department = "".join(_clean((case.department,)))
    years, days = _age(case, findings)
    return (
        f"0,{findings.sex},{years},{days},,{department},{case.days},{findings.discharge_way},{diagnoses},{procedures}"
    )


def _clean(codes: tuple[str, ...]) -> list[str]:
    return [code for code in codes if code and not set(code) & set(",|\r\n")]


def _age(case: Case, findings: Findings) -> tuple[str, str]:
    """Age in years and in days, as text; empty where it is unknown."""
    if findings.age_days == UNKNOWN_AGE:
        return "", ""
    then = date.fromordinal(case.admitted_day + EPOCH_ORDINAL)
    born = date.fromordinal(case.admitted_day - findings.age_days + EPOCH_ORDINAL)
    years = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return str(years), str(findings.age_days)
