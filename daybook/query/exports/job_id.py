"""Job ids that tell whose they are: a job is known from the moment on that it was asked for."""

import hmac
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from daybook.query.exports.secret import Secret

_TIME_BYTES, _TOKEN_BYTES, _MARK_BYTES = 6, 4, 6
_AHEAD = timedelta(minutes=5)
KNOWN = timedelta(days=30)
"""For so long a job is told of, whether its worker has come to it or not."""


def issue(secret: Secret, organization: str, now: datetime) -> str:
    """A UUID (version 8): time, chance, and a mark of the organization that none else can make."""
    at = int(now.timestamp() * 1_000).to_bytes(_TIME_BYTES, "big")
    own = bytearray(at + secrets.token_bytes(_TOKEN_BYTES))
    own[6] = 0x80 | own[6] & 0x0F
    own[8] = 0x80 | own[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(own) + _mark(secret, organization, bytes(own))))


def is_own(secret: Secret, organization: str, job_id: str, now: datetime) -> bool:
    """Whether it was issued to this organization, not too long ago."""
    try:
        raw = uuid.UUID(job_id)
    except ValueError:
        return False
    if str(raw) != job_id:
        return False
    own, mark = raw.bytes[:-_MARK_BYTES], raw.bytes[-_MARK_BYTES:]
    if not hmac.compare_digest(mark, _mark(secret, organization, own)):
        return False
    return -_AHEAD < now - _asked_at(own) < KNOWN


def _asked_at(own: bytes) -> datetime:
    milliseconds = int.from_bytes(own[:_TIME_BYTES], "big")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _mark(secret: Secret, organization: str, own: bytes) -> bytes:
    return secret.sign("job", organization, own.hex())[:_MARK_BYTES]
