"""Examines what a fleet needs: its servers, rights, indexes, and the places it has reached."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import Any

from confluent_kafka.admin import AdminClient
from redis.exceptions import RedisError

from daybook.engine import bookkeeping
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.errors import DaybookError, Unavailable, WrongSetting
from daybook.engine.group import Group
from daybook.engine.kafka.clients import REQUEST_SECONDS, kafka_required
from daybook.engine.mongo import indexes
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.protocol.fleet import find_fleet
from daybook.engine.redis_client import blocking
from daybook.engine.settings import Settings

CLOCK_SECONDS_MAX = 5.0
"""Beyond this, documents and sessions of different machines are visibly out of order; time
synchronization keeps machines within milliseconds."""

_REDIS_SECONDS = 5.0
_OLDEST_MONGODB = (4, 4)
"""The first version that tells its processes apart (`topologyVersion`), see `mongo.fence`."""

_RIGHTS = frozenset({"find", "insert", "update", "remove", "createIndex", "listIndexes"})
_WRITES = frozenset({"insert", "update", "remove"})
_READ_WRITE = "grant it the role readWrite on the database, with db.grantRolesToUser"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination; `remedy` says what to do about a problem, and is empty if all is
    well. `is_away`: the server does not answer."""

    subject: str
    text: str
    remedy: str = ""
    is_away: bool = False

    @property
    def is_problem(self) -> bool:
        return bool(self.remedy)


def examined(subject: str, remedy: str, examine: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """The findings, or one with this remedy if the server does not answer or refuses."""
    findings: list[Finding] = []
    try:
        findings.extend(examine())
    except Unavailable as error:
        findings.append(Finding(subject, str(error), remedy, is_away=True))
    except DaybookError as error:
        findings.append(Finding(subject, str(error), "see the sentence"))
    return findings


def kafka(client: AdminClient) -> Iterator[Finding]:
    """The cluster and its brokers; their version cannot be asked for. Raises Unavailable."""
    with kafka_required():
        found = client.list_topics(timeout=REQUEST_SECONDS)
    count = len(found.brokers)
    brokers = "1 broker" if count == 1 else f"{count} brokers"
    yield Finding("kafka", f"{brokers}, cluster {found.cluster_id}")


def mongodb(documents: Documents) -> Iterator[Finding]:
    """The version, the replica set, the clock and the user's rights. Raises Unavailable."""
    admin = documents.client.admin
    with reachable():
        version = admin.command("buildInfo")["version"]
        sent = time()
        hello = admin.command("hello")
        received = time()
        status = admin.command("connectionStatus", showPrivileges=True)["authInfo"]
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_MONGODB:
        yield Finding("mongodb", f"version {version}", "upgrade MongoDB to 4.4 or later")
    elif "setName" not in hello:
        yield Finding(
            "mongodb",
            f"version {version} is not a member of a replica set",
            "start it with --replSet and initiate the set: only then are writes durable",
        )
    else:
        yield Finding("mongodb", f"version {version}, replica set {hello['setName']}")
        yield _voters(documents, len(hello["hosts"]))
    yield clock("mongodb", hello["localTime"].replace(tzinfo=UTC), sent, received)
    yield rights(status, documents.name)


def _voters(documents: Documents, hosts: int) -> Finding:
    """Whether a majority of the set is up, if the user may ask."""
    try:
        with reachable():
            members = documents.client.admin.command("replSetGetStatus")["members"]
    except WrongSetting:
        return Finding("mongodb", f"{hosts} hosts; this user may not read which of them are up")
    up = sum(member["health"] == 1 for member in members)
    text = f"{up} of {len(members)} members of the replica set are up"
    if up == len(members):
        return Finding("mongodb", text)
    return Finding("mongodb", text, "start the others: without a majority nothing is counted")


def clock(subject: str, there: datetime, sent: float, received: float) -> Finding:
    """The difference of a server's clock, read between two moments (seconds since 1970) here."""
    ahead = there.timestamp() - min(max(there.timestamp(), sent), received)
    if abs(ahead) <= CLOCK_SECONDS_MAX:
        return Finding("clock", f"{subject}: within {CLOCK_SECONDS_MAX:.0f} s of this machine's")
    how = "ahead of" if ahead > 0 else "behind"
    return Finding(
        "clock",
        f"{subject}: {abs(ahead):.0f} s {how} this machine's",
        "synchronize the clocks of all machines with NTP",
    )


def rights(status: dict[str, Any], database: str) -> Finding:
    """Whether the user may do in the database what members do."""
    users = [user["user"] for user in status["authenticatedUsers"]]
    if not users:
        return Finding("rights", "MongoDB: no user; this fleet relies on a closed network")
    absent = sorted(_RIGHTS - _actions(status, database))
    if not absent:
        return Finding("rights", f"MongoDB: the user may read and write {database}")
    return Finding("rights", f"MongoDB: the user lacks {', '.join(absent)}", _READ_WRITE)


def reader_rights(documents: Documents) -> Iterator[Finding]:
    """Whether the query service's own user can only read. Raises Unavailable."""
    with reachable():
        status = documents.client.admin.command("connectionStatus", showPrivileges=True)["authInfo"]
    allowed = _actions(status, documents.name)
    if not status["authenticatedUsers"]:
        yield Finding("rights", "MongoDB: the query service has no user either")
    elif "find" not in allowed:
        yield Finding(
            "rights",
            "MongoDB: the query service's user may not read the database",
            "grant it the role read on the database, with db.grantRolesToUser",
        )
    elif writes := sorted(_WRITES & allowed):
        yield Finding(
            "rights",
            f"MongoDB: the query service's user has {', '.join(writes)}",
            "name a user with the role read alone in DAYBOOK_QUERY_MONGODB_URI",
        )
    else:
        yield Finding("rights", "MongoDB: the query service's user can only read")


def _actions(status: dict[str, Any], database: str) -> set[str]:
    """The actions allowed on every collection of the database."""
    return {
        action
        for privilege in status["authenticatedUserPrivileges"]
        if privilege["resource"].get("db") in ("", database)
        and privilege["resource"].get("collection") == ""
        or privilege["resource"].get("anyResource")
        for action in privilege["actions"]
    }


def redis(settings: Settings) -> Iterator[Finding]:
    """The version and the clock. Raises Unavailable."""
    with blocking(settings, _REDIS_SECONDS) as client:
        try:
            version = client.info("server")["redis_version"]
            sent = time()
            seconds, micros = client.time()
            received = time()
        except (RedisError, OSError) as error:
            raise Unavailable(
                f"Redis does not answer (DAYBOOK_REDIS_URL): {type(error).__name__}"
            ) from error
    yield Finding("redis", f"version {version}")
    there = datetime.fromtimestamp(seconds + micros / 1_000_000, UTC)
    yield clock("redis", there, sent, received)


def fleet(
    settings: Settings, documents: Documents, client: AdminClient, groups: Iterable[Group]
) -> Iterator[Finding]:
    """The database's binding to cluster, settings and schema, and the indexes of its groups.

    Raises FleetMismatch and Unavailable.
    """
    if find_fleet(documents, client) is None:
        yield Finding("fleet", f"no member has counted into database {documents.name} yet")
        return
    with reachable():
        stored = {d["_id"]: d for d in documents[bookkeeping.FLEET].find({"_id": {"$regex": _OWN}})}
    yield from _bound_settings(stored["fleet"]["settings"], Rules.from_settings(settings))
    for group in groups:
        joined = stored.get(f"group:{group.name}")
        if joined is None:
            continue
        if joined["schema_revision"] != group.schema_revision:
            yield Finding(
                "fleet",
                f"{group.name} counts by schema revision {joined['schema_revision']}, this version "
                f"of Daybook by {group.schema_revision}",
                f"stop the whole group, then set schema_revision of 'group:{group.name}' in "
                f"{bookkeeping.FLEET}",
            )
        absent = indexes.missing(documents, group)
        if absent:
            yield Finding(
                "indexes", f"missing: {', '.join(absent)}", f"start a member of {group.name}"
            )
        else:
            yield Finding("indexes", f"{group.name}: all exist")


_OWN = "^(fleet$|group:)"


def _bound_settings(stored: dict[str, Any], rules: Rules) -> Iterator[Finding]:
    differing = [name for name, value in rules.bound().items() if stored.get(name) != value]
    for name in differing:
        yield Finding(
            "fleet",
            f"DAYBOOK_{name.upper()} is not what the database was counted with",
            f"set it to {stored.get(name)}, or use another database",
        )
    if not differing:
        yield Finding("fleet", "the database was counted from this cluster, with these settings")
