"""A log in parts: a part begins with definitions, and holds for all that follows in it."""

from collections.abc import Iterable, Iterator
from itertools import chain

from daybook.simulate.message import DEFINITIONS, Message


def parts(messages: Iterable[Message]) -> Iterator[Iterator[Message]]:
    """Each must be read before the next. All but the first begin with a definition."""
    rest = iter(messages)
    first = next(rest, None)
    while first is not None:
        part = _Part(first, rest)
        yield part.messages()
        first = part.next


class _Part:
    def __init__(self, first: Message, rest: Iterator[Message]) -> None:
        self._all = chain([first], rest)
        self.next: Message | None = None

    def messages(self) -> Iterator[Message]:
        defining = True
        for message in self._all:
            if message.topic in DEFINITIONS and not defining:
                self.next = message
                return
            defining = message.topic in DEFINITIONS
            yield message
