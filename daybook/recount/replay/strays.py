"""Messages that nobody has read yet, and that will be dead letters: away from their key's home."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from daybook.recount.recounted import Document, marks
from daybook.recount.replay.replay import Replay

Find = Callable[[Sequence[str]], Iterable[Document]]


def strays(replay: Replay, collection: str, find: Find) -> dict[int, frozenset[int]]:
    """Their offsets, by partition, beyond `reach`.

    Where a key is at home is pinned in its state before anything of it is counted, so `find` gets
    those states, by `_id`. Left in, such messages would stand in the key's order before others
    that are counted.
    """
    beyond = replay.places.beyond(collection)
    if not beyond:
        return {}
    stored = {str(each["_id"]): each for each in find(sorted({name for name, *_ in beyond}))}
    found: dict[int, set[int]] = defaultdict(set)
    for name, topic_id, partition, offset, epoch in beyond:
        state = stored.get(name, {})
        applied = marks(state, "applied").get((topic_id, partition), -1)
        match state.get("home"):
            case {"topic_id": at, "partition": here, "epoch": int(since)} if at == topic_id:
                is_away = epoch < since or (epoch == since and partition != here)
                if is_away and offset > applied:
                    found[partition].add(offset)
    return {partition: frozenset(offsets) for partition, offsets in found.items()}
