"""Every leaf of an event can be found and replaced, without touching the event."""

from typing import Any

from attack.stored_examples import leaves, replaced, stored_examples

EVENT: dict[str, Any] = {"a": 1, "data": {"items": [{"b": "x"}, {"b": "y"}], "none": [], "o": {}}}


def test_every_leaf_is_found_with_its_path() -> None:
    assert list(leaves(EVENT)) == [
        (("a",), 1),
        (("data", "items", 0, "b"), "x"),
        (("data", "items", 1, "b"), "y"),
        (("data", "none"), []),
        (("data", "o"), {}),
    ]


def test_a_leaf_is_replaced_in_a_copy() -> None:
    changed = replaced(EVENT, ("data", "items", 1, "b"), None)
    assert changed["data"]["items"] == [{"b": "x"}, {"b": None}]
    assert EVENT["data"]["items"][1] == {"b": "y"}


def test_a_fresh_example_is_no_duplicate_and_has_its_key() -> None:
    for example in stored_examples():
        fresh = example.fresh()
        assert fresh["event_id"] != example.event["event_id"]
        assert example.key_of(fresh) == example.key
        assert example.key_of({"event_type": example.event["event_type"], "data": 1}) == example.key
