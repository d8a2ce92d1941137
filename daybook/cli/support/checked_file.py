"""A file's lines, each checked before any is sent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from daybook.cli.support.line_check import BadLine, LineCheck
from daybook.cli.support.lines import lines

NAMED_MAX = 20


@dataclass(slots=True)
class Checked:
    """How many lines are good and bad, and the first bad ones: number, and what is wrong."""

    good: int = 0
    bad: int = 0
    named: list[tuple[int, str]] = field(default_factory=list)

    def problems(self) -> Iterator[str]:
        """The bad lines, a sentence each, and how many more there are."""
        for number, reason in self.named:
            yield f"line {number:,}: {reason}"
        if self.bad > len(self.named):
            yield f"and {self.bad - len(self.named):,} more"


def check_lines(
    data: BinaryIO, check: LineCheck, keys: BinaryIO, report: Callable[[int], None]
) -> Checked:
    """Checks every line; writes to `keys` a line for each: its key, nothing for a bad one."""
    checked = Checked()
    for number, line in lines(data, report):
        try:
            keys.write(check.key(line) + b"\n")
            checked.good += 1
        except BadLine as bad:
            keys.write(b"\n")
            checked.bad += 1
            if len(checked.named) < NAMED_MAX:
                checked.named.append((number, str(bad)))
    return checked


def keyed_lines(
    data: BinaryIO, keys: BinaryIO, report: Callable[[int], None]
) -> Iterator[tuple[bytes, bytes]]:
    """The good lines, each with the key that `check_lines` wrote for it."""
    for (_, line), key in zip(lines(data, report), keys, strict=True):
        if key != b"\n":
            yield line, key[:-1]
