"""Declared topics compared with those of a cluster: every kind of drift, and no others."""

import pytest

from daybook.cli.topics import describe, remedy, wanted_topics
from daybook.engine.kafka.topics import ActualTopic, DeclaredTopic, Drift, compare
from daybook.engine.settings import Settings

DECLARED = DeclaredTopic("orders", 6, 2, {"retention.ms": "-1", "cleanup.policy": "delete"})
CONFIG = {"retention.ms": "-1", "cleanup.policy": "delete", "segment.ms": "604800000"}


def actual(
    partitions: int = 6,
    replication: int = 2,
    config: dict[str, str] = CONFIG,
    overrides: frozenset[str] = frozenset({"retention.ms"}),
) -> dict[str, ActualTopic]:
    return {"orders": ActualTopic(partitions, replication, config, overrides)}


def test_a_topic_as_declared_has_no_drift() -> None:
    assert compare([DECLARED], actual()) == []


def test_a_missing_topic_is_a_drift() -> None:
    assert compare([DECLARED], {}) == [Drift("orders", "missing")]


def test_more_replicas_than_declared_are_no_drift() -> None:
    assert compare([DECLARED], actual(replication=3)) == []


@pytest.mark.parametrize(
    ("cluster", "drift", "way_out"),
    [
        (actual(partitions=3), Drift("orders", "partitions", "6", "3"), "--add-partitions"),
        (actual(partitions=9), Drift("orders", "partitions", "6", "9"), "cannot remove"),
        (actual(replication=1), Drift("orders", "replication", "2", "1"), "reassign"),
        (
            actual(config=CONFIG | {"retention.ms": "1000"}),
            Drift("orders", "config", "-1", "1000", "retention.ms"),
            "topics apply",
        ),
        (
            actual(overrides=frozenset({"segment.ms"})),
            Drift("orders", "undeclared", None, "604800000", "segment.ms"),
            "declare it",
        ),
    ],
)
def test_each_drift_names_its_remedy(
    cluster: dict[str, ActualTopic], drift: Drift, way_out: str
) -> None:
    assert compare([DECLARED], cluster) == [drift]
    assert way_out in remedy(drift)
    assert str(drift.found) in describe(drift)


def test_a_setting_unknown_to_the_broker_is_a_drift() -> None:
    (drift,) = compare([DECLARED], actual(config={"cleanup.policy": "delete"}))
    assert (drift.setting, drift.found) == ("retention.ms", None)


def test_replication_comes_from_topics_yaml_unless_it_is_set() -> None:
    assert {topic.replication for topic in wanted_topics(Settings())} == {1}
    three = Settings.model_validate({"topics_replication": 3})
    assert {topic.replication for topic in wanted_topics(three)} == {3}


def test_every_topic_is_declared_with_its_dead_letter_topic() -> None:
    names = {topic.name for topic in wanted_topics(Settings())}
    assert {"sc.domain.user", "sc.domain.user.dlq", "sc.domain.order.dlq"} <= names
