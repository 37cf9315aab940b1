import pytest
from kafka import KafkaAdminClient

from streams.admin import TopicsError, check_topics, create_topics, partition_counts, verify_topics
from streams.settings import Settings
from streams.topics import HIS_TOPICS, LARGEST_MESSAGE_BYTES, SPECS, Cleanup, Topic, changelog_of, group_of


def test_every_topic_has_a_specification() -> None:
    assert set(SPECS) == set(Topic)
    assert all(spec.topic is topic for topic, spec in SPECS.items())


def test_changelogs_are_named_as_faust_would_name_them() -> None:
    assert changelog_of("cost") == Topic.COST_CHANGELOG == f"{group_of('cost')}-state-changelog"
    assert changelog_of("departments") == Topic.DEPARTMENTS_CHANGELOG


@pytest.mark.parametrize("topic", [*HIS_TOPICS, Topic.LEDGER, Topic.DEPARTMENT_LEDGER])
def test_no_input_of_a_stage_is_compacted(topic: Topic) -> None:
    """A committed offset of a compacted topic could pass a record that was never seen."""
    assert SPECS[topic].cleanup is Cleanup.DELETE


def test_what_comes_in_fits_with_a_dead_letters_headers_into_what_goes_out() -> None:
    limits = {topic: int(spec.config["max.message.bytes"]) for topic, spec in SPECS.items()}
    assert {limits[topic] for topic in HIS_TOPICS} == {LARGEST_MESSAGE_BYTES}
    assert min(limit for topic, limit in limits.items() if topic not in HIS_TOPICS) > LARGEST_MESSAGE_BYTES + 100_000


@pytest.fixture
def settings(kafka, topic_prefix: str) -> Settings:
    return Settings(kafka_bootstrap_servers=kafka.bootstrap, topic_prefix=topic_prefix, partitions=3)


@pytest.mark.integration
def test_created_topics_are_as_they_must_be_and_creating_again_changes_nothing(settings: Settings) -> None:
    assert len(create_topics(settings)) == len(Topic)
    assert check_topics(settings) == []
    verify_topics(settings, Topic)
    assert create_topics(settings) == []
    counts = partition_counts(settings, Topic)
    assert counts.pop(Topic.POLICY_BOOK) == counts.pop(Topic.WORKER_DIRECTORY) == 1
    assert set(counts.values()) == {3}


@pytest.mark.integration
def test_every_difference_is_reported(settings: Settings, kafka) -> None:
    name = settings.topic_prefix + Topic.LEDGER
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics(
        {name: {"num_partitions": 2, "configs": {"cleanup.policy": "compact", "max.message.bytes": "1000"}}},
        wait_for_metadata=True,
    )
    admin.close()
    found = {(item.topic.removeprefix(settings.topic_prefix), item.what): item for item in check_topics(settings)}

    assert found[Topic.LEDGER, "the number of partitions"].found == "2"
    assert found[Topic.LEDGER, "cleanup.policy"].found == "compact"
    assert found[Topic.LEDGER, "max.message.bytes"].found == "1000"
    assert found[Topic.ALERT, "it"].found == "missing"
    with pytest.raises(TopicsError, match="must be there"):
        verify_topics(settings, [Topic.ALERT])


@pytest.mark.integration
def test_the_hospital_may_choose_partitions_and_retention_of_its_topics(settings: Settings, kafka) -> None:
    name = settings.topic_prefix + Topic.CHARGE
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    configs = {"retention.ms": "1000000", "max.message.bytes": "1000000"}
    admin.create_topics({name: {"num_partitions": 1, "configs": configs}}, wait_for_metadata=True)
    admin.close()

    assert check_topics(settings, [Topic.CHARGE]) == []


@pytest.mark.integration
def test_the_hospitals_topics_may_not_take_more_than_can_be_passed_on(settings: Settings, kafka) -> None:
    name = settings.topic_prefix + Topic.CHARGE
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    configs = {"max.message.bytes": str(2 * LARGEST_MESSAGE_BYTES)}
    admin.create_topics({name: {"num_partitions": 1, "configs": configs}}, wait_for_metadata=True)
    admin.close()

    assert [str(item) for item in check_topics(settings, [Topic.CHARGE])] == [
        f"topic {name}: max.message.bytes is {2 * LARGEST_MESSAGE_BYTES}, must be at most {LARGEST_MESSAGE_BYTES}"
    ]
