"""The programme: the ticketed events for which the shop sells tickets."""

from daybook.simulate.message import Data

GIGS = ("gig-1", "gig-2", "fair:2026", "open.air$", "matinee")
UNKNOWN_GIG = "gig-unknown"
"""It appears in traffic, but is never published."""


def published(start: str) -> list[Data]:
    """The data of each `event.published`; `start` is the first day, as YYYY-MM-DD."""
    return [
        {
            "event_id": gig,
            "name": gig.title(),
            "starts_at": f"{start}T19:00:00Z",
            "capacity": 1_000 * (number + 1),
        }
        for number, gig in enumerate(GIGS)
    ]
