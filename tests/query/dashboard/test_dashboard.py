"""The dashboard in a real Chromium, over a real service: its content and how it can be used."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from bson import Int64
from PIL import Image
from playwright.sync_api import FloatRect, expect

from daybook.query.read import groups
from daybook.simulate.funnels import GHOST
from models.funnel import FunnelDay
from tests.query.conftest import ORGANIZATION, Office
from tests.query.funnels.shop import FIRST, LAST
from tests.query.funnels.test_routes import publish
from tests.query.segments.audience import CARTS, Audience
from tests.segments.filters.person import Person
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
    """The number in a formatted text."""
    bare = shown.replace(",", "")
    return float(bare[:-1]) / 100 if bare.endswith("%") else float(bare)


def read(service: QueryProcess, key: str, path: str, **parameters: object) -> Any:
    reply = service.report(path, key, **parameters)
    assert reply.status == 200, reply.body
    return reply.json


def test_a_funnels_numbers_match_the_api(stored: Office, desk: Desk, service: QueryProcess) -> None:
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
    drop_offs = {row["step_id"]: row for row in lost["drop_off_funnel"]}
    for row, step in zip(steps, overview["steps"], strict=True):
        assert row[0] == step["step_name"]
        assert [number(row[at]) for at in (4, 5)] == [step["entries"], step["drop_offs"]]
        assert number(row[6]) == pytest.approx(step["drop_off_rate"], abs=0.0006)
        assert number(row[1]) == step["reached"]
        if step["step_id"] not in drop_offs:
            assert row[3] == "–", "the newest definition does not have it"
            continue
        cumulative = drop_offs[step["step_id"]]["cumulative_drop_off_rate"]
        assert number(row[3]) == pytest.approx(cumulative, abs=0.0006)
    assert number(shown["Unique visitors"]) == overview["visitors"]["unique"]
    assert number(shown["People"]) == overview["unique_people"]["count"]
    assert len(drop_offs) < len(steps), "a former step is among them"
    assert f"of {overview['basis']}" in text(page, "#funnel-report dl"), "the basis of the revenue"
    unpublished = desk.open(admin, funnel=GHOST, **RANGE)
    for row in rows(unpublished, "#funnel-report"):
        assert row[1:4] == ["–"] * 3, "no definition has these steps, so they have no reach"
    assert number(shown["Attempts"]) == lost["overall"]["attempts"]
    assert number(facts(page, "#summary")["Sessions"]) == report["totals"]["sessions"]


def test_the_platforms_orders_are_shown_to_admins(stored: Office, desk: Desk) -> None:
    page = desk.open(stored.admin, **RANGE)
    expect(page.locator("#revenue canvas")).to_have_count(2)
    shown = facts(page, "#revenue")
    assert shown["Gross"] == "€213.45"
    assert shown["Paid orders"] == "4"
    assert [row[:2] for row in rows(page, "#orders")][0] == ["Created", "8"]
    assert rows(page, "#revenue details")[0][:2] == [FIRST, "€90.00"]


def test_amounts_have_the_decimals_of_iso_4217_whatever_the_browser_thinks(desk: Desk) -> None:
    shown = desk.open().evaluate(
        "() => import('/dashboard/format.js').then(({ money }) => "
        "[[25000000, 'IQD'], [499000, 'HUF'], [1234, 'JPY'], [5, null]]"
        ".map(([minor, currency]) => money(minor, currency)))"
    )
    assert [one.replace("\xa0", " ") for one in shown] == [
        "IQD 25,000.000",
        "HUF 4,990.00",
        "¥1,234",
        "0.05",
    ]


def test_other_roles_see_why_the_platforms_numbers_are_missing(office: Office, desk: Desk) -> None:
    publish(office)
    page = desk.open(office.analyst, **FUNNEL)
    panels = ("#revenue", "#orders", "#summary", "#experiments", "#live", "#segments")
    shown = [text(page, f"{panel} .body") for panel in panels]
    assert "Only the role admin may read" in shown[0]
    assert "Only the role admin may read" in shown[1]
    assert "send a first event" in shown[2]
    assert "No experiment was seen" in shown[3]
    assert "Nobody is in this funnel" in shown[4]
    assert "No segment is defined" in shown[5]


def test_experiments_are_shown_with_interval_and_winner(office: Office, desk: Desk) -> None:
    publish(office)
    effect = {"difference": 0.06, "lower": 0.0306, "upper": 0.0894, "corrected_p": 6.4e-05}
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
        "sequential": True,
        "correction": "holm",
        "currency": "EUR",
        "variants": [control, treated],
        "gates": [{"gate": "sample_ratio", "passed": False}],
        "winner": {"variant_id": "t", "reason": "its rate is above"},
    }
    undecided = test | {"test_id": "other", "winner": None}
    desk.answer("/ab-tests", {"tests": [test, undecided], "as_of": FRESH})
    page = desk.open(office.analyst, **FUNNEL)
    shown = rows(page, "#experiments article")
    content = text(page, "#experiments")
    assert shown[0][5] == "control"
    assert shown[1][5] == "+6 (+3.06 to +8.94) points"
    assert shown[1][6] == "< 0.001"
    assert "Free shipping running, judged for many looks" in content
    assert "p (Holm)" in content
    assert "Winner: Treated, for its rate is above." in content
    assert "No winner. Failed checks: sample ratio." in content
    assert page.locator("#experiments .interval.better").count() == 2


def test_segments_are_shown_with_their_members_and_who_entered_and_left(
    office: Office, desk: Desk
) -> None:
    publish(office)
    audience = Audience(office.world.documents)
    audience.define("carts", CARTS)
    audience.add("u:a", Person().did("cart_add", "2 10:00"))
    audience.add("u:b", Person().did("cart_add", "1 12:00").did("cart_add", "2 08:59"))
    audience.define("new", CARTS, status="backfilling")
    page = desk.open(office.analyst, **FUNNEL)
    assert rows(page, "#segments") == [
        ["Carts", "1", "0", "1", "2", "1", "active, version 1"],
        ["New", "0", "0", "0", "0", "0", "backfilling, 12 of 12 shards, version 1"],
    ]
    assert "Everybody is evaluated up to Mar 3, 2026" in text(page, "#segments")


def test_without_segments_the_panel_says_how_to_define_one_and_freshness_asks_for_no_member(
    office: Office, desk: Desk
) -> None:
    publish(office)
    page = desk.open(office.analyst, **FUNNEL)
    assert "No segment is defined." in text(page, "#segments")
    assert "segment" not in text(page, "#freshness")


def test_every_funnel_can_be_chosen_whatever_the_report_lists(office: Office, desk: Desk) -> None:
    # An organization of its own: pages also list funnels that they hear of in Redis, which tests
    # share.
    organization = office.world.name
    analyst = office.key("analyst", organization)
    names = [f"f-{number:03d}" for number in range(201)]
    office.world.documents["funnels"].insert_many(
        {
            "_id": f"{organization}:{name}",
            "organization_id": organization,
            "funnel_id": name,
            "name": name.upper(),
            "status": "published",
            "published": True,
            "steps": [],
            "versions": [],
        }
        for name in names
    )
    office.day(FunnelDay, LAST, organization, "f-100", sessions=Int64(1))
    page = desk.open(analyst, organization=organization, **RANGE)
    assert page.locator("#funnel").input_value() == "f-100"
    options = page.locator("#funnel option").all_text_contents()
    assert sorted(options) == [name.upper() for name in names]
    quiet = {"organization": organization, "from": "2020-01-01", "to": "2020-01-02"}
    page = desk.open(analyst, **quiet)
    assert page.locator("#funnel").input_value() == ""
    assert page.locator("#funnel option").count() == len(names)


def test_names_that_are_markup_are_shown_as_text(office: Office, desk: Desk) -> None:
    publish(office)
    steps = [{"step_id": "a", "name": HOSTILE, "type": "page", "position": 1, "optional": False}]
    named = {"name": HOSTILE, "steps": steps}
    office.world.documents["funnels"].update_one(
        {"funnel_id": "f"},
        {"$set": named | {f"versions.0.{name}": value for name, value in named.items()}},
    )
    office.day(FunnelDay, LAST, ORGANIZATION, "f", sessions=Int64(1))
    page = desk.open(office.analyst, organization=ORGANIZATION, **RANGE)
    assert page.locator("img").count() == 0
    assert text(page, "#funnel option") == text(page, "#funnel-report bdi") == HOSTILE
    page = desk.open(office.analyst, organization=HOSTILE.replace(" ", "/"))
    assert page.locator("img").count() == 0
    assert "Not Found" in text(page, "#summary")


def test_every_control_is_reachable_by_keyboard_and_has_a_name(stored: Office, desk: Desk) -> None:
    """Controls take the focus in document order, show it, and have an accessible name."""
    page = desk.open(stored.admin, **RANGE)
    kinds = "a[href], button, input, select, summary, [tabindex]"
    found = page.locator(kinds).evaluate_all(
        """all => all
          .filter(each => each.checkVisibility() && !each.disabled && each.tabIndex >= 0)
          .map(each => { each.focus(); return {
            id: each.id || each.textContent.slice(0, 30), order: each.tabIndex,
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
    order = [each["id"] for each in found]
    expected = ["sign-out", "organization", "from", "to", "funnel"]
    assert [name for name in order if name in expected] == expected


def test_a_preset_shows_another_range(stored: Office, desk: Desk) -> None:
    page = desk.open(stored.admin, **RANGE)
    before = page.url
    page.locator("[data-days='7']").click()
    expect(page).not_to_have_url(before)
    settled(page)
    first, last = (page.locator(each).input_value() for each in ("#from", "#to"))
    assert last > first > LAST
    assert "Nothing was paid in this range." in text(page, "#revenue .body")
    assert page.locator("#funnel").input_value()


@pytest.mark.parametrize("width", [320, 360, 768])
def test_the_page_fits_narrow_screens(stored: Office, desk: Desk, width: int) -> None:
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
"""Width and height in pixels, of the screenshots in docs/."""
COLOURS = 48


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_the_dashboard(stored: Office, desk: Desk, tmp_path: Path, name: str) -> None:
    desk.width, height = PICTURES[name]
    desk.answer("/realtime", busy_shop())
    today = datetime.now(UTC).date().isoformat()
    totals = {"sessions": 41, "page_views": 188, "conversions": 6, "currencies": {}}
    stored.day(FunnelDay, today, "default", "checkout", **totals)
    stored.world.documents["_daybook_members"].insert_many(map(caught_up_member, GROUPS))
    page = desk.open(stored.admin, funnel="checkout", **RANGE)
    expect(page.locator("#live")).to_contain_text("Page views")
    picture = tmp_path / name
    clip: FloatRect = {"x": 0, "y": 0, "width": desk.width, "height": height}
    shot = Image.open(BytesIO(page.screenshot(full_page=True, clip=clip)))
    shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)
    assert 10_000 < picture.stat().st_size < 60_000


GROUPS = groups.FUNNEL_STEP + groups.REVENUE + groups.ORDER_FUNNEL


def caught_up_member(group: str) -> dict[str, Any]:
    """The report of a member of the group that has counted everything."""
    return {
        "_id": f"{group}:1",
        "heartbeat_at": datetime(2026, 1, 18, 10, 0, 2, tzinfo=UTC),
        "newest_event_at": datetime(2026, 1, 18, 10, tzinfo=UTC),
        "partitions": [{"topic_id": "t", "partition": 0, "lag": 0}],
    }


def busy_shop() -> dict[str, Any]:
    """The body of `/realtime` for a shop with visitors."""
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
