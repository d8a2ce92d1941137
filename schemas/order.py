"""Events of sc.domain.order, keyed by `data.order_id`."""

from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import STRICT, Cents, Currency, Id, Moment, Text
from schemas.limits import few_different, not_larger_than, worth_at_most

ITEMS_MAX = 1_000
ITEMS_BYTES_MAX = 2**19
"""An order's lines, as MongoDB would store them. The order's state keeps their products, and must
stay below 2 MB together with its refunds (`models/order_state.py`)."""
_ITEMS_MEASURED = 100
"""A line has at most 5,240 bytes: two ids of 512, a name of 4,096, and 120 for the rest. So fewer
lines than these fit in any case, and need not be measured."""
TICKETED_EVENTS_MAX = 100
"""The ticketed events that an order's lines name: each payment and refund changes a document of
each."""
TOUCHES_MAX = 1_000


class Order(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    order_id: Id


class Item(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    product_id: Id
    product_name: NotRequired[Text]
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]
    price_cents: Cents
    ticketed_event_id: NotRequired[Id]


class NewOrder(Order):
    currency: Currency
    total_cents: Cents
    user_id: NotRequired[Id]
    visitor_id: NotRequired[Id]
    session_id: NotRequired[Id]
    funnel_id: NotRequired[Id]
    step_id: NotRequired[Id]
    event_id: NotRequired[Id]
    items: NotRequired[
        Annotated[
            list[Item],
            Field(max_length=ITEMS_MAX),
            AfterValidator(not_larger_than(ITEMS_BYTES_MAX, _ITEMS_MEASURED)),
            AfterValidator(few_different("ticketed_event_id", TICKETED_EVENTS_MAX)),
            AfterValidator(worth_at_most("total_cents")),
        ]
    ]


class PaymentIntent(Order):
    currency: NotRequired[Currency]
    amount_cents: NotRequired[Cents]


class Payment(Order):
    currency: Currency
    amount_cents: Cents
    installment: NotRequired[bool]


class OrderWithReason(Order):
    reason: NotRequired[Text]


class Cancellation(OrderWithReason):
    refund_cents: NotRequired[Cents]


class Refund(Order):
    refund_cents: Cents


class Touch(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    source: Text
    medium: NotRequired[Text]
    at: Moment


class Attribution(Order):
    community_id: NotRequired[Id]
    promotion_id: NotRequired[Id]
    source: NotRequired[Text]
    medium: NotRequired[Text]
    campaign: NotRequired[Text]
    touches: NotRequired[Annotated[list[Touch], Field(max_length=TOUCHES_MAX)]]


class OrderCreated(Envelope):
    event_type: Literal["order.created"]
    data: NewOrder


class PaymentInitiated(Envelope):
    event_type: Literal["order.payment_initiated"]
    data: PaymentIntent


class PaymentSucceeded(Envelope):
    event_type: Literal["order.payment_succeeded"]
    data: Payment


class PaymentFailed(Envelope):
    event_type: Literal["order.payment_failed"]
    data: OrderWithReason


class OrderConfirmed(Envelope):
    event_type: Literal["order.confirmed"]
    data: Order


class OrderShipped(Envelope):
    event_type: Literal["order.shipped"]
    data: Order


class OrderDelivered(Envelope):
    event_type: Literal["order.delivered"]
    data: Order


class OrderCancelled(Envelope):
    event_type: Literal["order.cancelled"]
    data: Cancellation


class OrderRefunded(Envelope):
    event_type: Literal["order.refunded"]
    data: Refund


class RefundFailed(Envelope):
    event_type: Literal["order.refund_failed"]
    data: Refund


class DisputeWon(Envelope):
    event_type: Literal["order.dispute_won"]
    data: Refund


class AttributionRecorded(Envelope):
    event_type: Literal["order.attribution_recorded"]
    data: Attribution


OrderEvent = Annotated[
    OrderCreated
    | PaymentInitiated
    | PaymentSucceeded
    | PaymentFailed
    | OrderConfirmed
    | OrderShipped
    | OrderDelivered
    | OrderCancelled
    | OrderRefunded
    | RefundFailed
    | DisputeWon
    | AttributionRecorded,
    Field(discriminator="event_type"),
]
