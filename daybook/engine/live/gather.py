"""What several events come to in the sorted sets: a member once, and everybody's last place."""

from collections.abc import Iterable

from daybook.engine.documents.live import Entry, LiveUpdate, Presence

Entries = dict[tuple[str, int, int], dict[str, int]]
"""By key, window in ms, and how many are kept: members with their time."""

Presences = dict[tuple[str, str, int], dict[str, tuple[int, str | None]]]
"""By key, key of the places, and window in ms: who, when, and at which place."""


def gather(signs: Iterable[LiveUpdate]) -> tuple[Entries, Presences]:
    """Of signs in the log's order. A set that keeps the newest few is given no more than those."""
    entries: Entries = {}
    presences: Presences = {}
    for sign in signs:
        if isinstance(sign, Entry):
            members = entries.setdefault((sign.key, sign.window_ms, sign.kept), {})
            members[sign.member] = sign.at_ms
        else:
            _meet(presences.setdefault((sign.key, sign.places, sign.window_ms), {}), sign)
    return {of: _newest(members, of[2]) for of, members in entries.items()}, presences


def _meet(everyone: dict[str, tuple[int, str | None]], sign: Presence) -> None:
    at_ms, place = everyone.get(sign.who, (sign.at_ms, None))
    if sign.at_ms >= at_ms:
        everyone[sign.who] = sign.at_ms, place if sign.place is None else sign.place


def _newest(members: dict[str, int], kept: int) -> dict[str, int]:
    """As Redis orders them: by time, then by the member's bytes."""
    if not kept or len(members) <= kept:
        return members
    by_age = sorted(members.items(), key=lambda one: (one[1], one[0].encode()))
    return dict(by_age[-kept:])
