/** Which panels' freshness is not known, and what to do about it. */

const LOOK = "`daybook status` shows its members";
const KINDS = [
  { is: asOf => asOf.reported_at === null, said: "no member has reported", remedy: start },
  { is: asOf => asOf.newest_event_at === null, said: "no event is counted yet", remedy: () => LOOK },
  { is: asOf => asOf.lag_messages === null, said: "the lag is unknown", remedy: () => LOOK },
];

/** Sentences. @param known `as_of` by the ids of panels; each stands in the first kind it is of. */
export function gaps(known) {
  // In the order of the page: reports come in any.
  const read = [...document.querySelectorAll("[data-groups]")].filter(each => known.has(each.id));
  const kindOf = asOf => KINDS.find(each => each.is(asOf));
  return KINDS.flatMap(kind => {
    const sections = read.filter(each => kindOf(known.get(each.id)) === kind);
    if (!sections.length) return [];
    const names = sections.map(each => each.querySelector("h2").textContent).join(", ");
    const of = sections.length === known.size ? "all panels" : names;
    return [`Of ${of} ${kind.said}: ${kind.remedy(sections)}.`];
  });
}

/** The groups that count what the sections show; each member of one is a process. */
function start(sections) {
  const groups = new Set(sections.flatMap(each => each.dataset.groups.split(" ")));
  return `start ${[...groups].map(each => `\`daybook run ${each}\``).join(", ")}`;
}
