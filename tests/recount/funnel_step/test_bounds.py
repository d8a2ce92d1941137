"""A visitor larger than the memory counts the same in the group, the recount and the answer."""

import bson
import pytest

from daybook.recount.compare import states
from daybook.recount.log import pins
from daybook.simulate.answer.answer import answer
from tests.support.funnel_counting import collections
from tests.support.funnel_traffic import replayed
from tests.support.hostile_visitors import HOSTILE
from tests.support.known_answer import assert_is_the_known_answer
from tests.support.recounting import TOPIC_ID

DOCUMENT_BYTES_MAX = 2_000_000
COLLECTIONS = (
    "visitor_state",
    "funnel_sessions",
    "funnel_users",
    "experiment_visitors",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_has_no_room_is_the_same_everywhere(name: str) -> None:
    """With any batch boundaries, and whether the recount knows the recorded pins or not."""
    entries = HOSTILE[name]().entries
    stored = collections(entries, messages=1_000)
    assert_is_the_known_answer(stored, answer(entries))
    again = collections(entries, messages=371)
    for collection in COLLECTIONS:
        documents = stored.get(collection, {})
        for document, fields in documents.items():
            assert len(bson.encode(fields)) < DOCUMENT_BYTES_MAX
            other = again[collection][document]
            assert {**fields, "_daybook": None} == {**other, "_daybook": None}
    with replayed(entries) as replay:
        for known in (stored["visitor_state"].values(), ()):
            replay.pin(row for state in known for row in pins.rows(state, TOPIC_ID))
            for collection in COLLECTIONS:
                model, documents = replay.models[collection], stored.get(collection, {})
                recounted = dict(replay.results.states(collection))
                assert recounted.keys() == documents.keys()
                for document, fields in documents.items():
                    assert states.unequal_fields(model, fields, recounted[document]) == []


@pytest.mark.parametrize(
    ("name", "collection", "at_least"),
    [
        ("long_pages", "visitor_state", 10),
        ("many_of_a_kind", "visitor_state", 180),
        ("many_users", "visitor_state", 60),
        ("long_metadata", "funnel_sessions", 40),
    ],
)
def test_what_has_no_room_is_counted(name: str, collection: str, at_least: int) -> None:
    documents = collections(HOSTILE[name]().entries)[collection]
    assert max(fields["truncated"] for fields in documents.values()) >= at_least


def test_a_day_whose_definition_has_no_room_has_no_attempts() -> None:
    stored = collections(HOSTILE["long_definitions"]().entries)
    attempts = sum(day["attempts"] for day in stored["analytics_funnel"].values())
    assert 0 < attempts < 2 * 25
