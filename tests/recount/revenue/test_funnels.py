"""A funnel's revenue: the recount of logs written by hand, and its agreement with the group."""

from typing import Any

import pytest

from daybook.recount.days import Days
from tests.support.agreement import differences
from tests.support.order_traffic import Orders
from tests.support.recounting import HandLog, counted, reach, replayed, sums

CREATED = "2025-12-31T10:00:00Z"
PAID, LATER, LATEST = "default:f:2026-01-01", "default:f:2026-01-02", "default:f:2026-01-03"
EUR = "currencies.EUR."
CUP = {"product_id": "cup", "product_name": "Cup", "quantity": 2, "price_cents": 200}
TEA = {"product_id": "tea", "product_name": "Tea", "quantity": 1, "price_cents": 100}


def funnel(log: HandLog, *parts: str, **settings: Any) -> dict[str, dict[str, Any]]:
    """The recounted sums of funnels, limited to paths that begin with one of the parts."""
    found = counted(log, *parts, **settings)
    return {document: values for document, values in found.items() if ":" in document}


def create(log: HandLog, *items: dict[str, Any], order: str = "o", **more: Any) -> int:
    data = {"currency": "EUR", "total_cents": 500, "funnel_id": "f", "items": list(items)}
    return log.order("created", order, CREATED, **data | more)


def test_a_payment_counts_in_the_funnel_that_its_order_names() -> None:
    log = HandLog()
    create(log, CUP, TEA, step_id="pay")
    log.attribute(source="Google")
    log.pay(500)
    assert funnel(log) == {
        PAID: {
            "orders": 1,
            f"{EUR}orders": 1,
            f"{EUR}gross_revenue_cents": 500,
            "units": 3,
            "by_source.Google.orders": 1,
            f"{EUR}by_source.Google.revenue_cents": 500,
            "by_step.pay.orders": 1,
            f"{EUR}by_step.pay.revenue_cents": 500,
            "products.cup.units": 2,
            "products.cup.name": "Cup",
            f"{EUR}products.cup.revenue_cents": 400,
            "products.tea.units": 1,
            "products.tea.name": "Tea",
            f"{EUR}products.tea.revenue_cents": 100,
            "hours.10.orders": 1,
            "hours.10.units": 3,
            "hours.10.gross_revenue_cents": 500,
        }
    }


def test_a_refund_counts_on_its_own_day_and_takes_no_units_back() -> None:
    log = HandLog()
    create(log, CUP, TEA)
    log.pay(500)
    log.refund(250)
    assert funnel(log)[LATER] == {
        "refunded_orders": 1,
        f"{EUR}refunded_cents": 250,
        f"{EUR}by_source.unattributed.refunded_cents": 250,
        f"{EUR}by_step.unattributed.refunded_cents": 250,
        f"{EUR}products.cup.refunded_cents": 200,
        f"{EUR}products.tea.refunded_cents": 50,
        "hours.11.refunded_orders": 1,
        "hours.11.refunded_cents": 250,
    }


def test_an_order_that_names_no_funnel_counts_in_none() -> None:
    log = HandLog()
    log.order("created", currency="EUR", total_cents=1, items=[CUP])
    log.pay(500)
    create(log, CUP)
    assert funnel(log) == {}


def test_cents_are_split_by_largest_remainder_and_refunds_by_what_is_left() -> None:
    log = HandLog()
    thirds = [{"product_id": p, "quantity": 1, "price_cents": 5} for p in "abc"]
    create(log, *thirds)
    log.pay(100)
    log.refund(50)
    log.refund(999, day="2026-01-03")
    found = funnel(log, f"{EUR}products")
    shares = {day: [values[path] for path in sorted(values)] for day, values in found.items()}
    assert shares == {PAID: [34, 33, 33], LATER: [17, 17, 16], LATEST: [17, 16, 17]}


@pytest.mark.parametrize("items", [[], [CUP | {"price_cents": 0}], [CUP | {"quantity": 0}]])
def test_money_without_lines_to_split_it_is_unattributed(items: list[dict[str, Any]]) -> None:
    log = HandLog()
    create(log, *items)
    log.pay(500)
    log.refund(20)
    nobody = f"{EUR}products.unattributed"
    assert funnel(log, f"{EUR}products") == {
        PAID: {f"{nobody}.revenue_cents": 500},
        LATER: {f"{nobody}.refunded_cents": 20},
    }


def test_a_late_order_created_books_earlier_payments_and_refunds_on_their_days() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(100)
    late = create(log, CUP)
    with replayed(log) as replay:
        replay.limit(reach(late - 1))
        assert [name for name in sums(replay) if ":" in name] == []
        replay.limit(reach())
        found = {
            name: r for (_, name), r in replay.results.documents(Days()).items() if ":" in name
        }
    assert found[LATER].sums["hours.11.refunded_cents"] == 100
    spans = {span for recounted in found.values() for span in recounted.spans.values()}
    assert spans == {(late, late)}


def test_an_order_created_after_more_refunds_than_are_kept_comes_too_late() -> None:
    log = HandLog()
    log.pay(500)
    for _ in range(2):
        log.refund(1)
    create(log, CUP)
    assert PAID in funnel(log, order_waiting_max=2)
    assert funnel(log, order_waiting_max=1) == {}


def test_a_later_source_takes_over_orders_and_money() -> None:
    log = HandLog()
    create(log)
    log.pay(500)
    log.attribute(source="Bing")
    log.refund(100)
    log.attribute(source="")
    log.attribute(source="Google")
    assert funnel(log, "by_source", f"{EUR}by_source") == {
        PAID: {"by_source.Google.orders": 1, f"{EUR}by_source.Google.revenue_cents": 500},
        LATER: {f"{EUR}by_source.Google.refunded_cents": 100},
    }


def test_of_several_names_for_a_product_on_a_day_the_greatest_wins() -> None:
    log = HandLog()
    for order, name in enumerate(["Cup", "cup", "Čaša"]):
        create(log, CUP | {"product_name": name}, order=f"o{order}")
        log.pay(1, f"o{order}")
    assert funnel(log, "products.cup.name") == {PAID: {"products.cup.name": "Čaša"}}


def test_orders_with_invalid_lines_are_unreadable() -> None:
    log = HandLog()
    bad = [create(log, CUP | {"quantity": "2"}), create(log, items=5), create(log, {"quantity": 1})]
    with replayed(log) as replay:
        assert [offset for _, offset, _ in replay.results.unreadable()] == bad


@pytest.mark.parametrize("seed", range(4))
def test_the_group_and_the_recount_agree_after_every_batch(seed: int) -> None:
    """In each document and each state; the state keeps three refunds, or as many as it may."""
    log = Orders(seed, orders=3 + seed).write(120)
    assert differences(log, batch=19, refunds_kept=3 if seed % 2 else 1_000) == []


def test_a_second_payment_adds_to_the_revenue_of_funnel_step_and_products() -> None:
    log = HandLog()
    create(log, CUP, TEA, step_id="pay")
    log.pay(100, installment=True)
    log.pay(400, day="2026-01-02", installment=True)
    assert funnel(log)[LATER] == {
        f"{EUR}gross_revenue_cents": 400,
        f"{EUR}by_source.unattributed.revenue_cents": 400,
        f"{EUR}by_step.pay.revenue_cents": 400,
        f"{EUR}products.cup.revenue_cents": 320,
        f"{EUR}products.tea.revenue_cents": 80,
        "hours.10.gross_revenue_cents": 400,
    }


def test_a_reversal_gives_back_to_the_products_that_were_refunded() -> None:
    log = HandLog()
    create(log, CUP, TEA)
    log.pay(500)
    log.refund(250)
    log.reverse(50, day="2026-01-03")
    assert funnel(log, f"{EUR}products", f"{EUR}refunded")[LATEST] == {
        f"{EUR}refunded_cents": -50,
        f"{EUR}products.cup.refunded_cents": -40,
        f"{EUR}products.tea.refunded_cents": -10,
    }


def test_a_refund_that_only_its_reversal_covers_concerns_no_product() -> None:
    log = HandLog()
    create(log, CUP)
    log.pay(500)
    for _ in range(2):
        log.refund(500)
    log.reverse(500, day="2026-01-03")
    nobody = f"{EUR}products.unattributed.refunded_cents"
    assert funnel(log, f"{EUR}products") == {
        PAID: {f"{EUR}products.cup.revenue_cents": 500},
        LATER: {f"{EUR}products.cup.refunded_cents": 500, nobody: 500},
        LATEST: {nobody: -500},
    }
