/* Daybook's client for web pages: docs/collector.md says how to use it. */
(function (w, d, n) {
  "use strict";
  var own = d.currentScript, data = own.dataset;
  var url = new URL("/api/v1/analytics/track", data.collector || own.src);
  var memory = {}, busy, timer, last, wait = 0;
  url.searchParams.set("key", data.key);

  function load(name) {
    try { return JSON.parse(localStorage["daybook." + name]); } catch (e) { return memory[name]; }
  }
  function save(name, value) {
    memory[name] = value;
    try { localStorage["daybook." + name] = JSON.stringify(value); } catch (e) {}
    return value;
  }
  function id() {
    return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, function (c) {
      return (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16);
    });
  }
  function session(now) {
    var s = load("session"), from = { referrer: d.referrer, landing_page: location.pathname };
    if (!s || now - s.last > 18e5 || now - s.start > 864e5) s = { id: id(), start: now, from: from };
    if (/[?&]utm_/.test(location.search)) s.from = from;
    if (s.from === from) new URLSearchParams(location.search).forEach(function (value, key) {
      if (/^utm_(source|medium|campaign|term|content)$/.test(key)) from[key] = value;
    });
    s.last = now;
    return save("session", s);
  }
  function queue() { return load("queue") || []; }
  function drop(sent) {
    var ids = sent.map(function (e) { return e.event_id; });
    save("queue", queue().filter(function (e) { return ids.indexOf(e.event_id) < 0; }));
  }
  function body(batch) { return JSON.stringify({ sent_at: new Date(), events: batch }); }

  function send(type, fields) {
    if (n.doNotTrack == "1" || n.globalPrivacyControl) return;
    var now = Date.now(), s = session(now);
    var all = queue().concat(Object.assign({
      event_type: type, event_id: id(), occurred_at: new Date(now), session_id: s.id,
      visitor_id: load("visitor") || save("visitor", id()), funnel_id: data.funnel,
      url: location.href.split("#")[0]
    }, s.from, fields));
    save("queue", all.slice(-200));
    later(all.length < 10 ? 1e3 : 0);
  }
  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(flush, Math.max(ms, wait));
  }
  function flush() {
    var batch = queue().slice(0, 10);
    if (busy || !batch.length || n.onLine === false) return;
    busy = 1;
    fetch(url, { method: "POST", body: body(batch), keepalive: true }).then(function (r) {
      if (r.status > 499 || r.status == 429) throw r;
      drop(batch);
      wait = 0;
    }).catch(function () { wait = Math.min(wait * 2 || 2e3, 3e5); }).then(function () {
      busy = 0;
      if (queue().length) later(0);
    });
  }
  function leave() {
    for (var batch; n.onLine !== false && (batch = queue().slice(0, 10)).length; drop(batch))
      if (!n.sendBeacon(url, body(batch))) return;
  }
  function view() {
    var here = location.pathname + location.search;
    if (here !== last) send("page_view");
    last = here;
  }

  w.daybook = {
    send: send,
    track: function (name, properties) { send("custom", { name: name, properties: properties }); }
  };
  var push = history.pushState;
  history.pushState = function () { push.apply(this, arguments); view(); };
  w.addEventListener("popstate", view);
  w.addEventListener("online", function () { later(wait = 0); });
  w.addEventListener("pagehide", leave);
  d.addEventListener("visibilitychange", function () { if (d.hidden) leave(); });
  view();
})(window, document, navigator);
