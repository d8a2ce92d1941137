"""Named places where a test may kill the process, as a power cut would.

`DAYBOOK_FAILPOINT=before_commit:3` kills it at the third time it comes there.
"""

import os
import signal
from typing import Literal

Failpoint = Literal[
    "before_dead_letter",
    "within_dead_letter",
    "after_dead_letter",
    "before_write",
    "between_documents",
    "before_state",
    "before_checkpoint",
    "before_commit",
    "after_commit",
]

_armed, _, _times = os.environ.get("DAYBOOK_FAILPOINT", "").partition(":")
_left = int(_times or 1)


def armed(name: Failpoint) -> bool:
    return _armed == name


def reach(name: Failpoint) -> None:
    """Dies here if this failpoint is armed and its turn has come."""
    global _left
    if _armed != name:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
