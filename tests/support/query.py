"""Query services as separate processes, called as dashboards call them.

`python -m tests.support.query WORLD` is such a process: a query service on a free port, over a
world's topic.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from daybook.engine import logs
from daybook.engine.errors import DaybookError
from daybook.engine.settings import settings
from daybook.query.app import create_app
from daybook.query.exports.services import TOPIC
from daybook.service.server import serve_app
from tests.support.service import Reply, ServiceProcess

API = "/api/v1/analytics"


class QueryProcess(ServiceProcess):
    """A running query service; `key` is sent with each request unless another one is given."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        world = environment["DAYBOOK_MONGODB_DATABASE"]
        super().__init__("tests.support.query", (world,), "query started", environment, log)

    def report(self, path: str, key: str | None = None, **parameters: object) -> Reply:
        """`first` and `last` are the bounds of the range; other parameters have their own names."""
        names = {"first": "from", "last": "to"}
        query = urlencode({names.get(name, name): value for name, value in parameters.items()})
        return self.get(f"{API}{path}?{query}" if query else f"{API}{path}", key)

    def post(
        self,
        path: str,
        body: object,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """`body` as JSON, unless it is bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        credential = self.key if key is None else key
        authorization = {"Authorization": f"Bearer {credential}"} if credential else {}
        sent = {"Content-Type": "application/json", **authorization, **(headers or {})}
        return self.call("POST", path, raw, sent)

    def get(
        self, path: str, key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        credential = self.key if key is None else key
        authorization = {"Authorization": f"Bearer {credential}"} if credential else {}
        return self.call("GET", path, None, authorization | dict(headers or {}))


def main() -> None:
    (world,) = sys.argv[1:]
    logs.configure("json")
    try:
        app = create_app(settings(), f"{world}.{TOPIC}")
        serve_app(app, settings(), "query", "127.0.0.1", 0, app.state.relay.end)
    except DaybookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
