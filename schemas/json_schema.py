"""JSON Schemas of the topics, generated from the types that validate their messages."""

from pathlib import Path
from typing import Any, get_args, get_type_hints

from schemas.catalogue import EVENTS, catalogue, source, topic_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def topics() -> list[str]:
    """The topics whose messages have a schema."""
    return [name for name, topic in catalogue().topics.items() if topic.schema_]


def json_schema(topic: str) -> dict[str, Any]:
    """The schema of a message's value: one of the topic's events, selected by `event_type`.

    Other fields are allowed and ignored. Integers are stricter than in JSON Schema, which accepts
    1.0: the fleet refuses that. Raises Unknown for an unknown topic.
    """
    described = source(topic).events.json_schema()
    # `discriminator` is an OpenAPI keyword; each event's constant `event_type` already selects it.
    described.pop("discriminator")
    known = topic_of(topic)
    head = {"$schema": DIALECT, "title": topic, "description": known.description}
    return head | described


def events(topic: str) -> dict[str, type]:
    """The topic's event types and their classes, in the order of declaration."""
    schema = topic_of(topic).schema_
    assert schema is not None
    (union, *_) = get_args(EVENTS[schema.model])
    return {get_args(get_type_hints(event)["event_type"])[0]: event for event in get_args(union)}


def fields(event: type) -> list[str]:
    """The names of the fields in an event's `data`; optional ones end in a question mark."""
    data = get_type_hints(event)["data"]
    optional = data.__optional_keys__
    return [f"{name}?" if name in optional else name for name in get_type_hints(data)]


def examples(topic: str) -> Path:
    """The folder of the topic's examples, with a subfolder for each event type."""
    schema = topic_of(topic).schema_
    assert schema is not None
    return Path(__file__).parents[1] / schema.examples
