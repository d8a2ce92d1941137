"""Which dead letters somebody means."""

import pytest

from daybook.cli.dlq import SHOWN_MAX, summary
from daybook.cli.support.dead_letter_choice import choose, named
from daybook.engine.errors import DaybookError
from tests.engine.operations.test_dead_letter_replay import AT, record

ONE = record()
TWO = record(id="other:id:0:7", group="other")
DONE = record(id="group:id:0:9", offset=9, replayed="replayed", replayed_at=AT)
BEGUN = record(id="group:id:1:3", partition=1, offset=3, replayed="replaying", reason="wrong_key")
FOUND = [ONE, TWO, DONE, BEGUN]


def test_a_position_means_every_groups_letter_there() -> None:
    assert named(FOUND, "0:7") == [ONE, TWO]
    assert named(FOUND, "other:id:0:7") == [TWO]


def test_a_position_in_two_incarnations_means_neither() -> None:
    old = record(id="group:old:0:7", topic_id="old")
    with pytest.raises(DaybookError, match="full id"):
        named([*FOUND, old], "0:7")
    assert named([*FOUND, old], old.id) == [old]


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(DaybookError, match="no dead letter 5:5"):
        choose("orders", FOUND, ["5:5"], None)
    with pytest.raises(DaybookError, match="there are invalid, wrong_key"):
        choose("orders", FOUND, [], "wrongkey")


def test_a_second_replay_is_refused() -> None:
    with pytest.raises(DaybookError, match="0:9 was replayed already, at 2026-11-20 00:00:00Z"):
        choose("orders", FOUND, ["0:7", "0:9"], None)


def test_ids_reason_and_all() -> None:
    assert choose("orders", FOUND, ["0:7", ONE.id, "1:3"], None) == [ONE, TWO, BEGUN]
    assert choose("orders", FOUND, [], "wrong_key") == [BEGUN]
    assert choose("orders", FOUND, [], None) == [ONE, TWO, BEGUN]


def test_the_summary_counts_what_waits_and_says_what_is_hidden() -> None:
    assert summary(FOUND) == "4 dead letters, 3 not replayed: invalid 2, wrong_key 1"
    assert summary([DONE]) == "1 dead letter, 0 not replayed"
    many = summary([ONE] * (SHOWN_MAX + 2))
    assert "(2 older ones are not shown; --json has all)" in many
