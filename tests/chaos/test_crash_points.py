"""Every named crash point of the real stages and the sink, visited once each, in the middle of a hospital's day."""

import pytest

from streams.crash import CRASH_POINTS
from tests.hospitals import (
    EVERYTHING,
    POLICY,
    assert_at_rest,
    assert_equals_expectation,
    assert_findings_are_those_of_an_audit,
    publish,
    small_hospital,
)
from tests.pipeline import Pipeline

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
#: Points a stage without a state table never meets, and one that needs a rebalance (tests/streams visits it).
STATE_POINTS = frozenset({"after_fence", "after_restore", "amid_changelog", "after_changelog", "after_apply"})
NEEDS_REBALANCE = "in_revocation"
SINK_POINTS = (
    "sink_after_poll",
    "sink_before_insert",
    "sink_between_tables",
    "sink_after_insert",
    "sink_before_commit",
    "sink_after_commit",
)


def points_of(stage: str) -> list[str]:
    if stage == "sink":
        return list(SINK_POINTS)
    stateless = [point for point in CRASH_POINTS if point not in STATE_POINTS]
    return [point for point in (stateless if stage == "intake" else CRASH_POINTS) if point != NEEDS_REBALANCE]


@pytest.mark.parametrize("stage", EVERYTHING)
def test_a_crash_at_every_named_point_changes_no_figure(stage, kafka, database_url, topic_prefix, tmp_path):
    hospital, messages = small_hospital(seed=31)
    points = points_of(stage)
    share = len(messages) // len(points) + 1
    env = {"KONGFEI_BOOK_DIR": POLICY}
    with Pipeline(tmp_path, kafka.bootstrap, database_url, prefix=topic_prefix, env=env) as house:
        house.create_topics().start(*(name for name in EVERYTHING if name != stage))
        for number, point in enumerate(points):
            house.launch(stage, {"KONGFEI_CRASH_AT": point})
            publish(house, messages[number * share : (number + 1) * share])
            wait_for_death(house, stage, point)
        house.start(stage)
        house.wait_caught_up(*EVERYTHING, timeout=120)

        assert_equals_expectation(house, hospital)
        assert assert_findings_are_those_of_an_audit(house)
        assert_at_rest(house)


def wait_for_death(house: Pipeline, stage: str, point: str) -> None:
    """The process must really die at the point: a point nobody meets would prove nothing."""
    import time

    deadline = time.monotonic() + 40
    while house.members[stage].is_running:
        if time.monotonic() > deadline:
            raise AssertionError(f"{stage} never met {point}\n{house.log(stage)[-3000:]}")
        time.sleep(0.05)
