/* Daybook's client for web pages; see docs/collector.md.
 *
 * The copy of the queue in localStorage is for later pages: the time until which this page owns it,
 * then an event a line. Who takes it over later leaves a mark for an owner that was asleep. */
((d, n) => {
	const BODY_BYTES = 1_048_000;
	const KEEPALIVE_BYTES = 6e4; // browsers let 64 KiB outlive a page
	const QUEUE_BYTES = 2e6, QUEUE_EVENTS = 200, BATCH_EVENTS = 10, TEXT_CHARS = 8e3;
	const CALL_MS = 3e4, RETRY_MS = 2e3, RETRY_MS_MAX = 3e5, OWNED_MS = 4e5, MARKED_MS = 6048e5;
	const PARAMETERS = ("utm_source utm_medium utm_campaign utm_term utm_content source ref gclid gbraid"
		+ " wbraid dclid msclkid fbclid ttclid twclid li_fat_id").split(" ");
	const own = d.currentScript, data = own.dataset, memory = {};
	const url = new URL("/api/v1/analytics/track?key=" + data.key, data.collector || own.src);
	const id = () => "10000000-1000-4000-8000-100000000000".replace(/[018]/g, c =>
		(c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16));
	const isId = value => typeof value == "string" && /^[!-~]{1,128}$/.test(value);
	const optedOut = () => n.doNotTrack == 1 || n.globalPrivacyControl;
	const warn = text => console.warn("daybook: " + text);
	const prefix = "daybook.queue.", mine = prefix + id();
	let queue = [], flying = [], failures = 0, notBefore = 0, due = Infinity;
	let busy, overflowed, shown, timer;

	const put = (name, text) => {
		try { if (text) return localStorage[name] = text; } catch {}
		try { delete localStorage[name]; } catch {}
	};
	const load = name => {
		try { return JSON.parse(localStorage["daybook." + name]); } catch { return memory[name]; }
	};
	const save = (name, value) => {
		put("daybook." + name, JSON.stringify(value));
		return memory[name] = value;
	};
	const session = now => {
		let s = load("session");
		if (!isId(s?.id) || !(now - s.last < 18e5 && now - s.start < 864e5)) s = { id: id(), start: now };
		const sent = {};
		new URLSearchParams(location.search).forEach((value, name) => {
			name = name.replace("amp;", "");
			if (PARAMETERS.includes(name)) sent[name] = sent[name] || value.slice(0, 200);
		});
		if (!s.from || Object.keys(sent)[0]) s.from = {
			referrer: d.referrer.slice(0, TEXT_CHARS),
			landing_page: location.pathname.slice(0, TEXT_CHARS), ...sent
		};
		s.last = now;
		return save("session", s);
	};

	// JSON.stringify writes half a surrogate pair as \ud8.. to \udf.., and nothing else so.
	const entry = event => {
		const json = JSON.stringify(event).replace(/\\(ud[89a-f]..|.)/g, (all, c) =>
			c[1] ? "\\ufffd" : all);
		return { json, type: event.event_type, bytes: new TextEncoder().encode(json).length };
	};
	const body = batch => `{"sent_at":"${new Date().toJSON()}","events":[${batch.map(e => e.json)}]}`;
	const size = batch => batch.reduce((sum, e) => sum + e.bytes + 1, 100);

	const store = until => {
		const left = until ? queue : queue.filter(e => !flying.includes(e));
		return put(mine, left[0] && [until, ...left.map(e => e.json)].join("\n"));
	};
	const update = change => {
		try { if (localStorage[mine].endsWith("taken")) queue = []; } catch {}
		queue = change(queue);
		while (queue.length > QUEUE_EVENTS || size(queue) > QUEUE_BYTES) {
			queue.shift();
			if (!overflowed) warn("too many events wait: the oldest are dropped");
			overflowed = true;
		}
		store(Date.now() + OWNED_MS);
	};
	const drop = batch => update(all => all.filter(e => !batch.includes(e)));
	const takeOver = () => Object.keys(localStorage).forEach(name => {
		if (name == mine || !name.startsWith(prefix)) return;
		const [until, ...lines] = localStorage[name].split("\n"), left = until - Date.now();
		if (left > 0 && left <= MARKED_MS) return;
		const events = [];
		for (const line of lines) try { events.push(entry(JSON.parse(line))); } catch {}
		delete localStorage[name];
		if (!events[0]) return;
		put(name, Date.now() + MARKED_MS + "\ntaken");
		update(all => [...events, ...all]);
	});

	const cut = room => {
		const batch = [];
		for (const e of queue) {
			if (batch[0] && (e.alone || batch[0].alone || batch.length == BATCH_EVENTS)) break;
			if (!flying.includes(e) && size([...batch, e]) <= room) batch.push(e);
		}
		return batch;
	};
	const later = ms => {
		const now = performance.now(), at = Math.max(now + ms, notBefore);
		if (at >= due) return;
		clearTimeout(timer);
		timer = setTimeout(flush, at - now);
		due = at;
	};
	const retry = seconds => {
		const ms = RETRY_MS * 2 ** failures++ * (1 + Math.random()) / 2;
		notBefore = performance.now() + Math.min(Math.max(ms, seconds * 1e3 || 0), RETRY_MS_MAX);
	};
	const settle = (batch, { ok, status, headers }, { reason, results }) => {
		if (status > 499 || status == 429 || status == 408) {
			retry(headers.get("Retry-After"));
			if (!results) return;
		} else failures = 0;
		const refused = (what, why) => warn(`the collector refused ${what}: ${why}`);
		if (!ok && !results) {
			if (batch[1] && (status == 400 || status == 413)) return batch.forEach(e => e.alone = true);
			refused(batch.map(e => e.type), reason || status);
		}
		drop(batch.filter((e, i) => {
			const result = results ? results[i] : {};
			if (result.errors) refused(e.type, result.errors.map(x => x.field + ": " + x.message));
			return result.status != "unavailable";
		}));
	};
	const flush = async () => {
		due = Infinity;
		if (busy || !n.onLine || optedOut()) return;
		if (performance.now() < notBefore) return later(0);
		busy = true;
		try {
			if (n.locks) await n.locks.request("daybook", { ifAvailable: true }, lock => lock && takeOver());
			else takeOver();
		} catch {}
		update(all => all);
		let batch = cut(KEEPALIVE_BYTES);
		if (!batch[0]) batch = queue.slice(0, 1);
		if (batch[0]) {
			// After a failure without: other scripts may have used what browsers allow.
			const keepalive = !failures && size(batch) <= KEEPALIVE_BYTES;
			const call = new AbortController(), limit = setTimeout(() => call.abort(), CALL_MS);
			flying = keepalive ? batch : [];
			try {
				const reply = await fetch(url, {
					method: "POST", body: body(batch), keepalive, signal: call.signal
				});
				settle(batch, reply, await reply.json().catch(() => ({})));
			} catch { retry(); }
			clearTimeout(limit);
			flying = [];
		}
		busy = false;
		if (queue[0]) later(0);
	};
	// A beacon's answer is not heard: while calls fail, the next page sends the events instead.
	const leave = () => {
		let room = KEEPALIVE_BYTES - size(flying), batch;
		update(all => all);
		while ((!failures || !store(0)) && n.onLine && (batch = cut(room))[0]
				&& n.sendBeacon?.(url, body(batch))) {
			room -= size(batch);
			drop(batch);
		}
		store(0);
	};

	const send = (type, fields) => {
		if (optedOut()) return;
		if (d.prerendering) {
			d.addEventListener("prerenderingchange", () => send(type, fields), { once: true });
			return;
		}
		const now = Date.now(), s = session(now), visitor = load("visitor");
		try {
			const e = entry({
				event_type: type, event_id: id(), occurred_at: new Date(now), session_id: s.id,
				visitor_id: save("visitor", isId(visitor) ? visitor : id()), funnel_id: data.funnel,
				url: location.href.split("#")[0].slice(0, TEXT_CHARS), ...s.from, ...fields
			});
			if (size([e]) > BODY_BYTES) throw "it is larger than 1 MiB";
			update(all => [...all, e]);
			later(queue.length < BATCH_EVENTS ? 1e3 : 0);
		} catch (error) {
			warn(`the event ${type} is dropped: ${error}`);
		}
	};
	const view = () => {
		const here = location.pathname + location.search;
		if (here == shown || d.prerendering) return;
		shown = here;
		send("page_view");
	};
	window.daybook = { send, track: (name, properties) => send("custom", { name, properties }) };

	const push = history.pushState;
	history.pushState = (...to) => { push.apply(history, to); view(); };
	addEventListener("popstate", view);
	addEventListener("online", () => { failures = notBefore = 0; later(0); });
	addEventListener("pagehide", leave);
	addEventListener("pageshow", e => { if (e.persisted) shown = 0, view(); });
	d.addEventListener("visibilitychange", () => { if (d.hidden) flush(); });
	d.addEventListener("prerenderingchange", view);
	view();
})(document, navigator);
