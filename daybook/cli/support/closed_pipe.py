"""Lets a command finish normally when the reader of its stdout, such as `head`, has gone."""

import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Pipe(io.FileIO):
    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            return memoryview(data).nbytes


def outlive_readers() -> None:
    """Discards output to a closed pipe; the command continues and keeps its exit code.

    By default Python would end it with exit code 1, perhaps in the middle of a rebuild. Restoring
    SIGPIPE's default action would also end a service whose client hangs up.
    """
    stdout = sys.__stdout__
    if stdout is None:  # closed before the command started
        return
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Pipe(stdout.fileno(), "wb", closefd=False)),
        encoding=stdout.encoding,
        errors=stdout.errors,
        line_buffering=stdout.isatty(),
    )
