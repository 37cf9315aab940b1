"""Kinds of rules about what the insurance pays for: by whom, for whom, for what, where, how long, how often, how
much.
"""

from typing import Any

from agents.core.rules.kind import Kind
from agents.core.rules.kinds.policy.insurance import InsuranceLimit

KINDS: tuple[Kind[Any], ...] = (InsuranceLimit(),)
