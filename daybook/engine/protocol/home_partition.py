"""A key's home partition: pinned in its state before anything of the key is counted.

One key in two partitions has no order, and what depends on order could be counted twice; so the
messages outside the home are dead letters. Only across a boundary, where `topics apply` added
partitions after producers had stopped, does a key move: to where it is first seen thereafter.
"""

from collections.abc import Mapping
from typing import Any

from daybook.engine.batch import Batch, DeadLetter
from daybook.engine.documents.state import State
from daybook.engine.errors import Refused
from daybook.engine.group import Group
from daybook.engine.store import Store

_REASON = "key_on_two_partitions"


def settle_homes(batch: Batch, group: Group, store: Store) -> dict[str, State]:
    """The states of the batch's keys, each with a home; takes the strays out of the batch.

    Raises Unavailable, and Refused when a state moved meanwhile: then call again.
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
        if _moves(home, here):
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
    _take_out(batch, strays)
    return states


def _home(batch: Batch, offset: int) -> dict[str, Any]:
    partition = batch.partition
    return {
        "topic_id": partition.topic_id,
        "partition": partition.number,
        "epoch": partition.epoch(offset),
    }


def _moves(home: Mapping[str, Any], here: Mapping[str, Any]) -> bool:
    """A newer incarnation of the topic, or partitions added since."""
    return bool(home["topic_id"] != here["topic_id"] or home["epoch"] < here["epoch"])


def _take_out(batch: Batch, strays: list[int]) -> None:
    for index in strays:
        key, value = batch.raw[index]
        letter = DeadLetter(
            batch.offsets[index], key, value, _REASON, "its key's home is another partition"
        )
        batch.dead.append(letter)
    kept = sorted(set(range(len(batch.offsets))).difference(strays))
    batch.select(kept)
