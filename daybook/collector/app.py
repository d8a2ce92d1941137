"""The collector's application: its routes and the objects they share."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pymongo
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.cors import CORSMiddleware

from daybook.collector.acquisition.origin import Origins
from daybook.collector.acquisition.source_cap import SourceCap
from daybook.collector.client.caller import Callers
from daybook.collector.direct import Direct
from daybook.collector.enrich import Enricher
from daybook.collector.event import TOPIC
from daybook.collector.metrics import QUEUE_MESSAGES, STALE_KEYS
from daybook.collector.names.name_cap import NameCap
from daybook.collector.names.published import Published, PublishedNames, read_published
from daybook.collector.openapi import TRACK
from daybook.collector.response import add_error_handlers
from daybook.collector.script import Script
from daybook.collector.track import Tracker
from daybook.engine.kafka.async_producer import AsyncProducer, ProducerLimits
from daybook.engine.mongo.client import Documents, database
from daybook.engine.settings import Settings
from daybook.service.api_keys import Key, find
from daybook.service.head import Head
from daybook.service.key_cache import KeyCache
from daybook.service.rate_limit import RateLimiter

PATH = "/api/v1/analytics/track"
_PREFLIGHT_SECONDS = 86_400
_SELECTION_MS = 1_000
_LOOKUP_SECONDS = 2.0
"""For all of a look-up. A key that cannot be checked by then is answered with 503."""


def create_app(settings: Settings, topic: str = TOPIC) -> FastAPI:
    """The application. Raises WrongSetting; does not fail if a server is unavailable."""
    documents = database(settings, selection_ms=_SELECTION_MS)
    callers = Callers(settings)
    rate = RateLimiter(settings, "collector", settings.collector_rate, settings.collector_burst)
    enricher = Enricher(callers, Origins(), SourceCap(settings.collector_sources_max))
    limits = ProducerLimits(
        settings.collector_linger_ms, settings.collector_ack_ms, settings.collector_queue_messages
    )

    async def find_key(text: str) -> Key | None:
        return await asyncio.to_thread(_find_key, documents, text)

    def published(organization: str) -> Published:
        return read_published(documents, organization)

    name_cap = NameCap(settings, PublishedNames(published))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        producer = AsyncProducer(settings, topic, limits, QUEUE_MESSAGES.set)
        keys = KeyCache(find_key, ("write", "server"), STALE_KEYS.inc)
        app.state.producer = producer
        app.state.tracker = Tracker(
            callers, enricher, keys, rate, name_cap, producer, settings.currency
        )
        gc.collect()
        gc.freeze()  # patterns and schemas live for ever: the collector need not traverse them
        gc.set_threshold(50_000, 20, 50)
        yield
        await producer.close()
        await rate.close()
        await name_cap.close()
        await asyncio.to_thread(documents.client.close)

    app = FastAPI(
        title="Daybook collector",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # Behind a proxy a redirect would lead to http://, and send key and event unencrypted.
        redirect_slashes=False,
    )

    async def problem() -> str | None:
        return _problem(app)

    app.state.problem = problem
    add_error_handlers(app)
    app.add_middleware(Direct, owner=app, path=PATH)
    if settings.collector_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.collector_origins,
            allow_methods=["POST"],
            allow_headers=["Authorization", "Content-Encoding", "Content-Type", "X-Daybook-Key"],
            expose_headers=["Retry-After"],
            max_age=_PREFLIGHT_SECONDS,
        )
    app.add_middleware(Head)

    _add_routes(app, Script())
    _add_health(app)
    return app


def _find_key(documents: Documents, text: str) -> Key | None:
    with pymongo.timeout(_LOOKUP_SECONDS):
        return find(documents, text)


def _add_routes(app: FastAPI, script: Script) -> None:
    @app.post(PATH, status_code=202, openapi_extra=TRACK)
    async def track(request: Request) -> Response:
        """Track one event, or a batch of up to 500."""
        tracker: Tracker = app.state.tracker
        return await tracker.track(request)

    @app.get("/daybook.js", include_in_schema=False)
    async def javascript(request: Request) -> Response:
        return script.respond(request)


def _problem(app: FastAPI) -> str | None:
    problem: str | None = app.state.producer.problem
    return problem


def _add_health(app: FastAPI) -> None:
    @app.get("/live", include_in_schema=False)
    async def live() -> Response:
        return Response("ok\n", media_type="text/plain")

    @app.get("/ready", include_in_schema=False)
    async def ready() -> Response:
        problem = _problem(app)
        return Response((problem or "ok") + "\n", 503 if problem else 200, media_type="text/plain")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
