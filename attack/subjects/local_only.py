"""What reaches a query service that runs without authentication, and what errors give away."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attack.attack import Attack, Sent, Target
from attack.calls import API, Statuses, call
from attack.process import DaybookProcess, daybook

_SECONDS = 8.0
_PASSWORD = "s3cret-of-nobody"
_REPORT = f"{API}/user-lifecycle?from=2026-11-01&to=2026-11-02"


def without_authentication(target: Target) -> Sent:
    """Requests that a web page or a proxy would bring, to a service with DAYBOOK_AUTH=off."""
    service = DaybookProcess(
        "query-auth-off",
        "query",
        ("serve", "query", "--port", "0"),
        "query started",
        dict(target.variables) | {"DAYBOOK_AUTH": "off"},
        Path(target.directory),
    )
    try:
        service.wait_until_started()
        return _ask(service.port)
    finally:
        service.stop()
        service.wait()


def _ask(port: int) -> Sent:
    statuses, failures = Statuses(), []
    for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
        reply = statuses.add(call(port, "GET", _REPORT, None, {"Host": host}))
        if reply.status != 200:
            failures.append(f"Host: {host.partition(':')[0]} is answered {reply.status}, not 200")
    own = f"127.0.0.1:{port}"
    for headers in _strange(own):
        reply = statuses.add(call(port, "GET", _REPORT, None, headers))
        if reply.status not in (400, 403):
            name, value = list(headers.items())[-1]
            failures.append(f"{name}: {value} is answered {reply.status}, not 403")
    return Sent(f"names that rebind, proxies, other sites ({statuses})", failures)


def _strange(own: str) -> list[Mapping[str, str]]:
    """Headers of requests that did not come from this machine's own user."""
    hosts = (
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "[::2]",
    )
    return [
        *({"Host": host} for host in hosts),
        *(
            {"Host": own, name: value}
            for name, value in (
                ("X-Forwarded-For", "10.0.0.1"),
                ("X-Forwarded-Host", "evil.example"),
                ("X-Forwarded-Proto", "https"),
                ("Forwarded", "for=10.0.0.1"),
                ("X-Real-IP", "10.0.0.1"),
                ("Origin", "https://evil.example"),
                ("Origin", "null"),
                ("Sec-Fetch-Site", "cross-site"),
            )
        ),
    ]


def settings_in_errors(target: Target) -> Sent:
    """Settings that are wrong, each with a password in it that no error may print."""
    wrong = {
        "DAYBOOK_REDIS_URL": f"redis://user:{_PASSWORD}@127.0.0.1:port/0",
        "DAYBOOK_MONGODB_URI": f"mongodb://user:{_PASSWORD}@127.0.0.1:port/",
        "DAYBOOK_QUERY_MONGODB_URI": f"mongodb://user:{_PASSWORD}%zz@127.0.0.1:1/",
        "DAYBOOK_EXPORTS_SMTP_URL": f"smtps://user:{_PASSWORD}@mail.example:port",
        "DAYBOOK_KAFKA_SASL_MECHANISM": _PASSWORD,
        "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": f"user:{_PASSWORD}@broker:port",
        "DAYBOOK_TRUSTED_PROXIES": _PASSWORD,
        "DAYBOOK_ZONE": _PASSWORD,
        "DAYBOOK_EXPORTS_WEBHOOK_URL": f"https://user:{_PASSWORD}@hook.example:port/",
        "DAYBOOK_EXPORTS_S3_ENDPOINT": f"https://user:{_PASSWORD}@s3.example:port",
        "DAYBOOK_EXPORTS_SECRET": _PASSWORD,
        "DAYBOOK_JWT_SECRET": _PASSWORD,
    }

    def printed(name: str) -> bool:
        variables = dict(target.variables) | {name: wrong[name]}
        # Each service reads every setting; only the worker opens what notifies and stores.
        service = "exports" if name.startswith("DAYBOOK_EXPORTS") else "query"
        done = daybook(("serve", service, "--port", "0"), variables, _SECONDS)
        return _PASSWORD in done.stdout + done.stderr

    with ThreadPoolExecutor(4) as threads:
        shown = dict(zip(wrong, threads.map(printed, wrong), strict=True))
    failures = [f"an error prints the value of {name}" for name in wrong if shown[name]]
    return Sent(f"{len(wrong)} wrong settings, each with a password in it", failures)


ATTACKS = (
    Attack("DAYBOOK_AUTH=off from elsewhere", without_authentication),
    Attack("settings in errors", settings_in_errors, seconds_max=150),
)
