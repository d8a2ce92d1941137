"""Waits for numbers of the fleet."""

import time
from collections.abc import Callable

from daybook.engine.errors import DaybookError
from daybook.engine.mongo.client import Documents, reachable

_WAIT_SECONDS_MAX = 30.0
_POLL_SECONDS = 0.1


def orders_created(documents: Documents) -> int:
    """Of all days. Raises Unavailable."""
    with reachable():
        days = documents["analytics_order_funnel"].find({}, {"orders_created": 1})
        return sum(int(day.get("orders_created", 0)) for day in days)


def counted(read: Callable[[], int], wanted: int) -> int:
    """What is counted once it is what was wanted, or when no more is waited for.

    A number that cannot be read yet, as MongoDB has just started, is asked for again.
    """
    deadline, found = time.monotonic() + _WAIT_SECONDS_MAX, 0
    while time.monotonic() < deadline:
        try:
            found = read()
        except DaybookError:
            found = 0
        if found >= wanted:
            break
        time.sleep(_POLL_SECONDS)
    return found
