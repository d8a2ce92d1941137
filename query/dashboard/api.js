/** The public API of this origin: one call, its body, or a Problem that can be told in words. */

const BASE = "/api/v1/analytics/";
const KEPT = "daybook.key";

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
  const said = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  const address = `${BASE}${path.map(encodeURIComponent).join("/")}?${said}`;
  const shown = key.get();
  const headers = shown ? { Authorization: `Bearer ${shown}` } : {};
  let reply;
  try {
    reply = await fetch(address, { headers, signal, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The service cannot be reached", "Is it running, and are you online?");
  }
  const body = await reply.json().catch(error => {
    if (error.name === "AbortError") throw error;
    return null;
  });
  if (reply.ok && body) return body;
  throw new Problem(reply.status, body?.title ?? `Status ${reply.status}`,
    body?.detail ?? "The answer cannot be read.", reply.headers.get("Retry-After"));
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
