/** The dashboard: loads the chosen reports from the API, panel by panel. */

import { report } from "./api.js";
import * as choice from "./choice.js";
import { show } from "./panel.js";
import { awaitFunnel, listFunnels, readFunnel, readPlatform, readSegments } from "./reading.js";
import * as signin from "./signin.js";
import { summary } from "./summary.js";

const CACHED_MS = 61_000; // the service may answer from its cache for a minute
const reports = document.getElementById("reports");
let loading = new AbortController();

/** Loads all panels for the current choice, and aborts requests that are still running. */
async function load() {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  reports.setAttribute("aria-busy", "true");
  choice.writeAddress();
  const problem = await readOrganization(signal);
  if (!signal.aborted && problem?.status !== 401) {
    choice.writeAddress();
    const panels = problem ? awaitFunnel(signal) : readFunnel(onFunnels, signal);
    await Promise.all([...panels, readSegments(signal), ...readPlatform(signal)]);
  }
  if (!signal.aborted) reports.setAttribute("aria-busy", "false");
}

/** Loads the organization's report, which lists its funnels. Returns its Problem, or null. */
async function readOrganization(signal) {
  const { organization, from, to } = choice.chosen();
  const problem = await show("summary", async () => {
    const body = await report(["organizations", organization, "dashboard"], { from, to }, signal);
    choice.offer(body.funnels, undefined, await listFunnels(organization, signal));
    return { nodes: summary(body), asOf: body.as_of };
  }, signal, null, load); // a retry also loads the panels that wait for it
  if (signal.aborted) return problem;
  if (problem?.status === 401) {
    signin.ask(problem.detail === "a token or API key is required" ? "" : `${problem.title}: `
      + `${problem.detail}.`);
  } else {
    signin.showReports();
  }
  return problem;
}

/** Shows an organization's first funnel at once, and reloads when the cache has expired. */
function onFunnels(funnels) {
  if (!choice.addFunnels(funnels)) return;
  load();
  const { signal } = loading;
  setTimeout(() => signal.aborted || load(), CACHED_MS);
}

choice.readAddress();
choice.onChange(load);
signin.onChange(load, () => loading.abort());
addEventListener("hashchange", () => {
  choice.readAddress();
  load();
});
load();
