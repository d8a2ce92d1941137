"""The documents that a caller may read: the one place that adds the organization's filter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from daybook.engine.bookkeeping import FLEET
from daybook.engine.documents.fields import DailyDocument
from daybook.engine.documents.keys import encode_part
from daybook.query.caller import Caller
from daybook.query.figures.date_range import Span
from daybook.query.problem import Problem, forbidden
from daybook.query.read.mongo import ROWS_MAX, Document, Filter, Order, Reader, beneath
from models.segments import SegmentClocks
from schemas.envelope import DEFAULT_ORGANIZATION

OF_ORGANIZATIONS = frozenset(
    {
        "analytics_event_metrics",
        "analytics_event_revenue",
        "analytics_experiment",
        "analytics_funnel",
        "analytics_funnel_revenue",
        "analytics_funnel_step",
        "analytics_uniques",
        "audience_segments",
        "campaign_members",
        "campaigns",
        "experiment_visitors",
        "experiments",
        "exports",
        "funnel_sessions",
        "funnel_users",
        "funnels",
        "order_emails",
        "orders",
        "segment_members",
        "segment_profiles",
        "ticketed_events",
    }
)
OF_THE_PLATFORM = frozenset(
    {"analytics_order_funnel", "analytics_revenue", "analytics_user_lifecycle"}
)
_TENANT = "organization_id"
_STAGES = frozenset({"$match", "$project", "$unwind", "$group", "$sort", "$limit"})


class Join(NamedTuple):
    """Documents of another collection whose `_id` equals an expression; the array `name` has them.

    `by`: a field's path or another expression of MongoDB on the documents that are aggregated.
    """

    collection: str
    by: Any
    name: str


@dataclass(frozen=True, slots=True)
class Scope:
    """An organization's documents, or those of the platform when `organization_id` is None.

    Collections in neither of the two sets above cannot be read. Every method raises Unavailable,
    and Problem (422) for more rows than the limit.
    """

    reader: Reader
    caller: Caller
    organization_id: str | None

    @property
    def organization(self) -> str:
        """The organization's id. Raises Problem (403) in the platform's scope."""
        if self.organization_id is None:
            raise forbidden("this can only be read for an organization")
        return self.organization_id

    @property
    def collections(self) -> frozenset[str]:
        """The collections that can be read in this scope."""
        return OF_THE_PLATFORM if self.organization_id is None else OF_ORGANIZATIONS

    @property
    def name(self) -> str:
        """The scope's part of the cache key: callers with the same name may share responses.

        Admins have their own, because a report may show them more.
        """
        caller = self.caller
        subject = caller.subject if not caller.reads_organization and not caller.is_admin else None
        return repr((self.organization_id, caller.is_admin, subject and (caller.role, subject)))

    async def find(
        self,
        collection: str,
        where: Filter | None = None,
        *,
        fields: Sequence[str] | Mapping[str, Any] | None = None,
        order: Order = (),
        skip: int = 0,
        limit: int = ROWS_MAX + 1,
    ) -> list[Document]:
        """Matching documents of the scope. `fields`: a MongoDB projection; `order`: (name, ±1)."""
        filtered = self._within(collection, where or {})
        async with self.reader.shares.query(self.caller.owner):
            return await self.reader.find(
                collection, filtered, fields=fields, order=order, skip=skip, limit=limit
            )

    async def find_one(
        self, collection: str, where: Filter, fields: Sequence[str] | None = None
    ) -> Document | None:
        filtered = self._within(collection, where)
        async with self.reader.shares.query(self.caller.owner):
            return await self.reader.find_one(collection, filtered, fields)

    async def aggregate(
        self,
        collection: str,
        where: Filter,
        stages: Sequence[Filter],
        join: Join | None = None,
    ) -> list[Document]:
        """Aggregates matching documents of the scope, after a join with others of it.

        No stage may read another collection.
        """
        if not all(stage.keys() <= _STAGES for stage in stages):
            raise ValueError(f"allowed stages: {', '.join(sorted(_STAGES))}")
        first: list[Filter] = [{"$match": self._within(collection, where)}]
        if join:
            first.append(self._lookup(join))
        async with self.reader.shares.query(self.caller.owner):
            return await self.reader.aggregate(collection, [*first, *stages])

    async def count(self, collection: str, where: Filter) -> int:
        filtered = self._within(collection, where)
        async with self.reader.shares.query(self.caller.owner):
            return await self.reader.count(collection, filtered)

    async def version_of(self, group: str, collection: str) -> int:
        """The model version for which all of a group's documents in a collection are complete."""
        async with self.reader.shares.query(self.caller.owner):
            stored = await self.reader.find_one(FLEET, {"_id": f"group:{group}"}, ["models"])
        return int(stored["models"].get(collection, 0)) if stored else 0

    async def segments_clock(self) -> int:
        """The moment up to which all segments are evaluated, in ms since 1970; -1 before it is."""
        async with self.reader.shares.query(self.caller.owner):
            clocks = await self.reader.find(SegmentClocks.collection, {}, fields=["clock"])
        return min((int(one["clock"]) for one in clocks), default=-1)

    async def days(
        self,
        model: type[DailyDocument],
        span: Span,
        *key: str,
        fields: Sequence[str] | Mapping[str, Any] | None = None,
    ) -> list[Document]:
        """The daily documents of this range, in the order of their `_id`.

        `key` is the complete key after the organization, for example funnel and step. By default
        `fields` are all but the hours.
        """
        selected = {"hours": False} if fields is None else fields
        where = self.days_filter(model, span, *key)
        return await self.find(model.collection, where, fields=selected, order=[("_id", 1)])

    def days_filter(self, model: type[DailyDocument], span: Span, *key: str) -> Filter:
        """The filter that `days` uses."""
        key_id = self.id(*key) if model.key else ""
        prefix = f"{key_id}:" if key_id else ""
        return {"_id": {"$gte": f"{prefix}{span.first}", "$lte": f"{prefix}{span.last}"}}

    def id(self, *parts: str) -> str:
        """An `_id` within the organization: `scope.id(funnel_id)` is `organization:funnel`."""
        return ":".join(encode_part(part) for part in (self.organization, *parts))

    def beneath(self, *parts: str) -> dict[str, str]:
        """A filter for `_id`: everything below these parts, or everything if there are none."""
        return beneath(self.id(*parts))

    def _lookup(self, join: Join) -> Filter:
        is_joined = {"$expr": {"$eq": ["$_id", "$$joined"]}}
        return {
            "$lookup": {
                "from": join.collection,
                "let": {"joined": join.by},
                "pipeline": [{"$match": self._within(join.collection, is_joined)}],
                "as": join.name,
            }
        }

    def _within(self, collection: str, where: Filter) -> Filter:
        if _TENANT in where:
            raise ValueError(f"a filter must not contain {_TENANT}: the scope adds it")
        if collection in OF_ORGANIZATIONS:
            return {_TENANT: self.organization, **where}
        if collection not in OF_THE_PLATFORM:
            raise ValueError(f"{collection} is not a readable collection")
        if self.organization_id is not None or not self.caller.is_admin:
            raise forbidden("this requires the role admin and the platform's scope")
        return where


def organization_scope(reader: Reader, caller: Caller, requested: str | None) -> Scope:
    """The scope of the caller's organization; admins choose one with `requested`.

    Raises Problem: 404 for another organization, as if it did not exist; 403 for a role that may
    not read organizations.
    """
    if caller.is_admin:
        return Scope(reader, caller, requested or DEFAULT_ORGANIZATION)
    if not caller.reads_organization or caller.organization_id is None:
        raise forbidden(f"the role {caller.role} may not read an organization's reports")
    if requested is not None and requested != caller.organization_id:
        raise Problem(404, "there is no such organization")
    return Scope(reader, caller, caller.organization_id)


def platform_scope(reader: Reader, caller: Caller) -> Scope:
    """The platform's scope. Raises Problem (403) for callers who are not admins."""
    if not caller.is_admin:
        raise forbidden("this requires the role admin")
    return Scope(reader, caller, None)
