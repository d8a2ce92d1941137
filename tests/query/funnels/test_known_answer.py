"""Every report of a simulated shop, over HTTP, compared with the known answer of its traffic."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from daybook.engine.documents.keys import encode_part
from daybook.engine.moment import parse_moment
from daybook.query.funnels.load import USER_ROWS_MAX
from daybook.query.funnels.overview_splits import SPLITS
from daybook.simulate.answer.entry import TRACKING
from tests.query.funnels.conftest import Reading
from tests.query.funnels.shop import FIRST, LAST, shop
from tests.support.judged import judged

RANGE = {"date_from": FIRST, "date_to": LAST}
DAY = {"date_from": "2026-01-09", "date_to": "2026-01-09"}
TWO_DEVICES_ON = "2026-01-06"
ORGANIZATIONS = ("default", "acme", "globex.co:$1")
FUNNELS = ("checkout", "signup", "tickets", "a.b$c%d:e", "late", "ghost")
OF_NO_FUNNEL = frozenset({"experiment_exposed"})

Days = list[dict[str, Any]]


def known(collection: str, *key: str, day: str | None = None, last: str = LAST) -> Days:
    """The known fields of the documents with this key, in the order of days of the range."""
    before = "".join(f"{encode_part(part)}:" for part in key)
    found = sorted(shop().known.get(collection, {}).items())
    return [
        fields
        for name, fields in found
        if name.startswith(before)
        and (day is None or name.endswith(day))
        and FIRST <= name[-10:] <= last
    ]


def sum_of(days: Days, field: str) -> int:
    return sum(day[field] for day in days)


def sums(days: Days, field: str, part: str | None = None) -> Counter[str]:
    found: Counter[str] = Counter()
    for day in days:
        for key, value in day[field].items():
            found[key] += value if part is None else value.get(part) or 0
    return found


def money(days: Days, currency: str | None, field: str = "value_cents") -> int:
    return sum(day["currencies"].get(currency, {}).get(field, 0) for day in days)


def people(organization: str, funnel: str, kind: str | None = None) -> int:
    """Distinct visitors with an event (of a type) in the funnel, from the events themselves."""
    return len(
        {
            entry.event["data"]["visitor_id"]
            for entry in shop().entries
            if entry.topic == TRACKING
            and entry.event.get("organization_id", "default") == organization
            and entry.event["data"].get("funnel_id") == funnel
            and entry.event["event_type"] not in OF_NO_FUNNEL
            and kind in (None, entry.event["event_type"])
            and not entry.event["data"].get("context", {}).get("bot")
            and FIRST <= day_of(entry.event) <= LAST
        }
    )


def day_of(event: Mapping[str, Any]) -> str:
    return parse_moment(event["occurred_at"]).astimezone(UTC).date().isoformat()


def distinct_people(organization: str, funnel: str, day: str | None = None) -> dict[str, int]:
    """The number of people, and of the users among them, from the events themselves in the log's
    order."""
    now: dict[str, str] = {}
    visitors: set[str] = set()
    users: dict[str, set[str]] = {}
    for entry in shop().entries:
        event, data = entry.event, entry.event["data"]
        if (
            entry.topic != TRACKING
            or "visitor_id" not in data
            or event.get("organization_id", "default") != organization
            or data.get("context", {}).get("bot")
        ):
            continue
        visitor = data["visitor_id"]
        if "user_id" in data:
            now[visitor] = data["user_id"]
        at = day_of(event)
        is_of_funnel = data.get("funnel_id") == funnel and event["event_type"] not in OF_NO_FUNNEL
        if is_of_funnel and (day or FIRST) <= at <= (day or LAST):
            visitors.add(visitor)
            if visitor in now:
                users.setdefault(visitor, set()).add(now[visitor])
    distinct = set[str]().union(*users.values())
    return {"count": len(visitors - users.keys()) + len(distinct), "users": len(distinct)}


def steps_of(organization: str, funnel: str) -> set[str]:
    names = (f"{encode_part(organization)}:{encode_part(funnel)}:",)
    stored = shop().stored["analytics_funnel_step"]
    return {each["step_id"] for name, each in stored.items() if name.startswith(names)}


def ratio(part: int, whole: int) -> Any:
    return pytest.approx(part / whole) if whole else None


def check_overview(reading: Reading, organization: str, funnel: str) -> None:
    path = f"/funnels/{encoded(funnel)}/overview"
    body = reading.report(path, organization, **RANGE)
    days = known("analytics_funnel", organization, funnel)
    unique, converting = sum_of(days, "unique_visitors"), sum_of(days, "converting_visitors")
    # Few enough for a sketch to be exact, so the union is exact.
    assert body["visitors"] == {
        "total": sum_of(days, "visitors"),
        "unique": people(organization, funnel),
        "unique_people": distinct_people(organization, funnel)["count"],
        "new": sum_of(days, "new_visitors"),
        "returning": max(0, people(organization, funnel) - sum_of(days, "new_visitors")),
    }
    assert body["uniques"]["method"] == body["unique_people"]["method"] == "exact"
    assert body["unique_people"]["users"] == distinct_people(organization, funnel)["users"]
    assert body["uniques"]["by_day"] == unique
    conversions = body["conversions"]
    assert conversions["total"] == sum_of(days, "conversions")
    converters = people(organization, funnel, "conversion")
    assert conversions["converting_visitors"] == converters
    assert conversions["rate"] == ratio(converters, people(organization, funnel))
    assert conversions["rate_lower"] == conversions["rate"] == conversions["rate_upper"]
    assert conversions["daily_conversion_rate"] == ratio(converting, unique)
    assert conversions["value_cents"] == money(days, body["currency"])
    currencies = {currency for day in days for currency in day["currencies"]}
    assert body["by_currency"].keys() | {body["currency"]} >= currencies
    for currency, worth in body["by_currency"].items():
        assert worth["value_cents"] == money(days, currency)
    assert body["engagement"]["bounce_rate"] == ratio(
        sum_of(days, "bounced_sessions"), sum_of(days, "sessions")
    )
    for split in SPLITS:
        rows = [*body[split], body["others"][split]]
        assert sum(row["visitors"] for row in rows) == unique
        assert sum(row["percentage"] for row in rows) == pytest.approx(100 if unique else 0)
    assert sum(row["events"] for row in body["bots"]) == sums(days, "bots").total()
    for row in body["steps"]:
        own = known("analytics_funnel_step", organization, funnel, row["step_id"])
        for name in ("visitors", "entries", "exits", "drop_offs", "reached"):
            assert row[name] == sum_of(own, name)
        assert row["drop_off_rate"] == ratio(row["drop_offs"], row["entries"])
    assert {row["step_id"] for row in body["steps"]} >= steps_of(organization, funnel) - {
        "unattributed"
    }


def check_step(reading: Reading, organization: str, funnel: str, step: str) -> None:
    path = f"/funnels/{encoded(funnel)}/steps/{encoded(step)}"
    days = known("analytics_funnel_step", organization, funnel, step)
    for granularity in ("hour", "day", "week"):
        body = reading.report(path, organization, **RANGE, granularity=granularity)
        assert len(body["over_time"]) == {"hour": 14 * 24, "day": 14, "week": 2}[granularity]
        for name in ("visitors", "entries", "exits"):
            assert sum(point[name] for point in body["over_time"]) == sum_of(days, name)
        assert body["summary"]["entries"] == sum_of(days, "entries")
    sources = Counter({row["source"]: row["visitors"] for row in body["traffic_sources"]})
    assert sources.total() <= sums(days, "sources").total() == sum_of(days, "unique_visitors")
    paths = sums(days, "entry_paths")
    direct = [row["count"] for row in body["entry_paths"] if row["previous_step_id"] is None]
    assert sum(direct) == paths["direct"]
    assert sum(row["count"] for row in body["entry_paths"]) == paths.total()
    assert sum(row["count"] for row in body["exit_paths"]) == sums(days, "exit_paths").total()


def check_conversions(reading: Reading, organization: str, funnel: str) -> None:
    path = f"/funnels/{encoded(funnel)}/conversions"
    body = reading.report(path, organization, **RANGE, page_size=200)
    days = known("analytics_funnel", organization, funnel)
    conversions = sum_of(days, "conversions")
    assert body["summary"]["total_conversions"] == conversions
    assert sum(row["count"] for row in body["by_type"]) == conversions
    assert sum(row["count"] for row in body["by_goal"]) == conversions
    assert sum(row["conversions"] for row in body["by_step"]) == conversions
    assert sum(point["conversions"] for point in body["over_time"]) == conversions
    value = sum(point["value_cents"] for point in body["over_time"])
    assert value == body["summary"]["total_value_cents"] == money(days, body["currency"])
    rows = body["converting_visitors"]
    assert not body["pagination"]["has_more"]
    assert sum(row["conversions"] for row in rows) == conversions
    assert sum(row["total_value_cents"] for row in rows) == value


def check_drop_offs(reading: Reading, organization: str, funnel: str) -> None:
    body = reading.report(f"/funnels/{encoded(funnel)}/dropoffs", organization, **RANGE)
    days = known("analytics_funnel", organization, funnel)
    attempts, completions = sum_of(days, "attempts"), sum_of(days, "completions")
    assert body["overall_drop_off_rate"] == ratio(attempts - completions, attempts)
    judged = {row["step_id"]: row for row in body["steps_with_drop_off"]}
    for row in body["drop_off_funnel"]:
        own = known("analytics_funnel_step", organization, funnel, row["step_id"])
        assert row["drop_offs"] == sum_of(own, "drop_offs")
        reached = sum_of(own, "reached")
        assert row["cumulative_drop_off_rate"] == ratio(attempts - reached, attempts)
        if row["lost"]:
            assert row["pass_through_rate"] == ratio(reached - row["lost"], reached)
            assert judged[row["step_id"]]["lost"] == row["lost"]
    for row in body["steps_with_drop_off"]:
        shares = [reason["percentage"] for reason in row["common_exit_reasons"]]
        if shares:
            assert sum(shares) + row["other_exit_reasons"]["percentage"] == pytest.approx(100)


def check_experiments(reading: Reading, organization: str, funnel: str) -> None:
    body = reading.report(f"/funnels/{encoded(funnel)}/ab-tests", organization)
    for test in body["tests"]:
        outcomes = judged(shop().entries, organization, test["test_id"])
        for variant in test["variants"]:
            outcome = outcomes[variant["variant_id"]]
            assert variant["visitors"] == outcome.visitors
            assert variant["conversions"] == outcome.conversions
            assert variant["multiple_exposures"] == outcome.multiple
            assert variant["revenue_cents"] == outcome.cents[test["currency"]]
            assert (variant["confidence"] is None) == variant["is_control"]


def check_revenue(reading: Reading, organization: str, funnel: str) -> None:
    body = reading.report(f"/funnels/{encoded(funnel)}/revenue", organization, **RANGE)
    days = known("analytics_funnel", organization, funnel)
    gross = money(days, body["currency"])
    assert body["basis"] == "conversions"
    assert body["summary"]["total_revenue_cents"] == gross
    for part in ("by_source", "by_step", "over_time"):
        assert sum(row["revenue_cents"] for row in body[part]) == gross
    if gross:
        assert sum(row["percentage"] for row in body["by_source"]) == pytest.approx(100)


def encoded(text: str) -> str:
    return text.replace("%", "%25").replace("$", "%24").replace(":", "%3A")


def test_all_reports_of_all_funnels_match_the_known_answer(reading: Reading) -> None:
    for organization in ORGANIZATIONS:
        for funnel in FUNNELS:
            check_overview(reading, organization, funnel)
            for step in sorted(steps_of(organization, funnel) - {"unattributed"})[:2]:
                check_step(reading, organization, funnel, step)
            check_conversions(reading, organization, funnel)
            check_drop_offs(reading, organization, funnel)
            check_experiments(reading, organization, funnel)
            check_revenue(reading, organization, funnel)


def test_one_day_is_exact_and_adds_up_to_its_hours(reading: Reading) -> None:
    body = reading.report("/funnels/checkout/overview", **DAY)
    (day,) = known("analytics_funnel", "default", "checkout", day=DAY["date_from"])
    assert body["visitors"]["unique"] == day["unique_visitors"]
    assert body["uniques"]["method"] == "exact"
    hours = reading.report("/funnels/checkout/conversions", **DAY, granularity="hour")
    assert sum(point["conversions"] for point in hours["over_time"]) == day["conversions"]


def people_on(day: str) -> dict[str, str]:
    return {"date_from": day, "date_to": day}


def test_the_people_of_a_day_are_exact(reading: Reading) -> None:
    """Of these days, each has a person with more devices than one."""
    for organization, day, fewer in (
        ("default", TWO_DEVICES_ON, 1),
        ("default", "2026-01-05", 2),
        ("acme", "2026-01-13", 1),
    ):
        body = reading.report("/funnels/checkout/overview", organization, **people_on(day))
        found, expected = body["unique_people"], distinct_people(organization, "checkout", day)
        assert found["method"] == "exact"
        assert {name: found[name] for name in expected} == expected
        assert found["count"] == body["visitors"]["unique"] - fewer


def test_a_comparison_has_the_people_of_the_period_before(reading: Reading) -> None:
    day = people_on("2026-01-07")
    body = reading.report("/funnels/checkout/overview", **day, compare="previous")
    before = distinct_people("default", "checkout", TWO_DEVICES_ON)["count"]
    assert body["previous"]["visitors"]["unique_people"] == before
    change = body["change"]["visitors.unique_people"]["absolute"]
    assert change == body["unique_people"]["count"] - before


def test_a_day_with_more_rows_of_users_than_are_read_goes_by_its_sketch(reading: Reading) -> None:
    date = datetime.fromisoformat(TWO_DEVICES_ON).replace(tzinfo=UTC)
    named = {"organization_id": "default", "funnel_id": "checkout", "date": date}
    more = ({**named, "user_id": f"user {number % 7}"} for number in range(USER_ROWS_MAX))
    reading.office.world.documents["funnel_users"].insert_many(more)
    body = reading.report("/funnels/checkout/overview", **people_on(TWO_DEVICES_ON))
    expected = distinct_people("default", "checkout", TWO_DEVICES_ON)
    assert {name: body["unique_people"][name] for name in expected} == expected


def test_a_day_whose_rows_of_users_are_not_rebuilt_goes_by_its_sketch(reading: Reading) -> None:
    """As after a rebuild of that day alone: it fills counters and sketches, and no rows."""
    documents = reading.office.world.documents
    documents["_daybook"].update_many({}, {"$unset": {"models.funnel_users": ""}})
    documents["funnel_users"].delete_many({})
    body = reading.report("/funnels/checkout/overview", **people_on(TWO_DEVICES_ON))
    expected = distinct_people("default", "checkout", TWO_DEVICES_ON)
    assert {name: body["unique_people"][name] for name in expected} == expected
