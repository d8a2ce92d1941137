"""Collectors as separate processes, called over HTTP.

`python -m tests.support.collector WORLD` runs one on a free port, with a world's topic.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daybook.collector.app import create_app
from daybook.collector.event import TOPIC
from daybook.engine import logs
from daybook.engine.errors import DaybookError
from daybook.engine.settings import settings
from daybook.service.server import serve_app
from tests.support.service import Reply, ServiceProcess
from tests.support.wait import until

TRACK = "/api/v1/analytics/track"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "Accept-Language": "de-DE",
}


class CollectorProcess(ServiceProcess):
    """A running collector; calls present `key` unless another one is given."""

    def __init__(self, world: str, environment: Mapping[str, str], log: Path) -> None:
        super().__init__("tests.support.collector", (world,), "collector started", environment, log)

    def ready(self) -> "CollectorProcess":
        until(lambda: self.get("/ready").status == 200, "the collector is ready")
        return self

    def track(
        self, body: Any, key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Sends a body, as JSON unless it is bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        presented = self.key if key is None else key
        defaults = BROWSER | {"X-Daybook-Key": presented, "Content-Type": "text/plain"}
        return self.call("POST", TRACK, raw, defaults | dict(headers or {}))

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self.call("GET", path, None, dict(headers or {}))


def main() -> None:
    (world,) = sys.argv[1:]
    logs.configure("json")
    try:
        app = create_app(settings(), f"{world}.{TOPIC}")
        serve_app(app, settings(), "collector", "127.0.0.1", 0)
    except DaybookError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
