"""Events of sc.domain.user, keyed by `data.user_id`."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import STRICT, Id, Text


class User(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    user_id: Id


class NewUser(User):
    email_domain: NotRequired[Text]
    country: NotRequired[Text]
    role: NotRequired[Text]
    source: NotRequired[Text]


class SeenUser(User):
    visitor_id: NotRequired[Id]


class RoleChange(User):
    old_role: Text
    new_role: Text


class UserWithReason(User):
    reason: NotRequired[Text]


class UserCreated(Envelope):
    event_type: Literal["user.created"]
    data: NewUser


class UserVerified(Envelope):
    event_type: Literal["user.verified"]
    data: SeenUser


class UserReactivated(Envelope):
    event_type: Literal["user.reactivated"]
    data: SeenUser


class UserDeleted(Envelope):
    event_type: Literal["user.deleted"]
    data: SeenUser


class UserLoginSucceeded(Envelope):
    event_type: Literal["user.login_succeeded"]
    data: SeenUser


class UserConsentWithdrawn(Envelope):
    event_type: Literal["user.consent_withdrawn"]
    data: SeenUser


class UserConsentGiven(Envelope):
    event_type: Literal["user.consent_given"]
    data: SeenUser


class UserRoleChanged(Envelope):
    event_type: Literal["user.role_changed"]
    data: RoleChange


class UserSuspended(Envelope):
    event_type: Literal["user.suspended"]
    data: UserWithReason


class UserLoginFailed(Envelope):
    event_type: Literal["user.login_failed"]
    data: UserWithReason


class UserLocked(Envelope):
    event_type: Literal["user.locked"]
    data: UserWithReason


UserEvent = Annotated[
    UserCreated
    | UserVerified
    | UserReactivated
    | UserDeleted
    | UserLoginSucceeded
    | UserConsentWithdrawn
    | UserConsentGiven
    | UserRoleChanged
    | UserSuspended
    | UserLoginFailed
    | UserLocked,
    Field(discriminator="event_type"),
]
