"""The error of local servers."""


class ServerError(Exception):
    """A local server cannot be installed, started or stopped; the message says what to do."""
