"""The daily document of order stages, from creation to delivery."""

from daybook.engine.documents.fields import DailyDocument, count, rate
from schemas.order import (
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderDelivered,
    OrderShipped,
    PaymentFailed,
    PaymentInitiated,
    PaymentSucceeded,
)


class OrderFunnelDay(DailyDocument, collection="analytics_order_funnel"):
    orders_created: int = count(OrderCreated)
    payments_initiated: int = count(PaymentInitiated)
    payments_succeeded: int = count(PaymentSucceeded)
    payments_failed: int = count(PaymentFailed)
    payment_success_rate: float | None = rate("payments_succeeded", "payments_initiated")
    orders_confirmed: int = count(OrderConfirmed)
    confirmation_rate: float | None = rate("orders_confirmed", "orders_created")
    orders_shipped: int = count(OrderShipped)
    orders_delivered: int = count(OrderDelivered)
    completion_rate: float | None = rate("orders_delivered", "orders_confirmed")
    orders_cancelled: int = count(OrderCancelled)
