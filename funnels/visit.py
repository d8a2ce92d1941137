"""The events of one visitor in one funnel, session by session."""

from collections.abc import Iterable
from typing import NamedTuple

from funnels.seen import Seen


class InSession(NamedTuple):
    """An event, its session's id, and the context that it had."""

    event: Seen
    session: str
    context: dict[str, str]


Of = tuple[str, str]
"""Organization and funnel."""


def in_order(events: Iterable[InSession]) -> list[InSession]:
    return sorted(events, key=lambda each: (each[0]["at"], each[0]["offset"]))


def on(day: str, sessions: Iterable[list[InSession]]) -> list[InSession]:
    """The events of a day, in order."""
    return in_order(each for session in sessions for each in session if each.event["day"] == day)
