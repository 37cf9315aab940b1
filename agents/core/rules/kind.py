"""What a kind of rule is: the logic of rules, few and general; the content are knowledge points and parameters.

A kind is called with a view of a visit, a rule bound to one knowledge point (or a group of them, or none), and the
lines that point is about. It returns hits: what is wrong in one clause of a sentence, on which lines, what was
measured. It is pure and keeps nothing; the engine turns hits into findings.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from agents.core.rules.codes import Codes, clinical_codes, item_codes
from agents.core.rules.view import Use, View
from schemas.book.points import Point
from schemas.book.rules import Grade, Phase, Rule, RuleState


class Trigger(Enum):
    """What makes a check run, and what it is called with.

    ITEM: a line of the point's item (`uses`: all lines of it); with `watches_others`, also one of the point's others
    (`uses` are empty where only those have lines).
    GROUP: a line of any item of the point's group (`uses`: all lines of the group; `bound.points`: the group).
    EVERY_ITEM: any line; called once an item (`uses`: its lines), without a point.
    DIAGNOSIS, PROCEDURE: the visit has a diagnosis or operation of the point (`uses`: none).
    VISIT: once a visit, without a point (`uses`: none). POINTS: once a visit, with all the rule's points.
    POPULATION: never in a visit: many visits at once (agents/core/rules/population.py).
    """

    ITEM = auto()
    GROUP = auto()
    EVERY_ITEM = auto()
    DIAGNOSIS = auto()
    PROCEDURE = auto()
    VISIT = auto()
    POINTS = auto()
    POPULATION = auto()


class Parameters(BaseModel):
    """Base of the parameters of a kind: as the rule file writes them; an unknown one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


P = TypeVar("P", bound=Parameters)


class ActiveRule(NamedTuple):
    """A rule as it holds for one visit: settings applied, parameters read by its kind."""

    rule: Rule
    kind: "Kind[Any]"
    parameters: Any
    grade: Grade
    phases: tuple[Phase, ...]
    state: RuleState


class Bound(Generic[P]):
    """A rule bound to what it is about. Immutable; code sets are made on first use."""

    __slots__ = ("_others", "_own", "active", "point", "points")

    def __init__(self, active: ActiveRule, point: Point | None = None, points: Sequence[Point] = ()) -> None:
        self.active = active
        self.point = point
        #: All points of the group, or of the rule.
        self.points = points
        self._own: Codes | None = None
        self._others: Codes | None = None

    @property
    def is_restricted(self) -> bool:
        """Whether any point of the group holds only for a time, or for one insurance."""
        return any(point.insurance_type or not is_always(point) for point in self.points)

    @property
    def parameters(self) -> P:
        """The parameters in force."""
        found: P = self.active.parameters
        return found

    @property
    def the(self) -> Point:
        """The point; only for kinds that have one."""
        assert self.point is not None
        return self.point

    @property
    def own(self) -> Codes:
        """The items of the point, or of the group."""
        if self._own is None:
            cell = self.point.item if self.point is not None else ";".join(point.item for point in self.points)
            self._own = item_codes(cell)
        return self._own

    @property
    def others(self) -> Codes:
        """What the point's items are paired with."""
        if self._others is None:
            self._others = item_codes(self.the.others)
        return self._others

    @property
    def diagnoses(self) -> Codes:
        """The point's diagnoses."""
        return clinical_codes(self.the.diagnoses)

    @property
    def procedures(self) -> Codes:
        """The point's operations."""
        return clinical_codes(self.the.procedures)


#: What a point says that holds always.
ALWAYS = Point(rule="-")


def is_always(point: Point) -> bool:
    """Whether a point is in force on every day."""
    return point.effective_from == ALWAYS.effective_from and point.effective_to == ALWAYS.effective_to


class Cited(NamedTuple):
    """A line a hit rests on: what of it is at stake (fen), and whether it is the violating one or only involved."""

    use: Use
    amount_fen: int
    is_violating: bool = True


class Hit(NamedTuple):
    """What a check found.

    what_zh, what_en: what is wrong, one clause without full stop, naming the item:
    “「福沙匹坦」限放化疗患者，本次就诊无相应诊断”. subject: what tells this hit from others of the same rule in the
    visit; empty: the point (or the item). parameters: what decided; inputs: what was measured; name → value with its
    unit. amount_fen: None: the sum of violating lines. visits: ids of other visits it rests on.
    """

    what_zh: str
    what_en: str
    lines: Sequence[Cited] = ()
    subject: str = ""
    parameters: dict[str, str] = {}  # noqa: RUF012 - never changed
    inputs: dict[str, str] = {}  # noqa: RUF012
    amount_fen: int | None = None
    advice_zh: str = ""
    advice_en: str = ""
    visits: tuple[str, ...] = ()


class Kind(ABC, Generic[P]):
    """One kind of rule.

    point_columns: the columns of a point it reads; `needed_columns`: those a point must fill (each a group of
    alternatives). watches_others: lines of the point's others make it run too. watches_visit: of ITEM and GROUP kinds
    that look beyond their items and others: any line makes it run, once one of its items is there. watches_day: a new
    day makes it run too. uses_history: it looks at the patient's other visits. at_end: it is judged only when the visit
    is ended. title_zh, title_en, about: for the documentation.
    """

    name: ClassVar[str]
    title_zh: ClassVar[str]
    title_en: ClassVar[str]
    trigger: ClassVar[Trigger]
    parameters: ClassVar[type[Parameters]] = Parameters
    point_columns: ClassVar[tuple[str, ...]] = ()
    needed_columns: ClassVar[tuple[tuple[str, ...], ...]] = ()
    #: The roles that a point may have, where they are a closed list; empty: any.
    roles: ClassVar[tuple[str, ...]] = ()
    watches_others: ClassVar[bool] = False
    watches_visit: ClassVar[bool] = False
    watches_day: ClassVar[bool] = False
    uses_history: ClassVar[bool] = False
    at_end: ClassVar[bool] = False

    @abstractmethod
    def check(self, view: View, bound: Bound[P], uses: Sequence[Use]) -> Iterable[Hit]:
        """What is wrong; nothing is the usual answer. `uses` are never empty but as Trigger says."""
