"""The dashboard in a real Chromium, over a real service: what its reader sees and can do."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from bson import Int64
from PIL import Image
from playwright.sync_api import FloatRect, expect

from daybook.query.read import groups
from models.funnel import FunnelDay
from tests.query.conftest import ORGANIZATION, Office
from tests.query.funnels.shop import FIRST, LAST
from tests.query.funnels.test_routes import publish
from tests.support.desk import Desk, facts, rows, settled, text
from tests.support.query import QueryProcess

RANGE = {"from": FIRST, "to": LAST}
DAYS = {"first": FIRST, "last": LAST}
FUNNEL = {"organization": ORGANIZATION, "funnel": "f"}
HOSTILE = "<img src=x onerror=alert(1)>"
FRESH: dict[str, Any] = {
    "newest_event_at": "2026-01-18T10:00:00Z",
    "counted_at": "2026-01-18T10:00:01Z",
    "lag_messages": 0,
    "reported_at": "2026-01-18T10:00:02Z",
    "is_stale": False,
}


def number(shown: str) -> float:
    """As it was before it was written for people."""
    bare = shown.replace(",", "")
    return float(bare[:-1]) / 100 if bare.endswith("%") else float(bare)


def read(service: QueryProcess, key: str, path: str, **parameters: object) -> Any:
    reply = service.report(path, key, **parameters)
    assert reply.status == 200, reply.body
    return reply.json


def test_a_funnels_numbers_are_those_of_the_api(
    stored: Office, desk: Desk, service: QueryProcess
) -> None:
    admin = stored.admin
    report = read(service, admin, "/organizations/default/dashboard", **DAYS)
    funnel = report["funnels"][0]["funnel_id"]
    overview = read(service, admin, f"/funnels/{funnel}/overview", **DAYS)
    lost = read(service, admin, f"/funnels/{funnel}/dropoffs", **DAYS)
    page = desk.open(admin, **RANGE)
    shown = facts(page, "#funnel-report")
    steps = rows(page, "#funnel-report")
    assert page.locator("#funnel").input_value() == funnel
    assert len(steps) == len(overview["steps"]) > 3
    places = {one["step_id"]: one for one in lost["drop_off_funnel"]}
    for row, step in zip(steps, overview["steps"], strict=True):
        assert row[0] == step["step_name"]
        assert [number(row[at]) for at in (3, 4)] == [step["entries"], step["drop_offs"]]
        assert number(row[5]) == pytest.approx(step["drop_off_rate"], abs=0.0006)
        if step["step_type"] == "unknown":
            assert row[1:3] == ["–", "–"], "of no definition, so it has no place among the steps"
            continue
        assert number(row[1]) == step["reached"]
        until = places[step["step_id"]]["cumulative_drop_off_rate"]
        assert number(row[2]) == pytest.approx(until, abs=0.0006)
    assert number(shown["Unique visitors"]) == overview["visitors"]["unique"]
    assert f"of {overview['basis']}" in text(page, "#funnel-report dl"), "what the revenue is of"
    assert any(step["step_type"] == "unknown" for step in overview["steps"])
    assert number(shown["Attempts"]) == lost["overall"]["attempts"]
    assert number(facts(page, "#summary")["Sessions"]) == report["totals"]["sessions"]


def test_the_platforms_orders_are_shown_to_its_admins(stored: Office, desk: Desk) -> None:
    page = desk.open(stored.admin, **RANGE)
    expect(page.locator("#revenue canvas")).to_have_count(2)
    shown = facts(page, "#revenue")
    assert shown["Gross"] == "€213.45"
    assert shown["Paid orders"] == "4"
    assert [row[:2] for row in rows(page, "#orders")][0] == ["Created", "8"]
    assert rows(page, "#revenue details")[0][:2] == [FIRST, "€90.00"]


def test_who_is_no_admin_is_told_why_the_platform_is_not_shown(office: Office, desk: Desk) -> None:
    publish(office)
    page = desk.open(office.analyst, **FUNNEL)
    panels = ("#revenue", "#orders", "#summary", "#experiments", "#live")
    shown = [text(page, f"{each} .body") for each in panels]
    assert "read with the role admin alone" in shown[0]
    assert "read with the role admin alone" in shown[1]
    assert "send a first event" in shown[2]
    assert "No experiment was seen" in shown[3]
    assert "Nobody is in this funnel" in shown[4]


def test_experiments_are_shown_with_interval_and_winner(office: Office, desk: Desk) -> None:
    publish(office)
    effect = {"difference": 0.06, "lower": 0.0306, "upper": 0.0894, "p": 6.4e-05}
    control = {
        "variant_id": "control",
        "variant_name": "Control",
        "is_control": True,
        "visitors": 1000,
        "conversions": 100,
        "conversion_rate": 0.1,
        "revenue_cents": 500000,
        "by_conversion_rate": None,
    }
    treated = control | {
        "variant_id": "t",
        "variant_name": "Treated",
        "is_control": False,
        "by_conversion_rate": effect,
    }
    test = {
        "test_id": "free",
        "test_name": "Free shipping",
        "status": "running",
        "currency": "EUR",
        "variants": [control, treated],
        "gates": [{"gate": "sample_ratio", "passed": False}],
        "winner": {"variant_id": "t", "reason": "its rate is above"},
    }
    undecided = test | {"test_id": "other", "winner": None}
    desk.answer("/ab-tests", {"tests": [test, undecided], "as_of": FRESH})
    page = desk.open(office.analyst, **FUNNEL)
    shown = rows(page, "#experiments article")
    said = text(page, "#experiments")
    assert shown[0][5] == "control"
    assert shown[1][5] == "+6 (+3.06 to +8.94) points"
    assert shown[1][6] == "< 0.001"
    assert "Winner: Treated, for its rate is above." in said
    assert "No winner. Not passed: sample ratio." in said
    assert page.locator("#experiments .interval.better").count() == 2


def test_names_that_are_markup_are_shown_as_text(office: Office, desk: Desk) -> None:
    publish(office)
    steps = [{"step_id": "a", "name": HOSTILE, "type": "page", "position": 1, "optional": False}]
    named = {"name": HOSTILE, "steps": steps}
    office.world.documents["funnels"].update_one(
        {"funnel_id": "f"}, {"$set": named | {"versions.0": named}}
    )
    office.day(FunnelDay, LAST, ORGANIZATION, "f", sessions=Int64(1))
    page = desk.open(office.analyst, organization=ORGANIZATION, **RANGE)
    assert page.locator("img").count() == 0
    assert text(page, "#funnel option") == text(page, "#funnel-report bdi") == HOSTILE
    page = desk.open(office.analyst, organization=HOSTILE.replace(" ", "/"))
    assert page.locator("img").count() == 0
    assert "Not Found" in text(page, "#summary")


def test_everything_can_be_reached_by_keyboard_and_has_a_name(stored: Office, desk: Desk) -> None:
    """What takes the focus does so in the order in which it stands, is seen then, and is named."""
    page = desk.open(stored.admin, **RANGE)
    kinds = "a[href], button, input, select, summary, [tabindex]"
    found = page.locator(kinds).evaluate_all(
        """all => all
          .filter(each => each.checkVisibility() && !each.disabled && each.tabIndex >= 0)
          .map(each => { each.focus(); return {
            is: each.id || each.textContent.slice(0, 30), order: each.tabIndex,
            focused: document.activeElement === each,
            outline: getComputedStyle(each).outlineStyle,
            name: each.labels?.[0]?.textContent || each.getAttribute("aria-label")
              || each.textContent }; })"""
    )
    assert len(found) > 12
    for each in found:
        assert each["order"] == 0, each
        assert each["focused"], each
        assert each["outline"] != "none", each
        assert each["name"].strip(), each
    places = [each["is"] for each in found]
    wanted = ["sign-out", "organization", "from", "to", "funnel"]
    assert [one for one in places if one in wanted] == wanted


def test_a_preset_shows_another_range(stored: Office, desk: Desk) -> None:
    page = desk.open(stored.admin, **RANGE)
    was = page.url
    page.locator("[data-days='7']").click()
    expect(page).not_to_have_url(was)
    settled(page)
    first, last = (page.locator(each).input_value() for each in ("#from", "#to"))
    assert last > first > LAST
    assert "Nothing was paid in this range." in text(page, "#revenue .body")
    assert page.locator("#funnel").input_value()


@pytest.mark.parametrize("width", [320, 360, 768])
def test_it_fits_a_phone(stored: Office, desk: Desk, width: int) -> None:
    desk.width = width
    page = desk.open(stored.admin, **RANGE)
    needed, shown = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    wide = page.locator("body *").evaluate_all(
        """all => all.filter(each =>
             !each.closest(".wide") && !each.closest("svg") && !each.matches(".skip")
             && each.getBoundingClientRect().right > innerWidth + 1)
           .map(each => each.outerHTML.slice(0, 80))"""
    )
    assert needed <= shown == width
    assert wide == []


PICTURES = {"dashboard.png": (1_000, 1_390), "dashboard-phone.png": (360, 1_100)}
"""Width and height in pixels; those in docs/ are made here."""
COLOURS = 48


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_it_can_be_taken(
    stored: Office, desk: Desk, tmp_path: Path, name: str
) -> None:
    desk.width, height = PICTURES[name]
    desk.answer("/realtime", busy())
    today = datetime.now(UTC).date().isoformat()
    totals = {"sessions": 41, "page_views": 188, "conversions": 6, "currencies": {}}
    stored.day(FunnelDay, today, "default", "checkout", **totals)
    stored.world.documents["_daybook_members"].insert_many(map(counting, COUNTING))
    page = desk.open(stored.admin, funnel="checkout", **RANGE)
    expect(page.locator("#live")).to_contain_text("Page views")
    picture = tmp_path / name
    clip: FloatRect = {"x": 0, "y": 0, "width": desk.width, "height": height}
    shot = Image.open(BytesIO(page.screenshot(full_page=True, clip=clip)))
    shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)
    assert 10_000 < picture.stat().st_size < 60_000


COUNTING = groups.FUNNEL_STEP + groups.REVENUE + groups.ORDER_FUNNEL


def counting(group: str) -> dict[str, Any]:
    """What a member of the group says that has counted everything."""
    return {
        "_id": f"{group}:1",
        "heartbeat_at": datetime(2026, 1, 18, 10, 0, 2, tzinfo=UTC),
        "newest_event_at": datetime(2026, 1, 18, 10, tzinfo=UTC),
        "partitions": [{"topic_id": "t", "partition": 0, "lag": 0}],
    }


def busy() -> dict[str, Any]:
    """What `/realtime` says while a shop is visited."""
    steps = {"landing": 7, "product": 5, "cart": 3, "payment": 1}
    moves = [("step_entry", "cart"), ("step_exit", "product"), ("conversion", "thanks")]
    return {
        "funnel_id": "checkout",
        "source": "redis",
        "active_visitors": {
            "total": sum(steps.values()),
            "by_step": [{"step_id": s, "step_name": s, "visitors": n} for s, n in steps.items()],
        },
        "recent_events": [
            {"event_type": kind, "step_id": step, "timestamp": f"2026-01-18T09:59:5{9 - at}Z"}
            for at, (kind, step) in enumerate(moves)
        ],
        "conversions_last_5min": {"count": 1, "value_cents": 4_990, "currency": "EUR"},
        "as_of": FRESH,
    }
