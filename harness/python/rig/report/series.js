/* SPDX-License-Identifier: BSD-2-Clause */
/* A point's series: unpacked from the page (report_series.py packs), ordered by time as one of the two
   ends sees it, and searched. Knows nothing of drawing. Embedded before trace.js. */
"use strict";
const rigSeries = (function () {

	/* ---- unpacking ---- */

	async function inflate(text) {
		if (typeof DecompressionStream === "undefined")
			throw new Error("this browser cannot unpack series (it has no DecompressionStream)");
		const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
		const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
		return JSON.parse(await new Response(stream).text());
	}

	/* Values from differences: NaN where there is none; `kinds` have sums of their own. */
	function sums(differences, kinds, scale) {
		const out = new Float64Array(differences.length), last = {};
		for (let i = 0; i < out.length; i++) {
			const kind = kinds ? kinds[i] : "";
			if (differences[i] === null) {
				out[i] = NaN;
				continue;
			}
			last[kind] = (last[kind] || 0) + differences[i];
			out[i] = last[kind] * scale;
		}
		return out;
	}

	function plain(values, scale) {
		return Float64Array.from(values, (value) => value === null ? NaN : value * scale);
	}

	/* Seconds; the division gives the number that the series had. */
	function seconds(nanoseconds) {
		return nanoseconds.map((value) => value / 1e9);
	}

	function connection(raw) {
		const states = { t: seconds(sums(raw.states.t, null, 1)), cc: raw.states.cc };
		for (const name of ["cwnd", "ssthresh", "srtt", "rto", "inflight", "pacing"])
			states[name] = plain(raw.states[name], 1);
		const t = sums(raw.t, null, 1);
		const rtx = new Uint8Array(t.length);
		sums(raw.rtx, null, 1).forEach((i) => { rtx[i] = 1; });
		/* Octets of sequence space each takes. */
		const flagRoom = raw.flagset.map((flags) => (flags.includes("S") ? 1 : 0) + (flags.includes("F") ? 1 : 0));
		const room = Float64Array.from(raw.len, (length, i) => length + flagRoom[raw.flags[i]]);
		return {
			name: raw.name, conn: raw.conn, dirs: raw.dirs, count: t.length,
			sent: seconds(t), arrived: seconds(t.map((value, i) => raw.arr[i] === null ? NaN : value + raw.arr[i])),
			seq: sums(raw.seq, raw.dirs, 1), ack: sums(raw.ack, raw.dirs, 1),
			len: plain(raw.len, 1), win: plain(raw.win, 1), room,
			flags: raw.flags, flagset: raw.flagset, fate: raw.fate, fates: raw.fates,
			lost: raw.fates.map((fate) => !["delivered", "flight", "unknown"].includes(fate)),
			rtx, sack: raw.sack, text: raw.text.split("\n"), states
		};
	}

	async function unpack(text) {
		const raw = await inflate(text);
		return {
			cut: raw.cut, connections: raw.connections.map(connection),
			links: raw.links.map((link) => ({ name: link.name, t: seconds(sums(link.t, null, 1)),
				packets: plain(link.packets, 1), bytes: plain(link.bytes, 1) }))
		};
	}

	/* ---- as an end sees it ---- */

	/* The packets of a direction ("d" or "a") in the order of their time at one end: indices and times.
	   What never arrived is where it was sent. */
	function seen(connection, dir, atSender) {
		const own = atSender === (dir === "d");
		const index = [];
		for (let i = 0; i < connection.count; i++)
			if (connection.dirs[i] === dir)
				index.push(i);
		const time = (i) => own || Number.isNaN(connection.arrived[i]) ? connection.sent[i]
			: connection.arrived[i];
		if (!own)
			index.sort((a, b) => time(a) - time(b) || a - b);
		return { index: Int32Array.from(index), t: Float64Array.from(index, time) };
	}

	/* The first place whose time is not before t. */
	function place(times, t) {
		let low = 0, high = times.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (times[middle] < t)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	}

	return { unpack, seen, place };
})();
