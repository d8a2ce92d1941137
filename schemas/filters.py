"""The filters of audience segments: a tree of conditions, each named by its only leading key."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, NotRequired, get_args

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    WrapValidator,
    with_config,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from schemas.fields import CENTS_MAX, Currency, Id, Text

PARTS_MAX = 50
COUNT_MAX = 100
VALUES_MAX = 100
DEPTH_MAX = 10
CONDITIONS_MAX = 200
DAYS_MAX = 731
_MINUTES_A_DAY = 24 * 60
_DURATION = re.compile(r"PT(?:(\d{1,5})H)?(?:(\d{1,7})M)?|P(\d{1,3})D", re.ASCII)
_EXACT = ConfigDict(strict=True, extra="forbid")

Tracked = Literal[
    "page_view",
    "step_entry",
    "step_exit",
    "conversion",
    "experiment_exposed",
    "view",
    "cart_add",
    "checkout_start",
    "purchase",
    "custom",
    "asset_viewed",
    "asset_downloaded",
    "license_clicked",
    "engagement",
    "cta_clicked",
    "searched",
    "filtered",
]
"""The types of visitors' events."""

OfOrders = Literal[
    "order.created",
    "order.payment_succeeded",
    "order.payment_failed",
    "order.cancelled",
    "order.refunded",
]
OfUsers = Literal["user.verified", "user.login_succeeded", "user.login_failed"]
EventType = Literal[Tracked, OfOrders, OfUsers]

TRACKED, OF_ORDERS, OF_USERS = map(frozenset, map(get_args, (Tracked, OfOrders, OfUsers)))

WHERE = ("event_id", "funnel_id", "step_id", "asset_id", "name", "conversion_type")
"""The fields of an event that a condition may compare, one a condition."""

Name = Literal[
    "country",
    "role",
    "source",
    "email_domain",
    "device_type",
    "browser",
    "os",
    "channel",
    "visit_source",
]
"""The attributes of a person: the first four of a user, the others of the last visit."""


class Elapsed(int):
    """A window of elapsed time, in minutes: `PTnHnM`."""


class Days(int):
    """A window of calendar days in the fleet's zone, the present one included: `PnD`."""


def parse_window(within: str) -> Elapsed | Days:
    """The window that a duration stands for. Raises ValueError outside of PT1M to P731D."""
    match = _DURATION.fullmatch(within)
    hours, minutes, days = match.groups() if match else (None, None, None)
    window: Elapsed | Days
    if days is not None:
        window, longest = Days(days), DAYS_MAX
    else:
        window = Elapsed(int(hours or 0) * 60 + int(minutes or 0))
        longest = DAYS_MAX * _MINUTES_A_DAY
    if not 1 <= window <= longest:
        raise ValueError(within)
    return window


def _check_duration(within: str) -> str:
    try:
        parse_window(within)
    except ValueError:
        message = "must be PTnHnM or PnD, from PT1M to P731D, such as PT24H or P30D"
        raise PydanticCustomError("duration", message) from None
    return within


Within = Annotated[str, StringConstraints(max_length=16), AfterValidator(_check_duration)]


def _one_of(*names: str) -> AfterValidator:
    """A validator of a dictionary that must have exactly one of these fields."""

    def check(value: Mapping[str, Any]) -> Mapping[str, Any]:
        if sum(name in value for name in names) != 1:
            raise PydanticCustomError("not_one", f"must have one of {', '.join(names)}")
        return value

    return AfterValidator(check)


class _Count(TypedDict, total=False):
    __pydantic_config__ = _EXACT  # type: ignore[misc]

    at_least: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    at_most: Annotated[int, Field(ge=0, le=COUNT_MAX)]
    exactly: Annotated[int, Field(ge=0, le=COUNT_MAX)]


class _Amount(TypedDict):
    __pydantic_config__ = _EXACT  # type: ignore[misc]

    currency: Currency
    at_least: NotRequired[Annotated[int, Field(ge=0, le=CENTS_MAX)]]
    at_most: NotRequired[Annotated[int, Field(ge=0, le=CENTS_MAX)]]


class _Where(TypedDict, total=False):
    __pydantic_config__ = _EXACT  # type: ignore[misc]

    event_id: Id
    funnel_id: Id
    step_id: Id
    asset_id: Id
    name: Text
    conversion_type: Text


class Behaviour(TypedDict):
    """So many events of a type in the window, and then none of another type."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]

    event: EventType
    where: NotRequired[Annotated[_Where, _one_of(*WHERE)]]
    count: NotRequired["_OneCount"]
    within: NotRequired[Within]
    then_not: NotRequired[EventType]


class Seen(TypedDict):
    """Whether the person's first or last event is in the window."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]

    seen: Literal["first", "last"]
    within: Within


class Orders(TypedDict):
    """So many paid orders in the window that were not refunded whole."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]

    orders: "_OneCount"
    product: NotRequired[Id]
    within: NotRequired[Within]


class Revenue(TypedDict):
    """What the orders paid in the window come to, less refunds, in one currency."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]

    revenue: Annotated[_Amount, _one_of("at_least", "at_most")]
    within: NotRequired[Within]


class InSegment(TypedDict):
    """What another segment says: this version of it, else the newest one at definition."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]

    segment: Id
    version: NotRequired[Annotated[int, Field(ge=1, le=2**31 - 1)]]


class AllOf(TypedDict):
    __pydantic_config__ = _EXACT  # type: ignore[misc]

    all: "_Parts"


class AnyOf(TypedDict):
    __pydantic_config__ = _EXACT  # type: ignore[misc]

    any: "_Parts"


_Texts = Annotated[list[Text], Field(min_length=1, max_length=VALUES_MAX)]
Attribute = TypedDict(
    "Attribute",
    {
        "attribute": Name,
        "is": NotRequired[Text],
        "is_not": NotRequired[Text],
        "in": NotRequired[_Texts],
        "not_in": NotRequired[_Texts],
        "exists": NotRequired[bool],
    },
)
NotOf = TypedDict("NotOf", {"not": "_Node"})
for _functional in (Attribute, NotOf):
    with_config(_EXACT)(_functional)

LEADING = ("all", "any", "not", "event", "attribute", "seen", "orders", "revenue", "segment")
"""The keys that name a node."""
_BRANCHES = frozenset({"all", "any", "not"})


def leading_key(node: Any) -> str | None:
    """The key that names a node; None unless there is exactly one."""
    found = [name for name in LEADING if name in node] if isinstance(node, dict) else []
    return found[0] if len(found) == 1 else None


_OneCount = Annotated[_Count, _one_of("at_least", "at_most", "exactly")]
_COMPARISONS = _one_of("is", "is_not", "in", "not_in", "exists")
_Node = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NotOf, Tag("not")]
    | Annotated[Behaviour, Tag("event")]
    | Annotated[Annotated[Attribute, _COMPARISONS], Tag("attribute")]
    | Annotated[Seen, Tag("seen")]
    | Annotated[Orders, Tag("orders")]
    | Annotated[Revenue, Tag("revenue")]
    | Annotated[InSegment, Tag("segment")],
    Discriminator(
        leading_key,
        custom_error_type="node",
        custom_error_message=f"must have exactly one of {', '.join(LEADING)}",
    ),
]
_Parts = Annotated[list[_Node], Field(min_length=1, max_length=PARTS_MAX)]


def nodes(filters: Any) -> Iterator[tuple[int, Any]]:
    """All nodes of a tree, each with its depth from 1.

    Whatever is no node has no parts, so that a tree may be walked before it is validated.
    """
    waiting = [(1, filters)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        key = leading_key(node)
        if key in _BRANCHES:
            parts = node[key] if isinstance(node[key], list) else [node[key]]
            waiting += [(depth + 1, part) for part in parts]


def check_size(filters: Any) -> Any:
    """The tree, if it is neither too deep nor too large. Raises PydanticCustomError."""
    conditions = 0
    for depth, node in nodes(filters):
        conditions += leading_key(node) not in _BRANCHES
        if depth > DEPTH_MAX:
            raise PydanticCustomError("depth", f"filters: at most {DEPTH_MAX} levels of nodes")
        if conditions > CONDITIONS_MAX:
            raise PydanticCustomError("size", f"filters: at most {CONDITIONS_MAX} conditions")
    return filters


def _name_path(filters: Any, validate: Callable[[Any], Any]) -> Any:
    """Validates a tree; an error begins with the path, as in `filters.all[1].not.within: …`."""
    try:
        return validate(check_size(filters))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        message = f"filters{_path(problem['loc'])}: {problem['msg']}"
        raise PydanticCustomError("filters", "{message}", {"message": message}) from None


def _path(loc: tuple[str | int, ...]) -> str:
    """The path of an error. Pydantic puts a node's leading key before each of its fields."""
    path = ""
    is_node = True
    for part in loc:
        if is_node:
            is_node = False
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
        is_node = isinstance(part, int) or part == "not"
    return path


Filters = Annotated[_Node, WrapValidator(_name_path)]
