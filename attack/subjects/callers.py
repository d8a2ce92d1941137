"""Callers who are slow, many or strange, and want the turns of all others."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from attack.attack import Attack, Sent, Target
from attack.bounds import QUIET_FACTOR_MAX
from attack.calls import API, NO_ANSWER, TRACK, Reply, Statuses, report
from attack.slow import drip
from attack.wide_days import FUNNEL, LAST, wide_days
from daybook.local.ports import LOOPBACK

_MANY = 2_100
_HOLD_SECONDS = 14.0
"""Longer than a service waits for headers; shorter than it waits for a body."""

_PACE = 50, 0.1
"""So many at once, each for so many seconds: a flood of new connections is another attack."""

_BODY_BYTES, _BODIES, _BODY_SECONDS = 1_000_000, 400, 12.0
_BODY_PACE_SECONDS = 0.01
"""A megabyte each: what fits through a line of a gigabit, which is not what this is about."""

_STREAMS, _STREAM_SECONDS = 1_500, 14.0
_WIDE_READS, _CONCURRENT_READS = 200, 40
_COLLEAGUE_MS_MAX = 1_000.0
"""What a colleague of a caller whose bodies are slow may wait for a report."""


def headers_without_end(target: Target) -> Sent:
    """Connections that send a header a second, and never the empty line after the last."""
    return _never_end(target.collector_port, TRACK, "127.5.1.1")


def headers_without_end_to_query(target: Target) -> Sent:
    return _never_end(target.query_port, f"{API}/funnels/x/overview", "127.5.2.1")


def _never_end(port: int, path: str, source: str) -> Sent:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n".encode()
    held = drip(port, [source] * _MANY, head, b"X-More: 1\r\n", _HOLD_SECONDS)
    failures = []
    if held.left > _MANY // 10:
        failures.append(f"{held.left:,} of them were still open after {_HOLD_SECONDS:.0f} s")
    return Sent(f"{held.opened:,} connections of one address with endless headers", failures)


def bodies_byte_by_byte(target: Target) -> Sent:
    """Tracking calls whose bodies arrive a byte a second."""
    key = target.keys["write"]
    head = f"POST {TRACK} HTTP/1.1\r\nHost: x\r\nX-Daybook-Key: {key}\r\n"
    head += "Content-Length: 100000\r\n\r\n"
    sources = [f"127.5.3.{number % 200 + 1}" for number in range(_MANY)]
    held = drip(target.collector_port, sources, head.encode(), b"[", _HOLD_SECONDS, 1.0, *_PACE)
    return Sent(f"{held.opened:,} calls of 200 addresses, a byte of body a second")


def bodies_almost_complete(target: Target) -> Sent:
    """Tracking calls with bodies of a megabyte, of which the last byte does not come."""
    key = target.keys["write"]
    head = f"POST {TRACK} HTTP/1.1\r\nHost: x\r\nX-Daybook-Key: {key}\r\n"
    head += f"Content-Length: {_BODY_BYTES}\r\n\r\n"
    first = head.encode() + b" " * (_BODY_BYTES - 1_000)
    sources = [f"127.5.8.{number % 200 + 1}" for number in range(_BODIES)]
    held = drip(
        target.collector_port, sources, first, b" ", _BODY_SECONDS, 1.0, 1, _BODY_PACE_SECONDS
    )
    return Sent(f"{_BODIES:,} calls with all of a megabyte but its end; {held.left} kept open")


def exports_byte_by_byte(target: Target) -> Sent:
    """Orders of exports whose bodies arrive a byte at a time, each of which may hold a turn."""
    key = target.keys["analyst"]
    head = (
        f"POST {API}/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: 10000\r\n\r\n"
    )
    sources = [f"127.5.4.{number + 1}" for number in range(16)]
    usual = max(_timed_report(target, "colleague")[1] for _ in range(10))
    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(drip, target.query_port, sources, head.encode(), b" ", 12.0, 0.2)
        time.sleep(1.0)
        waits = [_timed_report(target, "colleague") for _ in range(20)]
    worst = max(ms for _, ms in waits)
    wrong = [reply.status for reply, _ in waits if reply.status not in (200, 404)]
    failures = [f"a colleague's reports were answered {wrong[0]}"] if wrong else []
    bound = max(_COLLEAGUE_MS_MAX, usual * QUIET_FACTOR_MAX)
    if worst > bound:
        failures.append(f"a colleague waited {worst:,.0f} ms for a report, more than {bound:,.0f}")
    return Sent(f"{held.result().opened} orders of exports, a byte at a time", failures)


def _timed_report(target: Target, key: str) -> tuple[Reply, float]:
    """A small report, and the milliseconds that it took."""
    began = time.monotonic()
    path = "/funnels/attacked/overview?from=2026-11-01&to=2026-11-02"
    reply = report(target.query_port, target.keys[key], path, "127.5.7.1")
    return reply, (time.monotonic() - began) * 1_000


def idle_streams(target: Target) -> Sent:
    """One analyst opens all streams that there are, and reads none."""
    analyst, channel = target.keys["analyst"], "analytics:dashboard:attacker"
    head = f"GET {API}/stream?channel={channel} HTTP/1.1\r\nHost: x\r\n"
    head += f"Authorization: Bearer {analyst}\r\n\r\n"
    theirs = head.replace(analyst, target.keys["other analyst"]).replace(":attacker", ":other")
    with ThreadPoolExecutor(1) as thread:
        streams = thread.submit(_open_streams, target.query_port, head.encode())
        time.sleep(_STREAM_SECONDS / 2)
        status = asyncio.run(_first_status(target.query_port, theirs))
    failures = [] if status == 200 else [f"another analyst's stream was answered {status}"]
    return Sent(
        f"{streams.result():,} of {_STREAMS:,} streams were opened by one analyst", failures
    )


def _open_streams(port: int, request: bytes) -> int:
    """Opens streams for some seconds and reads only the status; how many were answered 200."""
    return asyncio.run(_open_and_wait(port, request))


async def _open_and_wait(port: int, request: bytes) -> int:
    ends = time.monotonic() + _STREAM_SECONDS
    at_once = asyncio.Semaphore(50)

    async def one(place: int) -> bool:
        try:
            async with at_once, asyncio.timeout(_STREAM_SECONDS):
                reader, writer = await asyncio.open_connection(
                    LOOPBACK, port, local_addr=(f"127.5.5.{place % 200 + 1}", 0)
                )
                writer.write(request)
                line = await reader.readline()
        except (OSError, TimeoutError):
            return False
        await asyncio.sleep(max(0.0, ends - time.monotonic()))
        writer.close()
        return b" 200 " in line

    return sum(await asyncio.gather(*(one(place) for place in range(_STREAMS))))


async def _first_status(port: int, request: str) -> int:
    try:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(request.encode())
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return NO_ANSWER
    return int(line.split()[1]) if line.count(b" ") else NO_ANSWER


def wide_overviews(target: Target) -> Sent:
    """Overviews of 300 wide days, 40 at once, while another organization reads its own."""
    statuses = Statuses()

    def read(number: int) -> None:
        first = LAST - timedelta(days=280 + number % 20)
        zone = ("UTC", "Europe/Berlin", "Asia/Tokyo", "America/Lima")[number % 4]
        days = f"from={first}&to={LAST - timedelta(days=number % 7)}&tz={zone}"
        path = f"/funnels/{FUNNEL}/overview?{days}"
        key = target.keys[("analyst", "colleague")[number % 2]]
        statuses.add(report(target.query_port, key, path, f"127.5.6.{number % 200 + 1}"))

    with wide_days(target, "attacker"), ThreadPoolExecutor(_CONCURRENT_READS) as threads:
        list(threads.map(read, range(_WIDE_READS)))
    return Sent(f"{_WIDE_READS} overviews of 280 to 300 wide days ({statuses})", statuses.faults())


ATTACKS = (
    Attack("headers without end, collector", headers_without_end, ("tracking",), 60),
    Attack("headers without end, query", headers_without_end_to_query, ("reports",), 60),
    Attack("tracking a byte at a time", bodies_byte_by_byte, ("tracking",), 60),
    Attack("bodies almost complete", bodies_almost_complete, ("tracking",), 60),
    Attack("exports a byte at a time", exports_byte_by_byte, ("reports",)),
    Attack("1,500 idle streams", idle_streams, ("reports",), 60),
    # Work, not slowness: the promise is about how much slower others become.
    Attack("200 overviews of wide days", wide_overviews, ("reports",), 90, judged_percent=50),
)
