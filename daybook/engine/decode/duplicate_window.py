"""The duplicate window: the event ids within the last N offsets of one partition's log."""

import hashlib
from binascii import unhexlify
from collections import deque
from functools import lru_cache

from daybook.engine.documents.fields import Event

ID_BYTES = 16
"""Of an event's id alone, which `own_id` begins with."""

_UUID_CHARS = 36
_PARTS = 8


class DuplicateWindow:
    """A pure function of the partition's log, so reading the log again rebuilds the same window.

    Each id, as `own_id` returns it, is kept with the last offset at which it occurred. Expired ids
    are removed in steps of an eighth of the window, so at most N + N/8 are kept.
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
        """Whether the id occurred within the window below `offset`; records that it does now."""
        if offset >= self._part_ends:
            self._begin_part(offset)
        previous = self._last.get(event_id)
        self._last[event_id] = offset
        self._part.append(event_id)
        return previous is not None and offset - previous <= self._size

    def seen_in_run(self, event_ids: list[bytes], offsets: list[int]) -> set[int]:
        """Calls `check_and_add` for ids in log order; returns the indices of the duplicates."""
        repeats = len(set(event_ids)) < len(event_ids)
        is_within_part = offsets[-1] < self._part_ends
        if is_within_part and not repeats and self._last.keys().isdisjoint(event_ids):
            self._last.update(zip(event_ids, offsets, strict=True))
            self._part += event_ids
            return set()
        duplicates = map(self.check_and_add, event_ids, offsets)
        return {index for index, is_duplicate in enumerate(duplicates) if is_duplicate}

    def find_repeated(self, event_ids: list[bytes], offsets: list[int]) -> set[int]:
        """The indices of what `check_and_add` would call duplicates, for ids in log order.

        Records nothing, because a message that turns out to be a dead letter has no duplicates.
        """
        if len(set(event_ids)) == len(event_ids) and self._last.keys().isdisjoint(event_ids):
            return set()
        here: dict[bytes, int] = {}
        repeated = set()
        for index, (event_id, offset) in enumerate(zip(event_ids, offsets, strict=True)):
            previous = here.get(event_id, self._last.get(event_id))
            here[event_id] = offset
            if previous is not None and offset - previous <= self._size:
                repeated.add(index)
        return repeated

    def _begin_part(self, offset: int) -> None:
        """Begins a new part, and removes the ids of parts that are entirely below the window."""
        self._parts.append((self._part_ends, self._part))
        self._part, self._part_ends = [], offset + self._part_size
        oldest, last = offset - self._size, self._last
        while self._parts and self._parts[0][0] <= oldest:
            for event_id in self._parts.popleft()[1]:
                if last.get(event_id, offset) < oldest:
                    del last[event_id]


def own_id(event: Event) -> bytes:
    """The event's id within its organization: an organization cannot use up another's ids.

    A UUID's 16 bytes, in whatever case it is written; of any other text, the first 16 bytes of the
    SHA-256 of its UTF-8. Then 16 more for an event that names an organization other than the
    default.
    """
    text = event["event_id"]
    try:
        event_id = unhexlify(text.replace("-", ""))
    except ValueError:  # other characters than hex digits
        event_id = b""
    if len(event_id) != ID_BYTES or len(text) != _UUID_CHARS or text[8:24:5] != "----":
        event_id = hashlib.sha256(text.encode()).digest()[:ID_BYTES]
    organization = event.get("organization_id")
    return event_id if organization is None else event_id + _digest(organization)


@lru_cache(maxsize=4_096)
def _digest(organization: str) -> bytes:
    """16 bytes, so that long names do not make the window larger; none for the default."""
    if organization == "default":
        return b""
    return hashlib.blake2b(organization.encode(), digest_size=16).digest()
