"""The duplicate window: which event ids stood within the last N offsets of one partition's log."""

_SLACK = 4


class DuplicateWindow:
    """A pure function of the partition's log, so that rebuilding it by re-reading gives the same.

    Ids are kept as 16 bytes with the last offset at which they stood; at most N and a quarter.
    """

    def __init__(self, offsets_max: int) -> None:
        self._size = offsets_max
        self._last: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._last)

    def seen(self, event_id: bytes, offset: int) -> bool:
        """Whether the id stood within the window below `offset`; it stands there from now on."""
        before = self._last.get(event_id)
        self._last[event_id] = offset
        if before is not None:
            return offset - before <= self._size
        if len(self._last) > self._size + self._size // _SLACK + 1_000:
            oldest = offset - self._size
            self._last = {i: at for i, at in self._last.items() if at >= oldest}
        return False


def id_bytes(event_id: str) -> bytes:
    """The 16 bytes of a UUID, however its letters are written."""
    return bytes.fromhex(event_id.replace("-", ""))
