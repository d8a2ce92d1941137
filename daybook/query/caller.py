"""The caller of a request, and what their role lets them read."""

from dataclasses import dataclass

from daybook.service.api_keys import Role

_OF_AN_ORGANIZATION = frozenset({"analyst", "owner", "server"})


@dataclass(frozen=True, slots=True)
class Caller:
    """`id` identifies the caller to the rate limit; it is not secret, and no response contains it.

    `organization_id` is None for an admin, whose scope is the platform. `subject` is the creator
    or the brand for those two roles. `email` is the address that a token's claims name.
    """

    id: str
    role: Role
    organization_id: str | None
    subject: str | None = None
    email: str | None = None

    @property
    def owner(self) -> str:
        """Whose share of the service the caller uses: their organization's, or an admin's own."""
        return self.organization_id or self.id

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def reads_organization(self) -> bool:
        """Whether they may read their organization's funnels, visitors, events and dashboard."""
        return self.role in _OF_AN_ORGANIZATION
