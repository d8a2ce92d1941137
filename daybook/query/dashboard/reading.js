/** Loads the panels below the organization's report, or shows why they are empty. */

import { Problem, report } from "./api.js";
import * as choice from "./choice.js";
import { empty, h } from "./dom.js";
import { experiments } from "./experiments.js";
import { funnel } from "./funnel.js";
import { clear, follow } from "./live.js";
import { show } from "./panel.js";
import { orders, revenue } from "./platform.js";
import { segments, SHOWN } from "./segments.js";

const ADMINS = "Only the role admin may read the platform's numbers; this key has another role.";
const ANALYSTS = "This key may not read the organization's segments.";
const PAGE_SIZE = 200;
const FUNNELS_MAX = 1000;
const FUNNEL_PANELS = ["live", "funnel-report", "experiments"];

/** All funnels of the organization; those read so far if the list fails, as others are known. */
export async function listFunnels(organization, signal) {
  const funnels = [];
  let cursor = "";
  try {
    do {
      const parameters = { organization_id: organization, page_size: PAGE_SIZE, cursor };
      const page = await report(["funnels"], parameters, signal);
      funnels.push(...page.funnels);
      cursor = page.pagination.next_cursor;
    } while (cursor && funnels.length < FUNNELS_MAX);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  return funnels;
}

/** Loads the panels of the chosen funnel. `onFunnels` receives the ids of funnels with events. */
export function readFunnel(onFunnels, signal) {
  const { organization, from, to, funnel: id } = choice.chosen();
  if (!id) return [...showAll(noFunnel, signal), follow(organization, "", onFunnels, signal)];
  const parameters = { organization_id: organization, from, to };
  const load = name => report(["funnels", id, name], parameters, signal);
  return [
    show("funnel-report", async () => {
      const [overview, dropoffs] = await Promise.all([load("overview"), load("dropoffs")]);
      return { nodes: funnel(overview, dropoffs), asOf: overview.as_of };
    }, signal),
    show("experiments", async () => {
      const body = await load("ab-tests");
      return { nodes: experiments(body), asOf: body.as_of };
    }, signal),
    follow(organization, id, onFunnels, signal),
  ];
}

/** While the organization's report fails, its funnels are unknown. */
export function awaitFunnel(signal) {
  clear();
  return showAll(waiting, signal);
}

export function readSegments(signal) {
  const path = ["organizations", choice.chosen().organization, "segments"];
  return show("segments", async () => {
    const body = await report(path, { page_size: SHOWN }, signal);
    const found = await Promise.all(
      body.segments.map(({ segment_id: id }) => report([...path, id], {}, signal)));
    // A fleet without segments needs no member of the group.
    return { nodes: segments(body, found), asOf: found.length ? body.as_of : null };
  }, signal, ANALYSTS);
}

export function readPlatform(signal) {
  const { from, to } = choice.chosen();
  const panel = (id, path, render) => show(id, async () => {
    const body = await report([path], { from, to }, signal);
    return { nodes: render(body), asOf: body.as_of };
  }, signal, ADMINS);
  return [panel("revenue", "revenue", revenue), panel("orders", "order-funnel", orders)];
}

const showAll = (content, signal) =>
  FUNNEL_PANELS.map(panel => show(panel, async () => ({ nodes: [content()] }), signal));

const noFunnel = () => empty("No funnel was seen in this range.", "Choose a longer range, or send "
  + "tracking events that name a funnel_id: the first one appears here as it arrives.");

const waiting = () => h("p", { class: "empty" },
  "Waiting for the organization's report; its panel shows what is wrong.");
