"""Kinds of rules: detectors of behaviour, in one visit and over many. What they find are leads and questions."""

from typing import Any

from agents.core.rules.kind import Kind
from agents.core.rules.kinds.detectors.drift import ItemDrift
from agents.core.rules.kinds.detectors.hours import DayHours
from agents.core.rules.kinds.detectors.identity import AfterDeath, IdentityConflict, TwoDepartments, VisitDuringStay
from agents.core.rules.kinds.detectors.idle import AbsentFromBed, IdleStay, LeaveExcess, NoTreatment
from agents.core.rules.kinds.detectors.indicators import (
    CensusShare,
    ComplicatedShare,
    EarlyDischargeShare,
    LowWeightShare,
    TransferShare,
)
from agents.core.rules.kinds.detectors.orders import AfterStop, BeyondOrder, ConsentMissing
from agents.core.rules.kinds.detectors.persons import Companions, DoctorInHospital, PersonTwice, SharedBed
from agents.core.rules.kinds.detectors.supply import DischargeSupply, OverlappingSupply, VolumeInPeriod
from agents.core.rules.kinds.detectors.traces import TraceOverVisits, TraceTwice

KINDS: tuple[Kind[Any], ...] = (
    IdleStay(),
    LeaveExcess(),
    AbsentFromBed(),
    NoTreatment(),
    CensusShare(),
    SharedBed(),
    IdentityConflict(),
    AfterDeath(),
    VisitDuringStay(),
    PersonTwice(),
    TwoDepartments(),
    DayHours(),
    Companions(),
    TraceTwice(),
    TraceOverVisits(),
    ComplicatedShare(),
    LowWeightShare(),
    TransferShare(),
    EarlyDischargeShare(),
    OverlappingSupply(),
    DischargeSupply(),
    VolumeInPeriod(),
    DoctorInHospital(),
    BeyondOrder(),
    AfterStop(),
    ConsentMissing(),
    ItemDrift(),
)
