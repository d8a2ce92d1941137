"""`python -m bench.bare_endpoint PORT`: the collector's framework and server, and nothing else.

It reads a body and answers as the collector answers one event.
"""

import sys

from fastapi import FastAPI, Request, Response

from collector.app import PATH
from collector.server import listen, serve
from deploy.local.ports import LOOPBACK

_ANSWER = b'{"status":"accepted","event_id":"6f0d1a52-0b1e-4c53-9d0a-0c6f1f9d7a01"}'


def create_app() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.post(PATH, status_code=202)
    async def track(request: Request) -> Response:
        await request.body()
        return Response(_ANSWER, 202, media_type="application/json")

    @app.get("/ready")
    async def ready() -> Response:
        return Response("ok\n")

    return app


if __name__ == "__main__":
    serve(create_app(), listen(LOOPBACK, int(sys.argv[1])), lambda port: None)
