"""`python -m tests.support.query WORLD`: a query service on a free port, over a world's topic."""

import sys

import structlog

from daybook.engine import logs
from daybook.engine.errors import DaybookError
from daybook.engine.settings import settings
from daybook.query.app import create_app
from daybook.query.exports.services import TOPIC
from daybook.service.server import listen, serve


def main() -> None:
    (world,) = sys.argv[1:]
    logs.configure("json")
    log = structlog.get_logger()
    try:
        app = create_app(settings(), f"{world}.{TOPIC}")
        serve(
            app,
            listen("127.0.0.1", 0),
            lambda port: log.info("query started", port=port),
            app.state.relay.end,
        )
    except DaybookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


main()
