/** The public API of this origin: a call's answer, or a Problem that can be told in words. */

const BASE = "/api/v1/analytics/";
const KEPT = "daybook.key";
const UNREADABLE = "The answer cannot be read.";

/** A failure: `status` of HTTP, 0 where the service could not be reached at all. */
export class Problem extends Error {
  constructor(status, title, detail, retrySeconds = null) {
    super(detail);
    Object.assign(this, { status, title, detail, retrySeconds });
  }
}

/** The key or token of this tab; gone with the tab. */
export const key = {
  get: () => sessionStorage.getItem(KEPT),
  set: text => sessionStorage.setItem(KEPT, text),
  forget: () => sessionStorage.removeItem(KEPT),
};

/**
 * The body of a report.
 * @param path segments beneath /api/v1/analytics, as they are: each is encoded here
 * @param parameters of the query; what is empty is left out
 * @throws Problem, and AbortError once `signal` is aborted
 */
export async function report(path, parameters, signal) {
  const reply = await call(path, parameters, signal);
  const body = await json(reply);
  if (body) return body;
  throw new Problem(reply.status, `Status ${reply.status}`, UNREADABLE);
}

/** A reply of which nothing but the status is read yet, and that is good. Throws as `report`. */
export async function call(path, parameters, signal, headers = {}) {
  const said = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  const address = `${BASE}${path.map(encodeURIComponent).join("/")}?${said}`;
  const shown = key.get();
  const own = shown ? { ...headers, Authorization: `Bearer ${shown}` } : headers;
  let reply;
  try {
    reply = await fetch(address, { headers: own, signal, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The service cannot be reached", "Is it running, and are you online?");
  }
  if (reply.ok) return reply;
  const body = await json(reply);
  throw new Problem(reply.status, body?.title ?? `Status ${reply.status}`,
    body?.detail ?? UNREADABLE, reply.headers.get("Retry-After"));
}

function json(reply) {
  return reply.json().catch(error => {
    if (error.name === "AbortError") throw error;
    return null;
  });
}

/** What a token (JWT) says of its organization: a first guess for the form, and nothing more. */
export function organizationOf(token) {
  try {
    const claims = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const found = JSON.parse(atob(claims)).organization_id;
    return typeof found === "string" ? found : null;
  } catch {
    return null; // a key, not a token
  }
}
