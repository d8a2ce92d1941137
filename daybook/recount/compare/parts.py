"""Parts of a log's keys and of the state documents, which are read and compared one by one."""

from hashlib import sha256
from urllib.parse import unquote_to_bytes

EVENTS_IN_PART = 60_000
PARTS_MAX = 64
"""Each part has a file for every collection."""


def number_of_parts(messages: int) -> int:
    """Into how many parts to divide the keys of a log with so many messages: an even number, as two
    are worked on at a time, but one if that is enough."""
    if messages <= EVENTS_IN_PART:
        return 1
    return min(PARTS_MAX, 2 * -(-messages // (2 * EVENTS_IN_PART)))


def part_of(document: bytes, parts: int) -> int:
    """The part of the state document with this `_id`: an organization, a key, and perhaps more.

    `SLICE` in `daybook.recount.replay.log_table` is the same in SQL.
    """
    if parts == 1:
        return 0
    key = document.split(b":", 2)[1] if b":" in document else document
    return int(sha256(unquote_to_bytes(key)).hexdigest()[:8], 16) % parts
