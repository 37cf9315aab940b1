"""Every kind of rule, by name. A kind is general: what differs between rules of one kind are points and parameters."""

from typing import Any

from agents.core.rules.kind import Kind
from agents.core.rules.kinds import detectors, management, medical, policy

KINDS: dict[str, Kind[Any]] = {
    kind.name: kind for kind in (*policy.KINDS, *management.KINDS, *medical.KINDS, *detectors.KINDS)
}
