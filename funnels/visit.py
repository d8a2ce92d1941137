"""The events of one visitor in one funnel, in order, and grouped as the numbers ask."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from funnels.seen import Seen, order

NOT_OF_A_FUNNEL = frozenset({"experiment_exposed"})
"""Of the types that a visitor's session remembers, those that are no event of the funnel."""


@dataclass(frozen=True, slots=True)
class InSession:
    """An event, its session's number, and the context that it had."""

    event: Seen
    session: int
    context: dict[str, str]


@dataclass(frozen=True, slots=True)
class Visits:
    """`of` is organization and funnel; `first_day` that of the visitor in the organization."""

    of: tuple[str, str]
    first_day: str
    events: list[InSession]

    def sessions(self) -> Iterator[list[InSession]]:
        by_session: dict[int, list[InSession]] = {}
        for each in self.events:
            by_session.setdefault(each.session, []).append(each)
        return iter(by_session.values())

    def days(self) -> Iterator[tuple[str, list[InSession]]]:
        """Days with their events, in order within each."""
        return days_of(self.events)


def days_of(events: Iterable[InSession]) -> Iterator[tuple[str, list[InSession]]]:
    ordered = sorted(events, key=lambda each: each.event["day"])
    for day, several in groupby(ordered, lambda each: each.event["day"]):
        yield day, list(several)


def in_order(events: Iterable[InSession]) -> list[InSession]:
    return sorted(events, key=lambda each: order(each.event))
