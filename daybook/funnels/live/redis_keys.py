"""Where live numbers stand in Redis; ids in keys are organization and id, percent-encoded."""

from functools import lru_cache

from daybook.engine.documents.keys import encode_part

MINUTE_MS = 60_000
ACTIVE_MS = 30 * MINUTE_MS
CONVERSIONS_MS = 5 * MINUTE_MS
RECENT_KEPT = 50
_NAMES_KEPT = 4_096

CHECKOUT = "checkout"
"""The one place that visitors of a ticketed event are told apart by."""


def dashboard_channel(organization: str) -> str:
    return f"analytics:dashboard:{encode_part(organization)}"


@lru_cache(maxsize=_NAMES_KEPT)
def event_channel(organization: str, event_id: str) -> str:
    """A channel's name, and what the event's keys begin with."""
    return f"analytics:event:{encode_part(organization)}:{encode_part(event_id)}"


def event_totals(organization: str, event_id: str) -> str:
    """A hash."""
    return f"{event_channel(organization, event_id)}:live"


def event_active(organization: str, event_id: str) -> str:
    """A sorted set of visitors; those in the checkout stand in `…:checkout` as well."""
    return f"{event_channel(organization, event_id)}:active"


def event_places(organization: str, event_id: str) -> str:
    """A hash, of the writers' own."""
    return f"{event_channel(organization, event_id)}:places"


@lru_cache(maxsize=_NAMES_KEPT)
def funnel_recent(organization: str, funnel_id: str) -> str:
    """A sorted set of the last events, and what the funnel's other keys begin with."""
    return f"analytics:funnel:{encode_part(organization)}:{encode_part(funnel_id)}"


def funnel_totals(organization: str, funnel_id: str) -> str:
    """A hash."""
    return f"{funnel_recent(organization, funnel_id)}:live"


def funnel_active(organization: str, funnel_id: str) -> str:
    """A sorted set of visitors; those at a step stand in `…:<step>` as well, encoded."""
    return f"{funnel_recent(organization, funnel_id)}:active"


def funnel_places(organization: str, funnel_id: str) -> str:
    """A hash, of the writers' own."""
    return f"{funnel_recent(organization, funnel_id)}:places"


def funnel_conversions(organization: str, funnel_id: str) -> str:
    """A sorted set."""
    return f"{funnel_recent(organization, funnel_id)}:conversions"
