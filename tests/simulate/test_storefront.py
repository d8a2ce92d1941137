"""The generated traffic: reproducible, of the requested size, consistent, and odd enough."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pytest

from daybook.engine.moment import parse_moment
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import Entry
from daybook.simulate.answer.memory import SESSION_EVENTS_MAX
from daybook.simulate.answer.shape import OF_THE_PLATFORM, SHAPES
from daybook.simulate.experiments import CONTROL, EXPERIMENTS, TREATMENT, Experiment
from daybook.simulate.funnels import CHECKOUT, EXPLORE, GHOST, GIFT_WRAP, HELP_DESK, LATE, UPSELL
from daybook.simulate.message import DEFINITIONS, FUNNELS, ORDERS, TRACKING, USERS, Message
from daybook.simulate.organizations import ORGANIZATIONS
from daybook.simulate.parts import parts
from daybook.simulate.plan import DAY_MS, Plan
from daybook.simulate.storefront import storefront
from schemas.catalogue import source

REVERSING = ("order.refund_failed", "order.dispute_won")
PLAN = Plan(events=20_000, seed=3, start=date(2026, 3, 2), days=7)


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return list(storefront(PLAN))


@pytest.fixture(scope="module")
def tracked(messages: list[Message]) -> list[dict[str, Any]]:
    """Each event once."""
    found = {m.event["event_id"].lower(): m.event for m in messages if m.topic == TRACKING}
    return list(found.values())


@pytest.fixture(scope="module")
def lines(messages: list[Message]) -> list[dict[str, Any]]:
    return answer(Entry(message.topic, message.event, 0) for message in messages)


def test_the_same_seed_gives_the_same_traffic(messages: list[Message]) -> None:
    assert list(storefront(PLAN)) == messages


def test_another_seed_gives_other_traffic() -> None:
    one, other = (Plan(100, seed, PLAN.start, 1) for seed in (1, 2))
    assert list(storefront(one)) != list(storefront(other))


@pytest.mark.parametrize("events", [1, 2, 777])
def test_there_are_exactly_as_many_tracking_events_as_requested(events: int) -> None:
    made = storefront(Plan(events, 5, PLAN.start, 2))
    assert sum(message.topic == TRACKING for message in made) == events


def test_every_message_is_valid_in_its_topic_and_has_the_right_key(messages: list[Message]) -> None:
    for message in messages:
        event = source(message.topic).events.validate_json(message.value)
        assert source(message.topic).key_of(event) == message.key


def test_messages_are_in_order_of_arrival(messages: list[Message]) -> None:
    arrivals = [message.arrival_ms for message in messages]
    assert arrivals == sorted(arrivals)


def test_traffic_covers_all_requested_days(tracked: list[dict[str, Any]]) -> None:
    days = Counter(event["occurred_at"][:10] for event in tracked)
    whole = {f"2026-03-{day:02}" for day in range(2, 9)}
    assert all(days[day] > PLAN.events / PLAN.days / 2 for day in whole)


def test_nothing_happens_later_than_a_day_after_the_end(messages: list[Message]) -> None:
    latest = max(parse_moment(m.event["occurred_at"]) for m in messages)
    assert latest.timestamp() * 1000 < PLAN.end_ms + DAY_MS


def test_a_definition_begins_a_part(messages: list[Message]) -> None:
    found = [list(part) for part in parts(iter(messages))]
    assert [message for part in found for message in part] == messages
    for part in found:
        topics = [message.topic in DEFINITIONS for message in part]
        assert topics == sorted(topics, reverse=True)
        assert topics[0]
    assert len(found) == 3


def test_the_checkout_gets_a_new_definition_halfway(messages: list[Message]) -> None:
    published = [m.event["data"] for m in messages if m.topic == FUNNELS]
    checkouts = [data for data in published if data["funnel_id"] == CHECKOUT and "steps" in data]
    steps = [{step["step_id"] for step in data["steps"]} for data in checkouts]
    before, after = steps[0], steps[-1]
    assert (before - after, after - before) == ({UPSELL, HELP_DESK}, {GIFT_WRAP})
    assert not [data for data in published if data["funnel_id"] == GHOST]


def test_every_order_belongs_to_a_session_and_a_funnel_and_adds_up(
    messages: list[Message], tracked: list[dict[str, Any]]
) -> None:
    sessions = {
        (event["data"]["visitor_id"], event["data"]["session_id"])
        for event in tracked
        if "session_id" in event["data"]
    }
    histories: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for message in messages:
        if message.topic == ORDERS:
            histories[message.key].append(message.event)
    assert len(histories) > 100
    for history in histories.values():
        kinds = [event["event_type"] for event in history]
        data = history[0]["data"]
        assert kinds[0] == "order.created"
        assert (data["visitor_id"], data["session_id"]) in sessions
        assert data["funnel_id"]
        assert data["step_id"]
        total = sum(item["quantity"] * item["price_cents"] for item in data["items"])
        assert total == data["total_cents"]
        refunds = {
            e["event_id"].lower(): e["data"].get("refund_cents", 0)
            for e in history
            if e["event_type"] not in REVERSING
        }
        assert sum(refunds.values()) <= total


def test_some_orders_are_paid_in_parts_or_twice_and_some_refunds_are_given_back(
    messages: list[Message],
) -> None:
    events = {m.event["event_id"].lower(): m.event for m in messages if m.topic == ORDERS}
    payments: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events.values():
        if event["event_type"] == "order.payment_succeeded":
            payments[event["data"]["order_id"]].append(event["data"])
    several = [received for received in payments.values() if len(received) > 1]
    assert [received for received in several if "installment" in received[0]]
    assert [received for received in several if received[0] == received[1]]
    assert {event["event_type"] for event in events.values()} >= set(REVERSING)


def test_lines_are_tickets_of_their_orders_event_or_one_of_their_own(
    messages: list[Message], lines: list[dict[str, Any]]
) -> None:
    created = [m.event["data"] for m in messages if m.event["event_type"] == "order.created"]
    kinds = {
        ("event_id" in data, *sorted({"ticketed_event_id" in line for line in data["items"]}))
        for data in created
    }
    assert kinds >= {(True, False), (True, False, True), (False, True), (False, False)}
    days = [x["fields"] for x in lines if x["collection"] == "analytics_event_revenue"]
    assert sum(day["tickets_sold"] for day in days) > sum(day["tickets_returned"] for day in days)
    assert any(day["tickets_returned"] for day in days)


def test_an_account_is_created_before_it_is_used(messages: list[Message]) -> None:
    created: set[str] = set()
    for message in messages:
        if message.topic == USERS:
            created |= {message.key} if message.event["event_type"] == "user.created" else set()
            assert message.key in created
    assert len(created) > 50


def test_purchases_have_the_value_of_their_orders(
    messages: list[Message], tracked: list[dict[str, Any]]
) -> None:
    created = {m.key: m.event["data"] for m in messages if m.event["event_type"] == "order.created"}
    worth = {(d["session_id"], d["total_cents"], d["currency"]) for d in created.values()}
    bought = [event["data"] for event in tracked if event["event_type"] == "purchase"]
    known = [d for d in bought if "value_cents" in d]
    assert len(known) > 50
    assert {(d["session_id"], d["value_cents"], d["currency"]) for d in known} <= worth


def test_every_kind_of_oddity_occurs(
    messages: list[Message], tracked: list[dict[str, Any]]
) -> None:
    data = [event["data"] for event in tracked]
    contexts = [d["context"] for d in data if "context" in d]
    visits = [d for d in data if "session_id" in d]
    owners = {(e.get("organization_id"), e["data"].get("visitor_id")) for e in tracked}
    named = {(d["visitor_id"], d["user_id"]) for d in visits if "user_id" in d}
    found = {
        "duplicates": PLAN.events - len(tracked),
        "ids in capitals": sum(m.event["event_id"].isupper() for m in messages),
        "bots": sum("bot" in context for context in contexts),
        "no context": len(visits) - len(contexts),
        "no organization": sum("organization_id" not in event for event in tracked),
        "its name all the same": sum(e.get("organization_id") == "default" for e in tracked),
        "visitors of two organizations": len(owners) - len({name for _, name in owners}),
        "people with two devices": len(named) - len({user for _, user in named}),
        "devices of two people": len(named) - len({visitor for visitor, _ in named}),
        "a funnel that nobody defined": sum(d.get("funnel_id") == GHOST for d in data),
        "a funnel that was defined late": sum(d.get("funnel_id") == LATE for d in data),
        "awkward names": sum(d.get("funnel_id") == EXPLORE for d in data),
        "a source named as a reserved word": sum(c.get("source") == "other" for c in contexts),
        "previous steps that never were": sum(d.get("previous_step_id") == "nowhere" for d in data),
        "a shared session": sum(d.get("session_id") == "shared-by-mistake" for d in data),
        "another zone": sum("+05:30" in event["occurred_at"] for event in tracked),
        "microseconds": sum(len(event["occurred_at"]) == 27 for event in tracked),
        "late by hours": _late(tracked, 3_600),
        "a clock that is ahead": _late(tracked, -3_600, sign=-1),
        "scans": sum(event["event_type"] == "barcode_scanned" for event in tracked),
        "e-mails that failed": sum(event["event_type"] == "email_failed" for event in tracked),
    }
    assert not [oddity for oddity, count in found.items() if count == 0]


def test_some_sessions_are_very_long_and_some_pass_midnight(tracked: list[dict[str, Any]]) -> None:
    sessions: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in tracked:
        if "session_id" in (data := event["data"]):
            sessions[data["visitor_id"], data["session_id"]].append(event["occurred_at"][:10])
    assert max(len(days) for days in sessions.values()) > SESSION_EVENTS_MAX
    assert sum(len(set(days)) > 1 for days in sessions.values()) > 5


def test_the_answer_has_documents_of_every_collection(lines: list[dict[str, Any]]) -> None:
    kinds = Counter(line["collection"] for line in lines)
    assert set(kinds) == set(SHAPES)
    ids = {x["_id"].split(":")[0] for x in lines if x["collection"] not in OF_THE_PLATFORM}
    assert ids == {"default", "acme", "globex%2Eco%3A%241"}
    assert len(ids) == len(ORGANIZATIONS)


def test_the_numbers_of_the_answer_add_up(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        fields = line["fields"]
        for name, value in fields.items():
            if isinstance(value, int):
                hours = sum(hour.get(name, 0) for hour in fields["hours"].values())
                assert hours == value, f"{line['_id']} {name}"
        if line["collection"] == "analytics_funnel":
            people = fields["new_visitors"] + fields["returning_visitors"]
            assert people == fields["unique_visitors"]
            assert fields["completions"] <= fields["attempts"]
            by_type = fields["conversions_by_type"].values()
            assert sum(each["count"] for each in by_type) == fields["conversions"]
        if line["collection"] == "analytics_funnel_revenue":
            split = fields["by_source"].values()
            assert sum(each.get("orders", 0) for each in split) == fields["orders"]
        if line["collection"] == "analytics_funnel_step":
            assert sum(fields["exits_by_outcome"].values()) == fields["exits"]
            assert sum(fields["time_histogram"].values()) == fields["time_spent_count"]


def test_the_answer_has_documents_with_no_currency_one_and_two(lines: list[dict[str, Any]]) -> None:
    funnels = [line["fields"] for line in lines if line["collection"] == "analytics_funnel"]
    by_number = {len(f["currencies"]): f["value_cents"] for f in funnels}
    assert by_number.keys() == {0, 1, 2}
    assert (by_number[0], by_number[2]) == (0, None)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: str(experiment.test))
def test_an_experiment_has_the_effect_of_its_chances(
    lines: list[dict[str, Any]], experiment: Experiment
) -> None:
    rates = {}
    for variant in (CONTROL, TREATMENT):
        own = [
            line["fields"]
            for line in lines
            if line["collection"] == "analytics_experiment"
            and f":{experiment.test.replace('.', '%2E')}:{variant}:" in line["_id"]
        ]
        people = sum(fields["visitors"] for fields in own)
        assert people > 100
        rates[variant] = sum(fields["conversions"] for fields in own) / people
    found = rates[TREATMENT] / rates[CONTROL]
    given = experiment.pass_chances[TREATMENT] / experiment.pass_chances[CONTROL]
    assert abs(found - given) < 0.4
    assert (found > 1) == (given > 1)


def _late(tracked: list[dict[str, Any]], seconds: int, sign: int = 1) -> int:
    """The number of events that arrived more than `seconds` after their occurred_at."""
    received = [
        (event["occurred_at"], event["data"]["context"]["received_at"])
        for event in tracked
        if "context" in event["data"]
    ]
    delays = [
        (parse_moment(arrived) - parse_moment(at)).total_seconds() for at, arrived in received
    ]
    return sum(sign * delay > sign * seconds for delay in delays)
