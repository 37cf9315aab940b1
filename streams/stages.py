"""The stages there are: entry points of the group "kongfei.stages", so that this package need not import them.

An entry is `name = "module:make"` with `make(settings) -> Stage`. They are listed in the order of the flow, which only
matters for the supervisor's health ports.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import cast

from streams.logs import SafeError
from streams.settings import Settings
from streams.stage import Stage

GROUP = "kongfei.stages"
_FLOW = ("intake", "cost", "departments")


class UnknownStageError(SafeError):
    """No stage of this name is installed."""


def stage_names() -> list[str]:
    """Names of the installed stages, in the order of the flow."""
    names = {entry.name for entry in entry_points(group=GROUP)}
    return [name for name in _FLOW if name in names] + sorted(names - set(_FLOW))


def load_stage(name: str) -> Callable[[Settings], Stage]:
    """The factory of a stage. Raises UnknownStageError."""
    for entry in entry_points(group=GROUP, name=name):
        return cast("Callable[[Settings], Stage]", entry.load())
    raise UnknownStageError(f"there is no stage {name!r}, only {', '.join(stage_names()) or 'none'}")
