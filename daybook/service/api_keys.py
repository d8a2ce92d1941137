"""Keys that let a caller in: random, hashed at rest, each of one organization and one kind."""

import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from daybook.engine.errors import Unknown
from daybook.engine.mongo.client import Documents, reachable

COLLECTION = "_daybook_keys"
ID_CHARS = 12
Kind = Literal["write", "server", "read"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Role = Literal["analyst", "owner", "server", "creator", "brand", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

_SECRET_BYTES = 24
_FORM = re.compile(r"db(write|server|read)_[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; `id` is what people call it by, the key itself is not kept.

    A *write* key is public: it stands in web pages and may only track. A *server* key is secret
    and tracks as well. A *read* key is secret and reads reports, as its role may: `role` is set
    for these alone, and `subject` is the creator or the brand of those two roles.
    """

    id: str
    kind: Kind
    organization_id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None
    role: Role | None = None
    subject: str | None = None


def looks_like(text: str) -> Kind | None:
    """The kind of key that this could be, judged by its form alone."""
    found = _FORM.fullmatch(text)
    return next((kind for kind in KINDS if found and found[1] == kind), None)


def create(
    documents: Documents,
    kind: Kind,
    organization_id: str,
    name: str,
    now: datetime,
    role: Role | None = None,
    subject: str | None = None,
) -> tuple[str, Key]:
    """A new key and what is kept of it. The key cannot be read again. Raises Unavailable."""
    text = f"db{kind}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    kept = {
        "_id": _digest(text),
        "kind": kind,
        "organization_id": organization_id,
        "name": name,
        "created_at": now,
        "revoked_at": None,
    }
    if kind == "read":
        kept |= {"role": role or "analyst", "subject": subject}
    with reachable():
        documents[COLLECTION].insert_one(kept)
    return text, key_of(kept)


def find(documents: Documents, text: str) -> Key | None:
    """The key that this text is, unless it is unknown or revoked. Raises Unavailable."""
    if looks_like(text) is None:
        return None
    with reachable():
        kept = documents[COLLECTION].find_one(in_force(text))
    return key_of(kept) if kept else None


def in_force(text: str) -> dict[str, Any]:
    """The filter that finds a key in the collection, unless it is revoked."""
    return {"_id": _digest(text), "revoked_at": None}


def listed(documents: Documents) -> Iterator[Key]:
    """Every key, the oldest first. Raises Unavailable."""
    with reachable():
        yield from map(key_of, documents[COLLECTION].find().sort("created_at"))


def revoke(documents: Documents, key_id: str, now: datetime) -> Key:
    """Ends a key for ever; one that was revoked stays so since then.

    Raises Unknown when there is no such key, Unavailable.
    """
    if not re.fullmatch(rf"[0-9a-f]{{{ID_CHARS}}}", key_id):
        raise Unknown(f"{key_id!r} is no key's id: `daybook keys list` shows them")
    own = {"_id": {"$gte": key_id, "$lt": key_id + "g"}}
    with reachable():
        documents[COLLECTION].update_one(own | {"revoked_at": None}, {"$set": {"revoked_at": now}})
        kept = documents[COLLECTION].find_one(own)
    if kept is None:
        raise Unknown(f"no key {key_id}: `daybook keys list` shows them")
    return key_of(kept)


def _digest(text: str) -> str:
    """A key has 192 random bits, so one round of a plain hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


def key_of(kept: dict[str, Any]) -> Key:
    """A key as it is kept."""
    return Key(
        id=kept["_id"][:ID_CHARS],
        kind=kept["kind"],
        organization_id=kept["organization_id"],
        name=kept["name"],
        created_at=kept["created_at"].astimezone(UTC),
        revoked_at=kept["revoked_at"] and kept["revoked_at"].astimezone(UTC),
        role=kept.get("role"),
        subject=kept.get("subject"),
    )
