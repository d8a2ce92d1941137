"""What conditions ask of a person's profile, and the moments up to which nothing counts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from daybook.engine.documents.keys import encode_key
from schemas.filters import TRACKED

Profile = Mapping[str, Any]
"""A document of `segment_profiles`. Its facts, with all times in milliseconds since 1970:

`first_seen`, None of a person of whom nothing is known; `events` {kind: the newest 100 times, in
order}; `attributes` {name: the newest 20 [time, value], in order}; `orders` {id: {paid_at,
currency, cents, refunds: [[time, cents]], products}}; `consent` [[time, given or withdrawn]] and
`account` [[time, opened or deleted]], in order.
"""

ANY_EVENT = "*"
"""The kind of every event of the person."""

GIVEN, WITHDRAWN = "given", "withdrawn"
OPENED, DELETED = "opened", "deleted"
ACCOUNT_ATTRIBUTES = frozenset({"country", "role", "source", "email_domain"})
_NEVER = -1


class Cuts(NamedTuple):
    """Exclusive: what was tracked, and anything at all, counts only if it is later."""

    tracked: int
    anything: int


def cut_of_event(event_type: str) -> int:
    """The place in `Cuts` of the cut that holds for events of a type."""
    return 0 if event_type in TRACKED else 1


def cut_of_attribute(name: str) -> int:
    """The place in `Cuts` of the cut that holds for an attribute."""
    return 1 if name in ACCOUNT_ATTRIBUTES else 0


_EVERYTHING = Cuts(_NEVER, _NEVER)


def cuts(profile: Profile, t: int) -> Cuts | None:
    """What counts at t; None while consent is withdrawn, or the account is deleted."""
    if not profile["account"] and not profile["consent"]:
        return _EVERYTHING
    anything = _cut(profile["account"], t, DELETED)
    consented = _cut(profile["consent"], t, WITHDRAWN)
    if anything is None or consented is None:
        return None
    return Cuts(max(anything, consented), anything)


def _cut(changes: Sequence[tuple[int, str]], t: int, ended: str) -> int | None:
    """The moment from which on things count again, before the first end -1; None after an end."""
    last, holds = _NEVER, True
    for at, what in changes:
        if at > t:
            break
        if what == ended:
            last, holds = at, False
        elif not holds:
            last, holds = at, True
    return last if holds else None


def moments_of_cuts(profile: Profile) -> Iterator[int]:
    """When consent, the account, or being known at all may have changed."""
    if profile["first_seen"] is not None:
        yield profile["first_seen"]
    for changes in (profile["consent"], profile["account"]):
        for at, _ in changes:
            yield at


def kind(event_type: str, where: Mapping[str, str] | None = None) -> str:
    """The key of `events`: a type, or `type|field=value`, as the map stores it."""
    if not where:
        return encode_key(event_type)
    ((name, value),) = where.items()
    return encode_key(f"{event_type}|{name}={value}")
