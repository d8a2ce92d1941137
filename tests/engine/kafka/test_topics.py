"""The topics as wanted against those of a cluster: every kind of drift, and nothing else."""

import pytest

from daybook.cli.topics import describe, remedy, wanted_topics
from daybook.engine.kafka.topics import ActualTopic, DeclaredTopic, Drift, compare
from daybook.engine.settings import Settings

WANTED = DeclaredTopic("orders", 6, 2, {"retention.ms": "-1", "cleanup.policy": "delete"})
CONFIG = {"retention.ms": "-1", "cleanup.policy": "delete", "segment.ms": "604800000"}


def found(
    partitions: int = 6,
    replication: int = 2,
    config: dict[str, str] = CONFIG,
    overrides: frozenset[str] = frozenset({"retention.ms"}),
) -> dict[str, ActualTopic]:
    return {"orders": ActualTopic(partitions, replication, config, overrides)}


def test_a_topic_as_wanted_has_no_drift() -> None:
    assert compare([WANTED], found()) == []


def test_a_topic_that_is_not_there() -> None:
    assert compare([WANTED], {}) == [Drift("orders", "missing")]


def test_more_replicas_than_wanted_are_fine() -> None:
    assert compare([WANTED], found(replication=3)) == []


@pytest.mark.parametrize(
    ("cluster", "drift", "way_out"),
    [
        (found(partitions=3), Drift("orders", "partitions", "6", "3"), "--add-partitions"),
        (found(partitions=9), Drift("orders", "partitions", "6", "9"), "never lowered"),
        (found(replication=1), Drift("orders", "replication", "2", "1"), "reassign"),
        (
            found(config=CONFIG | {"retention.ms": "1000"}),
            Drift("orders", "config", "-1", "1000", "retention.ms"),
            "topics apply",
        ),
        (
            found(overrides=frozenset({"segment.ms"})),
            Drift("orders", "undeclared", None, "604800000", "segment.ms"),
            "declare it",
        ),
    ],
)
def test_each_drift_names_its_remedy(
    cluster: dict[str, ActualTopic], drift: Drift, way_out: str
) -> None:
    assert compare([WANTED], cluster) == [drift]
    assert way_out in remedy(drift)
    assert str(drift.found) in describe(drift)


def test_a_setting_the_broker_does_not_know_is_drift() -> None:
    (drift,) = compare([WANTED], found(config={"cleanup.policy": "delete"}))
    assert (drift.setting, drift.found) == ("retention.ms", None)


def test_replication_is_the_catalogues_unless_it_is_set() -> None:
    assert {topic.replication for topic in wanted_topics(Settings())} == {1}
    own = Settings.model_validate({"topics_replication": 3})
    assert {topic.replication for topic in wanted_topics(own)} == {3}


def test_every_topic_of_the_catalogue_is_wanted_with_its_dead_letters() -> None:
    names = {topic.name for topic in wanted_topics(Settings())}
    assert {"sc.domain.user", "sc.domain.user.dlq", "sc.domain.order.dlq"} <= names
