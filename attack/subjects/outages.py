"""A server that freezes, while callers are still known."""

import os
import signal
import time

from attack.attack import Attack, Sent, Target

_FROZEN_SECONDS = 45.0
"""Longer than a service believes in a key without asking MongoDB again."""


def frozen_mongodb(target: Target) -> Sent:
    """MongoDB keeps its connections and answers nothing."""
    pid = target.pids["mongodb"]
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(_FROZEN_SECONDS)
    finally:
        os.kill(pid, signal.SIGCONT)
    return Sent(f"MongoDB frozen for {_FROZEN_SECONDS:.0f} s")


ATTACKS = (Attack("MongoDB does not answer", frozen_mongodb, ("tracking",), 60, 60),)
