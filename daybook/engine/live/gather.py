"""Combines live updates before they are written: each member once, each person's last place."""

from collections.abc import Iterable

from daybook.engine.documents.live import Entry, LiveUpdate, Presence

Entries = dict[tuple[str, int, int], dict[str, int]]
"""By key, window in ms and number of members kept (0: all): each member's time in ms."""

Presences = dict[tuple[str, str, int], dict[str, tuple[int, str | None]]]
"""By key, key of the places hash and window in ms: each person's time in ms and place."""


def gather(updates: Iterable[LiveUpdate]) -> tuple[Entries, Presences]:
    """Combines updates given in log order; of a set that keeps `kept` members, only the newest."""
    entries: Entries = {}
    presences: Presences = {}
    for update in updates:
        if isinstance(update, Entry):
            members = entries.setdefault((update.key, update.window_ms, update.kept), {})
            members[update.member] = update.at_ms
        else:
            target = update.key, update.places, update.window_ms
            _add_presence(presences.setdefault(target, {}), update)
    return {target: _newest(members, target[2]) for target, members in entries.items()}, presences


def _add_presence(people: dict[str, tuple[int, str | None]], presence: Presence) -> None:
    at_ms, place = people.get(presence.who, (presence.at_ms, None))
    if presence.at_ms >= at_ms:
        new_place = place if presence.place is None else presence.place
        people[presence.who] = presence.at_ms, new_place


def _newest(members: dict[str, int], kept: int) -> dict[str, int]:
    """The newest members in the order of Redis: by time, then by the member's bytes."""
    if not kept or len(members) <= kept:
        return members
    by_age = sorted(members.items(), key=lambda entry: (entry[1], entry[0].encode()))
    return dict(by_age[-kept:])
