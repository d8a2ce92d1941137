"""`python -m bench.http.bare_endpoint PORT [FILE]`: the framework and server of the services alone.

A POST gets the collector's response to one event; a GET of any report gets the file.
"""

import sys
from pathlib import Path

from fastapi import FastAPI, Request, Response

from daybook.collector.app import PATH
from daybook.engine.settings import settings
from daybook.local.ports import LOOPBACK
from daybook.service.server import serve_app

_ANSWER = b'{"status":"accepted","event_id":"6f0d1a52-0b1e-4c53-9d0a-0c6f1f9d7a01"}'


def create_app(report: bytes) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.post(PATH, status_code=202)
    async def track(request: Request) -> Response:
        await request.body()
        return Response(_ANSWER, 202, media_type="application/json")

    @app.get("/api/v1/analytics/{path:path}")
    async def report_of(path: str) -> Response:
        return Response(report, media_type="application/json")

    @app.get("/ready")
    async def ready() -> Response:
        return Response("ok\n")

    return app


if __name__ == "__main__":
    answer = Path(sys.argv[2]).read_bytes() if len(sys.argv) > 2 else b"{}"
    serve_app(create_app(answer), settings(), "bare endpoint", LOOPBACK, int(sys.argv[1]))
