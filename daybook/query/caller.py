"""Who calls, and what his role lets him read."""

from dataclasses import dataclass

from daybook.service.api_keys import Role

_OF_AN_ORGANIZATION = frozenset({"analyst", "owner", "server"})


@dataclass(frozen=True, slots=True)
class Caller:
    """`id` tells callers apart for the rate limit; it is no secret, and stands in no answer.

    `organization_id` is None for an admin, whose scope is the platform. `subject` is the creator
    or the brand, for those roles.
    """

    id: str
    role: Role
    organization_id: str | None
    subject: str | None = None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def reads_organization(self) -> bool:
        """Funnels, visitors, ticketed events and dashboards of the own organization."""
        return self.role in _OF_AN_ORGANIZATION
