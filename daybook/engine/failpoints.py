"""Named points where a test kills or freezes the process, as a power cut or a long pause would.

`DAYBOOK_FAILPOINT=before_commit:3` kills the process the third time it reaches the point;
`before_commit:3:STOP` freezes it there until it receives SIGCONT.
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
    "within_feed",
    "before_state",
    "before_checkpoint",
    "before_commit",
    "after_commit",
    "before_live",
    "before_profiles",
    "before_rows",
    "before_changes",
    "after_changes",
    "before_file",
    "after_file",
    "before_notice",
]

_armed, _times, _signal, *_ = [*os.environ.get("DAYBOOK_FAILPOINT", "").split(":"), "", ""]
_left = int(_times or 1)


def armed(name: Failpoint) -> bool:
    """Whether this failpoint is set, for code that must create the situation the point is for."""
    return _armed == name


def reach(name: Failpoint) -> None:
    """Kills or freezes the process if this failpoint is set and the configured pass is reached."""
    global _left
    if _armed != name:
        return
    _left -= 1
    if _left == 0:
        # A signal sent to the process is taken by the main thread, while this one would run on.
        signal.pthread_kill(get_ident(), signal.Signals[f"SIG{_signal or 'KILL'}"])
