"""Which events of a visitor have a user, and of which user they tell."""

from typing import Any

import bson
import pytest

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.rows import RowUpdate
from daybook.engine.documents.sketches import Distinct
from daybook.funnels import memory
from daybook.funnels.people import mark_user, take_user, users_of
from daybook.funnels.visitor_event import VisitorEvent, bytes_of, to_visitor_event
from models.visitor_state import new_visitor

DAY = DayHour("2026-03-02", "12")


class Device:
    """A visitor; `sent` counts its messages."""

    def __init__(self) -> None:
        self.state = new_visitor("o%3A1:v")
        self.sent = 0

    def send(
        self,
        user: str | None = None,
        *,
        funnel: str | None = "f",
        session: str = "s",
        day: str = DAY.day,
        kind: str = "page_view",
    ) -> VisitorEvent:
        """Sends an event and remembers it, as the group does."""
        named = {"user_id": user, "funnel_id": funnel}
        data: dict[str, Any] = {"session_id": session}
        data |= {name: value for name, value in named.items() if value is not None}
        event = {"event_type": kind, "occurred_at": f"{day}T12:00:00Z", "data": data}
        self.sent += 1
        known = to_visitor_event(event, DayHour(day, "12"), self.sent)
        visitor_event = mark_user(self.state, event, known)
        take_user(self.state, event)
        assert memory.remember(self.state, session, 0, visitor_event, {})
        return visitor_event


def test_events_before_a_user_is_named_have_none_and_events_after_it_have_this_one() -> None:
    device = Device()
    assert "user" not in device.send()
    assert device.send("u")["user"] == 1
    assert device.send(session="another")["user"] == 1
    assert (device.state["user_id"], device.state["users"]) == ("u", 1)


@pytest.mark.parametrize(
    ("more", "is_marked"),
    [
        ({}, False),
        ({"user": "u"}, False),
        ({"session": "another"}, True),
        ({"funnel": "g"}, True),
        ({"day": "2026-03-01"}, True),
        ({"user": "w"}, True),
        ({"funnel": None}, False),
        ({"kind": "experiment_exposed"}, False),
    ],
)
def test_the_first_event_of_a_user_in_a_session_a_funnel_and_a_day_is_marked(
    more: dict[str, Any], is_marked: bool
) -> None:
    device = Device()
    device.send("u")
    assert ("user" in device.send(**more)) is is_marked


def test_a_user_who_comes_back_after_another_one_is_marked_again() -> None:
    device = Device()
    assert [device.send(user).get("user") for user in ("u", "w", "u", "u")] == [1, 2, 3, None]


@pytest.mark.parametrize("more", [{"funnel": None}, {"kind": "experiment_exposed"}])
def test_an_event_outside_of_the_funnel_tells_who_the_visitor_is(more: dict[str, Any]) -> None:
    device = Device()
    device.send("u", **more)
    assert device.send()["user"] == 1


def test_a_user_is_remembered_although_every_session_is_forgotten() -> None:
    device = Device()
    device.send("u")
    memory.forget(device.state, ["s"])
    assert device.send()["user"] == 1


def test_a_state_from_before_users_were_remembered_has_one_from_the_next_that_is_named() -> None:
    device = Device()
    del device.state["user_id"], device.state["users"]
    assert "user" not in device.send()
    assert device.send("u")["user"] == 1


def test_a_marked_event_adds_its_user_to_the_sketches_and_a_row_of_its_day() -> None:
    device = Device()
    distinct, row = users_of(device.state, device.send("u:1"))
    assert isinstance(distinct, Distinct) and isinstance(row, RowUpdate)
    assert (distinct.kind, distinct.key) == ("funnel_users", "o%3A1:u%3A1")
    assert distinct.document.key == ("o:1", "f")
    assert row.key == ("o:1", "v", "f", DAY.day, "u:1")
    assert row.values()["user_id"] == "u:1"
    assert list(users_of(device.state, device.send())) == []


def test_the_number_of_a_user_has_room_in_what_an_event_counts_for() -> None:
    """The last of 500 events, of the longest type, with the largest numbers."""
    event = Device().send("u", kind="asset_downloaded", funnel="f")
    event["user"], event["at"], event["offset"] = 2**31 - 1, 2**60, 2**60
    size = len(bson.encode({"499": event})) - len(bson.encode({}))
    assert size <= bytes_of(event)
