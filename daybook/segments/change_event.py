"""The events `segment.entered` and `segment.left`, from what an outbox holds."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha1
from typing import Any
from uuid import UUID

from daybook.engine.documents.keys import encode_part
from daybook.engine.moment import moment_at
from schemas.envelope import moment_text

_NAMESPACE = UUID("6f1f3f0a-9a53-4d0e-8d0a-5f6a0a1c7b11").bytes
_IDS = {"u": "user_id", "v": "visitor_id"}


def change_event(change: Mapping[str, Any], organization: str, person: str) -> dict[str, Any]:
    """The event of a change of a person, `u:<user>` or `v:<visitor>`.

    Its `event_id` is a function of organization, segment, person and number, so a copy is known.
    """
    letter, _, own = person.partition(":")
    at = _text(change["at"])
    data = {
        "segment_id": change["segment"],
        "version": change["version"],
        "person": person,
        _IDS[letter]: own,
        "number": change["number"],
        "since": _text(change["since"]),
        "reason": change["reason"],
        "is_current": change["is_current"],
    }
    if not change["entered"]:
        data["until"] = at
    return {
        "event_id": _event_id(organization, change["segment"], person, change["number"]),
        "event_type": "segment.entered" if change["entered"] else "segment.left",
        "occurred_at": at,
        "schema_version": 1,
        "organization_id": organization,
        "data": data,
    }


def _event_id(organization: str, segment: str, person: str, number: int) -> str:
    """The UUIDv5 of the four. The one of Python's library takes four times as long."""
    name = f"{_part(organization)}:{_part(segment)}:{_part(person)}:{number}"
    digest = bytearray(sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


# A person's changes come together, and so do those of a moment.
_part = lru_cache(2**12)(encode_part)


@lru_cache(2**12)
def _text(at: int) -> str:
    return moment_text(moment_at(at))
