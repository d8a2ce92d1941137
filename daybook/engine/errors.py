"""Exceptions, each named after what its handler must do."""


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


class InProgress(Exception):
    """The work continues in another thread: keep polling with all partitions paused, call again."""


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
