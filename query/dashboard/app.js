/** The dashboard: reads what is chosen from the public API, panel by panel. */

import { report } from "./api.js";
import * as choice from "./choice.js";
import { empty } from "./dom.js";
import { experiments } from "./experiments.js";
import { funnel } from "./funnel.js";
import { follow } from "./live.js";
import { show } from "./panel.js";
import { orders, revenue } from "./platform.js";
import * as signin from "./signin.js";
import { summary } from "./summary.js";

const ADMINS = "The platform's numbers are read with the role admin alone; this key has another.";
const OF_FUNNEL = ["funnel-report", "experiments"];
const REMEMBERED_MS = 61_000; // the service may answer a report for a minute as it did before
const reports = document.getElementById("reports");
let loading = new AbortController();

/** Reads everything that is chosen anew; what is still on its way is given up. */
async function load() {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  reports.setAttribute("aria-busy", "true");
  choice.remember();
  if (await readOrganization(signal)) {
    choice.remember();
    await Promise.all([...readFunnel(signal), ...readPlatform(signal)]);
  }
  if (!signal.aborted) reports.setAttribute("aria-busy", "false");
}

/** The organization's report, which names its funnels. False: this caller is not let in. */
async function readOrganization(signal) {
  const { organization, from, to } = choice.chosen();
  const problem = await show("summary", async () => {
    const body = await report(["organizations", organization, "dashboard"], { from, to }, signal);
    choice.offer(body.funnels);
    return { nodes: summary(body), asOf: body.as_of };
  }, signal);
  if (signal.aborted) return false;
  if (problem?.status === 401) {
    signin.ask(problem.detail === "a token or a key is needed" ? "" : `${problem.title}: `
      + `${problem.detail}.`);
    return false;
  }
  signin.letIn();
  return true;
}

function readFunnel(signal) {
  const { organization, from, to, funnel: id } = choice.chosen();
  if (!id) {
    const none = panel => show(panel, async () => ({ nodes: [empty(
      "No funnel was seen in this range.", "Choose a longer range, or send tracking events that "
      + "name a funnel_id: the first is shown here as it comes.")] }), signal);
    return [...OF_FUNNEL.map(none), none("live"), follow(organization, "", heardOf, signal)];
  }
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

/** The first funnel of an organization is shown at once, and its sums when they are made anew. */
function heardOf(funnels) {
  if (!choice.learn(funnels)) return;
  load();
  const { signal } = loading;
  setTimeout(() => signal.aborted || load(), REMEMBERED_MS);
}

function readPlatform(signal) {
  const { from, to } = choice.chosen();
  const panel = (id, path, shown) => show(id, async () => {
    const body = await report([path], { from, to }, signal);
    return { nodes: shown(body), asOf: body.as_of };
  }, signal, ADMINS);
  return [panel("revenue", "revenue", revenue), panel("orders", "order-funnel", orders)];
}

choice.restore();
choice.onChange(load);
signin.onChange(load, () => loading.abort());
addEventListener("hashchange", () => {
  choice.restore();
  load();
});
load();
