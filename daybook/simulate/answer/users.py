"""Counts `analytics_user_lifecycle`: each event counts by itself."""

from collections.abc import Iterable

from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.shape import USERS

COUNTERS = {
    "user.created": "registrations",
    "user.verified": "verifications",
    "user.suspended": "suspensions",
    "user.reactivated": "reactivations",
    "user.deleted": "deletions",
    "user.login_succeeded": "login_successes",
    "user.login_failed": "login_failures",
    "user.locked": "accounts_locked",
}


def count(ledger: Ledger, leaders: frozenset[str], history: Iterable[Deed]) -> None:
    """Counts one user. `leaders`: leaders' roles; only a change to or from one of them counts."""
    for deed in history:
        if field := COUNTERS.get(deed.kind):
            ledger.counter(USERS, (), deed.at, field)
        if deed.kind == "user.role_changed":
            was, is_now = deed.data["old_role"] in leaders, deed.data["new_role"] in leaders
            if was != is_now:
                field = "leaders_promoted" if is_now else "leaders_demoted"
                ledger.counter(USERS, (), deed.at, field)
