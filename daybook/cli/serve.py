"""`daybook serve`: runs the collector, the query service or an export worker."""

from typing import Annotated

import typer

from daybook.cli.run import stop_on_signals
from daybook.cli.support.extras import extra
from daybook.cli.support.local_secret import with_local_secret
from daybook.engine import logs
from daybook.engine.errors import WrongSetting
from daybook.engine.settings import settings

serve = typer.Typer(no_args_is_help=True, help="Run the collector, the query service or exports.")

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[
    int, typer.Option(min=0, max=65_535, help="The port to listen on; 0 takes a free one.")
]


@serve.callback()
def services() -> None:
    """Run the collector, the query service or exports."""


@serve.command("collector")
def serve_collector(host: Host = "127.0.0.1", port: Port = 8081) -> None:
    """Run the collector: it takes tracking events over HTTP and sends them to Kafka.

    POST /api/v1/analytics/track takes up to 500 events; /daybook.js is the client for web pages;
    /live, /ready and /metrics are for operators. Callers need an API key (`daybook keys create`).
    Start as many collectors as you like behind a proxy; they share the rate limit through Redis.

    Example: `daybook serve collector --host 0.0.0.0`
    """
    with extra("collector"):
        from daybook.collector.app import create_app
        from daybook.service.server import serve_app
    config = settings()
    logs.configure(config.log_format)
    app = create_app(config)
    serve_app(app, config, "collector", host, port)


@serve.command("query")
def serve_query(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Run the query service: it answers reports over HTTP and serves the dashboard.

    It reads MongoDB and Redis and changes no count. Callers need a read key (`daybook keys create
    ORGANIZATION --kind read`) or a JWT, see DAYBOOK_JWT_*. /health, /ready and /metrics are for
    operators. Start as many as you like behind a proxy; they share the response cache and the
    rate limit through Redis.

    Example: `daybook serve query --host 0.0.0.0`
    """
    with extra("query"):
        from daybook.query.app import create_app
        from daybook.service.outbound import is_loopback
        from daybook.service.server import serve_app
    config = settings()
    logs.configure(config.log_format)
    if config.auth == "off" and not is_loopback(host):
        raise WrongSetting(f"DAYBOOK_AUTH=off needs a loopback address, and {host} is not one")
    app = create_app(with_local_secret(config))
    serve_app(app, config, "query", host, port, app.state.relay.end)


@serve.command("exports")
def serve_exports(
    host: Annotated[
        str | None,
        typer.Option(
            help="The address for /live, /ready and /metrics; by default DAYBOOK_HEALTH_HOST."
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65_535,
            help="Its port; 0 takes a free one; by default DAYBOOK_HEALTH_PORT.",
        ),
    ] = None,
) -> None:
    """Run an export worker: it writes reports to csv, xlsx, pdf and json files.

    Callers request a file from the query service (POST /api/v1/analytics/export), which passes
    the request on through Kafka. A worker makes one file at a time; start as many workers as you
    need. They and the query service need the same DAYBOOK_EXPORTS_SECRET, and the same
    DAYBOOK_EXPORTS_FOLDER or DAYBOOK_EXPORTS_BUCKET; on the stack of `daybook up` they have both
    from the start. If a worker is killed, another one makes its
    file again; a file is complete or not there at all. On SIGTERM a worker finishes its file,
    within DAYBOOK_SHUTDOWN_GRACE_MS. Files are removed after 24 hours.

    When a file is ready, a notice goes to DAYBOOK_EXPORTS_WEBHOOK_URL, and by
    DAYBOOK_EXPORTS_SMTP_URL (with _MAIL_FROM, and _MAIL_TO or _MAIL_DOMAINS) by mail.

    Example: `daybook serve exports --port 8082`
    """
    with extra("exports"):
        from daybook.exports.run import run_worker
    config = settings()
    logs.configure(config.log_format)
    options = {"health_host": host, "health_port": port}
    overrides = {name: value for name, value in options.items() if value is not None}
    run_worker(with_local_secret(config).model_copy(update=overrides), stop_on_signals)
