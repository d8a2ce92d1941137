"""Job ids that prove their organization, so a job has a status before any worker has stored it."""

import hmac
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from daybook.query.exports.secret import Secret

_TIME_BYTES, _TOKEN_BYTES, _SIGNATURE_BYTES = 6, 4, 6
_AHEAD = timedelta(minutes=5)
VALID = timedelta(days=30)
"""How long a job's status is available, whether a worker has stored it or not."""


def issue(secret: Secret, organization: str, now: datetime) -> str:
    """A new id: a UUID (version 8) of time and random token, with a signature over both and the
    organization."""
    at = int(now.timestamp() * 1_000).to_bytes(_TIME_BYTES, "big")
    signed = bytearray(at + secrets.token_bytes(_TOKEN_BYTES))
    signed[6] = 0x80 | signed[6] & 0x0F
    signed[8] = 0x80 | signed[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(signed) + _signature(secret, organization, bytes(signed))))


def is_issued_to(secret: Secret, organization: str, job_id: str, now: datetime) -> bool:
    """Whether the id was issued to this organization within the last 30 days."""
    try:
        raw = uuid.UUID(job_id)
    except ValueError:
        return False
    if str(raw) != job_id:
        return False
    signed, signature = raw.bytes[:-_SIGNATURE_BYTES], raw.bytes[-_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(secret, organization, signed)):
        return False
    return -_AHEAD < now - _issued_at(signed) < VALID


def _issued_at(signed: bytes) -> datetime:
    milliseconds = int.from_bytes(signed[:_TIME_BYTES], "big")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _signature(secret: Secret, organization: str, signed: bytes) -> bytes:
    return secret.sign("job", organization, signed.hex())[:_SIGNATURE_BYTES]
