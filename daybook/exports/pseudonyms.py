"""Pseudonyms for personal ids: constant within a file, different in every other file."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from daybook.query.exports.secret import Secret

PERSONAL = ("visitor_id", "user_id", "session_id")
_CHARS = 20
_CACHED_MAX = 1_024


class Pseudonyms:
    """The pseudonyms of one job, derived with a secret, so that ids cannot be found by trying."""

    def __init__(self, secret: Secret, organization: str, job_id: str) -> None:
        self._secret = secret
        self._job = organization, job_id
        self._cached = lru_cache(_CACHED_MAX)(self._pseudonym)

    def hide(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of the document with pseudonyms in place of personal ids."""
        ids = {field: document.get(field) for field in PERSONAL}
        hidden = {field: self._cached(field, id) for field, id in ids.items() if id is not None}
        return {**document, **hidden}

    def _pseudonym(self, field: str, id: str) -> str:
        return self._secret.sign("pseudonym", *self._job, field, id).hex()[:_CHARS]
