"""The one way in which a local server fails."""


class ServerError(Exception):
    """A server cannot be had; the message is one sentence that says what to do."""
