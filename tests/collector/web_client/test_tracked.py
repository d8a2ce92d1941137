"""What daybook.js tracks, and when it sends it."""

import gzip
import re

import pytest

from daybook.collector.acquisition.url import CLICK_IDS, PARAMETERS, UTM
from daybook.collector.script import SOURCE
from tests.collector.web_client.conftest import SPY, WAITING, Visitor
from tests.support.collector import CollectorProcess

PACKED_BYTES_MAX = 3_500
UNNAMING = frozenset({"utm_medium", "utm_campaign", "utm_term", "utm_content"})
"""Parameters that alone name neither a source nor a channel."""


def test_the_client_is_packed_smaller_than_3_500_bytes() -> None:
    assert len(gzip.compress(SOURCE.read_bytes())) < PACKED_BYTES_MAX


def test_the_client_and_the_collector_have_one_list_of_parameters() -> None:
    (strings,) = re.findall(r"const PARAMETERS = \(([^)]*)\)", SOURCE.read_text())
    assert "".join(re.findall('"([^"]*)"', strings)).split() == list(PARAMETERS)


def test_page_views_and_custom_events_are_tracked(visitor: Visitor) -> None:
    visitor.send(
        "/spring?utm_source=newsletter&utm_medium=email&utm_campaign=may&token=secret",
        'daybook.track("menu opened", { depth: 2 })',
    )
    view, custom = visitor.logged(2)
    assert (view.event["event_type"], custom.event["event_type"]) == ("page_view", "custom")
    data = view.event["data"]
    assert (data["page"], data["funnel_id"]) == ("/spring", visitor.funnel)
    assert custom.event["data"]["name"] == "menu opened"
    assert custom.event["data"]["properties"] == {"depth": 2}
    assert data["session_id"] == custom.event["data"]["session_id"]
    assert view.key == custom.key == data["visitor_id"]
    context = data["context"]
    assert context["channel"] == "Email"
    assert context["utm_campaign"] == "may"
    assert context["landing_page"] == "/spring"
    assert context["bot"] == ["crawler", "headless"]
    assert "secret" not in str(view.event)


def test_navigation_in_a_single_page_application_is_tracked(visitor: Visitor) -> None:
    page = visitor.visit(
        "/",
        """history.pushState({}, "", "/cart");
        history.pushState({}, "", "/cart#top");
        history.pushState({}, "", "/pay");""",
    )
    page.wait_for_function(f"{WAITING} == 0 || {WAITING} == 3")
    page.go_back()
    page.wait_for_function("location.pathname == '/cart'")
    page.wait_for_function(f"!{WAITING}")
    views = visitor.logged(4)
    assert sorted(one.event["data"]["page"] for one in views) == ["/", "/cart", "/cart", "/pay"]


def test_later_pages_have_the_source_of_the_sessions_first_page(visitor: Visitor) -> None:
    visitor.send("/one?utm_source=partner")
    visitor.send("/two")
    first, second = (one.event["data"] for one in visitor.logged(2))
    assert first["session_id"] == second["session_id"]
    assert second["page"] == "/two"
    assert second["context"]["landing_page"] == "/one"
    assert second["context"]["source"] == "partner"


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_of_the_first_page_lives_through_the_session(
    visitor: Visitor, name: str
) -> None:
    visitor.send(f"/one?{name}=&amp;{name}=one&{name}=two&other=secret")
    visitor.send("/two?other=secret")
    first, second = (one.event["data"]["context"] for one in visitor.logged(2))
    assert first["channel"] == second["channel"] != "Direct" or name in UNNAMING
    shown = {"source", "channel", "landing_page", *UTM}
    assert {n: first.get(n) for n in shown} == {n: second.get(n) for n in shown}
    assert "one" in first.values() or name in CLICK_IDS


def test_new_parameters_replace_those_of_the_session(visitor: Visitor) -> None:
    visitor.send("/one?utm_source=partner&utm_campaign=may")
    visitor.send("/two?gclid=x")
    first, second = (one.event["data"]["context"] for one in visitor.logged(2))
    assert (first["source"], first["utm_campaign"]) == ("partner", "may")
    assert (second["source"], second["channel"]) == ("Google", "Paid Search")
    assert "utm_campaign" not in second
    assert second["landing_page"] == "/two"


@pytest.mark.parametrize(
    ("last_minutes", "start_hours", "is_new"), [(29, 23, False), (31, 1, True), (1, 24.1, True)]
)
def test_a_session_ends_after_30_minutes_idle_or_24_hours(
    visitor: Visitor, last_minutes: float, start_hours: float, is_new: bool
) -> None:
    stored = f"""localStorage["daybook.session"] = JSON.stringify({{
        id: "old", from: {{}}, last: Date.now() - {last_minutes} * 6e4,
        start: Date.now() - {start_hours} * 36e5 }})"""
    visitor.send("/", before=stored)
    (view,) = visitor.logged(1)
    assert (view.event["data"]["session_id"] != "old") is is_new


def test_events_are_sent_ten_at_a_time(visitor: Visitor) -> None:
    page = visitor.send(
        "/",
        """for (let n = 0; n < 24; n++) daybook.track("e", { n })""",
        before=SPY,
    )
    assert page.evaluate("calls.map(call => call.events)") == [10, 10, 5]
    assert len(visitor.logged(25)) == 25


def test_events_that_could_not_be_sent_are_sent_later_with_their_own_time(
    visitor: Visitor,
) -> None:
    """The browser was offline for an hour."""
    page = visitor.visit(
        "/",
        'daybook.track("offline")',
        before="let tried = 0; window.fetch = () => { tried++; return Promise.reject(); }",
    )
    page.wait_for_function("tried > 0")
    assert page.evaluate(WAITING) == 2
    page.close()
    an_hour_ago = """for (const name of Object.keys(localStorage))
        localStorage[name] = localStorage[name].replace(/"occurred_at":"([^"]+)"/g, (_, time) =>
            `"occurred_at":"${new Date(Date.parse(time) - 36e5).toJSON()}"`)"""
    visitor.send("/", before=an_hour_ago)
    events = [one.event for one in visitor.logged(3)]
    assert [one["event_type"] for one in events] == ["page_view", "custom", "page_view"]
    assert events[0]["occurred_at"] < events[2]["occurred_at"]
    received = events[0]["data"]["context"]["received_at"]
    assert received[:11] >= events[0]["occurred_at"][:11]
    assert events[0]["occurred_at"] < received


def test_queued_events_are_sent_by_beacon_when_the_page_is_left(visitor: Visitor) -> None:
    page = visitor.visit(
        "/",
        """daybook.track("leaving"); dispatchEvent(new Event("pagehide"))""",
        before="""let beacons = 0; window.fetch = () => new Promise(() => {});
        const real = navigator.sendBeacon.bind(navigator);
        navigator.sendBeacon = (...all) => { beacons++; return real(...all); }""",
    )
    assert page.evaluate("beacons") == 1
    assert [one.event["event_type"] for one in visitor.logged(2)] == ["page_view", "custom"]


def test_a_lost_response_leads_to_a_duplicate_with_the_same_event_id(visitor: Visitor) -> None:
    visitor.send(
        "/",
        before="""let lost = 0; const real = fetch;
        window.fetch = (url, o) => real(url, o).then(r => { if (!lost++) throw r; return r; })""",
    )
    visitor.logged(1)
    messages = visitor.messages()
    assert len(messages) == 2
    assert len({message.event["event_id"] for message in messages}) == 1
    assert len({message.key for message in messages}) == 1


@pytest.mark.parametrize("sign", ["doNotTrack", "globalPrivacyControl"])
def test_visitors_who_opt_out_are_not_tracked(visitor: Visitor, sign: str) -> None:
    page = visitor.visit(
        "/",
        'daybook.track("never")',
        before=f'Object.defineProperty(navigator, "{sign}", {{ value: "1" }})',
    )
    assert page.evaluate("localStorage.length") == 0
    assert visitor.messages() == []


def test_a_wrong_key_is_not_retried(visitor: Visitor) -> None:
    visitor.send("/", key="dbwrite_" + "x" * 32)
    assert visitor.warned() == [
        "daybook: the collector refused page_view: no such key for tracking"
    ]
    assert visitor.messages() == []
    assert refused(visitor.shop.collector) == 1


def refused(collector: CollectorProcess) -> float:
    return collector.metric("daybook_collector_requests_total", status="401")
