"""A change is an event whose id tells copies apart from other changes."""

from typing import Any
from uuid import UUID, uuid5

from daybook.segments.change_event import change_event
from tests.segments.filters.person import at

LEFT: dict[str, Any] = {
    "segment": "carted",
    "version": 2,
    "number": 4,
    "entered": False,
    "at": at("3 10:00"),
    "since": at("2 10:00") + 7,
    "reason": "time",
    "is_current": True,
}


def test_an_event_has_the_moment_of_the_change_and_its_run() -> None:
    event = change_event(LEFT, "o", "u:anna")
    assert event["event_type"] == "segment.left"
    assert event["occurred_at"] == "2026-03-03T10:00:00.000Z"
    assert event["data"] == {
        "segment_id": "carted",
        "version": 2,
        "person": "u:anna",
        "user_id": "anna",
        "number": 4,
        "since": "2026-03-02T10:00:00.007Z",
        "until": "2026-03-03T10:00:00.000Z",
        "reason": "time",
        "is_current": True,
    }
    entered = change_event(LEFT | {"entered": True}, "o", "v:x:y")
    assert entered["event_type"] == "segment.entered"
    assert entered["data"]["visitor_id"] == "x:y"
    assert "until" not in entered["data"]


def test_the_id_is_that_of_organization_segment_person_and_number() -> None:
    def id_of(organization: str = "o", person: str = "u:anna", **more: Any) -> str:
        return str(change_event(LEFT | more, organization, person)["event_id"])

    assert id_of() == id_of(at=at("4 10:00"), reason="late", is_current=False)
    others = {id_of("p"), id_of(person="v:anna"), id_of(number=5), id_of(segment="other")}
    assert len(others | {id_of()}) == 5
    namespace = UUID("6f1f3f0a-9a53-4d0e-8d0a-5f6a0a1c7b11")
    assert id_of() == str(uuid5(namespace, "o:carted:u%3Aanna:4"))
    assert id_of("a:b", segment="c") != id_of("a", segment="b:c")
