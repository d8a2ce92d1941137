"""`daybook serve`: the services that answer over HTTP."""

from ipaddress import ip_address
from typing import Annotated

import structlog
import typer

from collector.app import create_app
from collector.server import listen
from collector.server import serve as run_server
from engine import logs
from engine.errors import WrongSetting
from engine.settings import settings
from query.app import create_app as create_query

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
    own = settings()
    logs.configure(own.log_format)
    app = create_app(own)
    log = structlog.get_logger()
    run_server(
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
    own = settings()
    logs.configure(own.log_format)
    if own.auth == "off" and not _is_loopback(host):
        raise WrongSetting(f"DAYBOOK_AUTH=off: on a loopback address only, and {host} is none")
    app = create_query(own)
    log = structlog.get_logger()
    run_server(
        app,
        listen(host, port),
        lambda found: log.info("query started", host=host, port=found),
        app.state.services.relay.end,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
