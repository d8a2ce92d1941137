"""What the group stores of visitors without a source, tickets with several events, and sessions
outside of funnels."""

from typing import Any

import pytest

from daybook.simulate.answer.answer import answer
from tests.consumers.test_funnel_step import after_deaths
from tests.simulate.short_logs import NOON, TODAY, Log
from tests.support.known_answer import Documents, assert_is_the_known_answer


@pytest.fixture
def log() -> Log:
    log = Log()
    log.appended_ms = int(NOON.timestamp() * 1000)
    return log


def counted(log: Log) -> Documents:
    """The collections, which are those of the known answer."""
    collections = after_deaths(log.entries, [])
    assert_is_the_known_answer(collections, answer(log.entries))
    return collections


def test_ninety_visitors_without_a_source_are_direct(log: Log) -> None:
    for number in range(100):
        context = {"source": "Google"} if number < 10 else {}
        log.track("page_view", number, visitor_id=f"v{number}", funnel_id="f", context=context)
    day = counted(log)["analytics_funnel"][f"default:f:{TODAY}"]
    assert {key: row["visitors"] for key, row in day["sources"].items()} == {
        "Google": 10,
        "direct": 90,
    }
    assert {key: row["visitors"] for key, row in day["countries"].items()} == {"unknown": 100}


def test_a_country_that_is_called_unknown_has_a_key_of_its_own(log: Log) -> None:
    for number, context in enumerate(({"country": "unknown"}, {})):
        log.track("page_view", number, visitor_id=f"v{number}", funnel_id="f", context=context)
    day = counted(log)["analytics_funnel"][f"default:f:{TODAY}"]
    assert day["countries"].keys() == {"%75nknown", "unknown"}


def test_a_pass_counts_once_at_each_of_its_events(log: Log) -> None:
    for at, event in ((0, "friday"), (60, "saturday"), (120, "saturday")):
        log.track("barcode_scanned", at, ticket_id="weekend-pass-7", event_id=event)
    collections = counted(log)
    for event in ("friday", "saturday"):
        day = collections["analytics_event_metrics"][f"default:{event}:{TODAY}"]
        assert day["admissions"] == 1
    [ticket] = collections["visitor_state"].values()
    assert ticket["admissions"] == ["friday", "saturday"]


def test_a_ticket_is_good_for_two_hundred_events(log: Log) -> None:
    for number in range(202):
        log.track("barcode_scanned", number, ticket_id="forger", event_id=f"e{number:03}")
    [ticket] = after_deaths(log.entries, [])["visitor_state"].values()
    assert len(ticket["admissions"]) == 200


def test_conversions_are_split_by_goal(log: Log) -> None:
    for at, goal in ((0, "buy"), (1, "buy"), (2, "unattributed"), (3, None)):
        named = {} if goal is None else {"conversion_goal_id": goal}
        log.track("conversion", at, funnel_id="f", conversion_type="custom", value_cents=5, **named)
    day = counted(log)["analytics_funnel"][f"default:f:{TODAY}"]
    assert {key: row["count"] for key, row in day["conversions_by_goal"].items()} == {
        "buy": 2,
        "%75nattributed": 1,
        "unattributed": 1,
    }


def test_events_outside_of_funnels_have_a_row_of_their_own(log: Log) -> None:
    outside: dict[str, Any] = {"funnel_id": None}
    log.track("page_view", 0, page="/a", **outside).track("view", 1, event_id="gala", **outside)
    log.track("page_view", 2, page="/b", funnel_id="f")
    rows = counted(log)["funnel_sessions"].values()
    events = {row["funnel_id"]: [e["event_type"] for e in row["events"]] for row in rows}
    assert events == {"": ["page_view", "view"], "f": ["page_view"]}
    [row] = [row for row in rows if not row["funnel_id"]]
    assert (row["entry_page"], row["page_views"]) == ("/a", 1)
