"""Deeds by something, each group in the order of the deeds."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from daybook.simulate.answer.deed import Deed

K = TypeVar("K", bound=Hashable)


def by(deeds: Iterable[Deed], what: Callable[[Deed], K]) -> dict[K, list[Deed]]:
    groups: dict[K, list[Deed]] = {}
    for deed in deeds:
        groups.setdefault(what(deed), []).append(deed)
    return groups


def first_by(deeds: Iterable[Deed], what: Callable[[Deed], K]) -> dict[K, Deed]:
    """The first of each group."""
    return {of: group[0] for of, group in by(deeds, what).items()}


def day_of(deed: Deed) -> str:
    return deed.at.day


def session_of(deed: Deed) -> str:
    return deed.session
