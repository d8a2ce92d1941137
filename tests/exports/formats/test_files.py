"""What is in the files: the numbers that the API tells, in each form."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.exports.conftest import FUNNEL, ORGANIZATION, Press
from tests.exports.file_readers import (
    as_told,
    csv_rows,
    filled,
    json_body,
    numbers,
    pdf_shapes,
    pdf_text,
    xlsx_rows,
)
from tests.query.funnels.shop import FIRST, LAST, documents

REPORTS = ("overview", "conversions", "dropoffs", "revenue")


def told(press: Press, name: str) -> dict[str, Any]:
    """The API's answer, with every page of its visitors."""
    more = {"page_size": 200} if name == "conversions" else {}
    answer = dict(press.report(name, **more))
    if name == "conversions":
        assert not answer["pagination"]["has_more"]
        assert answer["converting_visitors"]
    return answer


@pytest.mark.parametrize("name", REPORTS)
def test_a_json_file_is_the_apis_answer(press: Press, name: str) -> None:
    made = json_body(press.made(report_type=name, format="json", include_pii=True))
    assert numbers(made) == numbers(told(press, name))
    assert made["as_of"].keys() >= {"newest_event_at", "lag_messages"}


LISTS = {
    "overview": ("steps", "top_pages", "sources"),
    "conversions": ("by_type", "by_step", "over_time", "converting_visitors"),
    "dropoffs": ("drop_off_funnel",),
    "revenue": ("by_source", "by_step", "over_time"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_csv_and_a_workbook_have_the_apis_numbers(press: Press, name: str) -> None:
    asked: dict[str, Any] = {"report_type": name, "include_pii": True}
    rows = csv_rows(press.made(**asked))
    sheets = xlsx_rows(press.made(**asked, format="xlsx"))
    answer = told(press, name)
    for part in LISTS[name]:
        assert rows.get(part, []) == as_told(answer[part]), part
        assert sheets[part] == filled(answer[part]), part
    [own], [sheet] = rows["report"], sheets["report"]
    assert own["period.start"] == sheet["period.start"] == answer["period"]["start"]
    for part in ("visitors", "summary", "overall"):
        for field, value in answer.get(part, {}).items():
            assert own.get(f"{part}.{field}") == (None if value is None else str(value))
            assert sheet.get(f"{part}.{field}") == value


def test_lists_within_rows_say_whose_they_are(press: Press) -> None:
    rows = csv_rows(press.made(report_type="dropoffs"))
    expected = [
        {"steps_with_drop_off.step_id": step["step_id"], **as_told([reason])[0]}
        for step in told(press, "dropoffs")["steps_with_drop_off"]
        for reason in step["common_exit_reasons"]
    ]
    assert expected
    assert rows["steps_with_drop_off.common_exit_reasons"] == expected


@pytest.mark.parametrize("name", REPORTS)
def test_a_pdf_shows_the_numbers_and_charts_when_asked(press: Press, name: str) -> None:
    plain = press.made(report_type=name, format="pdf")
    drawn = press.made(report_type=name, format="pdf", include_charts=True)
    answer = told(press, name)
    counts = {
        "overview": [answer.get("visitors", {}).get("total")],
        "conversions": [answer.get("summary", {}).get("total_conversions")],
        "dropoffs": [each["drop_offs"] for each in answer.get("drop_off_funnel", [])],
        "revenue": [answer.get("summary", {}).get("total_revenue_cents")],
    }[name]
    text = pdf_text(plain)
    for count in counts:
        assert f"{count:,}" in text
    assert pdf_shapes(drawn) > pdf_shapes(plain) + 10


def test_a_pdf_has_names_in_other_scripts(press: Press) -> None:
    name = "Żółw, Воронка, Ωμέγα, ძაბრი, กรวย"
    funnels = press.world.documents["funnels"]
    of = {"organization_id": ORGANIZATION, "funnel_id": "scripts"}
    funnels.insert_one(
        of | {"_id": f"{ORGANIZATION}:scripts", "name": name, "steps": [], "published": True}
    )
    try:
        made = press.made(report_type="overview", funnel_id="scripts", format="pdf")
    finally:
        funnels.delete_many(of)
    assert name in pdf_text(made)


@pytest.mark.parametrize(("funnel", "title"), [(FUNNEL, "Events of Checkout"), (None, "Events")])
def test_a_file_of_events_is_called_by_its_funnel(
    press: Press, funnel: str | None, title: str
) -> None:
    text = pdf_text(press.made(report_type="events", funnel_id=funnel, format="pdf"))
    assert text.splitlines()[0] == f"{title}, {FIRST} to {LAST}"


def test_events_are_those_of_the_sessions(press: Press) -> None:
    made = json_body(press.made(report_type="events", format="json", include_pii=True))
    funnel = made["funnel_id"]
    sessions = [
        stored
        for stored in documents("funnel_sessions")
        if (stored["organization_id"], stored["funnel_id"]) == (ORGANIZATION, funnel)
    ]
    kept = [
        (session["visitor_id"], session["session_id"], event["event_type"], event["step_id"])
        for session in sorted(sessions, key=lambda session: session["_id"])
        for event in sorted(session["events"], key=lambda event: event["at"])
    ]
    assert len(kept) > 200
    assert [
        (row["visitor_id"], row["session_id"], row["event_type"], row["step_id"])
        for row in made["events"]
    ] == kept
    visitor = made["events"][0]["visitor_id"]
    journey = press.service.report(f"/visitors/{visitor}/journey", funnel_id=funnel).json
    assert [event["timestamp"] for each in journey["sessions"] for event in each["events"]] == [
        row["timestamp"] for row in made["events"] if row["visitor_id"] == visitor
    ]


def test_events_of_a_part_of_the_range_are_those_of_its_days(press: Press) -> None:
    asked: dict[str, Any] = {"report_type": "events", "format": "json"}
    every = json_body(press.made(**asked))["events"]
    days = {"date_from": "2026-01-08", "date_to": "2026-01-09"}
    some = json_body(press.made(**asked, **days))["events"]
    assert len(some) == sum(row["timestamp"][:10] in days.values() for row in every) > 0
    wider = json_body(press.made(**asked, funnel_id=None))["events"]
    assert len(wider) >= len(every)


def test_events_count_by_their_own_time_whatever_their_session_remembers(press: Press) -> None:
    """A session that was forgotten and goes on has a story of its new events alone."""
    sessions = press.world.documents["funnel_sessions"]
    like = next(s for s in documents("funnel_sessions") if len(s["events"]) > 2)
    funnel = {"organization_id": ORGANIZATION, "funnel_id": "long-ago"}
    late = datetime(2026, 6, 1, tzinfo=UTC)
    early = datetime(2025, 6, 1, tzinfo=UTC)
    rows = [
        like | funnel | {"_id": f"{ORGANIZATION}:v:later:long-ago", "started_at": late},
        like | funnel | {"_id": f"{ORGANIZATION}:v:sooner:long-ago", "last_at": early},
    ]
    definition = {"name": "Long ago", "steps": [], "versions": [], "published": True}
    press.world.documents["funnels"].insert_one(
        funnel | definition | {"_id": f"{ORGANIZATION}:long-ago"}
    )
    sessions.insert_many(rows)
    try:
        made = press.made(report_type="events", funnel_id="long-ago", format="json")
    finally:
        sessions.delete_many(funnel)
    assert len(json_body(made)["events"]) == 2 * len(like["events"])


def test_visitors_are_known_by_pseudonyms_that_hold_within_a_file(press: Press) -> None:
    asked: dict[str, Any] = {"report_type": "events", "format": "json"}
    known = json_body(press.made(**asked, include_pii=True))["events"]
    hidden = json_body(press.made(**asked))["events"]
    again = json_body(press.made(**asked))["events"]
    pairs = {(a["visitor_id"], b["visitor_id"]) for a, b in zip(known, hidden, strict=True)}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) > 10
    ids = {row[name] for row in known for name in ("visitor_id", "session_id")}
    told_ids = {row[name] for row in hidden for name in ("visitor_id", "session_id")}
    assert not ids & told_ids
    assert not told_ids & {row["visitor_id"] for row in again}
    assert {row["metadata"] for row in hidden} == {None}
    assert [row["timestamp"] for row in known] == [row["timestamp"] for row in hidden]


PEOPLE = 2_100
"""More than fit on a page, of visitors and of sessions that are looked at."""


def test_every_page_of_converting_visitors_is_in_the_file(press: Press) -> None:
    sessions = press.world.documents["funnel_sessions"]
    like = next(s for s in documents("funnel_sessions") if s.get("conversions"))
    funnel = {"organization_id": ORGANIZATION, "funnel_id": "many"}
    names = [f"v{n:04d}" for n in range(PEOPLE)]
    copies = [
        like | funnel | {"_id": f"{ORGANIZATION}:{name}:s:many", "visitor_id": name}
        for name in names
    ]
    definition = {"name": "Many", "steps": [], "versions": [], "published": True}
    press.world.documents["funnels"].insert_one(
        funnel | definition | {"_id": f"{ORGANIZATION}:many"}
    )
    sessions.insert_many(copies)
    try:
        asked: dict[str, Any] = {"report_type": "conversions", "funnel_id": "many"}
        job = press.ended(press.ordered(**asked, format="json", include_pii=True))
        made = json_body(press.fetch(job["download_url"]).body)
        rows = csv_rows(press.made(**asked, include_pii=True))
        printed = pdf_text(press.made(report_type="events", funnel_id="many", format="pdf"))
    finally:
        sessions.delete_many(funnel)
    assert [row["visitor_id"] for row in made["converting_visitors"]] == names
    assert [row["visitor_id"] for row in rows["converting_visitors"]] == names
    assert job["rows"] == sum(map(len, rows.values()))
    events = PEOPLE * len(like["events"])
    assert f"500 of {events:,} rows" in printed
