"""Reads a file or stdin line by line, in bounded memory."""

import os
import shutil
import sys
import tempfile
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from daybook.engine.errors import DaybookError
from daybook.engine.kafka.clients import MESSAGE_BYTES_MAX

STDIN = "-"
_LINES_BETWEEN_REPORTS = 5_000
LINE_BYTES_MAX = MESSAGE_BYTES_MAX + 2
"""A longer line cannot be a message. It is cut to this length, which still exceeds the limit."""


@contextmanager
def opened(name: str, *, rewindable: bool) -> Iterator[BinaryIO]:
    """The file, or stdin for `-`. A pipe that must be read twice is copied to a temporary file.

    Raises DaybookError for a file that cannot be read.
    """
    with ExitStack() as stack:
        try:
            file = sys.stdin.buffer if name == STDIN else stack.enter_context(open(name, "rb"))
        except OSError as error:
            raise DaybookError(f"{name}: {error.strerror}") from None
        if rewindable and not file.seekable():
            copy = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, copy, 2**20)
            copy.seek(0)
            file = copy
        yield file


def lines(
    file: BinaryIO, report: Callable[[int], None] = lambda done: None
) -> Iterator[tuple[int, bytes]]:
    """Each line with its number, from 1, without its line feed; blank lines are left out.

    A byte-order mark at the start, which programs of Windows write, is passed over. `report` gets
    the number of bytes read so far, every few thousand lines.
    """
    number = done = 0
    line = _first_line(file)
    while line:
        number += 1
        done += len(line)
        if number % _LINES_BETWEEN_REPORTS == 0:
            report(done)
        if len(line) == LINE_BYTES_MAX and not line.endswith(b"\n"):
            done += _skip_rest(file)
        if not line.isspace():
            yield number, line.removesuffix(b"\n")
        line = file.readline(LINE_BYTES_MAX)


def size(file: BinaryIO) -> int | None:
    """The number of bytes to read; None for a pipe."""
    return os.fstat(file.fileno()).st_size if file.seekable() else None


def fingerprint(file: BinaryIO) -> tuple[int, int]:
    """A value that changes when the file is written to."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _first_line(file: BinaryIO) -> bytes:
    head = file.readline(len(BOM_UTF8))
    if head == BOM_UTF8:
        return file.readline(LINE_BYTES_MAX)
    return head if head.endswith(b"\n") else head + file.readline(LINE_BYTES_MAX - len(head))


def _skip_rest(file: BinaryIO) -> int:
    skipped = 0
    while more := file.readline(LINE_BYTES_MAX):
        skipped += len(more)
        if more.endswith(b"\n"):
            break
    return skipped
