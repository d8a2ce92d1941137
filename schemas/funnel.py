"""Events of sc.domain.funnel, keyed by `data.funnel_id`: complete funnel and test definitions."""

from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import STRICT, Id, Text
from schemas.limits import (
    differ_in,
    exactly_one,
    item_of,
    not_larger_than,
    shares_of_the_whole,
)

WINDOW_SECONDS_MAX = 30 * 24 * 3600
STEPS_MAX = 50
VARIANTS_MAX = 20
DEFINITION_BYTES_MAX = 65_536
"""As MongoDB stores it: 50 steps, each with an id and names of 1,200 bytes.

A funnel keeps a megabyte of its versions, so at least 14; a visitor's state keeps the definitions
that apply to it.
"""


class Funnel(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    funnel_id: Id


class Step(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    step_id: Id
    name: Text
    type: Text
    optional: NotRequired[bool]


class FunnelDefinition(Funnel):
    name: Text
    steps: Annotated[
        list[Step], Field(min_length=1, max_length=STEPS_MAX), AfterValidator(differ_in("step_id"))
    ]
    order: NotRequired[Literal["strict", "ordered", "any"]]
    exclusions: NotRequired[
        Annotated[
            list[Annotated[Id, AfterValidator(item_of("steps", "step_id"))]],
            Field(max_length=STEPS_MAX),
        ]
    ]
    window_seconds: NotRequired[Annotated[int, Field(ge=1, le=WINDOW_SECONDS_MAX)]]
    revenue_basis: NotRequired[Literal["orders", "conversions"]]


class Variant(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    variant_id: Id
    name: Text
    is_control: bool
    traffic_split: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class Test(Funnel):
    test_id: Id
    name: Text
    variants: Annotated[
        list[Variant],
        Field(min_length=1, max_length=VARIANTS_MAX),
        AfterValidator(differ_in("variant_id")),
        AfterValidator(differ_in("name")),
        AfterValidator(exactly_one("is_control")),
        AfterValidator(shares_of_the_whole("traffic_split")),
    ]


class CompletedTest(Test):
    winner_variant_id: NotRequired[Annotated[Id, AfterValidator(item_of("variants", "variant_id"))]]


_SIZE = AfterValidator(not_larger_than(DEFINITION_BYTES_MAX))


class FunnelPublished(Envelope):
    event_type: Literal["funnel.published"]
    data: Annotated[FunnelDefinition, _SIZE]


class FunnelArchived(Envelope):
    event_type: Literal["funnel.archived"]
    data: Funnel


class TestStarted(Envelope):
    event_type: Literal["ab_test.started"]
    data: Annotated[Test, _SIZE]


class TestCompleted(Envelope):
    event_type: Literal["ab_test.completed"]
    data: Annotated[CompletedTest, _SIZE]


class TestStopped(Envelope):
    event_type: Literal["ab_test.stopped"]
    data: Annotated[Test, _SIZE]


FunnelEvent = Annotated[
    FunnelPublished | FunnelArchived | TestStarted | TestCompleted | TestStopped,
    Field(discriminator="event_type"),
]
