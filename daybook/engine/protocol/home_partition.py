"""Fixes a key's home partition in its state before any event of the key is counted.

Events of one key in two partitions have no order, and effects that depend on order could be counted
twice. So messages in any other partition go to the dead-letter topic. A key gets a new home only
across a boundary, where `topics apply` added partitions while producers were stopped: the first
partition in which it occurs afterwards.
"""

from collections.abc import Mapping
from typing import Any

from daybook.engine.batch import Batch
from daybook.engine.documents.state import State
from daybook.engine.errors import Poison, Refused
from daybook.engine.group import Group
from daybook.engine.store import Store

_STRAY = Poison("key_on_two_partitions", "the key's home is another partition")


def settle_homes(batch: Batch, group: Group, store: Store) -> dict[str, State]:
    """Loads or creates the states of the batch's keys, each with a home partition.

    Messages outside their key's home become dead letters of the batch. Returns the states by key.
    Raises Unavailable, and Refused if a state changed meanwhile: then call again.
    """
    assert group.state is not None
    states = store.load(group.state, set(batch.keys))
    homes = {key: state["home"] for key, state in states.items()}
    strays = []
    for index, (key, offset) in enumerate(zip(batch.keys, batch.offsets, strict=True)):
        here = _home(batch, offset)
        home = homes.setdefault(key, here)
        if key in states and offset <= batch.partition.applied(states[key]):
            continue
        if _is_later(here, home):
            homes[key] = here
        elif home != here:
            strays.append(index)
    created = homes.keys() - states.keys()
    store.create(group.state, {key: homes[key] for key in created})
    moved = {k: homes[k] for k, state in states.items() if state["home"] != homes[k]}
    store.amend(group.state, {key: (states[key], {"home": h}) for key, h in moved.items()})
    if created:
        new = store.load(group.state, created)
        if {key: state["home"] for key, state in new.items()} != {k: homes[k] for k in created}:
            raise Refused
        states |= new
    batch.bury([(index, _STRAY) for index in strays])
    return states


def _home(batch: Batch, offset: int) -> dict[str, Any]:
    partition = batch.partition
    return {
        "topic_id": partition.topic_id,
        "partition": partition.number,
        "epoch": partition.epoch(offset),
    }


def _is_later(here: Mapping[str, Any], home: Mapping[str, Any]) -> bool:
    """Whether the topic was recreated, or got more partitions, since the home was fixed."""
    return bool(home["topic_id"] != here["topic_id"] or home["epoch"] < here["epoch"])
