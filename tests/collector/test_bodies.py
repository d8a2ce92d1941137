"""The events in the log that the bodies of tracking calls become."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from schemas.catalogue import source
from schemas.json_schema import events, examples
from tests.collector.conftest import ORGANIZATION, Site
from tests.support.collector import CollectorProcess

TOPIC = "sc.tracking.funnel"
Track = Callable[..., dict[str, Any]]

VISIT = {"visitor_id": "v-1", "session_id": "s-1"}
IN_FUNNEL = VISIT | {"funnel_id": "f-1"}
FLAT = {"step_id": "funnel_step_id", "event_id": "ticketed_event_id"}


def test_a_page_view_becomes_an_event_with_its_context(site: Site, event_of: Track) -> None:
    event = event_of(
        IN_FUNNEL
        | {
            "event_type": "page_view",
            "page_id": "p-1",
            "url": "https://shop.example/spring?utm_source=google&utm_medium=cpc&secret=1#top",
            "referrer": "https://www.google.com/search?q=bags",
            "metadata": {"theme": "dark"},
        }
    )
    context = event["data"].pop("context")
    received = context.pop("received_at")
    assert event["data"] == IN_FUNNEL | {
        "page_id": "p-1",
        "page": "/spring",
        "metadata": {"theme": "dark"},
    }
    assert event["occurred_at"] == received
    assert event["organization_id"] == ORGANIZATION
    assert context == {
        "device_type": "mobile",
        "browser": "Safari",
        "os": "iOS",
        "source": "Google",
        "channel": "Paid Search",
        "utm_source": "google",
        "utm_medium": "cpc",
        "landing_page": "/spring",
        "referrer_host": "www.google.com",
        "bot": [],
    }
    (logged,) = site.logged()
    assert logged.key == "v-1"


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (
            {"event_type": "step_entry", "funnel_step_id": "st-2", "previous_step_id": "st-1"},
            {"step_id": "st-2", "previous_step_id": "st-1"},
        ),
        (
            {
                "event_type": "step_exit",
                "funnel_step_id": "st-2",
                "exit_outcome": "forward",
                "next_step_id": "st-3",
            },
            {"step_id": "st-2", "exit_outcome": "forward", "next_step_id": "st-3"},
        ),
        (
            {
                "event_type": "conversion",
                "page_id": "p-1",
                "conversion_type": "purchase",
                "value_cents": 4990,
                "conversion_goal_id": "g-1",
                "metadata": {},
            },
            {
                "page_id": "p-1",
                "conversion_type": "purchase",
                "value_cents": 4990,
                "currency": "EUR",
                "conversion_goal_id": "g-1",
                "metadata": {},
            },
        ),
        (
            {"event_type": "conversion", "conversion_type": "signup", "value_cents": None},
            {"conversion_type": "signup"},
        ),
        (
            {
                "event_type": "conversion",
                "conversion_type": "custom",
                "value_cents": 5,
                "currency": "JPY",
            },
            {"conversion_type": "custom", "value_cents": 5, "currency": "JPY"},
        ),
        (
            {"event_type": "purchase", "ticketed_event_id": "gala", "value_cents": 100},
            {"event_id": "gala", "value_cents": 100, "currency": "EUR"},
        ),
    ],
    ids=lambda value: value.get("event_type", ""),
)
def test_flat_fields_become_the_events_data(
    event_of: Track, body: dict[str, Any], data: dict[str, Any]
) -> None:
    event = event_of(IN_FUNNEL | body)
    del event["data"]["context"]
    assert event["data"] == IN_FUNNEL | data


def test_every_event_of_the_catalogue_can_be_tracked(
    site: Site, collector: CollectorProcess
) -> None:
    """Each stored example, flattened and sent by a server, has the same data in the log."""
    expected = {}
    bodies = []
    for event_type in events(TOPIC):
        for path in (examples(TOPIC) / event_type).glob("*.json"):
            event = json.loads(path.read_bytes())
            data = {k: v for k, v in event["data"].items() if k not in ("context", "metadata")}
            flat = {FLAT.get(name, name): value for name, value in data.items()}
            event_id = str(uuid4())
            bodies.append({"event_type": event_type, "event_id": event_id} | flat)
            if event_type in ("conversion", "purchase") and "value_cents" in data:
                data.setdefault("currency", "EUR")
            expected[event_id] = event_type, data
    reply = collector.track(bodies, key=site.server_key)
    assert (reply.status, reply.json["accepted"]) == (202, len(bodies)), reply.body
    stored = {}
    for logged in site.logged():
        event = logged.event
        assert source(TOPIC).key_of(event) == logged.key
        event["data"].pop("context", None)
        stored[event["event_id"]] = event["event_type"], event["data"]
    assert stored == expected


def test_a_retry_keeps_its_event_id(site: Site, collector: CollectorProcess) -> None:
    body = IN_FUNNEL | {"event_type": "page_view", "event_id": str(uuid4())}
    replies = [collector.track(body).json for _ in range(2)]
    assert replies == [{"status": "accepted", "event_id": body["event_id"]}] * 2
    assert {one.event["event_id"] for one in site.logged()} == {body["event_id"]}


def test_a_batch_gets_a_result_for_each_event(site: Site, collector: CollectorProcess) -> None:
    good = IN_FUNNEL | {"event_type": "page_view"}
    reply = collector.track([good, IN_FUNNEL | {"event_type": "step_entry"}, "text", good])
    assert reply.status == 202
    body, results = reply.json, reply.json["results"]
    assert (body["accepted"], body["invalid"]) == (2, 2)
    assert [result["status"] for result in results] == [
        *("accepted", "invalid", "invalid", "accepted"),
    ]
    assert results[1]["errors"] == [{"field": "funnel_step_id", "message": "Field required"}]
    assert results[2]["errors"] == [{"field": "", "message": "must be an object"}]
    logged = {one.event["event_id"] for one in site.logged()}
    assert logged == {result["event_id"] for result in results if "event_id" in result}


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (
            b'{"event_type": "page_view", "metadata": {"name": "half an emoji: \\ud83d"}}',
            "metadata",
        ),
        (b'{"event_type": "page_view", "metadata": {"\\ude00": 1}}', "metadata"),
        (b'{"event_type": "page_view", "visitor_id": "v-\\udc00"}', "visitor_id"),
        (b'{"event_type": "page_view", "utm_campaign": "\\ud83d!"}', "utm_campaign"),
        (b'{"event_type": "page_view", "url": "/\xff"}', "url"),
        (b'{"event_type": "page_view", "\\ud83d": "x"}', ""),
        (b'{"event_type": "\\ud83d"}', "event_type"),
        (b'"\\ud83d"', ""),
        (b'{"event_type": "engagement", "seconds": 1e400}', "seconds"),
        (b'{"event_type": "page_view", "metadata": {"far": 1e400}}', "metadata"),
        (
            b'{"event_type": "page_view", "metadata": ' + b'{"a": ' * 300 + b"1" + b"}" * 301,
            "metadata",
        ),
    ],
    ids=lambda value: repr(value[:70]) if isinstance(value, bytes) else value,
)
def test_what_is_wrong_in_one_event_does_not_refuse_the_others(
    site: Site, collector: CollectorProcess, bad: bytes, field: str
) -> None:
    """As if a browser cut a text in the middle of an emoji: the purchase is not lost."""
    visit = {"visitor_id": "v-1", "session_id": "s-1"}
    good = [
        VISIT | {"event_type": "page_view", "metadata": {"name": "a whole one: \U0001f600"}},
        VISIT | {"event_type": "purchase", "ticketed_event_id": "gala", "value_cents": 4_990},
    ]
    if bad.startswith(b"{"):
        bad = bad.replace(b"{", b"{" + json.dumps(visit)[1:-1].encode() + b", ", 1)
    first, last = (json.dumps(event).encode() for event in good)
    reply = collector.track(b'{"events": [' + b", ".join([first, bad, last]) + b"]}")
    assert reply.status == 202, reply.body
    assert (reply.json["accepted"], reply.json["invalid"]) == (2, 1)
    results = reply.json["results"]
    assert [result["status"] for result in results] == ["accepted", "invalid", "accepted"]
    assert [error["field"] for error in results[1]["errors"]] == [field]
    logged = {one.event["event_type"]: one.event["data"] for one in site.logged()}
    assert logged["page_view"]["metadata"] == {"name": "a whole one: \U0001f600"}
    assert logged["purchase"]["value_cents"] == 4_990


def test_the_key_decides_the_organization_whatever_the_body_says(
    site: Site, collector: CollectorProcess, event_of: Track
) -> None:
    body = IN_FUNNEL | {"event_type": "page_view", "organization_id": "org-2"}
    assert event_of(body)["organization_id"] == ORGANIZATION
    other = site.make_key("write", "org-2")
    assert event_of(body | {"organization_id": ORGANIZATION}, key=other)["organization_id"] == (
        "org-2"
    )


def test_the_time_of_an_event_is_corrected_by_the_clients_clock(event_of: Track) -> None:
    event = event_of(
        IN_FUNNEL
        | {
            "event_type": "page_view",
            "occurred_at": "2001-01-01T00:00:00Z",
            "sent_at": "2001-01-01T00:00:00Z",
        }
    )
    assert event["occurred_at"] == event["data"]["context"]["received_at"]


def test_a_server_sends_the_visitors_user_agent(site: Site, event_of: Track) -> None:
    body = IN_FUNNEL | {"event_type": "page_view"}
    options = {"key": site.server_key, "headers": {"User-Agent": "curl/8.0"}}
    context = event_of(body, **options)["data"]["context"]
    assert context["bot"] == []
    assert "device_type" not in context
    event = event_of(body | {"user_agent": "Mozilla/5.0 (iPad; CPU OS 17_4)"}, **options)
    assert event["data"]["context"]["device_type"] == "tablet"


def test_a_bot_cannot_hide_by_fields_of_the_event(event_of: Track) -> None:
    body = IN_FUNNEL | {
        "event_type": "page_view",
        "user_agent": "Mozilla/5.0 (iPad; CPU OS 17_4)",
        "context": {"bot": []},
        "bot": [],
    }
    event = event_of(body, headers={"User-Agent": "Googlebot/2.1"})
    assert event["data"]["context"]["bot"] == ["crawler"]


def test_sources_beyond_the_cap_become_other(site: Site) -> None:
    collector = site.start(DAYBOOK_COLLECTOR_SOURCES_MAX="2").ready()
    names = ["one", "two", "three", "google", "one", "four"]
    bodies = [IN_FUNNEL | {"event_type": "page_view", "utm_source": name} for name in names]
    assert collector.track(bodies).json["accepted"] == 6
    by_tag = {
        one.event["data"]["context"]["utm_source"]: one.event["data"]["context"]["source"]
        for one in site.logged()
    }
    assert by_tag == {
        **{"one": "one", "two": "two", "google": "Google"},
        **{"three": "other", "four": "other"},
    }
    assert collector.metric("daybook_collector_sources_capped_total") == 2
