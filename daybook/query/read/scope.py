"""Whose documents a caller reads: the one place in which the tenant's filter is put on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from daybook.engine.documents.fields import DailyDocument
from daybook.engine.documents.keys import encode_part
from daybook.query.caller import Caller
from daybook.query.figures.date_range import Span
from daybook.query.problem import Problem, forbidden
from daybook.query.read.mongo import ROWS_MAX, Document, Filter, Order, Reader, beneath
from schemas.envelope import DEFAULT_ORGANIZATION

OF_ORGANIZATIONS = frozenset(
    {
        "analytics_event_metrics",
        "analytics_experiment",
        "analytics_funnel",
        "analytics_funnel_revenue",
        "analytics_funnel_step",
        "analytics_uniques",
        "experiments",
        "exports",
        "funnel_sessions",
        "funnels",
        "ticketed_events",
    }
)
OF_THE_PLATFORM = frozenset(
    {"analytics_order_funnel", "analytics_revenue", "analytics_user_lifecycle"}
)
_TENANT = "organization_id"
_STAGES = frozenset({"$project", "$unwind", "$group"})


@dataclass(frozen=True, slots=True)
class Scope:
    """An organization's documents, or those of the platform when `organization_id` is None.

    A collection that is in neither list is read by nobody. Every method raises Unavailable, and
    Problem for more rows than an answer may be made of.
    """

    reader: Reader
    caller: Caller
    organization_id: str | None

    @property
    def organization(self) -> str:
        """For keys of Redis. Raises Problem (403) in the platform's scope."""
        if self.organization_id is None:
            raise forbidden("this is read in the scope of an organization")
        return self.organization_id

    @property
    def collections(self) -> frozenset[str]:
        """Those that are read in it."""
        return OF_THE_PLATFORM if self.organization_id is None else OF_ORGANIZATIONS

    @property
    def name(self) -> str:
        """What answers are remembered by: nobody is served what was made for another scope, nor
        what an admin, whom a report may tell more, was told."""
        caller = self.caller
        own = caller.subject if not caller.reads_organization and not caller.is_admin else None
        return repr((self.organization_id, caller.is_admin, own and (caller.role, own)))

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
        """What fits within the scope. `fields` as in MongoDB's projection; `order` (name, ±1)."""
        own = self._within(collection, where or {})
        return await self.reader.find(
            collection, own, fields=fields, order=order, skip=skip, limit=limit
        )

    async def find_one(
        self, collection: str, where: Filter, fields: Sequence[str] | None = None
    ) -> Document | None:
        return await self.reader.find_one(collection, self._within(collection, where), fields)

    async def aggregate(
        self, collection: str, where: Filter, stages: Sequence[Filter]
    ) -> list[Document]:
        """What the stages make of what fits within the scope; none may look elsewhere."""
        if not all(stage.keys() <= _STAGES for stage in stages):
            raise ValueError(f"stages are {', '.join(sorted(_STAGES))}")
        own = {"$match": self._within(collection, where)}
        return await self.reader.aggregate(collection, [own, *stages])

    async def count(self, collection: str, where: Filter) -> int:
        return await self.reader.count(collection, self._within(collection, where))

    async def days(
        self,
        model: type[DailyDocument],
        span: Span,
        *key: str,
        fields: Sequence[str] | Mapping[str, Any] | None = None,
    ) -> list[Document]:
        """A family's documents of these days, in order, by their `_id`.

        `key` is the whole key after the organization: funnel and step, for instance. Without
        `fields` all but the hours.
        """
        chosen = {"hours": False} if fields is None else fields
        where = self.of_days(model, span, *key)
        return await self.find(model.collection, where, fields=chosen, order=[("_id", 1)])

    def of_days(self, model: type[DailyDocument], span: Span, *key: str) -> Filter:
        """The filter of these documents."""
        own = self.id(*key) if model.key else ""
        before = f"{own}:" if own else ""
        return {"_id": {"$gte": f"{before}{span.first}", "$lte": f"{before}{span.last}"}}

    def id(self, *parts: str) -> str:
        """An `_id` within the organization: `scope.id(funnel_id)` is `organization:funnel`."""
        return ":".join(encode_part(part) for part in (self.organization, *parts))

    def beneath(self, *parts: str) -> dict[str, str]:
        """A filter of `_id`: whatever is kept beneath these parts; without any, all there is."""
        return beneath(self.id(*parts))

    def _within(self, collection: str, where: Filter) -> Filter:
        if _TENANT in where:
            raise ValueError(f"{_TENANT} is the scope's to say")
        if collection in OF_ORGANIZATIONS:
            return {_TENANT: self.organization, **where}
        if collection not in OF_THE_PLATFORM:
            raise ValueError(f"nobody reads {collection}")
        if self.organization_id is not None or not self.caller.is_admin:
            raise forbidden("this is read with the role admin, in the scope of the platform")
        return where


def organization_scope(reader: Reader, caller: Caller, asked: str | None) -> Scope:
    """The caller's own organization; an admin's is the one that he names.

    Raises Problem: 404 for another one than the own, as if it were not there, 403 for a role that
    reads no organization.
    """
    if caller.is_admin:
        return Scope(reader, caller, asked or DEFAULT_ORGANIZATION)
    if not caller.reads_organization or caller.organization_id is None:
        raise forbidden(f"the role {caller.role} does not read an organization's reports")
    if asked is not None and asked != caller.organization_id:
        raise Problem(404, "there is no such organization")
    return Scope(reader, caller, caller.organization_id)


def platform_scope(reader: Reader, caller: Caller) -> Scope:
    """Raises Problem (403) for everyone but admins."""
    if not caller.is_admin:
        raise forbidden("this is read with the role admin")
    return Scope(reader, caller, None)
