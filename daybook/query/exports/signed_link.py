"""Signed links: whoever has one may fetch the file, until it expires."""

import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

from daybook.query.exports.secret import Secret
from daybook.query.problem import Problem

PREFIX = "/api/v1/analytics/export"


def link(
    secret: Secret, public_url: str | None, organization: str, job_id: str, expires_at: datetime
) -> str:
    """A path, or an address where the service's own is set."""
    expires = int(expires_at.timestamp())
    said = urlencode(
        {
            "organization_id": organization,
            "expires": expires,
            "signature": _signature(secret, organization, job_id, expires),
        }
    )
    return f"{(public_url or '').rstrip('/')}{PREFIX}/{quote(job_id, safe='')}/download?{said}"


def check(
    secret: Secret, organization: str, job_id: str, expires: int, signature: str, now: datetime
) -> None:
    """Raises Problem: 403 for a link that nobody made, 410 for one that was good."""
    expected = _signature(secret, organization, job_id, expires)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise Problem(403, "this link is not one of ours")
    if now.timestamp() >= expires:
        raise gone()


def gone() -> Problem:
    return Problem(410, "this file is gone: ask for it again")


def _signature(secret: Secret, organization: str, job_id: str, expires: int) -> str:
    return secret.sign("link", organization, job_id, str(expires)).hex()
