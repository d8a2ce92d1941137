"""Splits a log into parts; each begins with definitions, which apply to the rest of the part."""

from collections.abc import Iterable, Iterator
from itertools import chain

from daybook.simulate.message import DEFINITIONS, Message


def parts(messages: Iterable[Message]) -> Iterator[Iterator[Message]]:
    """The parts of a log. Each must be read to its end before the next; every part but the first
    begins with a definition."""
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
        """Yields the part's messages; then `next` is the first message of the next part, if any."""
        in_definitions = True
        for message in self._all:
            if message.topic in DEFINITIONS and not in_definitions:
                self.next = message
                return
            in_definitions = message.topic in DEFINITIONS
            yield message
