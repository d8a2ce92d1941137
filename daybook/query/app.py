"""The query module's application: routes, services and middleware."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Lifespan

from daybook.engine.errors import Unavailable
from daybook.engine.settings import Settings
from daybook.query.access.authenticate import KEY_HEADER, Authenticator
from daybook.query.answer.answers import Answers
from daybook.query.answer.cache import ResponseCache
from daybook.query.answer.report import Services
from daybook.query.dashboard_files import router as pages
from daybook.query.events.routes import router as events
from daybook.query.exports.idempotency import HEADER
from daybook.query.exports.routes import router as exports
from daybook.query.exports.services import TOPIC, ExportServices
from daybook.query.funnels.routes import router as funnels
from daybook.query.lists.routes import router as lists
from daybook.query.middleware import RequestLimits
from daybook.query.openapi import describe
from daybook.query.organizations.routes import router as organizations
from daybook.query.platform.routes import router as platform
from daybook.query.problem import add_error_handlers
from daybook.query.read.freshness import Freshness
from daybook.query.read.mongo import Reader
from daybook.query.read.redis import Live
from daybook.query.read.revisions import Revisions
from daybook.query.segments.campaigns import router as campaigns
from daybook.query.segments.routes import router as segments
from daybook.query.stream.relay import Relay
from daybook.query.stream.routes import router as stream
from daybook.service.head import Head
from daybook.service.this_machine import ThisMachineOnly

_log = structlog.get_logger()
_PREFLIGHT_SECONDS = 86_400
_HEADERS = ("Authorization", "Content-Type", HEADER, "If-None-Match", "Last-Event-ID")
_SPARE_SECONDS = 1.0
"""How long a request may take beyond MongoDB's time limit."""


def create_app(settings: Settings, exports: str = TOPIC) -> FastAPI:
    """The application, which also starts while its servers are unavailable. Raises WrongSetting.

    `exports` is the topic that export requests are published to.
    """
    services, relay = _services(settings), Relay(settings)
    export_services = ExportServices(settings, exports, services.live)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        export_services.open()
        warning = asyncio.create_task(_warn_of_write_privileges(services.reader))
        yield
        warning.cancel()
        await export_services.close()
        await relay.close()
        await services.authenticator.close()
        await services.live.close()
        await services.reader.close()

    app = routed(lifespan)
    app.state.services = services
    app.state.relay = relay
    app.state.exports = export_services
    app.state.problem = services.reader.problem
    add_error_handlers(app)
    app.add_middleware(RequestLimits, seconds=settings.query_timeout_ms / 1_000 + _SPARE_SECONDS)
    if settings.query_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.query_origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=[*_HEADERS, KEY_HEADER],
            expose_headers=["Daybook-As-Of", "ETag", "Retry-After"],
            max_age=_PREFLIGHT_SECONDS,
        )
    if settings.auth == "off":
        app.add_middleware(ThisMachineOnly)
    app.add_middleware(Head)
    _add_health(app)
    describe(app)
    return app


def routed(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """An application with the routes alone, which suffices to describe them without any server."""
    app = FastAPI(
        title="Daybook",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # Behind a proxy a redirect would name http://, and the key would be sent unencrypted.
        redirect_slashes=False,
    )
    for router in (
        platform,
        lists,
        events,
        organizations,
        segments,
        campaigns,
        funnels,
        stream,
        exports,
    ):
        app.include_router(router)
    app.include_router(pages())
    return app


def _services(settings: Settings) -> Services:
    reader = Reader(settings)
    live = Live(settings)
    freshness = Freshness(reader, settings.zone_info())
    cache = ResponseCache(live, settings.mongodb_database)
    answers = Answers(freshness, Revisions(), cache)
    authenticator = Authenticator(settings, reader)
    return Services(reader, live, freshness, answers, authenticator, settings.currency)


async def _warn_of_write_privileges(reader: Reader) -> None:
    """Logs a warning once if the MongoDB user may write: this service only needs to read."""
    with suppress(Unavailable):
        if await reader.may_write():
            _log.warning(
                f"{reader.setting}: this MongoDB user may write; use one with the role `read`"
            )


def _add_health(app: FastAPI) -> None:
    @app.get("/live", include_in_schema=False)
    @app.get("/health", include_in_schema=False)
    async def health() -> Response:
        return Response("ok\n", media_type="text/plain")

    @app.get("/ready", include_in_schema=False)
    async def ready() -> Response:
        problem = await app.state.problem()
        return Response((problem or "ok") + "\n", 503 if problem else 200, media_type="text/plain")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
