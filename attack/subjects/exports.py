"""Orders of files that take long, and what the export worker meets outside: servers, folders."""

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bson import Int64

from attack.attack import Attack, Sent, Target
from attack.fleet import ATTACKER
from attack.orders import order, status, wait_for_file
from attack.process import DaybookProcess, daybook
from attack.slow import answer_slowly
from daybook.engine.mongo.client import database
from daybook.local.ports import LOOPBACK

_FUNNEL = "files"
_SESSIONS, _EVENTS, _FILES = 200, 500, 3
_OTHERS_SECONDS_MAX = 30.0
"""What another organization may wait: for the file that is being made, and its own."""

_DRIP_SECONDS, _DRIP_SECONDS_MAX = 14.0, 10.0
_ORDERS_MAX = 30

_TRAPS = ("a link", "open to all", "of another user")
_NOBODY, _TIMED_OUT = 65_534, 124
_REFUSED_SECONDS_MAX = 15.0


def large_files(target: Target) -> Sent:
    """An organization orders large files; another one's small file must not wait for all."""
    failures = []
    with _sessions(target):
        theirs = [order(target, "analyst", "events", _FUNNEL, "csv") for _ in range(_FILES)]
        began = time.monotonic()
        own = order(target, "other analyst", "events", None, "csv")
        file = wait_for_file(target, "other analyst", own, _OTHERS_SECONDS_MAX)
        seconds = time.monotonic() - began
        done = [status(target, "analyst", job_id) for job_id in theirs].count("completed")
        if isinstance(file, str):
            failures.append(f"another organization's file, while one has ordered many: {file}")
        elif done == _FILES:
            failures.append("another organization's small file was made after all large ones")
        last = wait_for_file(target, "analyst", theirs[-1], _OTHERS_SECONDS_MAX * _FILES)
        if isinstance(last, str):
            failures.append(f"the last of the large files: {last}")
    what = f"{_FILES} files of {_SESSIONS * _EVENTS:,} events; another's file after {seconds:.1f} s"
    return Sent(what, failures)


@contextmanager
def _sessions(target: Target) -> Iterator[None]:
    """Within it the attacker has long sessions, written directly, as no recount knows them."""
    own = {"organization_id": ATTACKER, "funnel_id": _FUNNEL}
    with database(target.settings).client as client:
        documents = client[target.settings.mongodb_database]
        defined = {"_id": f"{ATTACKER}:{_FUNNEL}", **own, "name": _FUNNEL, "steps": []}
        documents["funnels"].insert_one(defined | {"versions": []})
        try:
            documents["funnel_sessions"].insert_many(_session(own, n) for n in range(_SESSIONS))
            yield
        finally:
            documents["funnel_sessions"].delete_many(own)
            documents["funnels"].delete_one({"_id": defined["_id"]})


def _session(own: dict[str, str], number: int) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(hours=1)
    event = {"event_type": "page_view", "page_id": "p", "step_id": None, "metadata": {"n": number}}
    visitor = f"files-{number:04d}"
    return {
        "_id": f"{ATTACKER}:{visitor}:s:{_FUNNEL}",
        **own,
        "visitor_id": visitor,
        "session_id": "s",
        "user_id": None,
        "started_at": at,
        "last_at": at,
        "events": [event | {"at": at + timedelta(seconds=n)} for n in range(_EVENTS)],
        "events_total": Int64(_EVENTS),
    }


def dripping_webhook(target: Target) -> Sent:
    """The server that is notified of files sends a byte of its answer every half second."""
    with socket.create_server((LOOPBACK, 0)) as server, ThreadPoolExecutor(1) as thread:
        held = thread.submit(answer_slowly, server, _DRIP_SECONDS)
        variables = {
            "DAYBOOK_EXPORTS_WEBHOOK_URL": f"http://{LOOPBACK}:{server.getsockname()[1]}/files",
            "DAYBOOK_EXPORTS_WEBHOOK_SECRET": "x" * 32,
        }
        worker = DaybookProcess(
            "exports-drip",
            "exports",
            ("serve", "exports", "--port", "0"),
            "member started",
            dict(target.variables) | variables,
            Path(target.directory),
        )
        jobs: list[str] = []
        try:
            worker.wait_until_started()
            # Whichever worker is free makes a file; the fleet's own one notifies nobody.
            while not held.done() and len(jobs) < _ORDERS_MAX:
                jobs.append(order(target, "analyst", "events", None, "csv"))
                time.sleep(_DRIP_SECONDS / _ORDERS_MAX)
            seconds = held.result()
        finally:
            worker.stop()
            worker.wait()
    failures = []
    if seconds > _DRIP_SECONDS_MAX:
        failures.append(f"the worker was still reading the answer after {seconds:.0f} s")
    file = wait_for_file(target, "analyst", jobs[-1], _OTHERS_SECONDS_MAX)
    if isinstance(file, str):
        failures.append(f"the last of the ordered files: {file}")
    return Sent(f"a notice answered byte by byte, left after {seconds:.1f} s", failures)


def scratch_of_others(target: Target) -> Sent:
    """The folder for unfinished files was made by somebody else, who waits for what comes."""
    shared = Path(target.directory) / "shared"
    folders = {name: shared / name / f"daybook-exports-{os.geteuid()}" for name in _TRAPS}
    for folder in folders.values():
        folder.parent.mkdir(parents=True)
    folders["a link"].symlink_to(shared)
    folders["open to all"].mkdir()
    folders["open to all"].chmod(0o777)
    if os.geteuid() == 0:
        folders["of another user"].mkdir(mode=0o700)
        os.chown(folders["of another user"], _NOBODY, _NOBODY)
    failures = []
    for name, folder in folders.items():
        # A worker whose files are in a bucket makes them in the system's temporary folder.
        own = {"DAYBOOK_EXPORTS_BUCKET": "files", "TMPDIR": str(folder.parent)}
        arguments = ("serve", "exports", "--port", "0")
        done = daybook(arguments, dict(target.variables) | own, _REFUSED_SECONDS_MAX)
        is_trap = folder.exists()
        if is_trap and (done.returncode in (0, _TIMED_OUT) or str(folder) not in done.stderr):
            failures.append(f"a worker starts although its folder for unfinished files is {name}")
    return Sent(f"folders for unfinished files: {', '.join(_TRAPS)}", failures)


ATTACKS = (
    Attack("an organization's large files", large_files, (), 180),
    Attack("a webhook that drips", dripping_webhook, (), 90),
    Attack("a scratch folder of others", scratch_of_others, (), 90),
)
