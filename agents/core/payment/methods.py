"""The payment methods of a book, compiled: which hold for a kind of visit on a day, and for a visit's record.

Of the methods that compete (one kind, one disease) the most specific counts, among those that admit the care type.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agents.core.case import Case
from agents.core.grouping.dip import DipDirectory, DipGrouper
from agents.core.grouping.drg import DrgGrouper
from agents.core.grouping.findings import Findings, Grouper, findings_of
from agents.core.payment.admission import Admission, Applicant
from agents.core.payment.plans import SYSTEMS, Circumstances, Plan, plan_of
from agents.core.payment.projection import Pace
from agents.core.payment.questions import questions_of
from agents.core.policy import Policy, QuotaInForce, active, most_specific, valid
from schemas.book import PaymentMethod
from schemas.book.payment import SingleDisease, SpecialCase
from schemas.prediction import Grouped, Question
from schemas.units import month_of

CACHE_LIMIT = 2_000
PROFILES = 4_000
TABLES = "tables"


class Profile(NamedTuple):
    """What a visit's record comes to: its groups, the plan of each method, how the rest of the stay is foreseen."""

    groups: tuple[Grouped, ...]
    plans: tuple[Plan, ...]
    pace: Pace
    questions: tuple[Question, ...]


class _NoGrouper:
    """Stands for an installed grouper that nobody handed in: never a group of another grouper's tables."""

    def __init__(self, version: str) -> None:
        self._failed = Grouped("drg", "grouper_failed", version=version)

    def group(self, _: Case) -> Grouped:
        """`grouper_failed`."""
        return self._failed


class MethodsBook:
    """Every method of a book. Immutable but for its caches.

    drg: the installed grouper, where the book names one (agents.grouper_adapter.installed_grouper); None: its tables.
    """

    def __init__(self, policy: Policy, drg: Grouper | None = None) -> None:
        self.policy = policy
        book = policy.book
        self._methods = list(enumerate(active(book.methods)))
        self._admissions = {place: Admission(method.conditions) for place, method in self._methods}
        self._projections = active(book.projections)
        self._special = active(book.special_cases)
        self._budgets = active(book.budgets)
        self._directory = DipDirectory(book.dip)
        self._dip: dict[str, DipGrouper] = {}
        is_by_tables = book.drg.grouper == TABLES
        self._drg: Grouper = drg or (DrgGrouper(book.drg) if is_by_tables else _NoGrouper(book.drg.version))
        self._cache: dict[tuple[str, str, str, str, int], Methods] = {}

    def methods(self, case: Case) -> "Methods":
        """What holds for visits of this kind on the case's last day."""
        key = (case.hospital, case.department, case.insurance_type, case.care_type, case.end_day)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[key] = self._resolve(*key)
        return found

    def _resolve(self, hospital: str, department: str, insurance_type: str, care_type: str, day: int) -> "Methods":
        policy = self.policy
        subject = policy.subject(hospital, department, care_type, insurance_type)
        holding = {id(method) for method in valid([method for _, method in self._methods], subject, day)}
        chosen: dict[tuple[object, ...], tuple[int, PaymentMethod]] = {}
        for place, method in self._methods:
            if id(method) not in holding:
                continue
            is_for = self._admissions[place].is_for(care_type)
            key = _competes_as(method)
            rival = chosen.get(key)
            if rival is None or (is_for, method.specificity) > (
                self._admissions[rival[0]].is_for(care_type),
                rival[1].specificity,
            ):
                chosen[key] = (place, method)
        projection = most_specific(self._projections, subject, day)
        return Methods(
            version=policy.version,
            methods=sorted(
                ((place, method, self._admissions[place]) for place, method in chosen.values()),
                key=lambda entry: entry[0],
            ),
            groupers=self._groupers(
                [method for place, method in chosen.values() if self._admissions[place].is_for(care_type)],
                policy.hospital(hospital).tier,
            ),
            quota=policy.watches(hospital, department, care_type, insurance_type, day).quota,
            pace=Pace(projection.expected_days, projection.window_days, projection.tail_share)
            if projection
            else Pace(0),
            projection_id=projection.id if projection else "",
            special=most_specific(self._special, subject, day),
            has_budget=any(budget.year == month_of(day) // 100 for budget in valid(self._budgets, subject, day)),
        )

    def _groupers(self, methods: Iterable[PaymentMethod], tier: str) -> dict[str, Grouper]:
        """The groupers that these methods ask for, by system, in the order of the methods; binding ones first."""
        ordered = sorted(methods, key=lambda method: not method.binding)
        systems = dict.fromkeys(SYSTEMS[method.kind] for method in ordered if method.kind in SYSTEMS)
        found: dict[str, Grouper] = {}
        for system in systems:
            if system == "drg":
                found[system] = self._drg
            else:
                found[system] = self._dip.setdefault(tier, DipGrouper(self._directory, tier))
        return found


def _competes_as(method: PaymentMethod) -> tuple[object, ...]:
    disease = method.disease if isinstance(method, SingleDisease) else ""
    conditions = method.conditions
    is_long = conditions.min_days if method.kind == "bed_day" else None
    return method.kind, disease, conditions.diagnoses, conditions.procedures, is_long


class Methods:
    """The methods that hold for one kind of visit on one day. Immutable but for its cache."""

    def __init__(
        self,
        version: str,
        methods: list[tuple[int, PaymentMethod, Admission]],
        groupers: Mapping[str, Grouper],
        quota: QuotaInForce | None,
        pace: Pace,
        projection_id: str,
        special: SpecialCase | None,
        *,
        has_budget: bool,
    ) -> None:
        self.version = version
        self.special = special
        self.projection_id = projection_id
        self._methods = methods
        self._groupers = groupers
        self._quota = quota
        self._pace = pace
        self._has_budget = has_budget
        self._profiles: dict[tuple[object, ...], Profile] = {}

    def profile(self, case: Case) -> Profile:
        """What the record of this visit comes to; made once for each state of the record."""
        key = (
            case.main_diagnosis, case.diagnoses, case.procedures, case.sex, case.birth_date, case.admitted_day,
            case.discharge_way, case.disease_code, case.days, case.is_ended, case.is_outpatient,
            case.operation_fen > 0,
        )  # fmt: skip
        found = self._profiles.get(key)
        if found is None:
            if len(self._profiles) >= PROFILES:
                self._profiles.clear()
            found = self._profiles[key] = self._profile(case)
        return found

    def _profile(self, case: Case) -> Profile:
        findings = findings_of(case)
        groups = {system: grouper.group(case) for system, grouper in self._groupers.items()}
        stated = next((group.expected_days for group in groups.values() if group.expected_days), None)
        pace = self._pace if stated is None else self._pace._replace(expected_days=stated)
        applicant = _applicant(case, findings, pace.expected_days)
        circumstances = Circumstances(case, applicant, groups, self._quota, self._has_budget)
        return Profile(
            tuple(groups.values()),
            tuple(plan_of(method, admission, place, circumstances) for place, method, admission in self._methods),
            pace,
            questions_of(case, findings, groups.values()),
        )


def _applicant(case: Case, findings: Findings, expected_days: int) -> Applicant:
    main = (findings.main,) if findings.main else ()
    return Applicant(
        case.care_type, findings.main, (*main, *findings.others), findings.procedures, case.discharge_way, case.days,
        expected_days, case.is_ended,
    )  # fmt: skip
