"""Kinds of rules about what is reasonable in medicine: doses, duplicates, interactions, herbs, indications."""

from typing import Any

from agents.core.rules.kind import Kind
from agents.core.rules.kinds.medical.companion import RequiredCompanion
from agents.core.rules.kinds.medical.consumables import ConsumableQuantity
from agents.core.rules.kinds.medical.daily_dose import DailyDose
from agents.core.rules.kinds.medical.duplicates import DuplicateClass
from agents.core.rules.kinds.medical.herbal import ChargedBeyondOrdered, HerbalPrescription
from agents.core.rules.kinds.medical.incompatible import IncompatiblePair
from agents.core.rules.kinds.medical.indication import WithoutIndication
from agents.core.rules.kinds.medical.pregnancy import PregnancyLimit

KINDS: tuple[Kind[Any], ...] = (
    RequiredCompanion(),
    DailyDose(),
    DuplicateClass(),
    PregnancyLimit(),
    IncompatiblePair(),
    HerbalPrescription(),
    ChargedBeyondOrdered(),
    WithoutIndication(),
    ConsumableQuantity(),
)
