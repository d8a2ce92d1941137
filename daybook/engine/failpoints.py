"""Named places where a test may kill or freeze the process, as a power cut or a long pause would.

`DAYBOOK_FAILPOINT=before_commit:3` kills it at the third time it comes there;
`before_commit:3:STOP` freezes it there until somebody lets it go on.
"""

import os
import signal
from threading import get_ident
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
    "before_live",
    "before_file",
    "after_file",
    "before_notice",
]

_armed, _times, _signal, *_ = [*os.environ.get("DAYBOOK_FAILPOINT", "").split(":"), "", ""]
_left = int(_times or 1)


def armed(name: Failpoint) -> bool:
    """Whether this failpoint is set, so that its place must be made to exist."""
    return _armed == name


def reach(name: Failpoint) -> None:
    """Dies or freezes here if this failpoint is set and its turn has come."""
    global _left
    if _armed != name:
        return
    _left -= 1
    if _left == 0:
        # Sent to the process it would be the main thread that takes it, with this one running on.
        signal.pthread_kill(get_ident(), signal.Signals[f"SIG{_signal or 'KILL'}"])
