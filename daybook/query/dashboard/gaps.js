/** The panels whose freshness is unknown, and what to do about it. */

const CHECK = "check its members with `daybook status`";
const KINDS = [
  { is: asOf => asOf.reported_at === null, state: "no member has reported", remedy: start },
  { is: asOf => asOf.newest_event_at === null, state: "no event is counted yet",
    remedy: () => CHECK },
  { is: asOf => asOf.lag_messages === null, state: "the lag is unknown", remedy: () => CHECK },
];

/** Sentences for `as_of` by panel id. A panel is named only for the first kind that applies. */
export function gaps(asOfByPanel) {
  // In the order of the page, because reports arrive in any order.
  const loaded = [...document.querySelectorAll("[data-groups]")]
    .filter(section => asOfByPanel.has(section.id));
  const kindOf = asOf => KINDS.find(kind => kind.is(asOf));
  return KINDS.flatMap(kind => {
    const sections = loaded.filter(section => kindOf(asOfByPanel.get(section.id)) === kind);
    if (!sections.length) return [];
    const names = sections.map(section => section.querySelector("h2").textContent).join(", ");
    const panels = sections.length === asOfByPanel.size ? "All panels" : names;
    return [`${panels}: ${kind.state}; ${kind.remedy(sections)}.`];
  });
}

/** The commands that start a member of each group whose numbers the sections show. */
function start(sections) {
  const groups = new Set(sections.flatMap(section => section.dataset.groups.split(" ")));
  return `start ${[...groups].map(group => `\`daybook run ${group}\``).join(", ")}`;
}
