"""Each example is a valid event of its type, and every type has one."""

import json
from pathlib import Path

import pytest

from daybook.engine.documents.calendar import Calendar
from daybook.engine.settings import Settings
from schemas.catalogue import source
from schemas.json_schema import events, examples, fields, json_schema, topics

ROOT = Path(__file__).parents[2] / "schemas/examples"
FILES = sorted(path for path in ROOT.rglob("*") if path.is_file())
LONG_AFTER_MS = 4_000_000_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_example_is_an_event_of_its_type(path: Path) -> None:
    topic, event_type = path.parts[-3:-1]
    known = source(topic)
    event = known.events.validate_json(path.read_bytes())
    assert event["event_type"] == event_type
    assert event == json.loads(path.read_bytes()), "it has fields that the schema does not know"
    assert known.key_of(event)
    Calendar(Settings().zone_info()).day_hour(event["occurred_at"], LONG_AFTER_MS)


@pytest.mark.parametrize("topic", topics())
def test_every_type_has_an_example_and_every_directory_a_type(topic: str) -> None:
    there = {path.name for path in examples(topic).iterdir()}
    assert there == set(events(topic)), "add schemas/examples/<topic>/<event_type>/<name>.json"
    for event_type in there:
        assert list((examples(topic) / event_type).glob("*.json")), f"{event_type} has none"


def test_no_example_is_left_over() -> None:
    known = {examples(topic) for topic in topics()}
    assert [path for path in FILES if path.parents[1] not in known or path.suffix != ".json"] == []


@pytest.mark.parametrize("topic", topics())
def test_a_topics_json_schema_names_every_type_once(topic: str) -> None:
    schema = json_schema(topic)
    constants = [
        schema["$defs"][variant["$ref"].rpartition("/")[2]]["properties"]["event_type"]["const"]
        for variant in schema["oneOf"]
    ]
    assert sorted(constants) == sorted(events(topic))
    assert schema["title"] == topic
    assert "discriminator" not in json.dumps(schema)


def test_fields_mark_the_optional_ones() -> None:
    refunded = events("sc.domain.order")["order.cancelled"]
    assert fields(refunded) == ["order_id", "reason?", "refund_cents?"]
