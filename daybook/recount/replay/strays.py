"""Finds strays: messages not yet read by a member that are outside their key's home partition."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from daybook.recount.recounted import Document, marks
from daybook.recount.replay.replay import Replay

Find = Callable[[Sequence[str]], Iterable[Document]]


def strays(replay: Replay, collection: str, find: Find) -> dict[int, frozenset[int]]:
    """The offsets of strays beyond `reach`, by partition.

    A member will send these messages to the dead-letter topic. If the replay kept them, they would
    precede other messages of their key that count. Members record a key's home in its state before
    they count anything for it; `find` returns those states for a list of `_id`s.
    """
    beyond = replay.beyond(collection)
    if not beyond:
        return {}
    stored = {str(state["_id"]): state for state in find(sorted({name for name, *_ in beyond}))}
    offsets_by_partition: dict[int, set[int]] = defaultdict(set)
    for name, topic_id, partition, offset, epoch in beyond:
        state = stored.get(name, {})
        applied = marks(state, "applied").get((topic_id, partition), -1)
        match state.get("home"):
            case {"topic_id": at, "partition": here, "epoch": int(since)} if at == topic_id:
                is_away = epoch < since or (epoch == since and partition != here)
                if is_away and offset > applied:
                    offsets_by_partition[partition].add(offset)
    return {partition: frozenset(offsets) for partition, offsets in offsets_by_partition.items()}
