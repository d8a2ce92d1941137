"""While Redis is unavailable a stream stays open, reports that, and later resumes with totals."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis as Client

from daybook.local.ports import free_ports
from daybook.local.redis import Redis
from models.event_metrics import EventMetricsDay
from tests.query.conftest import ORGANIZATION, Office
from tests.query.stream.test_stream import TODAY, channel, row
from tests.support.streams import listening

GALA = "analytics:event:gala"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    own = Redis(tmp_path / "redis", free_ports(1)[0])
    own.fetch()
    own.start()
    yield own
    own.kill()
    own.wipe()


def freeze(server: Redis) -> None:
    [pid] = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "redis-server" in " ".join(process.info["cmdline"] or ())
        and str(server.port) in " ".join(process.info["cmdline"] or ())
    ]
    os.kill(pid, signal.SIGSTOP)


@pytest.mark.parametrize("fail", [Redis.kill, freeze], ids=["killed", "frozen"])
def test_a_stream_survives_a_failure_of_redis(
    office: Office, redis: Redis, fail: Callable[[Redis], None]
) -> None:
    office.day(EventMetricsDay, TODAY, ORGANIZATION, "gala", views=3, currencies={})
    service = office.start(DAYBOOK_REDIS_URL=redis.address)
    with listening(service, GALA) as listener:
        listener.next()
        fail(redis)
        away = listener.next()
        assert away is not None and (away.name, away.data) == ("away", {})
        office.day(EventMetricsDay, TODAY, ORGANIZATION, "gala", views=7, currencies={})
        with listening(service, GALA) as late:
            events = [late.next(), late.next()]
            assert [event and event.name for event in events] == ["totals", "away"]
        redis.kill()
        redis.start()
        assert [(event := listener.next()) and event.name for _ in range(2)] == ["back", "totals"]
        with Client.from_url(redis.address) as client:
            client.publish(channel("gala"), json.dumps(row("gala", 50, views=8)))
        resumed = listener.until("totals")
        assert resumed.data["views"] == 8
