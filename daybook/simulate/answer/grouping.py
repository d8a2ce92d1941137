"""Groups deeds by a key; each group keeps the order of the deeds."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from daybook.simulate.answer.deed import Deed

K = TypeVar("K", bound=Hashable)


def group_by(deeds: Iterable[Deed], key_of: Callable[[Deed], K]) -> dict[K, list[Deed]]:
    """The deeds of each key."""
    groups: dict[K, list[Deed]] = {}
    for deed in deeds:
        groups.setdefault(key_of(deed), []).append(deed)
    return groups


def first_by(deeds: Iterable[Deed], key_of: Callable[[Deed], K]) -> dict[K, Deed]:
    """The first deed of each key."""
    return {key: group[0] for key, group in group_by(deeds, key_of).items()}


def day_of(deed: Deed) -> str:
    return deed.at.day


def session_of(deed: Deed) -> str:
    return deed.session
