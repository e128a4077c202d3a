/* SPDX-License-Identifier: BSD-2-Clause */
/* The report's table and plots: sorting, filtering, what a row has to say, which plots are shown, and
   saving one as a file. Embedded by report_html.py. */
"use strict";
(function () {
	const table = document.getElementById("points");

	/* ---- sorting ---- */

	function cellValue(row, column) {
		const cell = row.cells[column];
		if (cell.dataset.v !== undefined)
			return Number(cell.dataset.v);
		const text = cell.textContent.trim();
		const number = /^[\d.]+/.exec(text);
		const units = { "": 1, "%": 1, s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9, kbit: 1e3, mbit: 1e6, gbit: 1e9,
			bit: 1, kB: 1e3, KiB: 1024, MB: 1e6, MiB: 1048576, bdp: 1 };
		if (number && text.slice(number[0].length) in units)
			return Number(number[0]) * units[text.slice(number[0].length)];
		return text;
	}

	function compare(a, b) {
		if (a === "" || b === "")
			return (a === "") - (b === "");	/* what is missing comes last, either way */
		if (typeof a === "number" && typeof b === "number")
			return a - b;
		return String(a).localeCompare(String(b), "en", { numeric: true });
	}

	function sortBy(head) {
		const up = head.getAttribute("aria-sort") !== "ascending";
		for (const other of table.tHead.rows[0].cells)
			other.removeAttribute("aria-sort");
		head.setAttribute("aria-sort", up ? "ascending" : "descending");
		closeRow();
		const body = table.tBodies[0];
		const rows = Array.from(body.rows, (row) => [cellValue(row, head.cellIndex), row]);
		rows.sort((a, b) => {
			const empty = (a[0] === "") - (b[0] === "");
			return empty || (up ? 1 : -1) * compare(a[0], b[0]);
		});
		body.append(...rows.map((pair) => pair[1]));
	}

	/* ---- a row's reason, digest and command ---- */

	function closeRow() {
		for (const row of table.querySelectorAll("tr.more"))
			row.remove();
		for (const row of table.querySelectorAll("tr.open"))
			row.classList.remove("open");
	}

	function openRow(row) {
		const was = row.classList.contains("open");
		closeRow();
		if (was)
			return;
		row.classList.add("open");
		const more = document.createElement("tr");
		more.className = "more";
		const cell = more.insertCell();
		cell.colSpan = row.cells.length;
		for (const [name, text] of [["reason", row.dataset.reason], ["digest", row.dataset.digest]])
			if (text)
				cell.append(`${name}: ${text}`, document.createElement("br"));
		if (row.dataset.replay) {
			const code = document.createElement("code");
			code.textContent = row.dataset.replay;
			cell.append(code);
		}
		row.after(more);
	}

	function showPoint(name) {
		for (const dot of document.querySelectorAll(".pt circle"))
			dot.classList.toggle("on", dot.dataset.point === name);
		const row = document.getElementById(`row-${name}`);
		if (row && !row.classList.contains("open"))
			openRow(row);
		return row;
	}

	/* ---- filtering ---- */

	function filter(words) {
		const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
		let shown = 0;
		closeRow();
		for (const row of table.tBodies[0].rows) {
			const cells = Array.from(row.cells, (cell) => cell.textContent.toLowerCase().trim());
			row.hidden = !wanted.every((word) => cells.some((cell) => cell === word || cell.includes(word)
				&& !/^[\d.]/.test(word)));
			shown += !row.hidden;
		}
		document.getElementById("shown").textContent = `${shown} rows`;
	}

	/* ---- plots ---- */

	function choosePlots() {
		const x = document.getElementById("choose-x").value;
		const measure = document.getElementById("choose-measure").value;
		for (const figure of document.querySelectorAll("#plots figure"))
			figure.hidden = figure.dataset.x !== x || (measure && figure.dataset.measure !== measure);
	}

	/* The SVG as it looks here, colours resolved, so that the file looks the same. */
	function savePlot(event) {
		const from = event.target.closest("figure").querySelector("svg");
		const copy = from.cloneNode(true);
		const theirs = copy.querySelectorAll("*");
		from.querySelectorAll("*").forEach((element, n) => {
			const style = getComputedStyle(element);
			for (const name of ["fill", "stroke"])
				if (element.hasAttribute(name))
					theirs[n].setAttribute(name, style[name]);
		});
		const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
		paper.setAttribute("width", "100%");
		paper.setAttribute("height", "100%");
		paper.setAttribute("fill", getComputedStyle(event.target.closest("figure")).backgroundColor);
		copy.prepend(paper);
		event.target.href = URL.createObjectURL(new Blob([copy.outerHTML], { type: "image/svg+xml" }));
	}

	/* A dot says whose it is when one points at it; all of them at once would make the page twice as large. */
	function nameDot(dot) {
		if (dot.firstChild)
			return;
		const row = document.getElementById(`row-${dot.dataset.point}`);
		const words = row ? Array.from(row.querySelectorAll(".factor"), (cell) => cell.textContent) : [];
		const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
		title.textContent = `point ${dot.dataset.point} ${words.filter(Boolean).join(", ")}`;
		dot.append(title);
	}

	/* ---- what calls them ---- */

	if (table) {
		table.tHead.addEventListener("click", (event) => {
			const head = event.target.closest("th");
			if (head)
				sortBy(head);
		});
		table.tBodies[0].addEventListener("click", (event) => {
			const row = event.target.closest("tr:not(.more)");
			if (row && !event.target.closest("a"))
				openRow(row);
		});
		document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
	}
	const plots = document.getElementById("plots");
	if (plots && document.getElementById("choose-x")) {
		plots.addEventListener("change", choosePlots);
		plots.addEventListener("mouseover", (event) => {
			if (event.target.matches(".pt circle"))
				nameDot(event.target);
		});
		plots.addEventListener("click", (event) => {
			if (event.target.matches(".save"))
				savePlot(event);
			if (event.target.matches(".pt circle")) {	/* a point's value */
				const row = showPoint(event.target.dataset.point);
				if (row)
					row.scrollIntoView({ block: "nearest" });
			}
		});
	}
})();
