"""JSON Schemas of the topics, from the same types that read their messages."""

from pathlib import Path
from typing import Any, get_args, get_type_hints

from schemas.catalogue import EVENTS, catalogue, source, topic_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def topics() -> list[str]:
    """The topics whose messages have a schema."""
    return [name for name, topic in catalogue().topics.items() if topic.schema_]


def json_schema(topic: str) -> dict[str, Any]:
    """The schema of one message's value: one of the topic's events, told by `event_type`.

    Fields that it does not name are allowed and not counted. An integer is meant strictly: the
    fleet refuses 1.0, which JSON Schema lets by. Raises DaybookError for an unknown topic.
    """
    described = source(topic).events.json_schema()
    # An OpenAPI word; each event's constant `event_type` says the same in plain JSON Schema.
    described.pop("discriminator")
    known = topic_of(topic)
    head = {"$schema": DIALECT, "title": topic, "description": known.description}
    return head | described


def events(topic: str) -> dict[str, type]:
    """The topic's events by type, in the order in which they are declared."""
    schema = topic_of(topic).schema_
    assert schema is not None
    (union, *_) = get_args(EVENTS[schema.model])
    return {get_args(get_type_hints(event)["event_type"])[0]: event for event in get_args(union)}


def fields(event: type) -> list[str]:
    """The fields of an event's `data`, those that may be absent with a question mark."""
    data = get_type_hints(event)["data"]
    optional = data.__optional_keys__
    return [f"{name}?" if name in optional else name for name in get_type_hints(data)]


def examples(topic: str) -> Path:
    """Where the topic's examples are kept: a directory an event type, a file an example."""
    schema = topic_of(topic).schema_
    assert schema is not None
    return Path(__file__).parents[1] / schema.examples
