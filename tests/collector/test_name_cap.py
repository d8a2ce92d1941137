"""Names that nobody published and a public key sends: at most 200 of a kind, a day."""

from collections.abc import Iterator
from typing import Any

import pytest

from daybook.collector.names.name_cap import NAMES_MAX
from tests.collector.conftest import ORGANIZATION, Site
from tests.support.collector import CollectorProcess


def entry(funnel: str, step: str, **more: Any) -> dict[str, Any]:
    ids = {"visitor_id": "v-1", "session_id": "s-1", "funnel_id": funnel, "funnel_step_id": step}
    return {"event_type": "step_entry", **ids, **more}


def view(event: str) -> dict[str, Any]:
    ids = {"visitor_id": "v-1", "session_id": "s-1", "ticketed_event_id": event}
    return {"event_type": "view", **ids}


def names(site: Site, field: str) -> set[str]:
    return {logged.event["data"][field] for logged in site.logged()}


@pytest.fixture
def published(site: Site) -> Iterator[None]:
    """The organization has published `spring`, with the step `cart` in an older version."""
    site.world.documents["funnels"].insert_one(
        {
            "_id": f"{ORGANIZATION}:spring",
            "organization_id": ORGANIZATION,
            "funnel_id": "spring",
            "published": True,
            "steps": [{"step_id": "pay"}],
            "versions": [{"steps": [{"step_id": "cart"}]}],
        }
    )
    site.world.documents["ticketed_events"].insert_one(
        {"_id": f"{ORGANIZATION}:gala", "organization_id": ORGANIZATION, "event_id": "gala"}
    )
    yield


def test_funnels_beyond_the_limit_become_other(site: Site, collector: CollectorProcess) -> None:
    funnels = [f"f-{number}" for number in range(NAMES_MAX + 50)]
    assert collector.track([entry(funnel, "a") for funnel in funnels]).status == 202
    assert names(site, "funnel_id") == {*funnels[:NAMES_MAX], "other"}
    assert collector.metric("daybook_collector_names_capped_total", kind="funnel") == 50


def test_steps_and_ticketed_events_have_a_limit_of_their_own(
    site: Site, collector: CollectorProcess
) -> None:
    steps = [f"s-{number}" for number in range(NAMES_MAX + 1)]
    collector.track([entry("f", step) for step in steps])
    assert names(site, "step_id") == {*steps[:NAMES_MAX], "other"}
    events = [f"e-{number}" for number in range(NAMES_MAX + 1)]
    collector.track([view(event) for event in events])
    sent = [x.event["data"].get("event_id") for x in site.logged()]
    assert set(filter(None, sent)) == {*events[:NAMES_MAX], "other"}


@pytest.mark.usefixtures("published")
def test_published_names_are_kept_when_the_limit_is_reached(
    site: Site, collector: CollectorProcess
) -> None:
    collector.track([entry(f"f-{number}", "x") for number in range(NAMES_MAX)])
    known = [entry("spring", "pay", previous_step_id="cart"), view("gala")]
    assert collector.track(known).status == 202
    data = [x.event["data"] for x in site.logged()]
    assert [d["previous_step_id"] for d in data if d.get("funnel_id") == "spring"] == ["cart"]
    assert [d["event_id"] for d in data if "event_id" in d] == ["gala"]


def test_collectors_share_the_limit(site: Site) -> None:
    first, second = (site.start().ready() for _ in range(2))
    first.track([entry(f"f-{number}", "a") for number in range(NAMES_MAX)])
    second.track([entry("f-0", "a"), entry("g", "a")])
    assert names(site, "funnel_id") == {*(f"f-{number}" for number in range(NAMES_MAX)), "other"}


def test_a_server_key_is_not_limited(site: Site, collector: CollectorProcess) -> None:
    funnels = {f"f-{number}" for number in range(NAMES_MAX + 1)}
    collector.track([entry(funnel, "a") for funnel in funnels], key=site.server_key)
    assert names(site, "funnel_id") == funnels


def test_an_event_that_is_refused_uses_no_name_up(site: Site, collector: CollectorProcess) -> None:
    wrong = [entry(f"wrong-{n}", "a", occurred_at="never") for n in range(NAMES_MAX)]
    assert collector.track([*wrong, entry("right", "a")]).status == 202
    assert names(site, "funnel_id") == {"right"}
