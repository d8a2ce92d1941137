"""A state that is not what any member would have written, told by its name instead of its shape."""

from daybook.engine.batch import Batch
from daybook.engine.errors import Damaged
from daybook.engine.group import State, StateModel
from daybook.engine.store import Store

MISREAD = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What comes of reading a list where there is a text, and the like."""


def blame(batch: Batch, model: StateModel, store: Store) -> None:
    """Raises Damaged if a state of the batch's keys is, as it is stored; and Unavailable."""
    for key, state in store.load(model, set(batch.keys)).items():
        for name in ("home", "event_ids", *model.new(key)):
            if why := _wrong(state, name, model, key):
                raise Damaged(model.id_of(key), f"{model.collection}.{name} {why}")


def _wrong(state: State, name: str, model: StateModel, key: str) -> str | None:
    """Only of fields that are texts, lists or maps from the beginning on."""
    own = {"home": {}, "event_ids": []} | model.new(key)
    if name not in state:
        return None if name in model.since else "is not there"
    kind = type(own[name])
    if kind in (str, list, dict) and not isinstance(state[name], kind):
        return f"is no {'text' if kind is str else 'list' if kind is list else 'map'}"
    return None
