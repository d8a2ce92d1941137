"""The Redis keys and channels of live numbers; organization and id in them are percent-encoded."""

from functools import lru_cache

from daybook.engine.documents.keys import encode_part

MINUTE_MS = 60_000
ACTIVE_MS = 30 * MINUTE_MS
CONVERSIONS_MS = 5 * MINUTE_MS
RECENT_KEPT = 50
_NAMES_KEPT = 4_096

CHECKOUT = "checkout"
"""The only place that is kept for visitors of a ticketed event."""


def dashboard_channel(organization: str) -> str:
    """The channel of an organization's dashboards."""
    return f"analytics:dashboard:{encode_part(organization)}"


@lru_cache(maxsize=_NAMES_KEPT)
def event_channel(organization: str, event_id: str) -> str:
    """A channel, whose name is also the prefix of the event's keys."""
    return f"analytics:event:{encode_part(organization)}:{encode_part(event_id)}"


def event_totals(organization: str, event_id: str) -> str:
    """A hash: the day's numbers."""
    return f"{event_channel(organization, event_id)}:live"


def event_active(organization: str, event_id: str) -> str:
    """A sorted set of visitors; those in the checkout are also in `…:checkout`."""
    return f"{event_channel(organization, event_id)}:active"


def event_places(organization: str, event_id: str) -> str:
    """A hash: the place of each visitor; only the writers use it."""
    return f"{event_channel(organization, event_id)}:places"


def event_recent(organization: str, event_id: str) -> str:
    """A sorted set of the last events."""
    return f"{event_channel(organization, event_id)}:recent"


@lru_cache(maxsize=_NAMES_KEPT)
def funnel_recent(organization: str, funnel_id: str) -> str:
    """A sorted set of the last events, whose key is also the prefix of the funnel's other keys."""
    return f"analytics:funnel:{encode_part(organization)}:{encode_part(funnel_id)}"


def funnel_totals(organization: str, funnel_id: str) -> str:
    """A hash: the day's numbers."""
    return f"{funnel_recent(organization, funnel_id)}:live"


def funnel_active(organization: str, funnel_id: str) -> str:
    """A sorted set of visitors; those at a step are also in `…:<step>`, with the step encoded."""
    return f"{funnel_recent(organization, funnel_id)}:active"


def funnel_places(organization: str, funnel_id: str) -> str:
    """A hash: the place of each visitor; only the writers use it."""
    return f"{funnel_recent(organization, funnel_id)}:places"


def funnel_conversions(organization: str, funnel_id: str) -> str:
    """A sorted set of the conversions of the last five minutes."""
    return f"{funnel_recent(organization, funnel_id)}:conversions"
