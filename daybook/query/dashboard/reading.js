/** What the panels below the organization's report read, or what they say instead. */

import { report } from "./api.js";
import * as choice from "./choice.js";
import { empty, h } from "./dom.js";
import { experiments } from "./experiments.js";
import { funnel } from "./funnel.js";
import { follow, rest } from "./live.js";
import { show } from "./panel.js";
import { orders, revenue } from "./platform.js";

const ADMINS = "The platform's numbers are read with the role admin alone; this key has another.";
const OF_FUNNEL = ["live", "funnel-report", "experiments"];

/** The panels of the chosen funnel. `heardOf` is called with ids of funnels as they are seen. */
export function readFunnel(heardOf, signal) {
  const { organization, from, to, funnel: id } = choice.chosen();
  if (!id) return [...saying(none, signal), follow(organization, "", heardOf, signal)];
  const parameters = { organization_id: organization, from, to };
  const of = name => report(["funnels", id, name], parameters, signal);
  return [
    show("funnel-report", async () => {
      const [overview, dropoffs] = await Promise.all([of("overview"), of("dropoffs")]);
      return { nodes: funnel(overview, dropoffs), asOf: overview.as_of };
    }, signal),
    show("experiments", async () => {
      const body = await of("ab-tests");
      return { nodes: experiments(body), asOf: body.as_of };
    }, signal),
    follow(organization, id, heardOf, signal),
  ];
}

/** Without the organization's report it is not known which funnels there are, nor that none is. */
export function awaitFunnel(signal) {
  rest();
  return saying(waiting, signal);
}

export function readPlatform(signal) {
  const { from, to } = choice.chosen();
  const panel = (id, path, shown) => show(id, async () => {
    const body = await report([path], { from, to }, signal);
    return { nodes: shown(body), asOf: body.as_of };
  }, signal, ADMINS);
  return [panel("revenue", "revenue", revenue), panel("orders", "order-funnel", orders)];
}

const saying = (said, signal) =>
  OF_FUNNEL.map(panel => show(panel, async () => ({ nodes: [said()] }), signal));

const none = () => empty("No funnel was seen in this range.", "Choose a longer range, or send "
  + "tracking events that name a funnel_id: the first is shown here as it comes.");

const waiting = () => h("p", { class: "empty" },
  "This waits for the organization's report. Its panel tells why that is not shown.");
