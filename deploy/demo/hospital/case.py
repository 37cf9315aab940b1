"""What a scripted case of the rules is made of: one visit in which a rule has something to say, or must be silent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deploy.demo.hospital.care import ONE, Lines, lines
from deploy.demo.hospital.departments import Department


class End(StrEnum):
    """How a rule must stand towards a visit when everything has arrived."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Bill:
    """Items charged at an hour of a day of the visit (0: the first), by the department's doctor of this number.

    order: what else the order for them says (None: nothing was ordered). refunded_after: hours after which the lines
    are taken back whole; 0: never. fields: what else the fee lines say.
    """

    items: Lines
    day: int = 0
    hour: int = 10
    order: Mapping[str, Any] | None = None
    refunded_after: int = 0
    doctor: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """An order for which nothing is charged: the check answers it, and the doctor thinks better of it, or it waits.

    quantity in 1e-4. is_withdrawn: cancelled ten minutes later.
    """

    item: str
    day: int = 0
    hour: int = 10
    quantity: int = ONE
    doctor: int = 0
    is_withdrawn: bool = True
    finds: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One scripted visit. `nights` 0: a visit to the clinic; else a stay with bed, nursing and infusions every day.

    is_idle: a stay without infusions. stays: the patient is still in hospital when the period ends.
    name: in Chinese, for people; patient: cases of one patient share it. expects: rule → how it must stand in the end.
    more: what else the admission says. late: what an update says, and on which day; leaving: what the discharge says.
    operation: day and code.
    """

    name: str
    department: Department
    starts: int
    expects: Mapping[str, End]
    does: tuple[Bill | Ask, ...] = ()
    nights: int = 0
    diagnoses: tuple[str, ...] = ("J06.900",)
    patient: str = ""
    sex: str = "1"
    age: int = 45
    insurance_type: str = "310"
    care_type: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    late: tuple[int, Mapping[str, Any]] | None = None
    leaving: Mapping[str, Any] = field(default_factory=dict)
    operation: tuple[int, str] | None = None
    is_idle: bool = False
    stays: bool = False

    @property
    def who(self) -> str:
        """What tells patients apart."""
        return self.patient or self.name


def bill(text: str, day: int = 0, hour: int = 10, **more: Any) -> Bill:
    """A bill of items as in `"AMLO 28, METO 28"`; what is no field of a bill is said by its fee lines."""
    own = {name: more.pop(name) for name in ("order", "refunded_after", "doctor") if name in more}
    return Bill(lines(text), day, hour, fields=more, **own)


def ask(item: str, day: int = 0, hour: int = 10, *, finds: tuple[str, ...] = (), **more: Any) -> Ask:
    """An order of `"METF 3"`; what is no field of an Ask is said by the order."""
    own = {name: more.pop(name) for name in ("doctor", "is_withdrawn") if name in more}
    ((key, quantity),) = lines(item)
    return Ask(key, day, hour, quantity, finds=finds, fields=more, **own)
