"""The bodies of the tracking call, and the events that they become."""

from collections.abc import Callable
from typing import Any

from tests.collector.conftest import Site

Track = Callable[..., dict[str, Any]]

VISIT = {"visitor_id": "v-1", "session_id": "s-1"}
IN_FUNNEL = VISIT | {"funnel_id": "f-1"}


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
    assert event["organization_id"] == "org-1"
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
