"""Orders files from the query service, waits for them and fetches them."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from attack.attack import Target
from attack.calls import API, Reply, call, report
from attack.fleet import ATTACKER

_ORDER_SECONDS_MAX = 40.0
_POLL_SECONDS = 0.25


def order(target: Target, key: str, report_type: str, funnel: str | None, form: str) -> str:
    """Requests a file of the last two days with the key of that name; an admin's has personal data.

    Returns the job's id; `refused-` and the status if it is refused.
    """
    today = datetime.now(UTC).date()
    body = {
        "report_type": report_type,
        "funnel_id": funnel,
        "date_from": str(today - timedelta(days=1)),
        "date_to": str(today),
        "format": form,
        "include_pii": key == "admin",
        "include_charts": True,
    }
    deadline = time.monotonic() + _ORDER_SECONDS_MAX
    while (reply := _post(target, key, body)).status == 503 and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return str(reply.json["job_id"]) if reply.status == 202 else f"refused-{reply.status}"


def _post(target: Target, key: str, body: dict[str, Any]) -> Reply:
    own = {"Authorization": f"Bearer {target.keys[key]}", "Content-Type": "application/json"}
    path = f"{API}/export{_organization(key)}"
    return call(target.query_port, "POST", path, json.dumps(body).encode(), own)


def status(target: Target, key: str, job_id: str) -> str:
    """The job's status, or a sentence on why there is none."""
    reply = _job(target, key, job_id)
    return f"the status is answered {reply.status}" if reply.status != 200 else reply.json["status"]


def wait_for_file(target: Target, key: str, job_id: str, seconds: float) -> bytes | str:
    """The finished file, or a sentence on why there is none after so long."""
    deadline = time.monotonic() + seconds
    while True:
        reply = _job(target, key, job_id)
        if reply.status != 200:
            return f"the status of {job_id[:12]} is answered {reply.status}"
        job = reply.json
        if job["status"] == "completed":
            return call(target.query_port, "GET", job["download_url"]).body
        if job["status"] != "processing":
            return f"the job is {job['status']}: {job['reason']}"
        if time.monotonic() > deadline:
            return f"the job is not done after {seconds:.0f} s"
        time.sleep(_POLL_SECONDS)


def _job(target: Target, key: str, job_id: str) -> Reply:
    path = f"/export/{quote(job_id)}{_organization(key)}"
    return report(target.query_port, target.keys[key], path)


def _organization(key: str) -> str:
    """The parameter with which an admin names the organization; other keys have their own."""
    return f"?organization_id={ATTACKER}" if key == "admin" else ""
