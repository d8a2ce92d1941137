"""Stdout whose reader may go early, as `head` does: it has read enough, and nothing has failed."""

import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Pipe(io.FileIO):
    def write(self, some: "ReadableBuffer", /) -> int:
        try:
            return super().write(some) or 0
        except BrokenPipeError:
            return memoryview(some).nbytes


def outlive_readers() -> None:
    """What nobody reads is let go. The command goes on, and its exit code is its own.

    Python itself would end it with 1, a rebuild in the middle of it; SIGPIPE as C programs have it
    would end a service whose client hangs up.
    """
    own = sys.__stdout__
    if own is None:  # it was closed before we began
        return
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Pipe(own.fileno(), "wb", closefd=False)),
        encoding=own.encoding,
        errors=own.errors,
        line_buffering=own.isatty(),
    )
