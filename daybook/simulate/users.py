"""User accounts: created at the end of a sign-up, then used, changed, suspended or deleted."""

from daybook.simulate.dice import Table
from daybook.simulate.message import USERS, Data
from daybook.simulate.person import Account
from daybook.simulate.visit import Visit

_CREATED_MS = 300
"""An account is created so long after the form was sent."""
_LOG_IN_CHANCE = 0.7
"""That somebody with an account logs in at the beginning of a visit from another device."""

_LATER: Table[str | None] = Table(
    [
        ("user.login_succeeded", 60),
        ("user.login_failed", 5),
        ("user.role_changed", 1),
        ("user.consent_given", 1),
        ("user.consent_withdrawn", 1),
        ("user.suspended", 0.5),
        ("user.reactivated", 0.5),
        ("user.locked", 0.5),
        ("user.deleted", 0.5),
        (None, 30),
    ]
)


def register(visit: Visit) -> None:
    """Creates an account for the visitor, unless they have one."""
    person, dice = visit.person, visit.dice
    if person.user:
        return
    user = f"user-{dice.uuid()}"
    person.user = Account(user, visit.at_ms + _CREATED_MS)
    created = {
        "user_id": user,
        "email_domain": dice.choice(("example.com", "example.org", "mail.example")),
        "country": visit.context.get("country"),
        "role": "buyer",
        "source": visit.context.get("source"),
    }
    visit.server_event(USERS, "user.created", _CREATED_MS, created)
    if dice.chance(0.8):
        verified = {"user_id": user, "visitor_id": person.visitor}
        visit.server_event(USERS, "user.verified", 30_000 + dice.about_ms(3_600), verified)


def come_back(visit: Visit) -> None:
    """The account event at the beginning of a visit, if the visitor has an account."""
    person, dice = visit.person, visit.dice
    kind = dice.pick(_LATER)
    account = None if person.user else person.account
    if account and account.created_ms < visit.at_ms and dice.chance(_LOG_IN_CHANCE):
        person.user, kind = account, "user.login_succeeded"
    if not person.user or kind is None:
        return
    user = person.user.id
    data: Data = {"user_id": user, "visitor_id": person.visitor}
    if kind in ("user.login_failed", "user.locked", "user.suspended"):
        data = {"user_id": user, "reason": "too many attempts"}
    if kind == "user.role_changed":
        old, new = dice.choice((("buyer", "leader"), ("leader", "buyer"), ("buyer", "seller")))
        data = {"user_id": user, "old_role": old, "new_role": new}
    visit.server_event(USERS, kind, 0, data)
    if kind == "user.deleted":
        person.user = person.account = None
