"""Generates visitors whose histories are larger than what Daybook remembers."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from daybook.simulate.answer.entry import FUNNELS, TRACKING, Entry

LONG = "\N{GRINNING FACE}" * 1_024
"""The longest text that the schema accepts: 1,024 characters of four bytes."""

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Hostile:
    """`entries` in the log's order, one a second, of one visitor unless told otherwise."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._waited = timedelta()

    def wait(self, days: int) -> "Hostile":
        self._waited += timedelta(days=days)
        return self

    def track(self, kind: str, session: str, **data: Any) -> "Hostile":
        named = {"visitor_id": "v", "session_id": session, "funnel_id": "f"}
        return self._append(TRACKING, kind, named | data)

    def define(self, funnel: str, steps: list[str]) -> "Hostile":
        step_data = [{"step_id": step, "name": step, "type": "page"} for step in steps]
        data = {"funnel_id": funnel, "name": funnel, "steps": step_data}
        return self._append(FUNNELS, "funnel.published", data)

    def _append(self, topic: str, kind: str, data: dict[str, Any]) -> "Hostile":
        at = _NOON + self._waited + timedelta(seconds=len(self.entries))
        event = {
            "event_id": str(UUID(int=len(self.entries))),
            "event_type": kind,
            "occurred_at": at.isoformat(timespec="milliseconds"),
            "schema_version": 1,
            "data": data,
        }
        self.entries.append(Entry(topic, event, int(at.timestamp() * 1000)))
        return self


def long_pages() -> Hostile:
    """More page views with long pages than 1.6 MB, short ones between them, and new sessions when
    there is no room; after 36 days, a few more."""
    hostile = Hostile()
    for number in range(420):
        context = {"landing_page": LONG} if number % 100 == 7 else {"source": "a"}
        page = LONG[: 1_024 - number % 3]
        hostile.track("page_view", f"s{number % 3}", page=page, context=context)
        if number % 10 == 0:
            hostile.track("step_entry", f"s{number % 5}", step_id=f"step-{number}")
            hostile.track("conversion", "s1", conversion_type="custom", value_cents=5)
    hostile.track("page_view", "late", page=LONG, user_id="u").track("page_view", "late", page="/")
    hostile.track("page_view", "none", page=LONG, user_id="u").track("view", "none", event_id="e")
    hostile.wait(36)
    for _ in range(3):
        hostile.track("page_view", "s1", page=LONG).track("step_exit", "s1", **EXIT)
    return hostile


EXIT = {"step_id": "step-0", "exit_outcome": "forward", "reason": "", "next_step_id": "next"}


def many_of_a_kind() -> Hostile:
    """More than 1,000 entries, conversions and exposures, in sessions of which some are full."""
    hostile = Hostile().define("f", ["a", "b"])
    for number in range(1_060):
        session = f"s{number // 125}"
        hostile.track("step_entry", session, step_id="ab"[number % 2])
        hostile.track("conversion", session, conversion_type="signup", value_cents=number)
        exposed = {"test_id": f"t{number % 300}", "variant_id": "one"}
        hostile.track("experiment_exposed", session, **exposed)
        hostile.track("page_view", session, page_id=f"p{number % 90}")
    return hostile


def long_definitions() -> Hostile:
    """Funnels whose definitions have more than 300 kB, entered twice, 36 days apart."""
    hostile, funnels = Hostile(), [f"funnel-{number}" for number in range(24)]
    steps = [f"{number:04}-{'x' * 123}" for number in range(100)]
    for funnel in funnels:
        hostile.define(funnel, steps)
    hostile.define("f", ["a"])
    for session in ("before", "after"):
        for funnel in [*funnels, "f", *funnels]:
            hostile.track("step_entry", session, funnel_id=funnel, step_id=steps[0])
        hostile.track("step_entry", session, step_id="a").wait(36)
    return hostile


def long_metadata() -> Hostile:
    """A session whose events have more than 1 MB of metadata, and one whose do not."""
    hostile = Hostile()
    for number in range(300):
        size = 4_000 if number != 200 else 10
        hostile.track("page_view", "long", page="/", metadata={"text": "x" * size})
        hostile.track("page_view", "short", page="/", metadata={"n": number, "x": [1.5, None]})
    return hostile


def many_users() -> Hostile:
    """A device that is another user's with every event, until its sessions are full; 36 days later
    it is theirs again, and then nobody new's."""
    hostile = Hostile()
    for number in range(1_200):
        session, user = f"s{number // 550}", f"{number % 700:04}{LONG[:124]}"
        hostile.track("page_view", session, page="/", user_id=user)
        if number % 9 == 0:
            hostile.track("page_view", session, page="/").track("view", session, event_id="e")
    hostile.wait(36)
    for number in range(3):
        hostile.track("page_view", "late", page="/", user_id=f"{number:04}{LONG[:124]}")
    return hostile.track("page_view", "later", page="/").track("page_view", "later", page="/a")


HOSTILE = {
    made.__name__: made
    for made in (long_pages, many_of_a_kind, long_definitions, long_metadata, many_users)
}
