"""One person on two devices is two visitors of one user, wherever members die."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybook.simulate.answer.answer import answer
from tests.consumers.test_funnel_step import after_deaths
from tests.simulate.short_logs import NOON, TODAY, Log
from tests.support.funnel_counting import collections, lanes
from tests.support.funnel_traffic import DAY_MS
from tests.support.known_answer import Documents, assert_is_the_known_answer
from tests.support.uniques import Name, estimates, known
from tests.support.visitors import Visitors

YESTERDAY = "2026-03-01"
HOURS = 3600.0
PHONE, LAPTOP = "phone", "laptop"


def log() -> Log:
    """On the laptop until told otherwise."""
    empty = Log(LAPTOP)
    empty.appended_ms = int(NOON.timestamp() * 1000)
    return empty


def on(device: str, entries: Log) -> Log:
    entries.visitor = device
    return entries


def users(documents: Documents, day: str = TODAY) -> list[tuple[str, str]]:
    """The visitors and users of the rows of a day."""
    date = datetime.fromisoformat(day).replace(tzinfo=UTC)
    rows = documents.get("funnel_users", {}).values()
    return sorted((r["visitor_id"], r["user_id"]) for r in rows if r["date"] == date)


def numbers(documents: Documents, day: str = TODAY) -> tuple[int, int]:
    """Unique visitors, and the named ones among them."""
    fields = documents["analytics_funnel"][f"default:f:{day}"]
    return fields["unique_visitors"], fields["named_visitors"]


def of_people(documents: Documents, period: str) -> tuple[int, int, int]:
    """The sketches' visitors, named visitors and users."""
    found = estimates(documents["analytics_uniques"].values())
    kinds = ("funnel", "funnel_named", "funnel_users")
    names = [("default", kind, "f", None, period) for kind in kinds]
    visiting, named, of_users = (found[n].estimate if n in found else 0 for n in names)
    return visiting, named, of_users


def test_two_devices_in_two_partitions_are_one_person() -> None:
    entries = on(PHONE, log().view("/a", 0, user_id="u")).view("/a", 1, user_id="u").entries
    assert sorted(map(len, lanes(entries))) == [0, 1, 1]
    documents = collections(entries)
    assert numbers(documents) == (2, 2)
    assert users(documents) == [(LAPTOP, "u"), (PHONE, "u")]
    assert of_people(documents, TODAY) == of_people(documents, TODAY[:7]) == (2, 2, 1)


def test_who_names_a_user_on_the_second_of_two_days_is_one_person_of_the_month() -> None:
    documents = collections(log().view("/a", -24 * HOURS).view("/a", 0, user_id="u").entries)
    assert (numbers(documents, YESTERDAY), numbers(documents)) == ((1, 0), (1, 1))
    assert of_people(documents, YESTERDAY) == (1, 0, 0)
    assert of_people(documents, TODAY[:7]) == (1, 1, 1)


def test_a_late_event_is_that_of_the_user_named_before_it_in_the_log() -> None:
    documents = collections(log().view("/a", 0, user_id="u").view("/a", -24 * HOURS).entries)
    assert numbers(documents, YESTERDAY) == (1, 1)
    assert users(documents, YESTERDAY) == [(LAPTOP, "u")]


def test_a_device_of_two_people_is_in_neither_and_both_count() -> None:
    entries = log().view("/a", 0, user_id="u").view("/a", 1, user_id="w").view("/a", 2)
    documents = collections(entries.entries)
    assert numbers(documents) == (1, 1)
    assert users(documents) == [(LAPTOP, "u"), (LAPTOP, "w")]
    assert of_people(documents, TODAY) == (1, 1, 2)


@pytest.mark.parametrize("messages", [1, 40])
def test_neither_a_bot_nor_a_repeated_event_names_anybody(messages: int) -> None:
    entries = log().view("/a", 0, user_id="u").view("/a", 1, user_id="w").again(0)
    entries.view("/a", 2, user_id="x", context={"bot": ["rate"]}).view("/a", 24 * HOURS)
    documents = collections(entries.entries, messages=messages)
    assert users(documents, "2026-03-03") == [(LAPTOP, "w")]
    assert of_people(documents, TODAY[:7]) == (1, 1, 2)


@pytest.mark.parametrize("messages", [1, 40])
def test_a_user_is_remembered_when_everything_else_is_forgotten(messages: int) -> None:
    entries = log().view("/a", 0, user_id="u")
    entries.session, entries.appended_ms = "later", entries.appended_ms + 36 * DAY_MS
    documents = collections(entries.view("/a", 36 * 24 * HOURS).entries, messages=messages)
    assert users(documents, "2026-04-07") == [(LAPTOP, "u")]
    assert numbers(documents, "2026-04-07") == (1, 1)


@pytest.mark.parametrize("messages", [1, 40])
def test_a_visitor_is_named_in_the_hour_of_their_first_event_of_the_day(messages: int) -> None:
    """So that each hour's named visitors are among its unique visitors."""
    entries = log().view("/a", 0).view("/a", 5 * HOURS, user_id="u").entries
    documents = collections(entries, messages=messages)
    hours = documents["analytics_funnel"][f"default:f:{TODAY}"]["hours"]
    assert [hour for hour, numbers in hours.items() if numbers.get("named_visitors")] == ["12"]


def people_of(documents: Documents) -> tuple[set[str], dict[Name, int]]:
    """The rows of users, and the sketches' numbers."""
    found = estimates(documents["analytics_uniques"].values())
    return set(documents["funnel_users"]), {name: one.estimate for name, one in found.items()}


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    deaths=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), min_size=1, max_size=6),
)
def test_members_that_die_anywhere_change_neither_rows_nor_sketches(
    seed: int, deaths: list[tuple[int, int]]
) -> None:
    visitors = Visitors(seed, people=2)
    visitors.act(200)
    documents = after_deaths(visitors.entries, deaths)
    assert people_of(documents) == people_of(after_deaths(visitors.entries, []))
    assert people_of(documents)[1] == known(visitors.entries)
    assert_is_the_known_answer(documents, answer(visitors.entries))
