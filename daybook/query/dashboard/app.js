/** The dashboard: reads what is chosen from the public API, panel by panel. */

import { report } from "./api.js";
import * as choice from "./choice.js";
import { show } from "./panel.js";
import { awaitFunnel, readFunnel, readPlatform } from "./reading.js";
import * as signin from "./signin.js";
import { summary } from "./summary.js";

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
  const problem = await readOrganization(signal);
  if (!signal.aborted && problem?.status !== 401) {
    choice.remember();
    const below = problem ? awaitFunnel(signal) : readFunnel(heardOf, signal);
    await Promise.all([...below, ...readPlatform(signal)]);
  }
  if (!signal.aborted) reports.setAttribute("aria-busy", "false");
}

/** The organization's report, which names its funnels. The Problem that it was, or null. */
async function readOrganization(signal) {
  const { organization, from, to } = choice.chosen();
  const problem = await show("summary", async () => {
    const body = await report(["organizations", organization, "dashboard"], { from, to }, signal);
    choice.offer(body.funnels);
    return { nodes: summary(body), asOf: body.as_of };
  }, signal, null, load); // what waits for it is read with it
  if (signal.aborted) return problem;
  if (problem?.status === 401) {
    signin.ask(problem.detail === "a token or API key is required" ? "" : `${problem.title}: `
      + `${problem.detail}.`);
  } else {
    signin.letIn();
  }
  return problem;
}

/** The first funnel of an organization is shown at once, and its sums when they are made anew. */
function heardOf(funnels) {
  if (!choice.learn(funnels)) return;
  load();
  const { signal } = loading;
  setTimeout(() => signal.aborted || load(), REMEMBERED_MS);
}

choice.restore();
choice.onChange(load);
signin.onChange(load, () => loading.abort());
addEventListener("hashchange", () => {
  choice.restore();
  load();
});
load();
