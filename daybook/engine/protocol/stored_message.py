"""The form in which a dead letter's message is stored: whole, or cut with its digest and length."""

from hashlib import sha256
from typing import NamedTuple

from daybook.engine.batch import DeadLetter

TRUNCATED = "daybook-truncated"
"""The header that names what was cut: `value`, `key` or `key,value`."""


class Sizes(NamedTuple):
    """The bytes to which a key and a value are cut."""

    key: int
    value: int


WHOLE = Sizes(4 * 2**20, 12 * 2**20)
"""Together they fit into what a dead-letter topic takes and its producer sends (17 MiB). The source
takes 8 MiB, but after compression, so a message may be much larger."""

CUT = Sizes(64 * 2**10, 512 * 2**10)
"""These fit even into Kafka's own default for a topic, 1 MiB."""


class StoredMessage(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]]


def is_cut(dead_letter: DeadLetter, sizes: Sizes) -> bool:
    """Whether the message does not fit into these sizes."""
    return len(dead_letter.key or b"") > sizes.key or len(dead_letter.value or b"") > sizes.value


def stored(dead_letter: DeadLetter, sizes: Sizes) -> StoredMessage:
    """The message, whole if it fits into the sizes, else cut to those of `CUT`.

    The headers of a cut message say what was cut, and give the length in bytes and the SHA-256
    digest of the whole value and key.
    """
    key, value = dead_letter.key, dead_letter.value
    if not is_cut(dead_letter, sizes):
        return StoredMessage(key, value, [])
    key_bytes, value_bytes = key or b"", value or b""
    names = ["key"] * (len(key_bytes) > CUT.key) + ["value"] * (len(value_bytes) > CUT.value)
    headers: list[tuple[str, str | bytes | None]] = [
        (TRUNCATED, ",".join(names)),
        ("daybook-length", str(len(value_bytes))),
        ("daybook-digest", sha256(value_bytes).hexdigest()),
        ("daybook-key-length", str(len(key_bytes))),
        ("daybook-key-digest", sha256(key_bytes).hexdigest()),
    ]
    return StoredMessage(key and key[: CUT.key], value and value[: CUT.value], headers)
