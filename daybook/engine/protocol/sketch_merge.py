"""Keys put into the sketches of their partition, before any state remembers that they were.

A sketch only grows, and a key that it holds already changes nothing: so it needs no watermark, and
a batch that comes again does no harm. What could be lost is what another owner of the partition
added between our reading and our writing; there the document's revision says no.
"""

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any

from bson import Int64

from daybook.engine.documents import sketches
from daybook.engine.documents.sketches import Sketch, SketchModel
from daybook.engine.partition import Partition
from daybook.engine.store import Store

_PAUSE_SECONDS = 0.01
_AT_ONCE_MAX = 1_000
"""Documents of at most some 2 kB each, read and written in one go."""

Wanted = tuple[dict[str, Any], Collection[str]]
"""A sketch's document as it is when empty, and the keys that it must hold."""


def merge_sketches(
    store: Store,
    model: SketchModel,
    partition: Partition,
    keys: Mapping[Sketch, Collection[str]],
    pause: Callable[[float], None],
) -> None:
    """Makes every sketch hold its keys, durably. Raises Unavailable: then call again."""
    wanted = iter([(model.empty(sketch, partition), keys[sketch]) for sketch in keys])
    while some := list(islice(wanted, _AT_ONCE_MAX)):
        _unite(store, model.collection, some, pause)


def _unite(
    store: Store, collection: str, wanted: list[Wanted], pause: Callable[[float], None]
) -> None:
    pending = {empty["_id"]: (empty, keys) for empty, keys in wanted}
    while pending:
        stored = store.fetch(collection, pending)
        changed = []
        for name, (empty, keys) in pending.items():
            document = stored.get(name, empty)
            sketch = sketches.grown(document.get("sketch"), keys)
            if sketch is not None:
                estimate = Int64(sketches.united([sketch]).estimate)
                changed.append(document | {"sketch": sketch, "estimate": estimate})
        pending = {name: pending[name] for name in store.swap(collection, changed)}
        if pending:
            pause(_PAUSE_SECONDS)
