"""`python -m tests.support.collector WORLD`: a collector on a free port, over a world's topic."""

import sys

import structlog

from daybook.collector.app import create_app
from daybook.collector.event import TOPIC
from daybook.engine import logs
from daybook.engine.errors import DaybookError
from daybook.engine.settings import settings
from daybook.service.server import listen, serve


def main() -> None:
    (world,) = sys.argv[1:]
    logs.configure("json")
    log = structlog.get_logger()
    try:
        app = create_app(settings(), f"{world}.{TOPIC}")
        serve(app, listen("127.0.0.1", 0), lambda port: log.info("collector started", port=port))
    except DaybookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


main()
