"""Query services as processes of their own, called as dashboards call them.

`python -m tests.support.query WORLD` is such a process: a query service on a free port, over a
world's topic.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import structlog

from daybook.engine import logs
from daybook.engine.errors import DaybookError
from daybook.engine.settings import settings
from daybook.query.app import create_app
from daybook.query.exports.services import TOPIC
from daybook.service.server import listen, serve_app
from tests.support.service import Reply, ServiceProcess

API = "/api/v1/analytics"


class QueryProcess(ServiceProcess):
    """A running query service; `key` is shown with each call unless other headers are given."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        world = environment["DAYBOOK_MONGODB_DATABASE"]
        super().__init__("tests.support.query", (world,), "query started", environment, log)

    def report(self, path: str, key: str | None = None, **parameters: object) -> Reply:
        """`first`, `last` are the bounds; other names are as they are."""
        names = {"first": "from", "last": "to"}
        said = urlencode({names.get(name, name): value for name, value in parameters.items()})
        return self.get(f"{API}{path}?{said}" if said else f"{API}{path}", key)

    def post(self, path: str, body: object, key: str | None = None) -> Reply:
        """`body` as JSON, unless it is bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        shown = self.key if key is None else key
        own = {"Authorization": f"Bearer {shown}"} if shown else {}
        return self.call("POST", path, raw, own | {"Content-Type": "application/json"})

    def get(
        self, path: str, key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        shown = self.key if key is None else key
        own = {"Authorization": f"Bearer {shown}"} if shown else {}
        return self.call("GET", path, None, own | dict(headers or {}))


def main() -> None:
    (world,) = sys.argv[1:]
    logs.configure("json")
    log = structlog.get_logger()
    try:
        app = create_app(settings(), f"{world}.{TOPIC}")
        serve_app(
            app,
            listen("127.0.0.1", 0),
            lambda port: log.info("query started", port=port),
            app.state.relay.end,
        )
    except DaybookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
