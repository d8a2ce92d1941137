"""A tracked event appears on the dashboard: from the collector to a real Chromium."""

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from daybook.service import api_keys
from tests.query.conftest import ORGANIZATION, Office
from tests.query.funnels.test_routes import publish
from tests.support.cable import Cable
from tests.support.collector import CollectorProcess
from tests.support.desk import Desk, facts, rows
from tests.support.live import Bustle
from tests.support.query import QueryProcess
from tests.support.wait import until
from tests.support.world import World

EVENTS = 5
LIVE = re.compile(r"^Live\.")
FUNNEL = {"organization": ORGANIZATION, "funnel": "f"}


@pytest.fixture
def collector(world: World) -> Iterator[CollectorProcess]:
    """A collector and a member that counts its events; the organization has the world's name."""
    Bustle(world)  # makes the topics
    world.member("funnel-step").wait_for("partitions assigned")
    log = world.directory / "collector.log"
    own = CollectorProcess(world.name, os.environ | world.variables, log).ready()
    made = api_keys.create(world.documents, "write", world.name, "test", datetime.now(UTC))
    own.key = made[0]
    yield own
    own.end()


def view(collector: CollectorProcess, number: int) -> None:
    reply = collector.track(
        {
            "event_type": "step_entry" if number == 1 else "page_view",
            "visitor_id": f"v-{number}",
            "session_id": f"s-{number}",
            "funnel_id": "spring",
            "funnel_step_id": "landing",
        }
    )
    assert reply.status == 202, reply.body


def test_a_first_event_and_later_ones_appear_without_a_reload(
    world: World, office: Office, collector: CollectorProcess, desk: Desk
) -> None:
    today, day = datetime.now(UTC).date(), timedelta(days=1)
    key = office.key("analyst", world.name)
    days = {"from": str(today - day), "to": str(today + day)}
    page = desk.open(key, organization=world.name, **days)
    expect(page.locator("#live-state")).to_have_text("Waiting for the first event.")
    assert page.locator("#funnel").input_value() == ""
    seen = [seen_after(page, collector, number) for number in range(1, EVENTS + 1)]
    last = "#live .wide:last-child"
    expect(page.locator(f"{last} tbody tr")).to_have_count(EVENTS)
    assert page.locator("#funnel").input_value() == "spring"
    expect(page.locator("#live-state")).to_have_text(LIVE)
    assert facts(page, "#live")["Page views"] == str(EVENTS - 1)
    assert rows(page, last)[-1][1:] == ["step_entry", "landing"]
    assert [row[0] for row in rows(page, "#funnel-report")] == ["landing"]
    print(f"shown after {seen} ms, measured from before the call to the collector")


def seen_after(page: Page, collector: CollectorProcess, number: int) -> int:
    """Milliseconds from tracking an event until the page counts its session."""
    at = time.monotonic()
    view(collector, number)
    sessions = str(number)
    until(
        lambda: facts(page, "#live").get("Sessions") == sessions, f"{sessions} sessions are shown"
    )
    return round((time.monotonic() - at) * 1_000)


def test_a_broken_stream_is_replaced_by_polling_and_resumed(
    office: Office, service: QueryProcess, chromium: Browser
) -> None:
    publish(office)
    with Cable(service.port) as cable, Desk(chromium, cable.port) as desk:
        page = desk.open(office.analyst, **FUNNEL)
        state = page.locator("#live-state")
        expect(state).to_have_text(LIVE)
        cable.cut()
        expect(state).to_have_text(re.compile(r"^Updated every 5 seconds\."))
        expect(state).to_have_text(LIVE)
        assert rows(page, "#live") == []
    assert desk.resumed == [None, "0"]
