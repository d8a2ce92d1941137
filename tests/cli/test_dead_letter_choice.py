"""Dead letters are selected by id, position or reason."""

import pytest

from daybook.cli.dlq import SHOWN_MAX, summary
from daybook.cli.support.dead_letter_choice import find_by_id, select
from daybook.engine.errors import DaybookError
from tests.engine.operations.test_dead_letter_replay import AT, record

ONE = record()
TWO = record(id="other:id:0:7", group="other")
DONE = record(id="group:id:0:9", offset=9, replayed="replayed", replayed_at=AT)
BEGUN = record(id="group:id:1:3", partition=1, offset=3, replayed="replaying", reason="wrong_key")
RECORDS = [ONE, TWO, DONE, BEGUN]


def test_a_position_selects_the_dead_letters_of_every_group() -> None:
    assert find_by_id(RECORDS, "0:7") == [ONE, TWO]
    assert find_by_id(RECORDS, "other:id:0:7") == [TWO]


def test_a_position_in_two_topic_incarnations_is_ambiguous() -> None:
    old = record(id="group:old:0:7", topic_id="old")
    with pytest.raises(DaybookError, match="full id"):
        find_by_id([*RECORDS, old], "0:7")
    assert find_by_id([*RECORDS, old], old.id) == [old]


def test_unknown_ids_and_reasons_are_refused() -> None:
    with pytest.raises(DaybookError, match="no dead letter 5:5"):
        select("orders", RECORDS, ["5:5"], None)
    with pytest.raises(DaybookError, match="their reasons: invalid, wrong_key"):
        select("orders", RECORDS, [], "wrongkey")


def test_a_second_replay_is_refused() -> None:
    with pytest.raises(DaybookError, match="0:9 was already replayed, at 2026-11-20 00:00:00Z"):
        select("orders", RECORDS, ["0:7", "0:9"], None)


def test_dead_letters_are_selected_by_ids_by_reason_or_all() -> None:
    assert select("orders", RECORDS, ["0:7", ONE.id, "1:3"], None) == [ONE, TWO, BEGUN]
    assert select("orders", RECORDS, [], "wrong_key") == [BEGUN]
    assert select("orders", RECORDS, [], None) == [ONE, TWO, BEGUN]


def test_the_summary_counts_unreplayed_and_hidden_dead_letters() -> None:
    assert summary(RECORDS) == "4 dead letters, 3 not replayed: invalid 2, wrong_key 1"
    assert summary([DONE]) == "1 dead letter, 0 not replayed"
    many = summary([ONE] * (SHOWN_MAX + 2))
    assert "(2 older ones are not shown; --json prints all)" in many
