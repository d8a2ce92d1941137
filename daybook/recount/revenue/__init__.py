"""The SQL rules of revenue: payments, refunds, their days, orders' funnels and tickets, the states
and the orders' rows."""

from pathlib import Path

_HERE = Path(__file__).parent

PARTS = tuple(
    _HERE / f"{name}.sql"
    for name in ("payments", "refunds", "days", "lines", "funnels", "tickets", "states", "orders")
)
"""They run after the group's events are known, in this order."""
