"""The daily document of user accounts: registrations, role changes, suspensions, logins."""

from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import DailyDocument, Event, count, rate
from schemas.user import (
    UserCreated,
    UserDeleted,
    UserLocked,
    UserLoginFailed,
    UserLoginSucceeded,
    UserReactivated,
    UserRoleChanged,
    UserSuspended,
    UserVerified,
)


def is_promotion(event: Event, rules: Rules) -> bool:
    """From a role that is not a leader's to one that is."""
    data = event["data"]
    return data["new_role"] in rules.leader_roles and data["old_role"] not in rules.leader_roles


def is_demotion(event: Event, rules: Rules) -> bool:
    """From a leader's role to one that is not."""
    data = event["data"]
    return data["old_role"] in rules.leader_roles and data["new_role"] not in rules.leader_roles


class UserLifecycleDay(DailyDocument, collection="analytics_user_lifecycle"):
    registrations: int = count(UserCreated)
    verifications: int = count(UserVerified)
    verification_rate: float | None = rate("verifications", "registrations")
    leaders_promoted: int = count(UserRoleChanged, when=is_promotion)
    leaders_demoted: int = count(UserRoleChanged, when=is_demotion)
    suspensions: int = count(UserSuspended)
    reactivations: int = count(UserReactivated)
    deletions: int = count(UserDeleted)
    login_successes: int = count(UserLoginSucceeded)
    login_failures: int = count(UserLoginFailed)
    accounts_locked: int = count(UserLocked)
