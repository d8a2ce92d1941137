"""API keys: random, stored as hashes, each for one organization and of one kind."""

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
_PATTERN = re.compile(r"db(write|server|read)_[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Key:
    """A stored key. People refer to it by `id`; the key text itself is not stored.

    A *write* key is public: it is embedded in web pages and can only track events. A *server* key
    is secret and also tracks events. A *read* key is secret and reads the reports that its role
    permits. Only read keys have a `role`; `subject` is the creator or brand for those two roles.
    """

    id: str
    kind: Kind
    organization_id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None
    role: Role | None = None
    subject: str | None = None


def kind_by_format(text: str) -> Kind | None:
    """The kind of key, judged by the text's format alone; None if it is not in a key's format."""
    match = _PATTERN.fullmatch(text)
    return next((kind for kind in KINDS if match and match[1] == kind), None)


def create(
    documents: Documents,
    kind: Kind,
    organization_id: str,
    name: str,
    now: datetime,
    role: Role | None = None,
    subject: str | None = None,
) -> tuple[str, Key]:
    """The text of a new key, which cannot be read again, and its record. Raises Unavailable."""
    text = f"db{kind}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    document = {
        "_id": _digest(text),
        "kind": kind,
        "organization_id": organization_id,
        "name": name,
        "created_at": now,
        "revoked_at": None,
    }
    if kind == "read":
        document |= {"role": role or "analyst", "subject": subject}
    with reachable():
        documents[COLLECTION].insert_one(document)
    return text, key_from_document(document)


def find(documents: Documents, text: str) -> Key | None:
    """The key with this text; None if it is unknown or revoked. Raises Unavailable."""
    if kind_by_format(text) is None:
        return None
    with reachable():
        document = documents[COLLECTION].find_one(active_key_filter(text))
    return key_from_document(document) if document else None


def active_key_filter(text: str) -> dict[str, Any]:
    """A MongoDB filter that matches the key with this text unless it is revoked."""
    return {"_id": _digest(text), "revoked_at": None}


def find_all(documents: Documents) -> Iterator[Key]:
    """Every key, oldest first. Raises Unavailable."""
    with reachable():
        yield from map(key_from_document, documents[COLLECTION].find().sort("created_at"))


def revoke(documents: Documents, key_id: str, now: datetime) -> Key:
    """Revokes a key for good. A key that is already revoked keeps its `revoked_at`.

    Raises Unknown when there is no such key, and Unavailable.
    """
    if not re.fullmatch(rf"[0-9a-f]{{{ID_CHARS}}}", key_id):
        raise Unknown(f"{key_id!r} is not a key id: `daybook keys list` shows the ids")
    by_id = {"_id": {"$gte": key_id, "$lt": key_id + "g"}}
    with reachable():
        documents[COLLECTION].update_one(
            by_id | {"revoked_at": None}, {"$set": {"revoked_at": now}}
        )
        document = documents[COLLECTION].find_one(by_id)
    if document is None:
        raise Unknown(f"no key has the id {key_id}: `daybook keys list` shows the ids")
    return key_from_document(document)


def _digest(text: str) -> str:
    """One round of a plain hash is enough, because a key has 192 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()


def key_from_document(document: dict[str, Any]) -> Key:
    """A document of the collection as a Key."""
    return Key(
        id=document["_id"][:ID_CHARS],
        kind=document["kind"],
        organization_id=document["organization_id"],
        name=document["name"],
        created_at=document["created_at"].astimezone(UTC),
        revoked_at=document["revoked_at"] and document["revoked_at"].astimezone(UTC),
        role=document.get("role"),
        subject=document.get("subject"),
    )
