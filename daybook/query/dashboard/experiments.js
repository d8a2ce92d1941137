/** A/B tests: each variant's rate, its difference from the control, and the winner. */

import { empty, h, named, svg, table } from "./dom.js";
import { count, difference, money, probability, rate } from "./format.js";

const WIDTH = 240;
const HEIGHT = 24;

/** The elements for the A/B tests of a funnel. */
export function experiments(body) {
  if (!body.tests.length) {
    return [empty("No experiment was seen in this range.", "Publish one with the funnel and send "
      + "test_id and variant_id in its events, or choose a range that includes first exposures.")];
  }
  return body.tests.map(experiment);
}

function experiment(test) {
  const most = widest(test.variants);
  return h("article", {},
    h("h3", {}, named(test.test_name || test.test_id), " ",
      h("span", { class: "quiet" }, `${test.status}, judged ${
        test.sequential ? "for many looks" : "once"}`)),
    verdict(test),
    table("Variants", [
      { title: "Variant", text: true,
        cell: variant => named(variant.variant_name || variant.variant_id) },
      { title: "Visitors", cell: variant => count(variant.visitors) },
      { title: "Converted", cell: variant => count(variant.conversions) },
      { title: "Rate", cell: variant => rate(variant.conversion_rate) },
      { title: "Revenue", cell: variant => money(variant.revenue_cents, test.currency) },
      { title: "Difference (95 %)", text: true, cell: variant => against(variant, most) },
      { title: test.correction ? "p (Holm)" : "p",
        cell: variant => probability(variant.by_conversion_rate?.corrected_p) },
    ], test.variants));
}

/** The winner and the reason, or the checks that failed. */
function verdict(test) {
  if (test.winner) {
    const winner = test.variants.find(variant => variant.variant_id === test.winner.variant_id);
    return h("p", { class: "winner" }, h("strong", {}, "Winner: ",
      named(winner?.variant_name || test.winner.variant_id)), `, for ${test.winner.reason}.`);
  }
  const failed = test.gates.filter(check => !check.passed)
    .map(check => check.gate.replaceAll("_", " "));
  return h("p", {}, "No winner. ", failed.length
    ? `Failed checks: ${failed.join(", ")}.` : "No variant differs significantly.");
}

/** The difference as text, and as a line for its interval around zero. */
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

/** The largest absolute bound, because all variants of a test are drawn to the same scale. */
function widest(variants) {
  const effects = variants.map(variant => variant.by_conversion_rate).filter(Boolean);
  const bounds = effects.flatMap(effect => [Math.abs(effect.lower), Math.abs(effect.upper)]);
  return Math.max(...bounds) || 1;
}
