# SPDX-License-Identifier: BSD-2-Clause
"""The page: its parts as HTML around the figures, with style and scripts from report/ embedded.

All of it can be read without scripts: they sort, choose and zoom. Called by report.py.
"""

import os

from . import report_axis, report_plots
from .report_chart import esc

ASSETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report")
CELLS_MAX = 80_000  # of the table on the page; all of them are in results.csv
FAILURES_MAX = 50  # shown with their reasons above it
SCRIPTS = ("table.js",)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"


def asset(name):
    with open(os.path.join(ASSETS, name), encoding="utf-8") as file:
        return file.read()


# ---- head and failures ---------------------------------------------------------------------------

def _facts(results):
    rows = []
    for lab in results.labs:
        of = f" ({lab.mark.rstrip('.')})" if lab.mark else ""
        rows.append((f"engine{of}", f"{lab.engine or 'unknown'}, build {lab.version or 'unknown'}"))
    for name, values in results.factors.items():
        rows.append((name, ", ".join(value for value in values if value != "")))
    fixed = {f"{name} {value}" for lab in results.labs for name, value in lab.fixed.items()
             if name not in results.factors}
    if fixed:
        rows.append(("fixed", ", ".join(sorted(fixed))))
    if any(results.seeds):
        rows.append(("seeds", ", ".join(results.seeds)))
    return "".join(f"<div><dt>{esc(name)}</dt><dd>{esc(value)}</dd></div>" for name, value in rows)


def _verdicts(results):
    kinds = ("pass", "fail", "error", "pending", "skip")
    count = [(kind, results.count(kind)) for kind in kinds]
    total = len(results.points)
    chips = "".join(f'<li class="{kind}"><b>{n}</b> {kind}</li>' for kind, n in count if n)
    return f'<ul class="verdicts"><li class="all"><b>{total}</b> points</li>{chips}</ul>'


def _failures(results):
    bad = results.bad()
    if not bad:
        return ""
    items = "".join(
        f'<li><span class="verdict {esc(p.verdict)}">{esc(p.verdict)}</span> <b>point {esc(p.name)}</b> '
        f'{esc(p.label)}<br>{esc(p.reason or "no reason given")}'
        + (f"<br><code>{esc(p.replay())}</code>" if p.replay() else "") + "</li>"
        for p in bad[:FAILURES_MAX])
    more = f"<p>And {len(bad) - FAILURES_MAX} more, first in the table below.</p>" \
        if len(bad) > FAILURES_MAX else ""
    return f'<section id="failures"><h2>Not passed</h2><ol class="failures">{items}</ol>{more}</section>'


# ---- plots ---------------------------------------------------------------------------------------

def _numbers(figure):
    """The figure as a table, for who cannot see it and for copying."""
    of = report_axis.unit(figure.measure)
    rows = []
    for panel in figure.panels:
        for series in panel.series:
            for g in series.groups:
                head = [*panel.factors.values(), *([series.label] if figure.by else []),
                        figure.xs[g.x][0]]
                cells = "".join(f"<td>{esc(report_axis.number(v, of))}</td>"
                                for v in (g.median, g.low, g.high)) + f"<td>{len(g.values)}</td>"
                rows.append("<tr>" + "".join(f"<th scope=row>{esc(h)}</th>" for h in head) + cells + "</tr>")
    names = [*(figure.panels[0].factors if figure.panels else []), *([figure.by] if figure.by else []),
             figure.x, "median", "low", "high", "values"]
    return "<details><summary>Numbers</summary><div class=wide><table class=small><thead><tr>" \
        + "".join(f"<th scope=col>{esc(n)}</th>" for n in names) + "</tr></thead><tbody>" \
        + "".join(rows) + "</tbody></table></div></details>"


def _figure(figure, svg):
    hidden = "" if figure.default else " hidden"
    size = "one" if len(figure.panels) == 1 else "many"
    return f'<figure class="{size}" data-x="{esc(figure.x)}" ' \
           f'data-measure="{esc(figure.kind + figure.measure)}" data-marks="{figure.marks}"{hidden}>' \
           f'<div class=wide>{svg}</div>' \
           f'<figcaption>{esc(figure.about())} <a class="save" download="{esc(figure.file)}" ' \
           f'href="#">SVG</a></figcaption>{_numbers(figure)}</figure>'


def _choice(name, values, labels):
    options = "".join(f'<option value="{esc(v)}">{esc(label)}</option>' for v, label in zip(values, labels))
    return f"<select id={name}>{options}</select>"


def _plots(results, drawn):
    if not drawn:
        why = "No measure differs between the points." if report_plots.several(results) else \
            "No factor has more than one value, so there is nothing to plot against."
        return f'<section id="plots"><h2>Plots</h2><p class="none">{why}</p></section>'
    xs = list(dict.fromkeys(figure.x for figure, _ in drawn))
    measures = {figure.kind + figure.measure: report_axis.name(figure.measure)
                + (", flow by flow" if figure.kind else "") for figure, _ in drawn}
    choice = "<p class=choose><label>against " + _choice("choose-x", xs, xs) + "</label> <label>measure " \
        + _choice("choose-measure", ["", *measures],
                  [f"all {len(measures)}", *measures.values()]) + "</label></p>"
    rest = [name for name in report_plots.several(results) if name not in xs]
    said = f'<p class="none">Against {esc(", ".join(rest))}: rig report --x.</p>' if rest else ""
    return f'<section id="plots"><h2>Plots</h2>{choice}{said}<div class="figures">' \
        + "".join(_figure(figure, svg) for figure, svg in drawn) + "</div></section>"


# ---- the table -----------------------------------------------------------------------------------

def _cell(measure, value):
    if value is None:
        return "<td></td>"
    text = report_axis.number(value, report_axis.unit(measure))
    return f'<td data-v="{value!r}">{esc(text)}</td>'


def _row(point, factors, measures, links):
    extra = point.reason or ""
    command = point.replay()
    cells = "".join(f"<td class=factor>{esc(point.factors[name])}</td>" for name in factors)
    link = f' <a href="{esc(links[point.name])}">series</a>' if point.name in links else ""
    verdict = f'<td><span class="verdict {esc(point.verdict)}">{esc(point.verdict)}</span></td>'
    return f'<tr id="row-{esc(point.name)}" data-verdict="{esc(point.verdict)}" ' \
           f'data-replay="{esc(command)}" data-reason="{esc(extra)}" data-digest="{esc(point.digest)}">' \
           f'<th scope=row data-v="{point.number}"><button type=button title="what it says, and how it is ' \
           f'run again">{esc(point.name)}</button>{link}</th>{verdict}{cells}' \
           f"<td class=factor>{esc(point.seed)}</td>" \
           + "".join(_cell(name, point.measures.get(name)) for name in measures) + "</tr>"


def _constant(results, names):
    """Sentences about measures that have no column."""
    same, empty, columns = [], [], []
    for name in names:
        found = {point.measures.get(name) for point in results.points if point.verdict in ("pass", "fail")}
        if found <= {None}:
            empty.append(report_axis.name(name))
        elif len(found) == 1 and len(results.points) > 1:
            text = report_axis.number(found.pop(), report_axis.unit(name))
            same.append(f"{report_axis.name(name)} {text}")
        else:
            columns.append(name)
    said = (f"<p>The same at all points: {esc(', '.join(same))}.</p>" if same else "") \
        + (f"<p>Not measured at any: {esc(', '.join(empty))}.</p>" if empty else "")
    return columns, said


def _table(results, links):
    factors = [name for name in results.factors if name != "seed"]
    columns, said = _constant(results, results.measures)
    bad = results.bad()
    most = max(1, CELLS_MAX // (len(columns) + len(factors) + 3))
    points = (bad + [p for p in results.points if p.verdict == "pass"])[:most]
    if len(results.points) > most:
        said += f"<p>{len(results.points) - most} rows are not on the page; results.csv has all.</p>"
    names = [("point", "point"), ("verdict", "verdict"), *((name, name) for name in [*factors, "seed"]),
             *((report_axis.name(m), m) for m in columns)]
    head = "".join(f'<th scope=col title="{esc(column)}"><button type=button>{esc(text)}</button></th>'
                   for text, column in names)
    body = "".join(_row(point, factors, columns, links) for point in points)
    return f'<section id="table"><h2>Points</h2>{said}<p class=choose><label>show rows with <input ' \
           f'id=filter type=search placeholder="cubic 1%"></label> <output id=shown>{len(points)} ' \
           f'rows</output></p><div class=wide tabindex=0 role=region aria-label="table of points">' \
           f'<table id=points><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>'


# ---- the page ------------------------------------------------------------------------------------

def shell(title, body, scripts):
    code = "\n".join(asset(name) for name in scripts)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{esc(title)}</title><link rel="icon" href="data:,">
<style>
{asset("report.css")}</style></head>
<body>
{body}
<script>
{code}</script>
</body></html>
"""


NAV = '<nav><a href="#plots">Plots</a> <a href="#series">Packets over time</a> ' \
      '<a href="#table">Points</a></nav>'


def page(results, drawn, title, links, series, scripts):
    """All of it. `links`: where each point's series is; `series`: that section."""
    names = list(dict.fromkeys(lab.name for lab in results.labs))
    title = title or " and ".join(names)
    about = list(dict.fromkeys(lab.about for lab in results.labs if lab.about))
    body = f"<header><h1>{esc(title)}</h1>" + "".join(f"<p class=about>{esc(a)}</p>" for a in about) \
        + _verdicts(results) + NAV + f"<dl>{_facts(results)}</dl></header><main>" + _failures(results) \
        + _plots(results, drawn) + series + _table(results, links) + "</main>"
    return shell(title, body, (*SCRIPTS, *scripts))
