"""Exceptions, each named after what its handler must do."""

from collections.abc import Collection

_OFFSETS_NAMED_MAX = 5
"""More offsets or keys than these make a sentence hard to read."""

_KEY_CHARS_MAX = 128
"""As long as the schemas let an id be; a key that is longer belongs to no valid message."""


class DaybookError(Exception):
    """A failure that ends the command; its message is written for the person running it."""

    exit_code = 1


class WrongSetting(DaybookError):
    """A setting is invalid; the message names its environment variable."""

    exit_code = 2


class Unknown(DaybookError):
    """No such name; the message lists the valid ones."""

    exit_code = 2


class Unavailable(DaybookError):
    """A server does not answer: keep polling with all partitions paused, and retry later."""

    exit_code = 4


class OutdatedClient(Unavailable):
    """The MongoDB client has seen a later election than the servers know, and refuses their primary
    for ever: replace the client, or start the process again."""


class StartAgain(Exception):
    """The database may hold less than was written to it: drop what is in memory, and start each
    partition again from its checkpoint. The message says how it was noticed."""


class Refused(Exception):
    """A guarded write found that the document changed since it was read: read and fold again."""


class Poison(Exception):
    """A message that can never be counted: it becomes a dead letter and counts as processed.

    `reason` is one of a few codes (a metric label); `detail` says what is wrong, without values.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


NAMED = (DaybookError, Refused, StartAgain, MemoryError)
"""Exceptions that a handler knows what to do about, so that no message is to blame for them."""


class Unwritable(DaybookError):
    """MongoDB refuses what a document would hold: an operator must exclude a message.

    `causes`: the messages that change the document, as far as they are known.
    """

    def __init__(self, collection: str, document: str, why: str, causes: str = "") -> None:
        super().__init__(
            f"MongoDB refuses document {document[:200]} of {collection}, because {why}{causes}; "
            "`daybook dlq exclude TOPIC PARTITION OFFSET` leaves a message out, then start the "
            "group again"
        )
        self.collection = collection
        self.document = document
        self.why = why

    def caused_by(
        self, partition: str, offsets: Collection[int], keys: Collection[str]
    ) -> "Unwritable":
        """The same error with the messages that change the document: few offsets, or a range."""
        numbers = sorted(offsets)
        if not numbers:
            return self
        several = len(numbers) > _OFFSETS_NAMED_MAX
        shown = f"{numbers[0]} to {numbers[-1]}" if several else ", ".join(map(str, numbers))
        named = ", ".join(sorted(key[:_KEY_CHARS_MAX] for key in keys)[:_OFFSETS_NAMED_MAX])
        causes = f"; messages of {partition} that change it: offset {shown}"
        if named:
            causes += f", key {named}"
        return Unwritable(self.collection, self.document, self.why, causes)


class TooManyFaults(DaybookError):
    """More messages than a few cannot be counted for a fault of the code: an operator must look."""


class Gap(DaybookError):
    """The log does not hold the offset that must be counted next."""


class FleetMismatch(DaybookError):
    """The database or group belongs to another fleet, or was counted with other settings."""


class Damaged(DaybookError):
    """A stored document has a form that no member writes."""

    def __init__(self, document: str, why: str) -> None:
        super().__init__(
            f"document {document} cannot be added to: {why[:200]}; `daybook rebuild` restores it "
            "from the log"
        )
