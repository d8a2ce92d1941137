"""Failures named by what must be done about them."""


class DaybookError(Exception):
    """A failure with a sentence for the person who reads it; ends the command."""

    exit_code = 1


class WrongSetting(DaybookError):
    """A setting cannot be used; the message names its variable."""

    exit_code = 2


class Unknown(DaybookError):
    """The name that was given is nobody's; the message says which there are."""

    exit_code = 2


class Unavailable(DaybookError):
    """A server does not answer: back off, keep polling while paused, try again."""

    exit_code = 4


class InProgress(Exception):
    """The work goes on in another thread: keep polling while paused, and ask again."""


class Refused(Exception):
    """A guarded write found another state than was read: read again and fold again."""


class Poison(Exception):
    """A message that can never be counted: dead-letter it, count it as handled.

    `reason` is one of a few words (a metric label); `detail` says what was wrong, without values.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Gap(DaybookError):
    """The log no longer holds what must be counted next."""


class FleetMismatch(DaybookError):
    """The database or the group belongs to another fleet, or was counted by other settings."""


class Damaged(DaybookError):
    """A document is not what any member would have written."""

    def __init__(self, document: str, why: str) -> None:
        super().__init__(
            f"document {document} cannot be added to: {why[:200]}: `daybook rebuild` makes it what "
            "the log says"
        )
