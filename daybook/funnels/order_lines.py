"""What an order's lines come to, a product."""

from collections.abc import Iterable, Mapping
from typing import Any

_WORTH_MAX = 2**53 - 1
"""As for any amount; the lines of one product may well multiply beyond what is stored."""


def products(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry a product, in the order of their ids; lines of nothing are none.

    Of what the lines call a product the greatest by code point is its name, null without any.
    `worth_cents` is quantity times price, by which the payment is divided.
    """
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        if not line["quantity"]:
            continue
        new = {"product_id": line["product_id"], "name": None, "units": 0, "worth_cents": 0}
        product = found.setdefault(line["product_id"], new)
        product["name"] = max(product["name"] or "", line.get("product_name", "")) or None
        product["units"] += line["quantity"]
        product["worth_cents"] += line["quantity"] * line["price_cents"]
    return [
        found[product_id]
        | {
            "worth_cents": min(found[product_id]["worth_cents"], _WORTH_MAX),
            "revenue_cents": 0,
            "refunded_cents": 0,
        }
        for product_id in sorted(found)
    ]
