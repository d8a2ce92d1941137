"""Reads the body of a request, within its bound."""

from fastapi import Request

from daybook.query.middleware import BODY_BYTES_MAX
from daybook.query.problem import Problem


async def read_body(request: Request) -> bytes:
    """The whole body. Raises Problem (413)."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY_BYTES_MAX:
            raise Problem(
                413, f"the body must not exceed {BODY_BYTES_MAX:,} bytes", {"Connection": "close"}
            )
    return raw
