"""The engine supports a group it was not written for, with external definitions and rows."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import DailyDocument, Event, counter
from daybook.engine.documents.rows import RowUpdate
from daybook.engine.documents.source import Source
from daybook.engine.documents.state import State, StateModel
from daybook.engine.group import Arrival, Group
from daybook.engine.member.run import run
from daybook.engine.store import Store
from schemas.order import OrderEvent
from tests.support.shop import Shop
from tests.support.world import World


class StepsDay(DailyDocument, collection="test_steps", key=("organization_id",)):
    steps: int = counter()


VISITOR = StateModel("test_visitors", lambda key: {"visitor_id": key, "pinned": None, "seen": 0})


def react(
    event: Event, day_hour: DayHour, arrival: Arrival, state: State, rules: Rules
) -> Iterable[Effect | RowUpdate]:
    """Each event counts a step for the definition pinned at the key's first event, and updates a
    row."""
    state["seen"] += 1
    yield effect(StepsDay, day_hour, "steps", 1, of=[f"by {state['pinned']}"])
    seen = state["seen"]
    yield RowUpdate("test_sessions", (state["visitor_id"],), lambda: {"events": seen})


class Definitions:
    """Stands for a definition topic that gets a new definition before every batch."""

    def __init__(self) -> None:
        self.newest = 0

    def pin(self, batch: Batch, states: dict[str, State], store: Store) -> None:
        self.newest += 1
        open_keys = [key for key, state in states.items() if state["pinned"] is None]
        pins: dict[str, tuple[State, dict[str, Any]]] = {
            key: (states[key], {"pinned": self.newest}) for key in open_keys
        }
        store.amend(VISITOR, pins)


def group(world: World, definitions: Definitions) -> Group:
    events: TypeAdapter[Any] = TypeAdapter(OrderEvent)
    return Group(
        name=f"test-next-{world.name}",
        sources=(Source(world.topic(), events, lambda e: str(e["data"]["order_id"])),),
        documents=(StepsDay,),
        schema_revision=1,
        state=VISITOR,
        react=react,
        preparer=lambda _: definitions.pin,
    )


def test_a_group_with_definitions_and_rows(world: World) -> None:
    world.make_topic()
    shop = Shop()
    definitions = Definitions()
    own = group(world, definitions)
    for _ in range(2):
        world.publish(shop.messages(1_000))
        run(own, world.settings, until_caught_up=True, started=lambda member: None)
    keys = [event["data"]["order_id"] for event in shop.events]
    rows = {row["_id"]: row["events"] for row in world.documents["test_sessions"].find()}
    assert rows == {key: keys.count(key) for key in keys}
    days = list(world.documents["test_steps"].find())
    assert sum(day["steps"] for day in days) == len(shop.events)
    assert {day["organization_id"] for day in days} <= {f"by {n}" for n in range(99)}


def test_a_pinned_definition_stays_when_the_definition_changes(world: World) -> None:
    world.make_topic()
    shop = Shop()
    definitions = Definitions()
    own = group(world, definitions)
    world.publish(shop.messages(500))
    run(own, world.settings, until_caught_up=True, started=lambda member: None)
    before = {s["_id"]: s["pinned"] for s in world.documents[VISITOR.collection].find()}
    definitions.newest = 1_000
    again = replace(own, name=own.name)
    world.publish(shop.messages(500))
    run(again, world.settings, until_caught_up=True, started=lambda member: None)
    after = {s["_id"]: s["pinned"] for s in world.documents[VISITOR.collection].find()}
    assert before.items() <= after.items()
    assert any(pinned > 1_000 for pinned in after.values())
