"""What a shard must still be evaluated for when segments are defined while it works."""

from typing import Any

from daybook.segments.stage.new_definitions import Backfill, DefinitionChange, NewDefinitions

CHANGES = [
    DefinitionChange(0, "a", "s"),
    DefinitionChange(1, "b", "s"),
    DefinitionChange(2, "a", "t"),
]


def profile(name: str = "a:u:x", **segments: int) -> dict[str, Any]:
    known = {segment: {"version": version} for segment, version in segments.items()}
    return {
        "_id": name,
        "organization_id": name[0],
        "evaluated_to": 5,
        "segments": known,
    }


def test_a_new_shard_is_evaluated_for_everything_and_then_for_nothing() -> None:
    new = NewDefinitions(Backfill())
    assert new.is_done
    new.learn(CHANGES)
    assert not new.is_done
    assert new.begin() == {"a": {"s", "t"}, "b": {"s"}}
    new.finish()
    assert new.is_done
    assert new.backfill == Backfill(3)


def test_what_is_defined_meanwhile_waits_for_the_next_time() -> None:
    new = NewDefinitions(Backfill())
    new.learn(CHANGES[:2])
    new.begin()
    new.reach("a:u:x")
    new.learn(CHANGES)
    assert new.begin() == {"a": {"s"}, "b": {"s"}}
    assert new.backfill == Backfill(0, 2, "a:u:x")
    new.finish()
    assert new.begin() == {"a": {"t"}}
    assert new.backfill == Backfill(2, 3)


def test_a_member_that_died_is_continued_at_its_cursor() -> None:
    new = NewDefinitions(Backfill(1, 2, "b:u:x"))
    new.learn(CHANGES)
    assert new.begin() == {"b": {"s"}}
    assert new.backfill.after == "b:u:x"


def test_the_reason_is_the_definition_only_until_a_profile_is_evaluated_for_it() -> None:
    new = NewDefinitions(Backfill())
    new.learn(CHANGES[:1])
    versions = {"s": 1, "other": 1}
    assert new.reasons(profile(), versions) == {"s": "defined"}
    new.begin()
    new.reach("a:u:x")
    assert new.reasons(profile(), versions) == {}
    assert new.reasons(profile("a:u:y"), versions) == {"s": "defined"}
    new.finish()
    assert new.reasons(profile("a:u:y"), versions) == {}


def test_another_version_is_a_reason_at_any_time() -> None:
    new = NewDefinitions(Backfill(3))
    assert new.reasons(profile(s=1), {"s": 2}) == {"s": "redefined"}
    assert new.reasons(profile(s=2), {"s": 2}) == {}


def test_who_was_never_evaluated_changes_for_reasons_of_their_own() -> None:
    new = NewDefinitions(Backfill())
    new.learn(CHANGES)
    assert new.reasons(profile() | {"evaluated_to": -1}, {"s": 1}) == {}
