/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers with units, round steps of an axis, and a panel's coordinates. Embedded before trace.js. */
"use strict";
const rigScale = (function () {

	function steps(low, high, most) {
		if (!(high > low))
			return [low];
		const raw = (high - low) / most, base = 10 ** Math.floor(Math.log10(raw));
		const step = [1, 2, 2.5, 5, 10].map((m) => m * base).find((s) => s >= raw * 0.999);
		const out = [];
		for (let n = Math.ceil(low / step - 1e-9); n <= Math.floor(high / step + 1e-9); n++)
			out.push(n * step);
		return out;
	}

	/* Digits after the point that tell multiples of a step apart. */
	function digitsOf(step) {
		for (let digits = 0; digits < 9; digits++) {
			const whole = step * 10 ** digits;
			if (whole >= 0.999 && Math.abs(whole - Math.round(whole)) < 1e-6 * whole)
				return digits;
		}
		return 9;
	}

	/* A value of an axis whose marks are `step` apart: as many digits as tell them apart. */
	function axisNumber(value, step, unit) {
		if (unit === "packets")
			return String(Math.round(value * 10) / 10);
		const size = Math.abs(value) || 1;
		const table = unit === "s" ? [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]]
			: [[1e9, "G" + unit], [1e6, "M" + unit], [1e3, "k" + unit], [1, unit]];
		const by = unit === "s" && size >= 1 ? table[0] : table.find((row) => size >= row[0] * 0.9995)
			|| table[table.length - 1];
		return value === 0 ? "0" : `${(value / by[0]).toFixed(digitsOf(step / by[0]))} ${by[1]}`;
	}

	/* A value by itself: four digits of it. */
	function number(value, unit) {
		if (Number.isNaN(value) || value === undefined)
			return "–";
		return axisNumber(value, 10 ** Math.floor(Math.log10(Math.abs(value) || 1) - 3), unit);
	}

	/* Draws into a canvas: x is time, y from `low` to `high`; device pixels are hidden in it. */
	class Panel {
		constructor(canvas, unit) {
			this.canvas = canvas;
			this.unit = unit;
			this.g = canvas.getContext("2d");
		}

		/* Takes its size from the page; the plot is what margins leave. */
		begin(view, colours, last) {
			const ratio = window.devicePixelRatio || 1;
			const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
			if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
				this.canvas.width = Math.round(width * ratio);
				this.canvas.height = Math.round(height * ratio);
			}
			this.ratio = ratio;
			this.left = 78;
			this.right = width - 14;
			this.top = 10;
			this.bottom = height - (last ? 26 : 8);
			this.view = view;
			this.colours = colours;
			this.last = last;
			this.g.setTransform(ratio, 0, 0, ratio, 0, 0);
			this.g.clearRect(0, 0, width, height);
			this.g.font = "12px system-ui, sans-serif";
		}

		x(t) {
			return this.left + (t - this.view.t0) / (this.view.t1 - this.view.t0) * (this.right - this.left);
		}

		y(value) {
			return this.bottom - (value - this.low) / (this.high - this.low) * (this.bottom - this.top);
		}

		time(x) {
			return this.view.t0 + (x - this.left) / (this.right - this.left) * (this.view.t1 - this.view.t0);
		}

		value(y) {
			return this.low + (this.bottom - y) / (this.bottom - this.top) * (this.high - this.low);
		}

		range(low, high) {
			this.low = low;
			this.high = high > low ? high : low + 1;
		}

		grid(title) {
			const g = this.g;
			g.lineWidth = 1;
			g.strokeStyle = this.colours.grid;
			g.fillStyle = this.colours.soft;
			const ticks = steps(this.low, this.high, Math.max(2, Math.floor((this.bottom - this.top) / 48)));
			const apart = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
			g.textAlign = "right";
			g.textBaseline = "middle";
			g.beginPath();
			for (const value of ticks) {
				const y = Math.round(this.y(value)) + 0.5;
				g.moveTo(this.left, y);
				g.lineTo(this.right, y);
				g.fillText(axisNumber(value, apart, this.unit), this.left - 6, y);
			}
			this.times();
			g.stroke();
			g.textAlign = "left";
			g.textBaseline = "top";
			g.fillText(title, this.left + 6, this.top);
		}

		times() {
			const g = this.g, { t0, t1 } = this.view;
			const ticks = steps(t0, t1, Math.max(2, Math.floor((this.right - this.left) / 110)));
			const apart = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
			const digits = digitsOf(apart);
			g.textAlign = "center";
			for (const t of ticks) {
				const x = Math.round(this.x(t)) + 0.5;
				g.moveTo(x, this.top);
				g.lineTo(x, this.bottom);
				if (this.last)
					g.fillText(`${t.toFixed(digits)} s`, x, this.bottom + 14);
			}
		}

		clip(draw) {
			this.g.save();
			this.g.beginPath();
			this.g.rect(this.left, this.top - 4, this.right - this.left, this.bottom - this.top + 5);
			this.g.clip();
			draw(this.g);
			this.g.restore();
		}

		/* A value that holds until the next. Of what falls on one column of pixels the first, the extent and
		   the last are drawn. */
		staircase(times, values, colour, width, dash) {
			this.clip((g) => {
				g.strokeStyle = colour;
				g.lineWidth = width;
				g.setLineDash(dash || []);
				g.beginPath();
				const from = Math.max(0, rigSeries.place(times, this.view.t0) - 1);
				const to = Math.min(times.length, rigSeries.place(times, this.view.t1) + 1);
				let column = NaN, low = NaN, high = NaN, last = NaN, many = false;
				const flush = () => {
					if (many) {
						g.lineTo(column, low);
						g.lineTo(column, high);
						g.lineTo(column, last);
					}
					many = false;
				};
				for (let i = from; i < to; i++) {
					const x = Math.max(this.left - 2, this.x(times[i])), y = this.y(values[i]);
					if (x - column < 0.5 && !Number.isNaN(y) && !Number.isNaN(last)) {
						many = true;
						low = Math.min(low, y);
						high = Math.max(high, y);
						last = y;
						continue;
					}
					flush();
					if (!Number.isNaN(last))
						g.lineTo(x, last);
					if (Number.isNaN(last) && !Number.isNaN(y))
						g.moveTo(x, y);
					else if (!Number.isNaN(y))
						g.lineTo(x, y);
					column = x;
					low = high = last = y;
				}
				flush();
				if (!Number.isNaN(last))
					g.lineTo(Math.min(this.right + 2, this.x(this.view.end)), last);
				g.stroke();
			});
		}

		/* Of the values in view. */
		inView(times, values, start, take) {
			let found = start;
			for (let i = Math.max(0, rigSeries.place(times, this.view.t0) - 1);
				i < times.length && times[i] <= this.view.t1; i++)
				if (!Number.isNaN(values[i]))
					found = take(found, values[i]);
			return found;
		}

		greatest(times, values) {
			return this.inView(times, values, 0, Math.max);
		}

		least(times, values) {
			const found = this.inView(times, values, Infinity, Math.min);
			return found === Infinity ? NaN : found;
		}
	}

	return { steps, number, Panel };
})();
