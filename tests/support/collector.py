"""`python -m tests.support.collector WORLD`: a collector on a free port, over a world's topic."""

import sys

import structlog

from collector.app import create_app
from collector.flat import TOPIC
from collector.server import listen, serve
from engine import logs
from engine.errors import DaybookError
from engine.settings import settings


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
