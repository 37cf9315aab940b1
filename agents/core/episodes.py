"""Alert episodes: one alert from the first crossing to the clearing, with hysteresis. Knows no rule, only levels.

raised → (escalated | eased | acknowledged)* → cleared; the next crossing opens the next episode. A level holds from
its value upwards and is left only below that value minus the margin, so a value at the edge does not flicker.
"""

import msgspec

from agents.core.policy import Watch
from schemas.alerts import LEVEL_RANK, Derivation, Level, Status, Transition
from schemas.ledger import Ack

#: Transitions kept in an episode: the first, and the latest of the rest.
HISTORY_LIMIT = 50
#: An open level that no longer has a threshold (the policy changed under it) is treated as below everything.
NONE = -1


class Episode(msgspec.Struct, array_like=True):
    """One episode of one rule on one subject; `level` is −1 when cleared, else an index into the watch's levels."""

    rule: str
    subject: str
    number: int
    level_name: str
    peak_name: str
    status: str
    value: int
    threshold: int
    unit: str
    message_zh: str
    message_en: str
    derivation: Derivation
    history: list[Transition]
    raised_at: int
    updated_at: int
    version: int
    #: Where the patient lay when it last changed: told again after a crash, it must say the same.
    place: tuple[str, str, str] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the cause still holds."""
        return self.status != Status.CLEARED


class Moment(msgspec.Struct, frozen=True):
    """What caused a step: the event, when it was recorded (ms), its ledger version."""

    at: int
    event_id: str
    version: int


def level_held(watch: Watch, value: int) -> int:
    """Index of the highest level whose value is reached, −1 for none."""
    held = NONE
    for index, at in enumerate(watch.at):
        if value >= at:
            held = index
    return held


def current_level(episode: Episode | None, watch: Watch) -> int:
    """Index of the level an open episode stands at, −1 when there is none."""
    if episode is None or not episode.is_open:
        return NONE
    level = Level(episode.level_name)
    return watch.levels.index(level) if level in watch.levels else NONE


def next_level(watch: Watch, current: int, value: int) -> int:
    """The level after this value: upwards at once, downwards only past the margin."""
    held = level_held(watch, value)
    if held >= current:
        return held
    while current > held and value < watch.at[current] - watch.margin:
        current -= 1
    return current


def bounds(watch: Watch, current: int) -> tuple[int | None, int | None]:
    """Between these values nothing changes: (goes up at or above, goes down below); None = never."""
    up = watch.at[current + 1] if current + 1 < len(watch.at) else None
    down = watch.at[current] - watch.margin if current >= 0 else None
    return up, down


class Telling(msgspec.Struct, frozen=True):
    """What an episode says about itself: the sentence in both languages, and why."""

    zh: str
    en: str
    derivation: Derivation
    unit: str


def step(
    episode: Episode | None, watch: Watch, subject: str, level: int, value: int, moment: Moment, telling: Telling
) -> Episode:
    """Open, escalate, ease or clear: the episode after the level changed. `level` is −1 to clear."""
    if episode is None or not episode.is_open:
        number = episode.number + 1 if episode else 1
        episode = Episode(
            watch.rule, subject, number, "", "", Status.RAISED, 0, 0, telling.unit, "", "", telling.derivation, [],
            moment.at, moment.at, moment.version,
        )  # fmt: skip
        what = "raised"
    elif level == NONE:
        what = "cleared"
    else:
        rank = LEVEL_RANK[watch.levels[level]]
        what = "escalated" if rank > LEVEL_RANK[Level(episode.level_name)] else "eased"
    if level == NONE:
        episode.status = Status.CLEARED
        episode.threshold = watch.at[0]
    else:
        name = watch.levels[level]
        episode.level_name = name
        if not episode.peak_name or LEVEL_RANK[name] > LEVEL_RANK[Level(episode.peak_name)]:
            episode.peak_name = name
        if what == "escalated":
            episode.status = Status.ESCALATED
        episode.threshold = watch.at[level]
    episode.value = value
    episode.message_zh, episode.message_en, episode.derivation = telling.zh, telling.en, telling.derivation
    _record(episode, Transition(moment.at, what, episode.level_name, value, moment.event_id, moment.version))
    return episode


def acknowledge(episode: Episode, ack: Ack, moment: Moment) -> bool:
    """Note an answer; whether it changed anything (the same answer again does not)."""
    if any(
        transition.event_id == moment.event_id and transition.what == "acknowledged" for transition in episode.history
    ):
        return False
    if episode.is_open:
        episode.status = Status.ACKNOWLEDGED
    _record(
        episode,
        Transition(
            moment.at, "acknowledged", episode.level_name, episode.value, moment.event_id, moment.version,
            ack.actor, ack.role, ack.decision, ack.reason,
        ),
    )  # fmt: skip
    return True


def _record(episode: Episode, transition: Transition) -> None:
    if len(episode.history) >= HISTORY_LIMIT:
        del episode.history[1]
    episode.history.append(transition)
    episode.updated_at = transition.at
    episode.version = transition.version
