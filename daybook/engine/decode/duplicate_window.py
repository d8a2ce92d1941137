"""The duplicate window: which event ids stood within the last N offsets of one partition's log."""

from binascii import unhexlify
from collections import deque

_PARTS = 8


class DuplicateWindow:
    """A pure function of the partition's log, so that rebuilding it by re-reading gives the same.

    Ids are kept as 16 bytes with the last offset at which they stood; at most N and an eighth.
    """

    def __init__(self, offsets_max: int) -> None:
        self._size = offsets_max
        self._last: dict[bytes, int] = {}
        self._part_size = max(1, offsets_max // _PARTS)
        self._part: list[bytes] = []
        self._part_ends = 0
        self._parts: deque[tuple[int, list[bytes]]] = deque()

    def __len__(self) -> int:
        return len(self._last)

    def check_and_add(self, event_id: bytes, offset: int) -> bool:
        """Whether the id stood within the window below `offset`; it stands there from now on."""
        if offset >= self._part_ends:
            self._begin_part(offset)
        before = self._last.get(event_id)
        self._last[event_id] = offset
        self._part.append(event_id)
        return before is not None and offset - before <= self._size

    def seen_in_run(self, event_ids: list[bytes], offsets: list[int]) -> set[int]:
        """As `check_and_add`, of several in the log's order; the indices of those that were."""
        alike = len(set(event_ids)) < len(event_ids)
        if offsets[-1] < self._part_ends and not alike and self._last.keys().isdisjoint(event_ids):
            self._last.update(zip(event_ids, offsets, strict=True))
            self._part += event_ids
            return set()
        seen = map(self.check_and_add, event_ids, offsets)
        return {index for index, duplicate in enumerate(seen) if duplicate}

    def _begin_part(self, offset: int) -> None:
        """Lets go of the parts of the log that lie behind the window by now."""
        self._parts.append((self._part_ends, self._part))
        self._part, self._part_ends = [], offset + self._part_size
        oldest, last = offset - self._size, self._last
        while self._parts and self._parts[0][0] <= oldest:
            for event_id in self._parts.popleft()[1]:
                if last.get(event_id, offset) < oldest:
                    del last[event_id]


def id_bytes(event_id: str) -> bytes:
    """The 16 bytes of a UUID, however its letters are written."""
    return unhexlify(event_id.replace("-", ""))
