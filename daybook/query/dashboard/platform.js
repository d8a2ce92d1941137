/** The platform's orders: revenue and orders over time, and how far orders come. */

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
const NO_ORDERS = "Publish orders' events to sc.domain.order, or choose a longer range.";

/** What is shown of /revenue. */
export function revenue(body) {
  const { totals, currency, over_time: points } = body;
  if (!totals.gross_revenue_cents && !totals.refunded_cents) {
    return [empty("Nothing was paid in this range.", NO_ORDERS)];
  }
  const amount = (title, name) => ({ title, told: each => money(each[name], currency),
    value: each => each[name] / unit(currency) });
  const others = Object.entries(body.by_currency).map(([named, each]) =>
    fact(`Gross in ${named}`, money(each.totals.gross_revenue_cents, named)));
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
    chart("Paid orders", points, [{ title: "Paid orders", value: each => each.paid_orders,
      told: each => count(each.paid_orders) }], count),
  ];
}

/** What is shown of /order-funnel. */
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
    table("How far orders come", [
      { title: "Stage", text: true, cell: ([title, name]) => h("span", { class: "step" }, title,
        bar(totals[name] / most)) },
      { title: "Orders", cell: ([, name]) => count(totals[name]) },
      { title: "Of those created", cell: ([, name]) =>
        rate(totals.orders_created ? totals[name] / totals.orders_created : null) },
    ], STAGES),
    h("p", { class: "quiet" }, "Each event counts on its own day, so a stage may have more than "
      + "the one before it."),
  ];
}
