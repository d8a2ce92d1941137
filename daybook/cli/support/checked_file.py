"""Checks every line of a file before any is sent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from daybook.cli.support.line_check import BadLine, LineCheck
from daybook.cli.support.lines import lines

PRINTED_MAX = 20


@dataclass(slots=True)
class Checked:
    """The numbers of good and bad lines, and the first bad ones: line number and error."""

    good: int = 0
    bad: int = 0
    first_bad: list[tuple[int, str]] = field(default_factory=list)

    def problems(self) -> Iterator[str]:
        """A sentence for each of the first bad lines, and the number of the others."""
        for number, reason in self.first_bad:
            yield f"line {number:,}: {reason}"
        if self.bad > len(self.first_bad):
            yield f"and {self.bad - len(self.first_bad):,} more"


def check_lines(
    data: BinaryIO, check: LineCheck, keys: BinaryIO, report: Callable[[int], None]
) -> Checked:
    """Checks every line, and writes its message key as a line to `keys`: empty for a bad one.

    Keys in a file keep memory bounded. `report` gets the number of bytes read so far.
    """
    checked = Checked()
    for number, line in lines(data, report):
        try:
            keys.write(check.key(line) + b"\n")
            checked.good += 1
        except BadLine as bad:
            keys.write(b"\n")
            checked.bad += 1
            if len(checked.first_bad) < PRINTED_MAX:
                checked.first_bad.append((number, str(bad)))
    return checked


def keyed_lines(
    data: BinaryIO, keys: BinaryIO, report: Callable[[int], None]
) -> Iterator[tuple[bytes, bytes]]:
    """The good lines, each with the key that `check_lines` wrote to `keys`."""
    for (_, line), key in zip(lines(data, report), keys, strict=True):
        if key != b"\n":
            yield line, key[:-1]
