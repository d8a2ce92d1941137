"""A tracked event is seen on the dashboard as it happens: from the collector to a real Chromium."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daybook.service import api_keys
from tests.query.conftest import ORGANIZATION, Office
from tests.query.funnels.test_routes import publish
from tests.support.browser import WHY_NOT, is_available
from tests.support.collector import CollectorProcess
from tests.support.desk import Desk
from tests.support.live import Bustle
from tests.support.world import World

pytestmark = pytest.mark.skipif(not is_available(), reason=WHY_NOT)

EVENTS = 5
FUNNEL = {"organization": ORGANIZATION, "funnel": "f"}


@pytest.fixture
def collector(world: World) -> Iterator[CollectorProcess]:
    """Beside a member that counts what it takes; the organization has the world's name."""
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


def test_a_first_event_and_those_after_it_are_seen_without_a_reload(
    world: World, office: Office, collector: CollectorProcess, desk: Desk
) -> None:
    numbers = iter(range(1, EVENTS + 1))
    desk.calls["/track"] = lambda: view(collector, next(numbers))
    today, day = datetime.now(UTC).date(), timedelta(days=1)
    shown = desk.play(
        f"""
        await until(() => text(page, "#live-state") === "Waiting for a first event.");
        const before = page.getElementById("funnel").value;
        const seen = [];
        for (let number = 1; number <= {EVENTS}; number++) {{
          const at = Date.now();
          await fetch("/track");
          await until(() => facts(page, "#live").Sessions === String(number));
          seen.push(Date.now() - at);
        }}
        const last = "#live .wide:last-child";
        await until(() => rows(page, last).length === {EVENTS});
        return {{ before, seen, funnel: page.getElementById("funnel").value,
                 state: text(page, "#live-state"), now: facts(page, "#live"),
                 events: rows(page, last),
                 steps: rows(page, "#funnel-report").map(row => row[0]) }};""",
        office.key("analyst", world.name),
        organization=world.name,
        **{"from": str(today - day), "to": str(today + day)},
    )
    assert shown["before"] == ""
    assert shown["funnel"] == "spring"
    assert shown["state"].startswith("As it happens.")
    assert shown["now"]["Page views"] == str(EVENTS - 1)
    assert shown["events"][-1][1:] == ["step_entry", "landing"]
    assert shown["steps"] == ["landing"]
    print(f"seen after {shown['seen']} ms, each from before the call of the collector")


def test_a_stream_that_is_cut_is_replaced_by_questions_and_resumed(
    office: Office, desk: Desk
) -> None:
    publish(office)
    shown: Any = desk.play(
        """
        const state = () => text(page, "#live-state");
        await until(() => state().startsWith("As it happens."));
        await fetch("/cut");
        await until(() => state().startsWith("Asked every 5 seconds."));
        await until(() => state().startsWith("As it happens."));
        return rows(page, "#live").length;""",
        office.analyst,
        **FUNNEL,
    )
    assert shown == 0
    assert desk.resumed == [None, "0"]
