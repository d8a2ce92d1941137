"""The events `segment.entered` and `segment.left`, from what an outbox holds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from daybook.engine.documents.keys import encode_part
from daybook.engine.moment import moment_at
from schemas.envelope import moment_text

_NAMESPACE = UUID("6f1f3f0a-9a53-4d0e-8d0a-5f6a0a1c7b11")
_IDS = {"u": "user_id", "v": "visitor_id"}


def change_event(change: Mapping[str, Any], organization: str, person: str) -> dict[str, Any]:
    """The event of a change of a person, `u:<user>` or `v:<visitor>`.

    Its `event_id` is a function of organization, segment, person and number, so a copy is known.
    """
    letter, _, own = person.partition(":")
    named = ":".join(map(encode_part, (organization, change["segment"], person)))
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
        data["until"] = _text(change["at"])
    return {
        "event_id": str(uuid5(_NAMESPACE, f"{named}:{change['number']}")),
        "event_type": "segment.entered" if change["entered"] else "segment.left",
        "occurred_at": _text(change["at"]),
        "schema_version": 1,
        "organization_id": organization,
        "data": data,
    }


def _text(at: int) -> str:
    return moment_text(moment_at(at))
