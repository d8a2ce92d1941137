/* Daybook's client for web pages; see docs/collector.md. */
((d, n) => {
	const own = d.currentScript, data = own.dataset, memory = {};
	const url = new URL("/api/v1/analytics/track?key=" + data.key, data.collector || own.src);
	let busy, timer, shown, wait = 0;

	const load = name => {
		try { return JSON.parse(localStorage["daybook." + name]); } catch { return memory[name]; }
	};
	const save = (name, value) => {
		memory[name] = value;
		try { localStorage["daybook." + name] = JSON.stringify(value); } catch {}
		return value;
	};
	const id = () => "10000000-1000-4000-8000-100000000000".replace(/[018]/g, c =>
		(c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16));
	const session = now => {
		let s = load("session");
		if (!s || now - s.last > 18e5 || now - s.start > 864e5) s = { id: id(), start: now };
		if (!s.from || /[?&]utm_/.test(location.search)) {
			s.from = { referrer: d.referrer, landing_page: location.pathname };
			new URLSearchParams(location.search).forEach((value, name) => {
				if (/^utm_/.test(name)) s.from[name] = value;
			});
		}
		s.last = now;
		return save("session", s);
	};

	const queue = () => load("queue") || [];
	const body = batch => JSON.stringify({ sent_at: new Date(), events: batch });
	const drop = batch =>
		save("queue", queue().filter(e => !batch.some(b => b.event_id == e.event_id)));
	const later = ms => {
		clearTimeout(timer);
		timer = setTimeout(flush, wait || ms);
	};
	const flush = () => {
		const batch = queue().slice(0, 10);
		if (busy || !batch[0] || !n.onLine) return;
		busy = 1;
		fetch(url, { method: "POST", body: body(batch), keepalive: true }).then(r => {
			if (r.status > 499 || r.status == 429) throw r;
			drop(batch);
			wait = 0;
		}).catch(() => wait = Math.min(wait * 2 || 2e3, 3e5)).then(() => {
			busy = 0;
			if (queue()[0]) later(0);
		});
	};
	const leave = () => {
		for (let batch; n.onLine && (batch = queue().slice(0, 10))[0]; drop(batch))
			if (!n.sendBeacon(url, body(batch))) return;
	};

	const send = (type, fields) => {
		if (n.doNotTrack == 1 || n.globalPrivacyControl) return;
		const now = Date.now(), s = session(now);
		const all = [...queue(), {
			event_type: type, event_id: id(), occurred_at: new Date(now), session_id: s.id,
			visitor_id: load("visitor") || save("visitor", id()), funnel_id: data.funnel,
			url: location.href.split("#")[0], ...s.from, ...fields
		}];
		save("queue", all.slice(-200));
		later(all[9] ? 0 : 1e3);
	};
	const view = () => {
		const here = location.pathname + location.search;
		if (here != shown) send("page_view");
		shown = here;
	};
	window.daybook = { send, track: (name, properties) => send("custom", { name, properties }) };

	const push = history.pushState;
	history.pushState = (...to) => { push.apply(history, to); view(); };
	addEventListener("popstate", view);
	addEventListener("online", () => later(wait = 0));
	addEventListener("pagehide", leave);
	d.addEventListener("visibilitychange", () => { if (d.hidden) leave(); });
	view();
})(document, navigator);
