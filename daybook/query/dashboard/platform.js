/** The platform's numbers: revenue and orders over time, and orders by stage. */

import { chart } from "./chart.js";
import { bar, empty, fact, facts, h, table } from "./dom.js";
import { count, money, rate, unit } from "./format.js";

const STAGES = [
  ["Created", "orders_created"],
  ["Payment initiated", "payments_initiated"],
  ["Payment succeeded", "payments_succeeded"],
  ["Confirmed", "orders_confirmed"],
  ["Shipped", "orders_shipped"],
  ["Delivered", "orders_delivered"],
];
const NO_ORDERS = "Publish order events to sc.domain.order, or choose a longer range.";

/** The elements for /revenue. */
export function revenue(body) {
  const { totals, currency, over_time: points } = body;
  if (!totals.gross_revenue_cents && !totals.refunded_cents) {
    return [empty("Nothing was paid in this range.", NO_ORDERS)];
  }
  const amount = (title, name) => ({ title, cell: point => money(point[name], currency),
    value: point => point[name] / unit(currency) });
  const others = Object.entries(body.by_currency).map(([other, { totals: sums }]) =>
    fact(`Gross in ${other}`, money(sums.gross_revenue_cents, other)));
  return [
    facts(
      fact("Gross", money(totals.gross_revenue_cents, currency)),
      fact("Refunded", money(totals.refunded_cents, currency), ` ${rate(totals.refund_rate)}`),
      fact("Net", money(totals.net_revenue_cents, currency)),
      fact("Paid orders", count(totals.paid_orders)),
      ...others,
    ),
    chart(`Revenue (${currency})`, points, [amount("Gross", "gross_revenue_cents"),
      amount("Net", "net_revenue_cents")], count),
    chart("Paid orders", points, [{ title: "Paid orders", value: point => point.paid_orders,
      cell: point => count(point.paid_orders) }], count),
  ];
}

/** The elements for /order-funnel. */
export function orders(body) {
  const { totals } = body;
  const most = Math.max(...STAGES.map(([, name]) => totals[name]));
  if (!most) return [empty("No order was seen in this range.", NO_ORDERS)];
  return [
    facts(
      fact("Payment success", rate(totals.payment_success_rate)),
      fact("Confirmation", rate(totals.confirmation_rate)),
      fact("Completion", rate(totals.completion_rate)),
      fact("Payments failed", count(totals.payments_failed)),
      fact("Cancelled", count(totals.orders_cancelled)),
    ),
    table("Orders by stage", [
      { title: "Stage", text: true, cell: ([title, name]) => h("span", { class: "step" }, title,
        bar(totals[name] / most)) },
      { title: "Orders", cell: ([, name]) => count(totals[name]) },
      { title: "Share of created", cell: ([, name]) =>
        rate(totals.orders_created ? totals[name] / totals.orders_created : null) },
    ], STAGES),
    h("p", { class: "quiet" }, "Each event counts on its own day, so a stage may have more than "
      + "the one before it."),
  ];
}
