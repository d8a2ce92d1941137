"""How much of the processors processes get beside others, on a machine that all of them share."""

import os
from contextlib import suppress
from pathlib import Path


def lower_own(nice: int) -> None:
    """Lowers the priority of this process, the first of its session, and of those it starts.

    Linux weighs sessions against each other, and niceness only within one.
    """
    os.nice(nice)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))
