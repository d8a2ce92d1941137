"""A funnel's year of wide documents, written directly, for reads that are as large as they get."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

from bson import Int64

from attack.attack import Target
from consumers import funnel_step
from daybook.engine.documents.fields import Breakdown, Counter, PerCurrency
from daybook.engine.documents.keys import encode_part
from daybook.engine.mongo import indexes
from daybook.engine.mongo.client import database
from models.funnel import FunnelDay

FUNNEL = "wide"
DAYS, _KEYS = 300, 400
LAST = datetime.now(UTC).date()
_WIDE = ("campaigns", "countries", "landing_pages", "pages", "sources")


@contextmanager
def wide_days(target: Target, organization: str) -> Iterator[None]:
    """Within it the organization has the documents; afterwards they are removed.

    No event made them, so a recount would call each a difference.
    """
    own = {"organization_id": organization, "funnel_id": FUNNEL}
    with database(target.settings).client as client:
        documents = client[target.settings.mongodb_database]
        indexes.ensure(documents, funnel_step.GROUP)
        defined = {"_id": f"{organization}:{FUNNEL}", **own, "name": FUNNEL, "steps": []}
        documents["funnels"].insert_one(defined | {"versions": []})
        try:
            for number in range(DAYS):
                documents[FunnelDay.collection].insert_one(_day(own, number))
            yield
        finally:
            documents[FunnelDay.collection].delete_many(own)
            documents["funnels"].delete_one({"_id": defined["_id"]})


def _day(own: dict[str, str], number: int) -> dict[str, Any]:
    day = LAST - timedelta(days=number)
    zeros = {
        name: Int64(number)
        for name, field in FunnelDay.fields.items()
        if isinstance(field, Counter | PerCurrency)
    }
    return {
        "_id": ":".join(encode_part(part) for part in (*own.values(), day.isoformat())),
        **own,
        "date": datetime.combine(day, time(), UTC),
        **zeros,
        **{name: _wide(name, field) for name, field in FunnelDay.fields.items() if name in _WIDE},
        "currencies": {},
        "hours": {},
        "_daybook": {"applied": {}, "revision": Int64(1), "model": FunnelDay.version},
        "updated_at": datetime.now(UTC),
    }


def _wide(name: str, field: object) -> dict[str, dict[str, Int64]]:
    assert isinstance(field, Breakdown)
    return {f"{name} {key}": {part: Int64(key) for part in field.counts} for key in range(_KEYS)}
