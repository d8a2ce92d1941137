"""What the visitors exposed to a test did, from their rows: within the test's life, to the
millisecond.

An exposure counts from the test's start to its end, a conversion or an order from the exposure to
14 days after the end. Both bounds are those known now, so a test may be started or completed late.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from daybook.query.figures.date_range import Span
from daybook.query.figures.totals import DayDocument
from daybook.query.funnels.definition import Basis
from daybook.query.funnels.experiments.life import within_lives
from daybook.query.read.groups import FUNNEL_STEP, REVENUE
from daybook.query.read.mongo import Document, Filter
from daybook.query.read.scope import Join, Scope
from models.experiment import ExperimentDay
from models.experiment_visitor import EXPOSED, ExperimentVisitors
from models.order import Orders

CONVERSIONS_AFTER = timedelta(days=14)
"""How long after a test's end a conversion or an order still counts."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Life(NamedTuple):
    """When exposures to a test count, and until when what follows them does."""

    test_id: str
    start: datetime
    end: datetime
    closes: datetime

    @classmethod
    def of(cls, test: DayDocument) -> "Life":
        """From a document of `experiments`."""
        first, last = _EVER
        end = test["completed_at"] or last
        return cls(test["test_id"], test["started_at"] or first, end, end + CONVERSIONS_AFTER)


class Judged(NamedTuple):
    """Tests to judge: from rows, or from daily documents while rows from before Daybook kept them
    are missing (until `daybook rebuild`). `basis`: of the money."""

    scope: Scope
    tests: Sequence[Document]
    basis: Basis
    from_rows: bool

    async def numbers(self, span: Span) -> list[DayDocument]:
        """The numbers of variants in the form of documents of `analytics_experiment`, of the
        visitors who were first exposed on these days."""
        if not self.from_rows:
            days = await load_test_days(self.scope, self.tests, span)
            return within_lives(self.tests, days, span.fleet_zone)
        found: list[DayDocument] = []
        for test in self.tests:
            found += await _judge_test(self.scope, test, self.basis, span)
        return found


async def load_judged(scope: Scope, tests: Sequence[Document], basis: Basis) -> Judged:
    """`basis`: that of the funnel's revenue."""
    needed = [(FUNNEL_STEP, ExperimentVisitors)]
    if basis == "orders":
        needed.append((REVENUE, Orders))
    for (group,), model in needed:
        if await scope.version_of(group, model.collection) < model.version:
            return Judged(scope, tests, "conversions", from_rows=False)
    return Judged(scope, tests, basis, from_rows=True)


async def load_test_days(scope: Scope, tests: Sequence[Document], span: Span) -> list[Document]:
    """The daily documents of these tests."""
    test_ids = [test["test_id"] for test in tests]
    if not test_ids:
        return []
    return await scope.find(
        ExperimentDay.collection,
        {"test_id": {"$in": test_ids}, "date": span.dates},
        fields={"hours": False, "_daybook": False},
    )


async def _judge_test(scope: Scope, test: Document, basis: Basis, span: Span) -> list[DayDocument]:
    life, funnel_id = Life.of(test), test["funnel_id"]
    rows = ExperimentVisitors.collection
    of_test = {"funnel_id": funnel_id, "events.test_id": life.test_id, **EXPOSED}
    exposed = _exposed(life, span, "$_id", "$events", _CONVERSIONS)
    counts = await scope.aggregate(rows, of_test, [*exposed, _COUNTS])
    if basis == "conversions":
        with_money = of_test | {"events.value_cents": {"$gt": 0}}
        amounts = await scope.aggregate(rows, with_money, [*exposed, *_MONEY])
    else:
        ordered = {
            "funnel_id": funnel_id,
            "created_at": {"$gte": life.start, "$lte": life.closes},
            "visitor": {"$ne": None},
        }
        stages = _exposed(life, span, "$visitor", {"$first": "$rows.events"}, _ORDER)
        join = Join(rows, "$visitor", "rows")
        amounts = await scope.aggregate(Orders.collection, ordered, [*stages, *_MONEY], join)
    currencies: dict[str, dict[str, Any]] = {row["_id"]: {} for row in counts}
    for row in amounts:
        name = row["_id"]
        # Visitors may have been exposed since they were counted.
        if name["variant"] in currencies:
            currencies[name["variant"]][name["currency"]] = {
                "value_cents": int(str(row["cents"])),
                "value_cents_squared": int(str(row["squares"])),
            }
    return [
        row | {"test_id": life.test_id, "variant_id": name, "currencies": currencies[name]}
        for name, row in sorted((row["_id"], row) for row in counts)
    ]


def _exposed(life: Life, span: Span, who: str, events: Any, sales: Any) -> list[Filter]:
    """The visitors first exposed on these days: `variant`, `is_multiple`, and their `sales` from
    the exposure on, [{at, value_cents, currency}]."""
    begin, end = span.instants
    is_exposure = _all(
        {"$eq": ["$$this.test_id", {"$literal": life.test_id}]},
        {"$gte": ["$$this.at", life.start]},
        {"$lte": ["$$this.at", life.end]},
    )
    is_after = _all({"$gte": ["$$this.at", "$first.at"]}, {"$lte": ["$$this.at", life.closes]})
    return [
        {"$project": {"who": who, "sales": sales, "exposures": _filter(events, is_exposure)}},
        {"$match": {"exposures.0": {"$exists": True}}},
        {
            "$project": {
                "who": True,
                "sales": True,
                "variants": {"$setUnion": ["$exposures.variant_id"]},
                "first": {
                    "$reduce": {
                        "input": "$exposures",
                        "initialValue": {"$first": "$exposures"},
                        "in": {
                            "$cond": [{"$lt": ["$$this.at", "$$value.at"]}, "$$this", "$$value"]
                        },
                    }
                },
            }
        },
        {"$match": {"first.at": {"$gte": begin, "$lt": end}}},
        {
            "$project": {
                "who": True,
                "variant": "$first.variant_id",
                "is_multiple": {"$gt": [{"$size": "$variants"}, 1]},
                "sales": _filter("$sales", is_after),
            }
        },
    ]


def _all(*conditions: Filter) -> Filter:
    return {"$and": list(conditions)}


def _filter(array: Any, condition: Filter) -> Filter:
    return {"$filter": {"input": array, "cond": condition}}


_CONVERSIONS = _filter("$events", {"$eq": ["$$this.event_type", "conversion"]})
_ORDER = [
    {
        "at": "$created_at",
        "value_cents": {"$subtract": ["$paid_cents", "$refunded_cents"]},
        "currency": "$currency",
    }
]
_COUNTS: Filter = {
    "$group": {
        "_id": "$variant",
        "visitors": {"$sum": {"$cond": ["$is_multiple", 0, 1]}},
        "multiple_exposures": {"$sum": {"$cond": ["$is_multiple", 1, 0]}},
        "conversions": {
            "$sum": {"$cond": [_all({"$not": ["$is_multiple"]}, {"$ne": ["$sales", []]}), 1, 0]}
        },
    }
}
_MONEY: Sequence[Filter] = (
    {"$match": {"is_multiple": False}},
    {"$unwind": "$sales"},
    {"$match": {"sales.value_cents": {"$gt": 0}}},
    {
        "$group": {
            "_id": {"who": "$who", "variant": "$variant", "currency": "$sales.currency"},
            "cents": {"$sum": {"$toDecimal": "$sales.value_cents"}},
        }
    },
    {
        "$group": {
            "_id": {"variant": "$_id.variant", "currency": "$_id.currency"},
            "cents": {"$sum": "$cents"},
            "squares": {"$sum": {"$multiply": ["$cents", "$cents"]}},
        }
    },
)
"""The value of each visitor by currency, then the sums of values and of their squares."""
