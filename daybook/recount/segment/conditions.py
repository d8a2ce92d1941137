"""Computes in SQL when each person matched a segment's filters: a third compiler beside the two of
the product, with which it shares nothing."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from duckdb import DuckDBPyConnection

Node = Mapping[str, Any]

TABLES = """
    CREATE OR REPLACE TABLE events (person VARCHAR, kind VARCHAR, ms BIGINT);
    CREATE OR REPLACE TABLE attributes (person VARCHAR, name VARCHAR, ms BIGINT, value VARCHAR);
    CREATE OR REPLACE TABLE orders
        (person VARCHAR, id VARCHAR, paid_ms BIGINT, currency VARCHAR, cents BIGINT);
    CREATE OR REPLACE TABLE refunds (person VARCHAR, id VARCHAR, ms BIGINT, cents BIGINT);
    CREATE OR REPLACE TABLE products (person VARCHAR, id VARCHAR, product VARCHAR);
    CREATE OR REPLACE TABLE changes (person VARCHAR, what VARCHAR, ms BIGINT);
    CREATE OR REPLACE TABLE people (person VARCHAR, first_seen BIGINT);
    CREATE OR REPLACE TABLE days (number BIGINT, start BIGINT);
"""
"""The facts. `kind` is a type, or `type|field=value`, and `*` of every event; `what` is given,
withdrawn, opened or deleted; `days` are those of the zone. Times are milliseconds since 1970."""

_DURATION = re.compile(r"PT(?:([0-9]+)H)?(?:([0-9]+)M)?|P([0-9]+)D")
_COMPARISONS = {"at_least": ">=", "at_most": "<=", "exactly": "="}
_OF_ACCOUNTS = ("country", "role", "source", "email_domain")


def fill_runs(db: DuckDBPyConnection, filters: Node, until: int) -> None:
    """Fills the table `runs` with every run that began by `until`: person, since, ended_at (NULL
    while it goes on)."""
    conditions = _Conditions()
    expression = conditions.add(filters)
    db.execute("CREATE OR REPLACE TEMP TABLE moments AS " + _moments(conditions.points, until))
    db.execute(_CUTS)
    joins = ""
    for number, query in enumerate(conditions.tables):
        db.execute(f"CREATE OR REPLACE TEMP TABLE c{number} AS {query}")
        joins += f" JOIN c{number} USING (person, t)"
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE runs AS
        WITH valued AS (
            SELECT person, t, coalesce(counts AND first_seen <= t AND ({expression}), false) AS v
            FROM cuts JOIN people USING (person) {joins}
        ),
        turned AS (
            SELECT person, t, v FROM valued
            QUALIFY v <> lag(v, 1, false) OVER (PARTITION BY person ORDER BY t)
        )
        SELECT person, since, ended_at FROM (
            SELECT person, v, t AS since, lead(t) OVER (PARTITION BY person ORDER BY t) AS ended_at
            FROM turned
        )
        WHERE v
    """)


def _moments(points: list[str], until: int) -> str:
    """Every moment at which something may change, and the number of its day."""
    both = " UNION ALL ".join(
        ["SELECT person, first_seen AS t FROM people", "SELECT person, ms FROM changes", *points]
    )
    return f"""
        SELECT person, t, number AS day
        FROM (SELECT DISTINCT person, t FROM ({both}) WHERE t <= {until})
        ASOF JOIN days ON t >= start
    """


# At the same moment a withdrawal comes after the consent, and a new account after the deletion.
_CUTS = """
    CREATE OR REPLACE TEMP TABLE cuts AS
    WITH ended AS (
        SELECT
            m.person, t, day,
            max(ms) FILTER (what = 'withdrawn') AS withdrawn,
            max(ms) FILTER (what = 'deleted') AS deleted
        FROM (FROM moments SEMI JOIN changes USING (person)) AS m
        LEFT JOIN changes AS c ON m.person = c.person AND c.ms <= t
        GROUP BY ALL
    ),
    begun AS (
        SELECT
            e.person, t, day, withdrawn, deleted,
            min(ms) FILTER (what = 'given' AND ms > withdrawn) AS given,
            min(ms) FILTER (what = 'opened' AND ms >= deleted) AS opened
        FROM ended AS e LEFT JOIN changes AS c ON e.person = c.person AND c.ms <= t
        GROUP BY ALL
    )
    SELECT person, t, day, true AS counts, -1 AS tracked, -1 AS anything
    FROM moments ANTI JOIN changes USING (person)
    UNION ALL
    SELECT
        person, t, day,
        (withdrawn IS NULL OR given IS NOT NULL) AND (deleted IS NULL OR opened IS NOT NULL)
            AS counts,
        greatest(coalesce(given, -1), coalesce(opened, -1)) AS tracked,
        coalesce(opened, -1) AS anything
    FROM begun
"""


class _Conditions:
    """`tables` are queries, one a condition, for `c0`, `c1`, …: person, t, holds. `points` are
    queries of the moments at which they may change."""

    def __init__(self) -> None:
        self.tables: list[str] = []
        self.points: list[str] = []

    def add(self, node: Node) -> str:
        """Adds a tree's conditions, and returns it as an expression over them."""
        match node:
            case {"all": parts}:
                return "(" + " AND ".join(map(self.add, parts)) + ")"
            case {"any": parts}:
                return "(" + " OR ".join(map(self.add, parts)) + ")"
            case {"not": part}:
                return f"(NOT {self.add(part)})"
        self.tables.append(self._query(node))
        return f"c{len(self.tables) - 1}.holds"

    def _query(self, node: Node) -> str:
        match node:
            case {"event": _}:
                return self._behaviour(node)
            case {"attribute": _}:
                return self._attribute(node)
            case {"seen": which}:
                source = _events("*") if which == "last" else "people AS f(person, ms)"
                self._add_points(source, node["within"])
                return _counted(source, node["within"], "number > 0", "-1")
        return self._of_orders(node)

    def _behaviour(self, node: Node) -> str:
        source, within = _events(_kind(node)), node.get("within")
        self._add_points(source, within)
        holds = _compared("number", node.get("count", {"at_least": 1}))
        query = _counted(source, within, holds, _cut_of(node["event"]))
        if "then_not" not in node:
            return query
        undone = _events(node["then_not"])
        self.points.append(f"SELECT person, ms FROM {undone}")
        return f"""
            SELECT
                q.person, q.t,
                q.holds AND coalesce(f.ms < newest OR f.ms <= cut, true) AS holds
            FROM (
                SELECT q.*, {_cut_of(node["then_not"])} AS cut
                FROM ({query}) AS q JOIN cuts USING (person, t)
            ) AS q
            ASOF LEFT JOIN {undone} ON f.person = q.person AND f.ms <= q.t
        """

    def _add_points(self, source: str, within: str | None) -> None:
        self.points.append(f"SELECT person, ms FROM {source}")
        self.points.append(_ends(source, within))

    def _attribute(self, node: Node) -> str:
        name = node["attribute"]
        source = f"(SELECT * FROM attributes WHERE name = {_literal(name)})"
        self.points.append(f"SELECT person, ms FROM {source}")
        cut = "anything" if name in _OF_ACCOUNTS else "tracked"
        # Of several values of one time the greatest is the newest.
        newest = f"""
            SELECT c.person, c.t, if(f.ms > {cut}, f.value, NULL) AS value
            FROM cuts AS c ASOF LEFT JOIN (
                SELECT person, ms, max(value) AS value FROM {source} GROUP BY person, ms
            ) AS f ON f.person = c.person AND f.ms <= c.t
        """
        return f"SELECT person, t, coalesce({_wanted(node)}, false) AS holds FROM ({newest})"

    def _of_orders(self, node: Node) -> str:
        wanted, within = ["paid_ms IS NOT NULL"], node.get("within")
        if "product" in node:
            product = (
                f"SELECT (person, id) FROM products WHERE product = {_literal(node['product'])}"
            )
            wanted.append(f"(person, id) IN ({product})")
        amount = node.get("revenue")
        if amount:
            wanted.append(f"currency = {_literal(amount['currency'])}")
        where = " AND ".join(wanted)
        source = f"(SELECT person, id, paid_ms AS ms, cents FROM orders WHERE {where}) AS f"
        self._add_points(source, within)
        self.points.append("SELECT person, ms FROM refunds")
        left = f"""
            SELECT
                c.person, c.t, f.id, f.cents,
                coalesce(sum(r.cents), 0) AS refunded
            FROM ({_windows(within)}) AS c
            JOIN {source}
                ON f.person = c.person AND f.ms <= c.t AND f.ms > anything AND f.ms >= first
            LEFT JOIN refunds AS r
                ON r.person = f.person AND r.id = f.id AND r.ms <= c.t
            GROUP BY ALL
        """
        worth = "greatest(0, cents - refunded)"
        if not amount:
            worth = "CASE WHEN refunded = 0 OR cents > refunded THEN 1 ELSE 0 END"
        holds = _compared(f"coalesce(sum({worth}), 0)", amount or node["orders"])
        return f"""
            SELECT c.person, c.t, {holds} AS holds
            FROM cuts AS c LEFT JOIN ({left}) AS o ON o.person = c.person AND o.t = c.t
            GROUP BY c.person, c.t
        """


def _events(kind: str) -> str:
    return f"(SELECT person, ms FROM events WHERE kind = {_literal(kind)}) AS f"


def _cut_of(event_type: str) -> str:
    """The cut that holds for a type; those of visitors' events have no dot."""
    return "anything" if "." in event_type else "tracked"


def _counted(source: str, within: str | None, holds: str, cut: str) -> str:
    """Whether the facts of a source within the window are as wanted, and the newest of them.

    The number of facts in it is that of all before its end less those before its beginning.
    """
    ranked = f"""
        (SELECT person, ms, row_number() OVER (PARTITION BY person ORDER BY ms) AS n FROM {source})
    """
    return f"""
        SELECT person, t, {holds} AS holds, if(number > 0, newest, NULL) AS newest
        FROM (
            SELECT
                c.person, c.t, upto.ms AS newest,
                coalesce(upto.n, 0) - coalesce(below.n, 0) AS number
            FROM (
                SELECT *, greatest(first - 1, {cut}) AS low FROM ({_windows(within)})
            ) AS c
            ASOF LEFT JOIN {ranked} AS upto ON upto.person = c.person AND upto.ms <= c.t
            ASOF LEFT JOIN {ranked} AS below ON below.person = c.person AND below.ms <= c.low
        )
    """


def _parsed(within: str | None) -> tuple[int | None, int]:
    """Minutes, or None and a number of days."""
    match = _DURATION.fullmatch(within or "P731D")
    assert match is not None
    hours, minutes, number = match.groups()
    if number is not None:
        return None, int(number)
    return int(hours or 0) * 60 + int(minutes or 0), 0


def _windows(within: str | None) -> str:
    """The moments, each with the `first` time that still counts at it."""
    minutes, number = _parsed(within)
    if minutes is not None:
        return f"SELECT *, t - {minutes * 60_000} + 1 AS first FROM cuts"
    return f"""
        SELECT cuts.*, start AS first FROM cuts JOIN days ON days.number = cuts.day - {number} + 1
    """


def _ends(source: str, within: str | None) -> str:
    """The moments at which a source's facts no longer count."""
    minutes, number = _parsed(within)
    if minutes is not None:
        return f"SELECT person, ms + {minutes * 60_000} FROM {source}"
    return f"""
        SELECT f.person, later.start FROM {source}
        ASOF JOIN days ON f.ms >= days.start
        JOIN days AS later ON later.number = days.number + {number}
    """


def _kind(node: Node) -> str:
    for name, value in node.get("where", {}).items():
        return f"{node['event']}|{name}={value}"
    return str(node["event"])


def _literal(text: str) -> str:
    escaped = text.replace("'", "''").replace("\0", "' || chr(0) || '")
    return f"('{escaped}')"


def _compared(number: str, wanted: Node) -> str:
    for name, operator in _COMPARISONS.items():
        if name in wanted:
            return f"{number} {operator} {int(wanted[name])}"
    raise ValueError(f"no comparison: {', '.join(wanted)}")


def _wanted(node: Node) -> str:
    match node:
        case {"is": value}:
            return f"value = {_literal(value)}"
        case {"is_not": value}:
            return f"value IS DISTINCT FROM {_literal(value)}"
        case {"in": values}:
            return f"value IN ({', '.join(map(_literal, values))})"
        case {"not_in": values}:
            return f"value IS NULL OR value NOT IN ({', '.join(map(_literal, values))})"
        case {"exists": exists}:
            return f"(value IS NOT NULL) = {bool(exists)}"
    raise ValueError(f"no comparison: {', '.join(node)}")


def runs(db: DuckDBPyConnection) -> Iterator[tuple[str, int, int | None]]:
    """The rows of `runs`, by person and time."""
    yield from db.execute("SELECT * FROM runs ORDER BY person, since").fetchall()
