"""A renewable consumer is replaced when a topic has another incarnation."""

from typing import Any
from unittest.mock import Mock

from daybook.engine.kafka.renewable_consumer import RenewableConsumer


def renewable() -> tuple[RenewableConsumer, list[Any]]:
    """A renewable consumer, and the list of the consumers it has used."""
    consumers: list[Any] = []

    def connect() -> Any:
        consumers.append(Mock())
        return consumers[-1]

    return RenewableConsumer(connect), consumers


def test_the_consumer_stays_while_topic_ids_stay() -> None:
    consumer, consumers = renewable()
    for ids in ({"a": "1"}, {"a": "1", "b": "2"}, {}, {"b": "2"}):
        assert not consumer.renew(ids)
    assert consumers == [consumer.current]


def test_another_incarnation_replaces_the_consumer() -> None:
    consumer, consumers = renewable()
    consumer.renew({"a": "1", "b": "2"})
    assert not consumer.renew({"b": "2"}), "a missing topic is not a recreated one"
    assert consumer.renew({"a": "3", "b": "2"})
    first, second = consumers
    first.close.assert_called_once()
    assert consumer.current is second
    assert not consumer.renew({"a": "3", "b": "2"})
