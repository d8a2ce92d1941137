"""How far the groups are behind the ends of the log."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from confluent_kafka.admin import AdminClient

import consumers
from daybook.engine.errors import DaybookError
from daybook.engine.mongo.client import Documents
from daybook.engine.operations.status import group_statuses
from daybook.exports.group import GROUP as EXPORTS

UNDER_WAY_MAX = 100
"""Messages that are on their way at any moment: a well-behaved caller tracks all the time."""

_POLL_SECONDS = 0.25


def wait_for_no_lag(
    documents: Documents,
    client: AdminClient,
    seconds: float,
    is_over: Callable[[], bool] = lambda: False,
) -> list[str]:
    """A sentence for each group that still lags after so long, or when `is_over` says so."""
    deadline = time.monotonic() + seconds
    while behind := _behind(documents, client):
        if is_over() or time.monotonic() > deadline:
            return [f"{text}, {seconds:.0f} s after the attack" for text in behind]
        time.sleep(_POLL_SECONDS)
    return []


def _behind(documents: Documents, client: AdminClient) -> list[str]:
    try:
        statuses = group_statuses((*consumers.FLEET, EXPORTS), documents, client, datetime.now(UTC))
    except DaybookError as error:
        return [f"the lag is unknown ({error})"]
    return [
        f"{status.group} lags by {status.lag:,}"
        for status in statuses
        if status.lag > UNDER_WAY_MAX
    ]
