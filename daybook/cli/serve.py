"""`daybook serve`: the services that answer over HTTP."""

from typing import Annotated

import structlog
import typer

from daybook.cli.run import stop_on_signals
from daybook.cli.support.extras import extra
from daybook.engine import logs
from daybook.engine.errors import WrongSetting
from daybook.engine.settings import settings

serve = typer.Typer(no_args_is_help=True, help="Run a service that answers over HTTP.")

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Its port; 0 takes a free one.")]


@serve.callback()
def services() -> None:
    """Run a service that answers over HTTP."""


@serve.command("collector")
def serve_collector(host: Host = "127.0.0.1", port: Port = 8081) -> None:
    """Take tracking events from browsers and servers, and send them to Kafka.

    POST /api/v1/analytics/track takes one event or up to 500; /daybook.js is the client for web
    pages; /live, /ready and /metrics are for operators. A caller needs a key: `daybook keys
    create`. Start as many as you like behind a proxy; they share the rate limit through Redis.

    Example: daybook serve collector --host 0.0.0.0
    """
    with extra("collector"):
        from daybook.collector.app import create_app
        from daybook.service.server import listen, serve_app
    own = settings()
    logs.configure(own.log_format)
    app = create_app(own)
    log = structlog.get_logger()
    serve_app(
        app,
        listen(host, port),
        lambda found: log.info("collector started", host=host, port=found),
    )


@serve.command("query")
def serve_query(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Answer reports, to those who may read them. Reads MongoDB and Redis, and writes no number.

    A caller needs a key that reads (`daybook keys create ORGANIZATION --kind read`) or a token, as
    DAYBOOK_JWT_* say. /health, /ready and /metrics are for operators. Start as many as you like
    behind a proxy; they share their answers and the rate limit through Redis.

    Example: daybook serve query --host 0.0.0.0
    """
    with extra("query"):
        from daybook.query.app import create_app
        from daybook.service.outbound import is_loopback
        from daybook.service.server import listen, serve_app
    own = settings()
    logs.configure(own.log_format)
    if own.auth == "off" and not is_loopback(host):
        raise WrongSetting(f"DAYBOOK_AUTH=off: on a loopback address only, and {host} is none")
    app = create_app(own)
    log = structlog.get_logger()
    serve_app(
        app,
        listen(host, port),
        lambda found: log.info("query started", host=host, port=found),
        app.state.relay.end,
    )


@serve.command("exports")
def serve_exports(
    host: Annotated[
        str | None, typer.Option(help="For /live, /ready, /metrics; else DAYBOOK_HEALTH_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Its port, 0 for a free one; else as the setting."),
    ] = None,
) -> None:
    """Make files of reports: csv, xlsx, pdf, json. One at a time; start as many as you need.

    People ask the query service for them (POST /api/v1/analytics/export), which only passes on
    what they ask. Both need DAYBOOK_EXPORTS_SECRET, and the same DAYBOOK_EXPORTS_FOLDER or
    DAYBOOK_EXPORTS_BUCKET. Files are removed after 24 hours. Killed at any moment, another worker
    makes the file anew, and each is there once and whole. SIGTERM lets the file under way be
    finished, for DAYBOOK_SHUTDOWN_GRACE_MS at most.

    DAYBOOK_EXPORTS_WEBHOOK_URL, and DAYBOOK_EXPORTS_SMTP_URL with _MAIL_FROM and _MAIL_TO, are
    told when one is ready.

    Example: daybook serve exports --port 8082
    """
    with extra("exports"):
        from daybook.exports.run import run_worker
    own = settings()
    logs.configure(own.log_format)
    said = {"health_host": host, "health_port": port}
    named = {name: value for name, value in said.items() if value is not None}
    run_worker(own.model_copy(update=named), stop_on_signals)
