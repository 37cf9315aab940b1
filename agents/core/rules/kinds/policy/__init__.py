"""Kinds of rules about what the insurance pays for: for whom, for what, where, how long, how often, how much."""

from typing import Any

from agents.core.rules.kind import Kind
from agents.core.rules.kinds.policy.amount import PriceCap, TotalAmount
from agents.core.rules.kinds.policy.course import CourseDays
from agents.core.rules.kinds.policy.diagnosis import DiagnosisLimit, DiseaseCatalogue
from agents.core.rules.kinds.policy.discount import SetDiscount
from agents.core.rules.kinds.policy.frequency import QuantityADay, TimesInPeriod
from agents.core.rules.kinds.policy.herbs import HerbAlone, HerbNotPayable
from agents.core.rules.kinds.policy.insurance import InsuranceLimit
from agents.core.rules.kinds.policy.patient import AgeLimit, SexLimit
from agents.core.rules.kinds.policy.place import DepartmentLimit, ModeLimit, TierLimit
from agents.core.rules.kinds.policy.prescribing import SecondLine, SupplyLimit
from agents.core.rules.kinds.policy.split import BundleSplit
from agents.core.rules.kinds.policy.together import ChargedTogether

KINDS: tuple[Kind[Any], ...] = (
    InsuranceLimit(),
    AgeLimit(),
    SexLimit(),
    DiagnosisLimit(),
    DiseaseCatalogue(),
    TierLimit(),
    ModeLimit(),
    DepartmentLimit(),
    QuantityADay(),
    TimesInPeriod(),
    CourseDays(),
    PriceCap(),
    TotalAmount(),
    ChargedTogether(),
    HerbNotPayable(),
    HerbAlone(),
    SecondLine(),
    SupplyLimit(),
    SetDiscount(),
    BundleSplit(),
)
