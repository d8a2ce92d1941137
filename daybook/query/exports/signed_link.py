"""Signed download links, which grant access to a file until they expire."""

import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

from daybook.query.exports.secret import Secret
from daybook.query.problem import Problem

PREFIX = "/api/v1/analytics/export"


def link(
    secret: Secret, public_url: str | None, organization: str, job_id: str, expires_at: datetime
) -> str:
    """A signed URL, or only its path if no public URL is set."""
    expires = int(expires_at.timestamp())
    query = urlencode(
        {
            "organization_id": organization,
            "expires": expires,
            "signature": _signature(secret, organization, job_id, expires),
        }
    )
    return f"{(public_url or '').rstrip('/')}{PREFIX}/{quote(job_id, safe='')}/download?{query}"


def check(
    secret: Secret, organization: str, job_id: str, expires: int, signature: str, now: datetime
) -> None:
    """Raises Problem: 403 for a wrong signature, 410 for an expired link."""
    expected = _signature(secret, organization, job_id, expires)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise Problem(403, "the link's signature is invalid")
    if now.timestamp() >= expires:
        raise gone()


def gone() -> Problem:
    return Problem(410, "the link has expired or the file is gone; request the export again")


def _signature(secret: Secret, organization: str, job_id: str, expires: int) -> str:
    return secret.sign("link", organization, job_id, str(expires)).hex()
