/** A/B tests: each variant's rate, its difference to the control with the interval, the winner. */

import { empty, h, named, svg, table } from "./dom.js";
import { count, difference, money, probability, rate } from "./format.js";

const WIDTH = 240;
const HEIGHT = 24;

/** What is shown of the A/B tests of a funnel. */
export function experiments(body) {
  if (!body.tests.length) {
    return [empty("No experiment was seen in this range.", "Publish one with the funnel and name "
      + "test_id and variant_id in its events; or choose a range with days of first exposure.")];
  }
  return body.tests.map(experiment);
}

function experiment(test) {
  const most = widest(test.variants);
  return h("article", {},
    h("h3", {}, named(test.test_name || test.test_id), " ",
      h("span", { class: "quiet" }, test.status)),
    verdict(test),
    table("Variants", [
      { title: "Variant", text: true, cell: each => named(each.variant_name || each.variant_id) },
      { title: "Visitors", cell: each => count(each.visitors) },
      { title: "Converted", cell: each => count(each.conversions) },
      { title: "Rate", cell: each => rate(each.conversion_rate) },
      { title: "Revenue", cell: each => money(each.revenue_cents, test.currency) },
      { title: "Against the control, 95 %", text: true, cell: each => against(each, most) },
      { title: "p", cell: each => probability(each.by_conversion_rate?.p) },
    ], test.variants));
}

/** The winner and why; without one, which gates are not passed. */
function verdict(test) {
  if (test.winner) {
    const winner = test.variants.find(each => each.variant_id === test.winner.variant_id);
    return h("p", { class: "winner" }, h("strong", {}, "Winner: ",
      named(winner?.variant_name || test.winner.variant_id)), `, for ${test.winner.reason}.`);
  }
  const shut = test.gates.filter(each => !each.passed).map(each => each.gate.replaceAll("_", " "));
  return h("p", {}, "No winner. ", shut.length
    ? `Not passed: ${shut.join(", ")}.` : "No variant differs beyond doubt.");
}

/** The difference in words, and as a line with its interval around nothing. */
function against(variant, most) {
  const effect = variant.by_conversion_rate;
  if (!effect) return variant.is_control ? "control" : "–";
  return h("span", {}, `${difference(effect.difference)} (${difference(effect.lower)} to `
    + `${difference(effect.upper)}) points`, interval(effect, most));
}

function interval({ difference: at, lower, upper }, most) {
  const x = value => WIDTH / 2 + (value / most) * (WIDTH / 2 - 6);
  const line = (name, x1, y1, x2, y2) => svg("line", { class: name, x1, y1, x2, y2 });
  const beyond = lower > 0 ? "better" : upper < 0 ? "worse" : "open";
  return svg("svg", { class: `interval ${beyond}`, viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    "aria-hidden": "true", focusable: "false" },
  line("nothing", x(0), 0, x(0), HEIGHT),
  line("range", x(lower), HEIGHT / 2, x(upper), HEIGHT / 2),
  svg("circle", { class: "middle", cx: x(at), cy: HEIGHT / 2, r: 4 }));
}

/** The greatest bound of a test: all its variants are drawn to one scale. */
function widest(variants) {
  const effects = variants.map(each => each.by_conversion_rate).filter(Boolean);
  return Math.max(...effects.flatMap(each => [Math.abs(each.lower), Math.abs(each.upper)])) || 1;
}
