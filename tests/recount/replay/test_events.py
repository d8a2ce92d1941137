"""The base of every group's recount: days, duplicates, keys, and events that cannot be counted."""

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from daybook.engine.decode.duplicate_window import own_id
from daybook.recount.log.messages import Facts
from daybook.recount.replay import replay as replay_module
from daybook.recount.replay.replay import Replay
from tests.support.recounting import HandLog, counted, reach, replayed, sums
from tests.support.times import OTHER_TEXTS, SAME_TIMES

EVENTS_SQL = Path(replay_module.__file__).with_name("events.sql")

ONE = "aaaaaaaa-0000-4000-8000-00000000000a"


def given(replay: Replay, query: str, parameter: object) -> list[Any]:
    """The rows of a query that uses the rules' macros."""
    rows: list[Any] = replay._runners[0].db.execute(query, [parameter]).fetchall()
    return rows


def created(log: HandLog, **more: object) -> int:
    """How many orders the funnel counts as created."""
    days = counted(log, "orders_created", group="order-funnel", **more)  # type: ignore[arg-type]
    return sum(amount for day in days.values() for amount in day.values())


@pytest.mark.parametrize(
    ("at", "day", "hour"),
    [
        ("2026-03-28T22:59:59.999Z", "2026-03-28", "23"),
        ("2026-03-28T23:00:00Z", "2026-03-29", "00"),
        ("2026-03-29T00:59:59Z", "2026-03-29", "01"),
        ("2026-03-29T01:00:00Z", "2026-03-29", "03"),
        ("2026-03-29T21:59:59Z", "2026-03-29", "23"),
        ("2026-03-29T22:00:00Z", "2026-03-30", "00"),
        ("2026-10-25T00:30:00Z", "2026-10-25", "02"),
        ("2026-10-25T01:30:00Z", "2026-10-25", "02"),
        ("2026-10-25T22:59:59+00:00", "2026-10-25", "23"),
        ("2026-10-25T23:00:00Z", "2026-10-26", "00"),
        ("2026-07-01T23:30:00+05:30", "2026-07-01", "20"),
        ("2026-07-01T23:30:00-09:30", "2026-07-02", "11"),
    ],
)
def test_the_day_is_that_of_the_fleets_zone(at: str, day: str, hour: str) -> None:
    log = HandLog()
    log.order("created", at=at)
    expected = {day: {"orders_created": 1, f"hours.{hour}.orders_created": 1}}
    assert counted(log, group="order-funnel", zone="Europe/Berlin") == expected


def test_a_zones_offset_may_change_at_any_minute() -> None:
    """In 2010 Newfoundland put its clocks forward at one minute past midnight."""
    log = HandLog()
    log.order("created", at="2010-03-14T03:30:59Z")
    log.order("created", at="2010-03-14T03:31:00Z")
    hours = {"hours.00.orders_created": 1, "hours.01.orders_created": 1}
    found = counted(log, "hours", group="order-funnel", zone="America/St_Johns")
    assert found == {"2010-03-14": hours}


@pytest.mark.parametrize(("distance", "counts"), [(1, 1), (5, 1), (6, 2)])
def test_an_id_is_a_duplicate_within_the_window(distance: int, counts: int) -> None:
    log = HandLog()
    log.order("created", id=ONE, offset=100)
    log.order("created", id=ONE, offset=100 + distance)
    assert created(log, duplicate_window=5) == counts


def test_a_duplicate_extends_the_window_for_the_next_one() -> None:
    log = HandLog()
    for offset in (0, 4, 8, 12, 18):
        log.order("created", id=ONE, offset=offset)
    assert created(log, duplicate_window=5) == 2


def test_an_id_may_be_written_in_capitals_and_under_another_key() -> None:
    log = HandLog()
    log.order("created", "a", id=ONE)
    log.order("created", "b", id=ONE.upper())
    assert created(log) == 1


def test_a_copy_in_another_partition_is_no_duplicate() -> None:
    log = HandLog()
    log.order("created", id=ONE)
    log.order("created", id=ONE, partition=1)
    assert created(log) == 2


def test_an_id_that_another_organization_used_first_is_no_duplicate() -> None:
    log = HandLog()
    for organization in (None, "acme", "other", "default"):
        log.order("created", id=ONE, organization=organization)
    assert created(log) == 3


def test_uncounted_types_enter_the_duplicate_window_and_unknown_types_do_not() -> None:
    log = HandLog()
    log.order("attribution_recorded", id=1)
    log.order("created", id=1)
    log.order("invented", id=2)
    log.order("created", id=2)
    assert created(log) == 1


def test_a_dead_letter_does_not_enter_the_duplicate_window() -> None:
    log = HandLog()
    dead = log.order("created", id=ONE)
    log.order("created", id=ONE)
    assert created(log, facts=Facts(dead={0: frozenset({dead})})) == 1


def test_a_message_that_becomes_a_dead_letter_later_is_excluded() -> None:
    log = HandLog()
    dead = log.order("created", id=ONE)
    log.order("shipped", id=ONE)
    with replayed(log, "order-funnel") as replay:
        assert sums(replay, "orders") == {"2026-01-01": {"orders_created": 1}}
        replay.exclude_dead({0: frozenset({dead})})
        assert sums(replay, "orders") == {"2026-01-01": {"orders_shipped": 1}}


def test_each_document_is_recounted_up_to_its_own_limit() -> None:
    log = HandLog()
    for day in ("2026-01-01", "2026-01-02") * 3:
        log.order("created", at=f"{day}T10:00:00Z")
    with replayed(log, "order-funnel") as replay:
        further = ("analytics_order_funnel", "2026-01-02"), reach(3, 0)
        replay.limit(reach(1, 0), [further])
        assert sums(replay, "orders") == {
            "2026-01-01": {"orders_created": 1},
            "2026-01-02": {"orders_created": 2},
        }


@pytest.mark.parametrize(
    ("raw_key", "at", "event_id", "reason"),
    [
        ("x", "2026-01-01T10:00:00Z", ONE, "key"),
        ("o", "2026-02-30T10:00:00Z", ONE, "not a time"),
        ("o", "1989-12-31T23:59:59Z", ONE, "before 1990"),
        ("o", "2027-01-01T00:00:01Z", ONE, "24 hours"),
        ("o", "2026-01-01T10:00:00Z", "1234567", "8 to 64"),
    ],
)
def test_an_event_that_should_be_a_dead_letter_is_unreadable(
    raw_key: str, at: str, event_id: str, reason: str
) -> None:
    log = HandLog()
    log.order("created", id=ONE)
    raw = (
        f'{{"event_id": "{event_id}", "event_type": "order.shipped", "occurred_at": "{at}", '
        '"data": {"order_id": "o"}}'
    )
    log.write(raw.encode(), raw_key)
    with replayed(log, "order-funnel") as replay:
        ((partition, offset, found),) = replay.results.unreadable()
    assert (partition, offset) == (0, 1)
    assert reason in found


@pytest.mark.parametrize(
    "at",
    ["294247-01-10T04:00:54.775806Z", "294247-01-10", "infinity", "-infinity", "now", "", "x" * 99],
)
def test_a_text_that_is_far_from_any_time_is_unreadable_too(at: str) -> None:
    log = HandLog()
    log.order("created", at=at)
    with replayed(log, "order-funnel", zone="Pacific/Kiritimati") as replay:
        ((_, _, found),) = replay.results.unreadable()
    assert found == "occurred_at is not a time"


@pytest.mark.parametrize(
    "appended_ms", [-1, 0, 631_151_999_999, 4_102_444_800_000, 2**62, 2**63 - 1]
)
def test_a_time_of_arrival_that_is_none_makes_the_event_unreadable(appended_ms: int) -> None:
    """Until its group has made it a dead letter, a recount that runs meanwhile reads it, too."""
    log = HandLog()
    log.order("created")
    log.order("created", at="1990-01-01T00:00:00Z")
    log.messages[1] = replace(log.messages[1], appended_ms=appended_ms)
    with replayed(log, "order-funnel") as replay:
        ((_, offset, found),) = replay.results.unreadable()
    assert offset == 1
    assert "append time" in found


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("plain", "plain"),
        ("a.b:c$d%e", "a%2Eb%3Ac%24d%25e"),
        ("nul\0", "nul%00"),
        ("other", "%6Fther"),
        ("unattributed", "%75nattributed"),
        ("direct", "%64irect"),
        ("exit", "%65xit"),
        ("Other", "Other"),
        ("%6Fther", "%256Fther"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 150 + "~" + sha256(b"x" * 201).hexdigest()[:16]),
        ("é" * 100, "é" * 100),
        ("é" * 101, "é" * 75 + "~" + sha256("é".encode() * 101).hexdigest()[:16]),
        (
            "x" + "é" * 100,
            "x" + "é" * 74 + "~" + sha256(b"x" + "é".encode() * 100).hexdigest()[:16],
        ),
        ("." * 67, "%2E" * 50 + "~" + sha256(b"%2E" * 67).hexdigest()[:16]),
    ],
)
def test_names_are_encoded_and_shortened_to_keys(name: str, key: str) -> None:
    with replayed(HandLog()) as replay:
        (found,) = given(replay, "SELECT map_key(?)", name)
    assert found == (key,)


def test_parsing_times_needs_no_duckdb_extension() -> None:
    """The offset is in the text, so DuckDB downloads nothing."""
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute(EVENTS_SQL.read_text().partition("-- Why an event")[0])
        found = connection.execute("SELECT moment_of('2026-01-01T10:00:00+05:30')").fetchone()
    assert found is not None
    assert str(found[0]) == "2026-01-01 04:30:00"


def test_times_of_rfc_3339_are_read_in_every_form_and_nothing_else_is() -> None:
    texts = [text for text, _ in SAME_TIMES]
    times = [datetime.fromisoformat(at).replace(tzinfo=None) for _, at in SAME_TIMES]
    with replayed(HandLog()) as replay:
        query = "SELECT moment_of(unnest) FROM unnest(?)"
        assert [at for (at,) in given(replay, query, texts)] == times
        assert {at for (at,) in given(replay, query, OTHER_TEXTS)} == {None}


def test_an_id_is_what_it_is_to_the_members() -> None:
    texts = [ONE, ONE.upper(), "01ARZ3NDEKTSV4RRFFQ69G5FAV", "Zählung 2026/17", "x" * 64, "-" * 36]
    texts += [ONE.replace("-", ""), "{" + ONE + "}", "abcdef00-0000-4000-8000-00000000000g"]
    with replayed(HandLog()) as replay:
        query = "SELECT id_of(unnest) FROM unnest(?)"
        ids = [id.bytes for (id,) in given(replay, query, texts)]
        assert ids == [own_id({"event_id": text}) for text in texts]
        wrong = ["", "7 chars", "x" * 65]
        assert {id for (id,) in given(replay, query, wrong)} == {None}


@pytest.mark.parametrize("at", ["2026-02-01t10:00:00.123456789z", "2026-01-31T23:59:60Z"])
def test_an_event_in_an_unusual_form_is_counted_on_its_day(at: str) -> None:
    log = HandLog()
    for id in ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "another text"):
        log.order("created", id=id, at=at)
    assert counted(log, "orders_created", group="order-funnel") == {
        "2026-02-01": {"orders_created": 2}
    }
