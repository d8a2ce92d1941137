"""The contract of the profiles of segments, which the fake and MongoDB's fulfil alike."""

from collections.abc import Iterator
from copy import deepcopy

import pytest

from daybook.engine.errors import Refused
from daybook.segments.feed import shard_of
from daybook.segments.stage.mongo_profiles import MongoProfiles
from daybook.segments.stage.profiles import Profile, Profiles, blank
from daybook.segments.stage.shard import rows
from tests.fakes.memory_profiles import MemoryProfiles
from tests.support.world import World

ANNA, BERT = "default:u:anna", "default:v:b%2Er t"
SHARD = shard_of(ANNA)


@pytest.fixture(params=["memory", "mongodb"])
def profiles(request: pytest.FixtureRequest) -> Iterator[Profiles]:
    if request.param == "memory":
        yield MemoryProfiles()
    else:
        world: World = request.getfixturevalue("world")
        yield MongoProfiles(world.documents)


def profile(id: str = ANNA, shard: int = SHARD, due_at: int | None = None) -> Profile:
    return blank(id) | {"shard": shard, "due_at": due_at}


def members(profiles: Profiles) -> dict[str, int]:
    """The revisions of the stored rows."""
    if isinstance(profiles, MemoryProfiles):
        return {name: row["revision"] for name, row in profiles.rows.items()}
    assert isinstance(profiles, MongoProfiles)
    return {row["_id"]: row["revision"] for row in profiles._members.find()}


def row(revision: int, since: int | None = 5, number: int = 1) -> dict[str, object]:
    own: dict[str, object] = {"_id": "default:s:1:u:anna", "since": since, "number": number}
    return own | {"revision": revision}


def test_what_was_replaced_is_loaded_with_its_new_revision(profiles: Profiles) -> None:
    anna, bert = profile(), profile(BERT)
    anna["events"] = {"cart_add|name=a%2Eb": [2**41]}
    profiles.replace([anna, bert])
    assert anna["revision"] == 1
    loaded = profiles.load([ANNA, BERT, "default:u:unknown"])
    assert loaded == {ANNA: anna, BERT: bert}
    profiles.replace([loaded[ANNA]])
    assert profiles.load([ANNA])[ANNA]["revision"] == 2
    assert profiles.load([]) == {}


@pytest.mark.parametrize("name", ["a.b", "$a", "$$ROOT", "a$.$b", "%2E"])
def test_a_segment_may_have_any_name(profiles: Profiles, name: str) -> None:
    anna = profile()
    anna["segments"] = {name: {"version": 1, "in": True, "since": 5, "until": None, "number": 1}}
    anna["due"], anna["unpublished"] = {name: 7}, [name]
    profiles.replace([anna])
    anna["due"][name] = 8
    profiles.update([anna], ["segments", "due", "unpublished"])
    assert profiles.load([ANNA]) == {ANNA: anna}
    profiles.put_rows(list(rows(anna)))
    assert len(members(profiles)) == 1


@pytest.mark.parametrize("is_new", [True, False])
def test_of_two_writers_the_second_is_refused(profiles: Profiles, is_new: bool) -> None:
    if not is_new:
        profiles.replace([profile()])
    mine = profiles.load([ANNA]).get(ANNA) or profile()
    theirs = deepcopy(mine)
    theirs["first_seen"] = 7
    profiles.replace([theirs])
    with pytest.raises(Refused):
        profiles.replace([mine])
    assert profiles.load([ANNA])[ANNA]["first_seen"] == 7


def test_an_update_stores_some_fields_of_a_profile_as_it_was_read(profiles: Profiles) -> None:
    profiles.replace([profile(), profile(BERT)])
    mine, theirs = profiles.load([ANNA])[ANNA], profiles.load([ANNA])[ANNA]
    theirs.update(first_seen=7, outbox=[{"number": 1}], is_changed=True)
    profiles.update([theirs], ["outbox", "is_changed"])
    changed = {"revision": 2, "outbox": [{"number": 1}], "is_changed": True}
    expected = {**profile(), **changed}
    assert profiles.load([ANNA])[ANNA] == expected
    assert theirs["revision"] == 2
    with pytest.raises(Refused):
        profiles.update([mine], ["is_changed"])
    with pytest.raises(Refused):
        profiles.update([profile("default:u:unknown")], ["is_changed"])
    assert profiles.load([ANNA])[ANNA] == expected


def test_due_are_those_of_the_shard_whose_moment_has_come(profiles: Profiles) -> None:
    times = {"a": 10, "b": 11, "c": -1, "d": None}
    profiles.replace([profile(f"default:u:{name}", 3, at) for name, at in times.items()])
    profiles.replace([profile("default:u:e", 4, 10)])
    assert {one["_id"][-1] for one in profiles.due([3], 10, 100)} == {"a", "c"}
    assert len(profiles.due([3], 10, 1)) == 1
    assert profiles.due([5], 10, 100) == []
    assert {one["_id"][-1] for one in profiles.due([3, 4, 5], 10, 100)} == {"a", "c", "e"}


def test_changed_are_those_of_the_shard_with_something_to_publish(profiles: Profiles) -> None:
    told, untold = profile("default:u:a", 3), profile("default:u:b", 3)
    other = profile("default:u:c", 4)
    untold["is_changed"] = other["is_changed"] = True
    profiles.replace([told, untold, other])
    assert [one["_id"] for one in profiles.changed(3, 100)] == ["default:u:b"]


def test_profiles_are_read_on_in_the_order_of_their_ids(profiles: Profiles) -> None:
    names = ("default:u:a", "default:u:b", "default:v:a", "other:u:a")
    profiles.replace([profile(name, 3) for name in names])
    profiles.replace([profile("default:u:c", 4)])

    def ids(after: str, limit: int = 100) -> list[str]:
        return [one["_id"] for one in profiles.after(3, after, ["default"], limit)]

    assert ids("") == ["default:u:a", "default:u:b", "default:v:a"]
    assert ids("", 2) == ["default:u:a", "default:u:b"]
    assert ids("default:u:a") == ["default:u:b", "default:v:a"]
    assert ids("default:v:a") == []


@pytest.mark.parametrize("number", [1, 2])
def test_a_row_is_replaced_by_a_later_one_only_and_removed_without_a_run(
    profiles: Profiles, number: int
) -> None:
    profiles.put_rows([row(3, number=number)])
    profiles.put_rows([row(2, number=number)])
    profiles.put_rows([row(2, None, number)])
    assert members(profiles) == {"default:s:1:u:anna": 3}
    profiles.put_rows([row(3, number=number), row(4, number=number) | {"_id": "another"}])
    profiles.put_rows([row(4, number=number)])
    assert members(profiles) == {"default:s:1:u:anna": 4, "another": 4}
    profiles.put_rows([row(5, None, number), row(5, None, number) | {"_id": "another"}])
    profiles.put_rows([])
    assert members(profiles) == {}
