"""Names for those who are not to be known: the same within a file, another in the next one."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from daybook.query.exports.secret import Secret

PERSONAL = ("visitor_id", "user_id", "session_id")
_CHARS = 20
_REMEMBERED = 1_024


class Pseudonyms:
    """Of one job. Keyed, so that nobody finds out by trying ids."""

    def __init__(self, secret: Secret, organization: str, job_id: str) -> None:
        self._secret = secret
        self._of = organization, job_id
        self._name = lru_cache(_REMEMBERED)(self._made)

    def hide(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """A copy with names in place of the ids that it has."""
        named = {name: document.get(name) for name in PERSONAL}
        hidden = {name: self._name(name, own) for name, own in named.items() if own is not None}
        return {**document, **hidden}

    def _made(self, kind: str, own: str) -> str:
        return self._secret.sign("pseudonym", *self._of, kind, own).hex()[:_CHARS]
