/* SPDX-License-Identifier: BSD-2-Clause */
/* The time-sequence view: panels on one time axis (sequence numbers, window, round trips, queue), zoom and
   pan by wheel, pointer and keys, and the packet under the pointer in drill's notation. Its figures stand
   in data- attributes of #trace. Embedded last by report_html.py. */
"use strict";
(function () {
	const root = document.getElementById("trace");
	if (!root)
		return;
	const box = root.querySelector(".panels"), tip = root.querySelector(".tip");
	const cross = root.querySelector(".cross"), ring = root.querySelector(".ring");
	const said = root.querySelector(".said"), zone = root.querySelector(".zone");
	const choosePoint = root.querySelector("#trace-point"), chooseFlow = root.querySelector("#trace-flow");
	const chooseEnd = root.querySelector("#trace-end");
	const LEAST = 1e-6;	/* seconds: the closest zoom */
	const REACH = 14;	/* pixels from the pointer to a packet */

	let series = null, connection = null, whole = { t0: 0, t1: 1 }, view = { t0: 0, t1: 1, end: 1, y: null };
	let chosen = null, pending = false, colours = {}, drag = null;
	const show = { data: true, ack: true, win: true, sack: true, rtx: true, lost: true };

	const panels = {};
	for (const [name, unit] of [["sequence", "B"], ["window", "B"], ["rtt", "s"], ["queue", "packets"]])
		panels[name] = new rigScale.Panel(box.querySelector(`canvas[data-panel=${name}]`), unit);
	const sequence = new rigSequence.Sequence(panels.sequence);

	/* ---- drawing ---- */

	function readColours() {
		const style = getComputedStyle(document.documentElement);
		for (const name of ["ink", "soft", "grid", "line", "data", "ack", "win", "sack", "rtx", "lost", "stress",
			"s0", "s1", "s2", "s3"])
			colours[name] = style.getPropertyValue(`--${name}`).trim();
	}

	function redraw() {
		if (!pending) {
			pending = true;
			requestAnimationFrame(draw);
		}
	}

	function draw() {
		pending = false;
		if (!connection)
			return;
		const sp = panels.sequence;
		sp.begin(view, colours, false);
		const [low, high] = view.y || sequence.fit();
		sp.range(low, high);
		sp.grid("sequence number");
		const count = sequence.draw(show);
		drawWindow();
		drawRtt();
		drawQueue();
		Object.assign(root.dataset, { t0: view.t0, t1: view.t1, low, high, packets: count,
			ready: `${choosePoint.value}/${connection.name}` });
		const digits = Math.min(9, Math.max(0, 3 - Math.floor(Math.log10(view.t1 - view.t0))));
		said.textContent = `${view.t0.toFixed(digits)} s to ${view.t1.toFixed(digits)} s, ${count} packets`;
		markChosen();
	}

	/* Behind the window: when the sender was not in its open state. */
	function stress(panel) {
		const { t, cc } = connection.states;
		panel.clip((g) => {
			const from = Math.max(0, rigSeries.place(t, view.t0) - 1);
			for (let i = from; i < t.length && t[i] <= view.t1;) {
				let end = i + 1;
				while (end < t.length && cc[end] === cc[i])
					end++;
				if (cc[i] !== "open") {
					const x = panel.x(t[i]), wide = Math.max(1, panel.x(end < t.length ? t[end] : view.end) - x);
					g.fillStyle = colours.stress;
					g.fillRect(x, panel.top - 4, wide, panel.bottom - panel.top + 4);
					if (wide > 8 * cc[i].length) {
						g.fillStyle = colours.soft;
						g.textAlign = "left";
						g.textBaseline = "bottom";
						g.fillText(cc[i], Math.max(x, panel.left) + 4, panel.bottom - 3);
					}
				}
				i = end;
			}
		});
	}

	function key(panel, items) {
		const g = panel.g;
		let x = panel.right;
		g.textAlign = "right";
		g.textBaseline = "top";
		for (const [text, colour, dash] of items.reverse()) {
			g.fillStyle = colours.ink;
			g.fillText(text, x, panel.top);
			x -= g.measureText(text).width + 6;
			g.strokeStyle = colour;
			g.lineWidth = 2;
			g.setLineDash(dash || []);
			g.beginPath();
			g.moveTo(x - 22, panel.top + 6);
			g.lineTo(x, panel.top + 6);
			g.stroke();
			g.setLineDash([]);
			x -= 34;
		}
	}

	function lines(panel, title, times, items, last) {
		panel.begin(view, colours, last);
		let most = 0;
		for (const item of items)
			if (!item.optional)
				most = Math.max(most, panel.greatest(times || item.times, item.values));
		panel.range(0, most * 1.25 || 1);
		panel.grid(title);
		if (panel === panels.window)
			stress(panel);
		for (const item of items)
			panel.staircase(times || item.times, item.values, item.colour, item.width || 1.6, item.dash);
		/* What is above the panel all the time is said to be. */
		const above = (item) => panel.least(times || item.times, item.values) > panel.high ? " ↑" : "";
		key(panel, items.map((item) => [item.name + above(item), item.colour, item.dash]));
	}

	function drawWindow() {
		const s = connection.states;
		lines(panels.window, "window", s.t, [
			{ name: "cwnd", values: s.cwnd, colour: colours.s0, width: 2.2 },
			{ name: "in flight", values: s.inflight, colour: colours.s2, width: 1.2 },
			{ name: "ssthresh", values: s.ssthresh, colour: colours.s1, dash: [6, 3], optional: true }]);
	}

	function drawRtt() {
		const s = connection.states;
		lines(panels.rtt, "round trip", s.t, [
			{ name: "srtt", values: s.srtt, colour: colours.s0, width: 2 },
			{ name: "RTO", values: s.rto, colour: colours.s1, dash: [6, 3], optional: true }]);
	}

	function drawQueue() {
		const order = ["s0", "s1", "s2", "s3"];
		const shown = series.links.slice(0, order.length);
		lines(panels.queue, shown.length ? "queue" : "queue: none was watched", null,
			shown.map((link, n) => ({ name: link.name, times: link.t, values: link.packets,
				colour: colours[order[n]], dash: n % 2 ? [6, 3] : [] })), true);
	}

	/* ---- the view ---- */

	function setView(t0, t1, y) {
		const wide = Math.min(Math.max(t1 - t0, LEAST), whole.t1 - whole.t0);
		const from = Math.min(Math.max(t0, whole.t0), whole.t1 - wide);
		view = { t0: from, t1: from + wide, end: whole.t1, y: y === undefined ? view.y : y };
		redraw();
	}

	function zoom(by, at) {
		setView(at - (at - view.t0) * by, at + (view.t1 - at) * by);
	}

	function zoomY(by, at) {
		const low = panels.sequence.low, high = panels.sequence.high;
		setView(view.t0, view.t1, [at - (at - low) * by, at + (high - at) * by]);
	}

	function pan(share) {
		const wide = view.t1 - view.t0;
		setView(view.t0 + wide * share, view.t1 + wide * share);
	}

	function fit() {
		choose(-1);
		setView(whole.t0, whole.t1, null);
	}

	/* ---- the packet ---- */

	function describe(i) {
		const c = connection, fate = c.fates[c.fate[i]];
		const went = Number.isNaN(c.arrived[i]) ? fate
			: `${fate} after ${rigScale.number(c.arrived[i] - c.sent[i], "s")}`;
		return [`${c.sent[i]} s${c.rtx[i] ? ", retransmission" : ""}`, c.text[i],
			c.lost[c.fate[i]] ? `dropped by the link: ${fate}` : fate === "unknown" ? "" : went];
	}

	/* What the other panels have at a time. */
	function atTime(t) {
		const s = connection.states, i = rigSeries.place(s.t, t + 1e-12) - 1;
		const parts = [];
		if (i >= 0)
			parts.push(`cwnd ${rigScale.number(s.cwnd[i], "B")}, ssthresh ${rigScale.number(s.ssthresh[i], "B")}, `
				+ `in flight ${rigScale.number(s.inflight[i], "B")}, ${s.cc[i]}`,
				`srtt ${rigScale.number(s.srtt[i], "s")}, RTO ${rigScale.number(s.rto[i], "s")}`
				+ (s.pacing[i] ? `, paced at ${rigScale.number(s.pacing[i], "bit/s")}` : ""));
		for (const link of series.links) {
			const k = rigSeries.place(link.t, t + 1e-12) - 1;
			if (k >= 0)
				parts.push(`${link.name}: ${link.packets[k]} packets, ${rigScale.number(link.bytes[k], "B")}`);
		}
		return parts;
	}

	function setTip(rows, x, y) {
		tip.replaceChildren(...rows.map((text, n) => {
			const row = document.createElement(n === 1 ? "code" : "div");
			row.textContent = text;
			return row;
		}));
		tip.hidden = false;
		const wide = tip.offsetWidth, room = box.clientWidth;
		tip.style.left = `${Math.max(0, Math.min(x + 14, room - wide - 4))}px`;
		tip.style.top = `${y + 16}px`;
	}

	function choose(i) {
		chosen = i < 0 ? null : i;
		root.querySelector(".packet").textContent = "";
		if (chosen !== null) {
			const [when, text, fate] = describe(chosen);
			root.querySelector(".packet").textContent = `${text}  (${[when, fate].filter(Boolean).join("; ")})`;
		}
		root.dataset.packet = chosen === null ? "" : connection.text[chosen];
		markChosen();
	}

	function markChosen() {
		const spot = chosen === null ? null : sequence.spot(chosen, sequence.orderOf(chosen));
		const p = panels.sequence;
		ring.hidden = !spot || spot.x < p.left || spot.x > p.right || spot.y < p.top - 4 || spot.y > p.bottom + 4;
		if (!ring.hidden) {
			ring.style.left = `${spot.x}px`;
			ring.style.top = `${spot.y}px`;
		}
	}

	function point(x, y, panel) {
		const t = panels.sequence.time(x);
		const inside = x >= panels.sequence.left && x <= panels.sequence.right;
		cross.hidden = !inside;
		cross.style.left = `${x}px`;
		if (!inside) {
			tip.hidden = true;
			return;
		}
		const top = panel.canvas.offsetTop;
		const found = panel === panels.sequence ? sequence.near(x, y - top, REACH) : -1;
		if (found >= 0) {
			choose(found);
			setTip(describe(found), x, y);
		} else {
			setTip([`${t.toFixed(6)} s`, "", ...atTime(t)], x, y);
		}
	}

	/* To a packet found by key: into view, and said. */
	function goTo(step, fits) {
		const found = sequence.next(chosen, step, fits);
		if (found < 0) {
			root.querySelector(".packet").textContent = "there is no other";
			return;
		}
		const t = sequence.spot(found, sequence.orderOf(found)).t, wide = view.t1 - view.t0;
		if (t < view.t0 || t > view.t1)
			setView(t - wide / 2, t + wide / 2, null);
		choose(found);
	}

	const kinds = {
		any: () => true,
		lost: (i) => connection.lost[connection.fate[i]],
		rtx: (i) => connection.rtx[i]
	};

	/* ---- pointer and keys ---- */

	function where(event) {
		const edge = box.getBoundingClientRect();
		const x = event.clientX - edge.left, y = event.clientY - edge.top;
		const panel = Object.values(panels).find((p) => y >= p.canvas.offsetTop
			&& y < p.canvas.offsetTop + p.canvas.clientHeight) || panels.sequence;
		return { x, y, panel };
	}

	box.addEventListener("wheel", (event) => {
		if (!connection || event.ctrlKey)
			return;
		event.preventDefault();
		const { x, y, panel } = where(event);
		if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && !event.shiftKey) {
			pan(event.deltaX / 800);
			return;
		}
		const by = Math.exp((event.deltaY || event.deltaX) / 400);
		if (event.shiftKey && panel === panels.sequence)
			zoomY(by, panel.value(y - panel.canvas.offsetTop));
		else
			zoom(by, panel.time(x));
	}, { passive: false });

	box.addEventListener("pointerdown", (event) => {
		if (event.button !== 0 || !connection)
			return;
		box.setPointerCapture(event.pointerId);
		drag = { ...where(event), shift: event.shiftKey, view: { ...view },
			low: panels.sequence.low, high: panels.sequence.high };
	});

	function dragged(event) {
		const { x, y } = where(event);
		const p = panels.sequence, span = drag.view.t1 - drag.view.t0;
		if (drag.shift) {
			zone.hidden = false;
			zone.style.left = `${Math.min(x, drag.x)}px`;
			zone.style.width = `${Math.abs(x - drag.x)}px`;
			return;
		}
		const dt = (drag.x - x) / (p.right - p.left) * span;
		const dy = view.y ? (y - drag.y) / (p.bottom - p.top) * (drag.high - drag.low) : 0;
		setView(drag.view.t0 + dt, drag.view.t1 + dt, view.y ? [drag.low + dy, drag.high + dy] : null);
	}

	box.addEventListener("pointermove", (event) => {
		if (!connection)
			return;
		if (drag) {
			dragged(event);
			return;
		}
		const { x, y, panel } = where(event);
		point(x, y, panel);
	});

	box.addEventListener("pointerup", (event) => {
		const { x } = where(event);
		if (drag && drag.shift && Math.abs(x - drag.x) > 4) {
			const a = panels.sequence.time(drag.x), b = panels.sequence.time(x);
			setView(Math.min(a, b), Math.max(a, b), null);
		}
		drag = null;
		zone.hidden = true;
	});
	box.addEventListener("pointercancel", () => { drag = null; zone.hidden = true; });
	box.addEventListener("pointerleave", () => { tip.hidden = true; cross.hidden = true; });
	box.addEventListener("dblclick", fit);

	const acts = {
		ArrowLeft: () => pan(-0.15), ArrowRight: () => pan(0.15),
		"+": () => zoom(0.6, (view.t0 + view.t1) / 2), "=": () => zoom(0.6, (view.t0 + view.t1) / 2),
		"-": () => zoom(1 / 0.6, (view.t0 + view.t1) / 2), "0": fit, Home: fit,
		ArrowUp: () => zoom(0.6, (view.t0 + view.t1) / 2),
		ArrowDown: () => zoom(1 / 0.6, (view.t0 + view.t1) / 2),
		n: () => goTo(1, kinds.any), p: () => goTo(-1, kinds.any),
		l: () => goTo(1, kinds.lost), L: () => goTo(-1, kinds.lost),
		r: () => goTo(1, kinds.rtx), R: () => goTo(-1, kinds.rtx)
	};
	box.addEventListener("keydown", (event) => {
		if (!connection || event.ctrlKey || event.altKey || event.metaKey || !acts[event.key])
			return;
		event.preventDefault();
		acts[event.key]();
	});
	root.querySelector(".tools").addEventListener("click", (event) => {
		const button = event.target.closest("button[data-key]");
		if (button && connection)
			acts[button.dataset.key]();
		if (event.target.matches(".save"))
			savePicture(event.target);
	});
	root.addEventListener("change", (event) => {
		if (event.target.dataset.layer) {
			show[event.target.dataset.layer] = event.target.checked;
			redraw();
		}
	});

	/* The panels as they are, one below the other. */
	function savePicture(link) {
		const all = Object.values(panels).map((p) => p.canvas);
		const out = document.createElement("canvas");
		out.width = all[0].width;
		out.height = all.reduce((sum, canvas) => sum + canvas.height, 0);
		const g = out.getContext("2d");
		g.fillStyle = getComputedStyle(box).backgroundColor;
		g.fillRect(0, 0, out.width, out.height);
		let y = 0;
		for (const canvas of all) {
			g.drawImage(canvas, 0, y);
			y += canvas.height;
		}
		link.href = out.toDataURL("image/png");
		link.download = `point-${choosePoint.value}-${connection ? connection.name : ""}.png`;
	}

	/* ---- which point, connection and end ---- */

	function names(c) {
		return c.conn === null || c.conn === undefined ? c.name : `${c.name} #${c.conn}`;
	}

	async function loadPoint() {
		const name = choosePoint.value;
		connection = null;
		root.dataset.ready = "";
		said.textContent = "unpacking…";
		try {
			const found = await rigSeries.unpack(document.getElementById(`series-${name}`).textContent);
			if (choosePoint.value !== name)
				return;	/* another was chosen meanwhile */
			series = found;
		} catch (error) {
			said.textContent = String(error.message || error);
			return;
		}
		root.querySelector(".cut").textContent = series.cut === null ? ""
			: `This series is too long for a page: it ends at ${series.cut} s; series.jsonl has all of it.`;
		chooseFlow.replaceChildren(...series.connections.map((c, n) => new Option(names(c), n)));
		/* The one with most to see first. */
		const counts = series.connections.map((c) => c.count);
		chooseFlow.value = String(counts.indexOf(Math.max(...counts)));
		loadFlow();
	}

	function loadFlow() {
		connection = series.connections[chooseFlow.value] || null;
		chosen = null;
		if (!connection) {
			said.textContent = "no connection is in this series";
			return;
		}
		whole = { t0: Infinity, t1: -Infinity };
		for (const times of [connection.sent, connection.arrived, connection.states.t])
			for (const t of times)
				if (!Number.isNaN(t)) {
					whole.t0 = Math.min(whole.t0, t);
					whole.t1 = Math.max(whole.t1, t);
				}
		const margin = (whole.t1 - whole.t0) * 0.01 || 1e-3;
		whole.t0 -= margin;
		whole.t1 += margin;
		loadEnd();
		fit();
	}

	function loadEnd() {
		sequence.take(connection, chooseEnd.value === "sender");
		redraw();
	}

	choosePoint.addEventListener("change", loadPoint);
	chooseFlow.addEventListener("change", loadFlow);
	chooseEnd.addEventListener("change", loadEnd);
	window.addEventListener("hashchange", fromHash);

	function fromHash() {
		const wanted = /^#series-(.+)$/.exec(location.hash);
		if (wanted && document.getElementById(`series-${wanted[1]}`)) {
			choosePoint.value = wanted[1];
			root.scrollIntoView();
			loadPoint();
		}
	}

	function recolour() {
		readColours();
		draw();
	}

	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
	window.addEventListener("beforeprint", () => { document.documentElement.dataset.light = ""; recolour(); });
	window.addEventListener("afterprint", () => { delete document.documentElement.dataset.light; recolour(); });
	new ResizeObserver(redraw).observe(box);
	readColours();
	if (choosePoint.options.length && !/^#series-/.test(location.hash))
		loadPoint();
	fromHash();
})();
