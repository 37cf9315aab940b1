"""Named places where a test may kill the process.

`KONGFEI_CRASH_AT=after_outputs` kills at the first visit of the place, `after_outputs:3` at the third. The death is a
SIGKILL: nothing is flushed, nothing is said. It costs nothing when the variable is unset.
"""

import os
import signal

VARIABLE = "KONGFEI_CRASH_AT"

#: Every point, in the order a batch meets them. tests/streams visits each.
CRASH_POINTS = (
    "after_fence",
    "after_restore",
    "before_handle",
    "after_handle",
    "amid_changelog",
    "after_changelog",
    "after_apply",
    "amid_outputs",
    "after_outputs",
    "after_ack",
    "before_commit",
    "after_commit",
    "in_revocation",
)

_name, _, _count = os.environ.get(VARIABLE, "").partition(":")
_remaining = int(_count or "1")


def crash_point(name: str) -> None:
    """Kill this process with SIGKILL when the environment names this point and it is reached for the asked time."""
    if name != _name:
        return
    global _remaining  # noqa: PLW0603 - one process dies once
    _remaining -= 1
    if _remaining <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
