"""Kinds of rules about how care is recorded and run.

Settlement lists, fee lines, coding, uploads, stock, antibiotics, prescriptions, repeated visits, indicators.
"""

from typing import Any

from agents.core.rules.kind import Kind
from agents.core.rules.kinds.management.antibiotics import AntibioticLevel, PerioperativeAntibiotic
from agents.core.rules.kinds.management.coding import DiagnosisOperation, DiagnosisWithoutItems, OperationCoding
from agents.core.rules.kinds.management.details import LineConsistency, SettledTotal, UncodedLines
from agents.core.rules.kinds.management.frequency import FrequentVisits, LowStandardStay
from agents.core.rules.kinds.management.indicators import HospitalInfection, InfectionRate, ReadmissionRate
from agents.core.rules.kinds.management.persons import DiagnosisAge, DiagnosisSex, ProcedureSex
from agents.core.rules.kinds.management.prescriptions import DrugCount, OnlineLimit
from agents.core.rules.kinds.management.ratios import CostRatio
from agents.core.rules.kinds.management.readmission import SplitStay, UnplannedReadmission
from agents.core.rules.kinds.management.settlement_list import SettlementListCheck
from agents.core.rules.kinds.management.stock import StockBalance
from agents.core.rules.kinds.management.timing import LateUpload, OutsideStay

KINDS: tuple[Kind[Any], ...] = (
    SettlementListCheck(),
    LineConsistency(),
    UncodedLines(),
    SettledTotal(),
    DiagnosisWithoutItems(),
    OperationCoding(),
    ProcedureSex(),
    DiagnosisOperation(),
    LateUpload(),
    OutsideStay(),
    StockBalance(),
    PerioperativeAntibiotic(),
    AntibioticLevel(),
    DrugCount(),
    OnlineLimit(),
    SplitStay(),
    FrequentVisits(),
    LowStandardStay(),
    DiagnosisSex(),
    DiagnosisAge(),
    CostRatio(),
    UnplannedReadmission(),
    HospitalInfection(),
    InfectionRate(),
    ReadmissionRate(),
)
