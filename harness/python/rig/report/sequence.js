/* SPDX-License-Identifier: BSD-2-Clause */
/* The time-sequence panel: data, acknowledgments, the window's edge, SACK, retransmissions and what the
   link dropped, of one connection as one end sees it; and which packet is near a place. Marks that
   would lie on each other's pixels are drawn once. Embedded before trace.js. */
"use strict";
const rigSequence = (function () {
	const { place } = rigSeries;
	const SEARCH_MAX = 20000;	/* packets looked at for the one nearest to the pointer */

	/* Which pixels have been painted, for a kind of mark. */
	class Painted {
		constructor(width, height) {
			this.width = Math.ceil(width) + 2;
			this.height = Math.ceil(height) + 2;
			this.cells = new Uint8Array(this.width * this.height);
		}

		/* True the first time that a cell is asked for; outside: false. */
		first(x, y) {
			const column = Math.round(x), row = Math.round(y);
			if (column < 0 || row < 0 || column >= this.width || row >= this.height)
				return false;
			const at = row * this.width + column;
			const fresh = !this.cells[at];
			this.cells[at] = 1;
			return fresh;
		}
	}

	class Sequence {
		constructor(panel) {
			this.panel = panel;
		}

		/* Another connection, or the other end. */
		take(connection, atSender) {
			this.connection = connection;
			this.data = rigSeries.seen(connection, "d", atSender);
			this.acks = rigSeries.seen(connection, "a", atSender);
			this.edge();
		}

		/* Per acknowledgment that arrived: the highest so far, and the window's edge. */
		edge() {
			const c = this.connection, n = this.acks.index.length;
			this.una = new Float64Array(n).fill(NaN);
			this.right = new Float64Array(n).fill(NaN);
			let highest = NaN, edge = NaN;
			for (let k = 0; k < n; k++) {
				const i = this.acks.index[k];
				if (!c.lost[c.fate[i]] && !Number.isNaN(c.ack[i])) {
					highest = Number.isNaN(highest) ? c.ack[i] : Math.max(highest, c.ack[i]);
					edge = Number.isNaN(edge) ? c.ack[i] + c.win[i] : Math.max(edge, c.ack[i] + c.win[i]);
				}
				this.una[k] = highest;
				this.right[k] = edge;
			}
		}

		visible(order) {
			const { t0, t1 } = this.panel.view;
			return [place(order.t, t0), place(order.t, t1 + 1e-12)];
		}

		/* The range of sequence numbers in view. */
		fit() {
			const c = this.connection;
			let low = Infinity, high = -Infinity;
			const [from, to] = this.visible(this.data);
			for (let k = from; k < to; k++) {
				const i = this.data.index[k];
				low = Math.min(low, c.seq[i]);
				high = Math.max(high, c.seq[i] + c.room[i]);
			}
			const [a, b] = this.visible(this.acks);
			for (let k = Math.max(0, a - 1); k < b; k++)
				if (!Number.isNaN(this.una[k])) {
					low = Math.min(low, this.una[k]);
					high = Math.max(high, this.una[k]);
				}
			if (low > high)
				return [0, 1];
			const margin = (high - low) * 0.06 || 10;
			return [Math.max(low - margin, -margin / 2), high + margin];
		}

		draw(show) {
			const [from, to] = this.visible(this.data);
			const colours = this.panel.colours;
			if (show.win)
				this.panel.staircase(this.acks.t, this.right, colours.win, 1.5);
			if (show.ack)
				this.panel.staircase(this.acks.t, this.una, colours.ack, 1.5);
			this.panel.clip((g) => {
				if (show.sack)
					this.sacks(g, colours);
				if (show.data)
					this.segments(g, from, to, colours, show);
				if (show.lost)
					this.lostAcks(g, colours);
			});
			return to - from + this.count(this.acks);
		}

		count(order) {
			const [from, to] = this.visible(order);
			return to - from;
		}

		sacks(g, colours) {
			const p = this.panel, c = this.connection;
			const painted = new Painted(p.right, p.bottom);
			const [from, to] = this.visible(this.acks);
			g.fillStyle = colours.sack;
			for (let k = from; k < to; k++) {
				const i = this.acks.index[k];
				for (const [a, b] of c.sack[i] || []) {
					const x = p.x(this.acks.t[k]), y = p.y(b);
					if (painted.first(x, y) | painted.first(x, p.y(a)))
						g.fillRect(x - 0.75, y, 1.5, Math.max(1.5, p.y(a) - y));
				}
			}
		}

		segments(g, from, to, colours, show) {
			const p = this.panel, c = this.connection;
			const plain = new Painted(p.right, p.bottom), again = new Painted(p.right, p.bottom);
			const lost = new Painted(p.right, p.bottom);
			const crosses = [];
			for (let k = from; k < to; k++) {
				const i = this.data.index[k], x = p.x(this.data.t[k]);
				const y = p.y(c.seq[i] + c.room[i]), tall = p.y(c.seq[i]) - y, middle = y + tall / 2;
				const rtx = c.rtx[i] && show.rtx;
				if (rtx ? again.first(x, middle) : plain.first(x, middle)) {
					g.fillStyle = rtx ? colours.rtx : colours.data;
					this.segment(g, x, y, tall, rtx);
				}
				if (show.lost && c.lost[c.fate[i]] && lost.first(x / 2, middle / 2))
					crosses.push([x, middle]);
			}
			this.crosses(g, crosses, colours);
		}

		segment(g, x, y, tall, rtx) {
			const wide = rtx ? 2.4 : 1.4;
			g.fillRect(x - wide / 2, y - (tall < 2 ? 0.5 : 0), wide, Math.max(2, tall));
			if (tall > 7) {	/* ends, so that neighbours can be told apart */
				g.fillRect(x - 2.5, y, 5, 1);
				g.fillRect(x - 2.5, y + tall - 1, 5, 1);
			}
			if (rtx && tall > 5) {
				g.textAlign = "left";
				g.textBaseline = "middle";
				g.fillText("R", x + 4, y + tall / 2);
			}
		}

		crosses(g, places, colours) {
			g.strokeStyle = colours.lost;
			g.lineWidth = 1.8;
			g.beginPath();
			for (const [x, y] of places) {
				g.moveTo(x - 4, y - 4);
				g.lineTo(x + 4, y + 4);
				g.moveTo(x - 4, y + 4);
				g.lineTo(x + 4, y - 4);
			}
			g.stroke();
		}

		lostAcks(g, colours) {
			const p = this.panel, c = this.connection, places = [];
			const painted = new Painted(p.right, p.bottom);
			const [from, to] = this.visible(this.acks);
			for (let k = from; k < to; k++) {
				const i = this.acks.index[k];
				const x = p.x(this.acks.t[k]), y = p.y(c.ack[i]);
				if (c.lost[c.fate[i]] && painted.first(x / 2, y / 2))
					places.push([x, y]);
			}
			this.crosses(g, places, colours);
		}

		/* ---- which packet ---- */

		/* Where a packet's mark is: {x, y, low, high}. */
		spot(i, order) {
			const c = this.connection, p = this.panel;
			const k = order.index.indexOf(i);
			if (k < 0)
				return null;
			const isData = c.dirs[i] === "d";
			const low = isData ? c.seq[i] : c.ack[i], high = isData ? c.seq[i] + c.room[i] : c.ack[i];
			return { t: order.t[k], x: p.x(order.t[k]), y: p.y((low + high) / 2) };
		}

		orderOf(i) {
			return this.connection.dirs[i] === "d" ? this.data : this.acks;
		}

		/* The packet nearest to a place, if one is within `reach` pixels; else -1. */
		near(x, y, reach) {
			const p = this.panel, c = this.connection;
			let best = -1, least = reach * reach;
			for (const order of [this.data, this.acks]) {
				const from = place(order.t, p.time(x - reach)), to = place(order.t, p.time(x + reach));
				const end = Math.min(to, from + SEARCH_MAX);
				for (let k = from; k < end; k++) {
					const i = order.index[k];
					const isData = order === this.data;
					const high = p.y(isData ? c.seq[i] + c.room[i] : c.ack[i]);
					const low = isData ? p.y(c.seq[i]) : high;
					const dy = y < high ? high - y : y > low ? y - low : 0;
					const dx = p.x(order.t[k]) - x;
					const far = dx * dx + dy * dy;
					if (far < least || (far === least && best < 0)) {
						least = far;
						best = i;
					}
				}
			}
			return best;
		}

		/* The next packet after t (or before, with step -1) that `fits`; -1 if none. */
		next(after, step, fits) {
			const all = this.inOrder();
			let k = after === null ? (step > 0 ? place(all.t, this.panel.view.t0)
				: place(all.t, this.panel.view.t1) - 1) : all.index.indexOf(after) + step;
			for (; k >= 0 && k < all.index.length; k += step)
				if (fits(all.index[k]))
					return all.index[k];
			return -1;
		}

		/* Packets of both directions by time. */
		inOrder() {
			const n = this.data.index.length, m = this.acks.index.length;
			const index = new Int32Array(n + m), t = new Float64Array(n + m);
			let a = 0, b = 0;
			for (let k = 0; k < n + m; k++) {
				const first = b >= m || (a < n && this.data.t[a] <= this.acks.t[b]);
				const order = first ? this.data : this.acks, from = first ? a++ : b++;
				index[k] = order.index[from];
				t[k] = order.t[from];
			}
			return { index, t };
		}
	}

	return { Sequence };
})();
