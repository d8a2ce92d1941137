"""Builds calls that read reports, with their required responses."""

import http.client
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice
from zoneinfo import available_timezones

from prometheus_client.parser import text_string_to_metric_families

from bench import year
from bench.http import trial
from bench.http.calls import Call
from bench.totals import WrongTotals
from daybook.local.ports import LOOPBACK

_API = f"/api/v1/analytics/funnels/{year.FUNNEL}"
_YEAR = f"{_API}/overview?from={year.FIRST}&to={year.LAST}"
REPORTS = ("overview", "conversions", "dropoffs", "revenue", f"steps/{year.STEPS[0]}")
DAYS = (30, 90)
_ZONES = sorted(zone for zone in available_timezones() if "/" in zone)

_AT_UTC = ("Abidjan", "Accra", "Bamako", "Banjul", "Conakry", "Dakar", "Freetown", "Lome")


def overview(port: int, key: str) -> tuple[Call, bytes]:
    """The call for a year's overview, and its whole response. Raises WrongTotals."""
    call, body = _known(port, _YEAR, key)
    report, expected = json.loads(body), year.known()
    found = {name: sum(step[name] for step in report["steps"]) for name in expected}
    if found != expected:
        raise WrongTotals(f"the year's steps add up to {found}, but should give {expected}")
    return call, body


def judged(port: int, key: str) -> Call:
    """The call for the test's report. Raises WrongTotals."""
    call, body = _known(port, f"{_API}/ab-tests?test_id={trial.TEST}", key)
    [test] = json.loads(body)["tests"]
    found = [(variant["visitors"], variant["conversions"]) for variant in test["variants"]]
    if found != trial.known():
        raise WrongTotals(f"the test has {found}, but should have {trial.known()}")
    return call


def in_other_zones(call: Call, count: int) -> Iterator[Call]:
    """The same call with other zones: the numbers are the same, but no response is cached."""
    yield from _in_zones(call, islice(_ZONES, count))


def at_utc(call: Call) -> Iterator[Call]:
    """The same with zones in which times are those of UTC."""
    yield from _in_zones(call, (f"Africa/{city}" for city in _AT_UTC))


def _in_zones(call: Call, zones: Iterable[str]) -> Iterator[Call]:
    for zone in zones:
        yield replace(call, request=call.request.replace(b" HTTP", b"&tz=%b HTTP" % zone.encode()))


def mixed(port: int, keys: Sequence[str], count: int) -> list[Call]:
    """The calls of several users' dashboards: every report, of one month and of three."""
    begins = [year.LAST - timedelta(days=days - 1) for days in DAYS]
    paths = [f"{_API}/{name}?from={first}&to={year.LAST}" for name in REPORTS for first in begins]
    some = [_known(port, path, key)[0] for path in paths for key in keys]
    return list(islice(cycle(some), count))


def origins(port: int) -> dict[str, float]:
    """The number of responses of a service so far, by origin."""
    return {
        sample.labels["origin"]: sample.value
        for family in text_string_to_metric_families(_get(port, "/metrics", "").decode())
        for sample in family.samples
        if sample.name == "daybook_query_answers_total"
    }


def _known(port: int, path: str, key: str) -> tuple[Call, bytes]:
    """A call and its response; every later response must begin like it, up to `as_of`."""
    body = _get(port, path, key)
    lines = [f"GET {path} HTTP/1.1", "Host: reports.example", f"Authorization: Bearer {key}"]
    request = "\r\n".join([*lines, "", ""]).encode()
    return Call(request, body[: body.rindex(b',"as_of":')], 1, 200), body


def _get(port: int, path: str, key: str) -> bytes:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        reply = connection.getresponse()
        body = reply.read()
    finally:
        connection.close()
    if reply.status != 200:
        raise WrongTotals(f"{path.partition('?')[0]}: {reply.status} {body[:200]!r}")
    return body
