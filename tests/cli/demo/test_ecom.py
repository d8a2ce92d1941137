"""The clickstream is read exactly, becomes events of a funnel, and gives the published counts."""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.cli.demo import ecom
from daybook.cli.demo.ecom import PUBLISHED, Click
from daybook.cli.demo.ecom_events import STEPS, TRACKING, events
from daybook.engine.errors import DaybookError
from daybook.local.cache import silent
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.attempts import reached_by_day
from daybook.simulate.answer.deed import Deed, deed
from daybook.simulate.answer.definitions import definition
from daybook.simulate.answer.entry import Entry
from schemas.catalogue import source

Event = dict[str, Any]
HEADINGS = "user_id,session_id,event,timestamp,platform,acquisition_channel,user_cohort\n"
LINE = "user_0000,sess_000001,cart,2024-03-13 10:21:14,desktop,email,2024-01\n"


@pytest.fixture(scope="module")
def clicks() -> list[Click]:
    return ecom.fetch(silent)


def test_a_line_is_a_click() -> None:
    at = datetime(2024, 3, 13, 10, 21, 14, tzinfo=UTC)
    expected = Click("user_0000", "sess_000001", "cart", at, "desktop", "email")
    assert ecom.parse(HEADINGS + LINE) == [expected]


@pytest.mark.parametrize("line", ["user,session,cart,yesterday,desktop,email,x\n", "user\n"])
def test_the_error_names_the_line_that_is_not_a_click(line: str) -> None:
    with pytest.raises(DaybookError, match="line 3 of the clickstream is not a click"):
        ecom.parse(HEADINGS + LINE + line)


def test_a_file_with_another_digest_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ecom.csv.gz"
    path.write_bytes(b"another")
    with pytest.raises(DaybookError, match="is not the published clickstream"):
        ecom.read(path)


def test_the_file_has_the_published_totals(clicks: list[Click]) -> None:
    assert ecom.totals(clicks) == PUBLISHED
    sentence = "31,106 clicks of 600 users in 3,605 sessions, 470 purchases"
    assert str(PUBLISHED) == sentence


def test_its_events_are_valid_and_the_same_in_every_run(clicks: list[Click]) -> None:
    first_run = list(events(clicks))
    assert first_run == list(events(clicks))
    for topic, event in first_run:
        source(topic).events.validate_json(json.dumps(event))
    assert len({event["event_id"] for _, event in first_run}) == len(first_run)
    kinds = Counter(event["event_type"] for _, event in first_run)
    assert (kinds["conversion"], len(first_run)) == (470, 1 + 31_106 + 470)


@pytest.mark.parametrize(
    ("confined", "attempts", "visitors"),
    [
        pytest.param(False, [2837, 807, 421, 195, 78], [600, 448, 308, 172, 73], id="visitor"),
        pytest.param(True, [2837, 715, 335, 124, 33], None, id="confined to a session"),
    ],
)
def test_attempts_and_visitors_equal_the_known_counts(
    clicks: list[Click], confined: bool, attempts: list[int], visitors: list[int] | None
) -> None:
    log = [_entry(topic, event, confined) for topic, event in events(clicks)]
    lines = answer(log)
    steps = [x for x in lines if x["collection"] == "analytics_funnel_step"]
    reached = [_sum(steps, "reached", f":{step}:") for step in STEPS]
    assert reached == attempts
    funnels = [x for x in lines if x["collection"] == "analytics_funnel"]
    assert _sum(funnels, "attempts") == attempts[0]
    assert _sum(funnels, "completions") == attempts[-1]
    assert _sum(funnels, "conversions") == 470
    if visitors:
        assert _visitors(log) == visitors


def _entry(topic: str, event: Event, confined: bool) -> Entry:
    """Confined: every session counts as another visitor."""
    if confined and topic == TRACKING:
        visitor = {"visitor_id": event["data"]["session_id"]}
        event = event | {"data": event["data"] | visitor}
    return Entry(topic, event, 0)


def _sum(lines: list[dict[str, Any]], field: str, id_part: str = "") -> int:
    return sum(line["fields"][field] for line in lines if id_part in line["_id"])


def _visitors(log: list[Entry]) -> list[int]:
    """For each step, the number of visitors with an attempt that reached it."""
    published, *tracked = log
    entries: dict[str, list[Deed]] = defaultdict(list)
    for place, entry in enumerate(tracked):
        if entry.event["event_type"] == "step_entry":
            step_entry = deed(entry.event, place, 0, ZoneInfo("UTC"))
            entries[entry.event["data"]["visitor_id"]].append(step_entry)
    steps = definition(published.event["data"])
    by_visitor = [set().union(*reached_by_day(steps, deeds).values()) for deeds in entries.values()]
    return [sum(position in reached for reached in by_visitor) for position in range(len(STEPS))]
