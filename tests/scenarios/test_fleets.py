"""A group and a database belong to one fleet, with one set of rules; others are refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.shop import Shop
from tests.support.world import World


@pytest.fixture
def counted(world: World) -> World:
    """A world whose revenue group has counted something."""
    world.make_topic()
    world.publish(Shop().messages(300))
    world.catch_up("revenue")
    return world


@contextmanager
def another_database(world: World) -> Iterator[dict[str, str]]:
    name = f"{world.name}-other"
    yield {"DAYBOOK_MONGODB_DATABASE": name}
    world.documents.client.drop_database(name)


def refusal(world: World, **variables: str) -> str:
    """The output of a member that refuses to start."""
    member = world.member("revenue", **variables)
    assert member.wait(60) == 1, member.output()
    return member.output()


def test_a_second_fleet_on_the_group_is_refused(counted: World) -> None:
    with another_database(counted) as other:
        assert "another fleet" in refusal(counted, **other)


def test_a_database_of_another_cluster_is_refused(counted: World) -> None:
    counted.documents["_daybook"].update_one(
        {"_id": "fleet"}, {"$set": {"cluster_id": "another-cluster"}}
    )
    output = refusal(counted)
    assert "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS" in output
    assert "another-cluster" in output


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DAYBOOK_ZONE", "Europe/Berlin"),
        ("DAYBOOK_LEADER_ROLES", "captain"),
        ("DAYBOOK_DUPLICATE_WINDOW", "7"),
    ],
)
def test_a_member_with_other_rules_is_refused(counted: World, variable: str, value: str) -> None:
    assert variable in refusal(counted, **{variable: value})


def test_a_member_of_another_schema_revision_is_refused(counted: World) -> None:
    counted.documents["_daybook"].update_one(
        {"_id": f"group:{counted.group('revenue').name}"}, {"$set": {"schema_revision": 9}}
    )
    assert "schema revision 9" in refusal(counted)


def test_an_invalid_setting_is_named(world: World) -> None:
    member = world.member("revenue", DAYBOOK_LINGER_MS="soon")
    assert member.wait(60) == 2
    assert "DAYBOOK_LINGER_MS" in member.output()
