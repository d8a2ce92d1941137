"""A consumer knows one incarnation of each topic."""

from typing import Any
from unittest.mock import Mock

from daybook.engine.kafka.renewable_consumer import RenewableConsumer


def made() -> tuple[RenewableConsumer, list[Any]]:
    """A consumer, and the consumers that it has had."""
    consumers: list[Any] = []

    def connect() -> Any:
        consumers.append(Mock())
        return consumers[-1]

    return RenewableConsumer(connect), consumers


def test_it_stays_while_topics_are_what_they_were() -> None:
    consumer, consumers = made()
    for ids in ({"a": "1"}, {"a": "1", "b": "2"}, {}, {"b": "2"}):
        assert not consumer.renew(ids)
    assert consumers == [consumer.current]


def test_another_incarnation_takes_another_consumer() -> None:
    consumer, consumers = made()
    consumer.renew({"a": "1", "b": "2"})
    assert not consumer.renew({"b": "2"}), "a topic that is gone is not another one yet"
    assert consumer.renew({"a": "3", "b": "2"})
    first, second = consumers
    first.close.assert_called_once()
    assert consumer.current is second
    assert not consumer.renew({"a": "3", "b": "2"})
