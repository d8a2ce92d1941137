"""A consumer knows one incarnation of each topic."""

from typing import Any
from unittest.mock import Mock

from engine.client import Client


def made() -> tuple[Client, list[Any]]:
    """A client, and the consumers that it has had."""
    consumers: list[Any] = []

    def connect() -> Any:
        consumers.append(Mock())
        return consumers[-1]

    return Client(connect), consumers


def test_it_stays_while_topics_are_what_they_were() -> None:
    client, consumers = made()
    for ids in ({"a": "1"}, {"a": "1", "b": "2"}, {}, {"b": "2"}):
        assert not client.renew(ids)
    assert consumers == [client.now]


def test_another_incarnation_takes_another_consumer() -> None:
    client, consumers = made()
    client.renew({"a": "1", "b": "2"})
    assert not client.renew({"b": "2"}), "a topic that is gone is not another one yet"
    assert client.renew({"a": "3", "b": "2"})
    first, second = consumers
    first.close.assert_called_once()
    assert client.now is second
    assert not client.renew({"a": "3", "b": "2"})
