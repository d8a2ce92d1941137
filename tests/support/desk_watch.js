/* Runs before the dashboard's own scripts: remembers whatever goes wrong. */
window.seen = [];
for (const name of ["error", "warn"]) console[name] = (...all) => seen.push(all.join(" "));
addEventListener("error", e => seen.push(e.message || `not loaded: ${e.target.src}`), true);
addEventListener("unhandledrejection", e => seen.push(String(e.reason)));
addEventListener("securitypolicyviolation", e =>
  seen.push(`refused: ${e.violatedDirective} ${e.blockedURI}`));
/* This Chromium came without a language; a reader's has one. */
Object.defineProperty(navigator, "language", { value: "en-US" });
