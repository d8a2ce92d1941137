"""A pinned campaign has the members of the moment at which it was pinned, whatever comes later."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.segments.definitions import Definitions
from daybook.segments.feed import SHARDS, profile_id, shard_of
from daybook.segments.stage import pins as pinning
from daybook.segments.stage.pins import Pins
from daybook.segments.stage.profiles import blank
from tests.segments.filters.person import Person, at
from tests.support.world import World

UTC = ZoneInfo("UTC")
CARTS = {"event": "cart_add", "within": "PT24H"}
PINNED = at("2 18:00")


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"event_type": kind, "organization_id": "acme", "data": data}


class Campaign:
    """The campaign c, pinned to version 1 of the segment s."""

    def __init__(self, world: World) -> None:
        self.documents = world.documents
        self.definitions = Definitions()
        defined = event("segment.defined", segment_id="s", name="S", filters=CARTS, version=1)
        self.definitions.take(defined, at("1 08:00"))
        pinned = event("campaign.pinned", campaign_id="c", segment_id="s", version=1)
        self.definitions.take(pinned, PINNED)
        self.pins = self.new_pins()

    def new_pins(self) -> Pins:
        return Pins(self.documents, self.definitions, UTC)

    def add(self, name: str, person: Person, organization: str = "acme") -> dict[str, Any]:
        profile = blank(profile_id(organization, name)) | person.profile
        self.documents["segment_profiles"].insert_one(profile)
        return profile

    def copy(self, clock: int = PINNED) -> None:
        for shard in range(SHARDS):
            while self.pins.copy_some(shard, clock):
                pass

    def people(self) -> dict[str, int]:
        return {row["person"]: row["since"] for row in self.documents["campaign_members"].find()}

    def row(self) -> dict[str, Any]:
        found = self.documents["campaigns"].find_one({"_id": "acme:c"})
        assert found is not None
        return found


@pytest.fixture
def campaign(world: World) -> Campaign:
    return Campaign(world)


def test_the_members_are_those_of_the_moment_of_the_pin(campaign: Campaign) -> None:
    campaign.add("u:in", Person().did("cart_add", "2 10:00"))
    campaign.add("v:at the last", Person().did("cart_add", "2 18:00"))
    campaign.add("u:too late", Person().did("cart_add", "2 18:01"))
    campaign.add("u:out again", Person().did("cart_add", "1 17:59"))
    campaign.add("u:elsewhere", Person().did("cart_add", "2 10:00"), organization="other")
    campaign.copy(PINNED - 1)
    assert campaign.documents["campaigns"].find_one() is None
    campaign.copy(at("5 00:00"))
    assert campaign.people() == {"u:in": at("2 10:00"), "v:at the last": PINNED}
    row = campaign.row()
    assert (row["status"], row["members"], row["erased"]) == ("pinned", 2, 0)
    assert (row["segment_id"], row["version"]) == ("s", 1)


def test_a_new_version_or_the_end_of_the_segment_changes_nothing(campaign: Campaign) -> None:
    campaign.add("u:in", Person().did("cart_add", "2 10:00"))
    others = {"event": "view"}
    defined = event("segment.defined", segment_id="s", name="S", filters=others, version=2)
    campaign.definitions.take(defined, at("2 19:00"))
    campaign.definitions.take(event("segment.retired", segment_id="s"), at("2 20:00"))
    campaign.copy()
    assert campaign.people() == {"u:in": at("2 10:00")}


def test_copying_goes_on_where_a_member_died(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinning, "PEOPLE_AT_ONCE", 2)
    for number in range(60):
        campaign.add(f"u:{number}", Person().did("cart_add", "2 10:00"))
    for _ in range(2):
        assert campaign.pins.copy_some(shard_of("acme:u:0"), PINNED)
        campaign.pins = campaign.new_pins()
    assert campaign.row()["status"] == "pinning"
    campaign.copy()
    row = campaign.row()
    assert len(campaign.people()) == 60
    assert (row["status"], row["members"], row["erased"]) == ("pinned", 60, 0)
    # Once copied, facts that arrive late change nothing.
    campaign.add("u:late", Person().did("cart_add", "2 10:00"))
    campaign.pins = campaign.new_pins()
    campaign.copy()
    assert "u:late" not in campaign.people()


def test_a_deleted_account_leaves_and_a_withdrawal_is_marked(campaign: Campaign) -> None:
    gone = campaign.add("u:gone", Person().did("cart_add", "2 10:00"))
    silent = campaign.add("u:silent", Person().did("cart_add", "2 10:00"))
    campaign.copy()
    gone |= {"account": [[at("3 11:00"), "deleted"]]}
    silent |= {"consent": [[at("3 12:00"), "withdrawn"]]}
    campaign.pins.keep_lawful([gone, silent], at("3 10:59"))
    assert campaign.people().keys() == {"u:gone", "u:silent"}
    for _ in range(2):
        campaign.pins.keep_lawful([gone, silent], at("3 12:00"))
    assert campaign.people().keys() == {"u:silent"}
    (row,) = campaign.documents["campaign_members"].find()
    assert row["withdrawn_at"] == at("3 12:00")
    assert (campaign.row()["members"], campaign.row()["erased"]) == (1, 1)


def test_a_pin_without_members_is_pinned(campaign: Campaign) -> None:
    campaign.copy()
    assert (campaign.row()["status"], campaign.row()["members"]) == ("pinned", 0)
