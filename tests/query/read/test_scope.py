"""The organization's filter is added in one place, to every read."""

import ast
import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumers import FLEET
from daybook.engine.documents.keys import encode_part
from daybook.query.caller import Caller
from daybook.query.figures.date_range import Span, parse_span
from daybook.query.problem import Problem
from daybook.query.read import groups
from daybook.query.read.mongo import Reader
from daybook.query.read.scope import (
    OF_ORGANIZATIONS,
    OF_THE_PLATFORM,
    Join,
    Scope,
    organization_scope,
    platform_scope,
)
from daybook.query.read.shares import Shares
from daybook.service.api_keys import ROLES, Role
from models.funnel import FunnelDay
from models.revenue import RevenueDay
from tests.query.figures.test_date_range import TODAY, UTC_ZONE

QUERY = Path(__file__).parents[3] / "daybook/query"


class RecordingReader:
    """A reader that records the filters."""

    def __init__(self) -> None:
        self.filters: list[Mapping[str, Any]] = []
        self.shares = Shares()

    async def find(self, _: str, where: Mapping[str, Any], **__: Any) -> list[dict[str, Any]]:
        self.filters.append(where)
        return []

    async def find_one(self, _: str, where: Mapping[str, Any], *__: Any) -> None:
        self.filters.append(where)

    async def aggregate(self, _: str, stages: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
        self.filters.append(stages[0]["$match"])
        self.filters += [
            lookup["pipeline"][0]["$match"] for stage in stages if (lookup := stage.get("$lookup"))
        ]
        return []

    async def count(self, _: str, where: Mapping[str, Any]) -> int:
        self.filters.append(where)
        return 0


def caller(role: Role, organization: str | None) -> Caller:
    return Caller("key:1", role, None if role == "admin" else organization, "anna")


def days() -> Span:
    return parse_span("2026-11-01", "2026-11-20", UTC_ZONE, UTC_ZONE, TODAY)


IDS = st.text(min_size=1, max_size=128).filter(lambda text: text.isprintable() and " " not in text)
FILTERS = st.dictionaries(
    st.sampled_from(["_id", "funnel_id", "date", "$or", "kind"]), st.integers() | st.text()
)


@given(
    organization=IDS,
    funnel=IDS,
    collection=st.sampled_from(sorted(OF_ORGANIZATIONS)),
    where=FILTERS,
    role=st.sampled_from(ROLES),
    asked=st.none() | IDS,
)
def test_every_read_is_limited_to_one_organization(
    organization: str,
    funnel: str,
    collection: str,
    where: dict[str, Any],
    role: Role,
    asked: str | None,
) -> None:
    reader = RecordingReader()
    try:
        scope = organization_scope(cast(Reader, reader), caller(role, organization), asked)
    except Problem as problem:
        assert problem.status in (403, 404)
        return
    assert role == "admin" or asked in (None, organization)

    async def read() -> None:
        await scope.find(collection, where)
        await scope.find_one(collection, where)
        await scope.count(collection, where)
        await scope.aggregate(collection, where, [{"$group": {"_id": "$funnel_id"}}])
        await scope.days(FunnelDay, days(), funnel)

    asyncio.run(read())
    allowed = (asked or "default") if role == "admin" else organization
    assert {where["organization_id"] for where in reader.filters} == {allowed}
    bounds = reader.filters[-1]["_id"]
    prefix = f"{encode_part(allowed)}:{encode_part(funnel)}:"
    assert bounds == {"$gte": f"{prefix}2026-11-01", "$lte": f"{prefix}2026-11-20"}


@given(organization=IDS, other=IDS)
@example(organization="acme", other="acme-2")
@example(organization="acme", other="acm")
def test_ids_below_an_organization_are_below_no_other(organization: str, other: str) -> None:
    bounds = Scope(
        cast(Reader, RecordingReader()), caller("owner", organization), organization
    ).beneath()
    foreign = f"{encode_part(other)}:spring"
    assert (bounds["$gte"] <= foreign < bounds["$lt"]) == (organization == other)


def test_a_filter_may_not_name_an_organization() -> None:
    scope = Scope(cast(Reader, RecordingReader()), caller("owner", "org-1"), "org-1")
    with pytest.raises(ValueError, match="organization_id"):
        asyncio.run(scope.find("funnels", {"organization_id": "org-2"}))


@pytest.mark.parametrize("stage", ["$lookup", "$unionWith", "$facet", "$out"])
def test_no_stage_may_read_another_collection(stage: str) -> None:
    scope = Scope(cast(Reader, RecordingReader()), caller("owner", "org-1"), "org-1")
    with pytest.raises(ValueError, match="allowed stages"):
        asyncio.run(scope.aggregate("funnels", {}, [{"$group": {}, stage: {}}]))


def test_what_is_joined_is_of_the_organization_too() -> None:
    reader = RecordingReader()
    scope = Scope(cast(Reader, reader), caller("owner", "org-1"), "org-1")
    asyncio.run(scope.aggregate("orders", {}, [], Join("experiment_visitors", "$visitor", "rows")))
    assert [where["organization_id"] for where in reader.filters] == ["org-1"] * 2
    for collection in ("_daybook_keys", "visitor_state"):
        with pytest.raises(ValueError, match="not a readable collection"):
            asyncio.run(scope.aggregate("orders", {}, [], Join(collection, "$visitor", "rows")))


def test_an_unlisted_collection_cannot_be_read() -> None:
    for own in (
        Scope(cast(Reader, RecordingReader()), caller("owner", "org-1"), "org-1"),
        platform_scope(cast(Reader, RecordingReader()), caller("admin", None)),
    ):
        for collection in ("_daybook_keys", "visitor_state", "order_state", "_daybook"):
            with pytest.raises(ValueError, match="not a readable collection"):
                asyncio.run(own.find(collection))


def test_only_admins_read_the_platforms_documents() -> None:
    admin = platform_scope(cast(Reader, RecordingReader()), caller("admin", None))
    asyncio.run(admin.days(RevenueDay, days()))
    with pytest.raises(Problem, match="organization"):
        asyncio.run(admin.find("funnels"))
    for role in set(ROLES) - {"admin"}:
        with pytest.raises(Problem, match="admin"):
            platform_scope(cast(Reader, RecordingReader()), caller(role, "org-1"))
    for own in (caller("owner", "org-1"), caller("admin", None)):
        within = organization_scope(cast(Reader, RecordingReader()), own, "org-1")
        for collection in OF_THE_PLATFORM:
            with pytest.raises(Problem, match="platform"):
                asyncio.run(within.find(collection))


def test_scopes_of_different_organizations_have_different_cache_names() -> None:
    scopes = [
        Scope(cast(Reader, RecordingReader()), caller("owner", org), org) for org in ("a", "b")
    ]
    platform = platform_scope(cast(Reader, RecordingReader()), caller("admin", None))
    names = [own.name for own in (*scopes, platform)]
    assert len(set(names)) == 3
    named_none = Scope(cast(Reader, RecordingReader()), caller("owner", "None"), "None")
    assert named_none.name not in names


def test_only_the_scope_uses_the_reader() -> None:
    """Except for freshness and keys, which contain no organization's data."""
    users = {
        path.name
        for path in QUERY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in ("find", "find_one", "count", "aggregate")
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in ("reader", "_reader")
    }
    assert users == {"scope.py", "freshness.py", "authenticate.py"}


def test_every_daily_collection_belongs_to_organizations_or_to_the_platform() -> None:
    models = [model for group in FLEET for model in group.documents]
    keyed = {model.collection for model in models if model.key}
    assert keyed <= OF_ORGANIZATIONS
    assert {model.collection for model in models} - keyed == OF_THE_PLATFORM


def test_the_collections_of_each_group_are_those_it_writes() -> None:
    written = {
        group.name: {model.collection for model in group.documents}
        for group in FLEET
        if group.documents
    }
    assert written == groups.COLLECTIONS
