# SPDX-License-Identifier: BSD-2-Clause
"""The time-sequence part of the page, and the page of one point alone: what there is, the controls and
the panels that report/trace.js draws into, and the packed series. Called by report.py.
"""

import json
import os

from . import report_axis, report_html, report_series
from .report_chart import esc

SCRIPTS = ("series.js", "scale.js", "sequence.js", "trace.js")
LAYERS = (("data", "data"), ("rtx", "retransmissions"), ("lost", "lost at the link"),
          ("ack", "acknowledged"), ("win", "window's edge"), ("sack", "SACK"))
KEYS = (("ArrowLeft", "◀", "earlier"), ("ArrowRight", "▶", "later"), ("+", "+", "zoom in"),
        ("-", "−", "zoom out"), ("0", "all", "the whole run"))
GO = (("p", "‹ packet", "the packet before"), ("n", "packet ›", "the next packet"),
      ("L", "‹ loss", "the loss before"), ("l", "loss ›", "the next loss"),
      ("R", "‹ retr.", "the retransmission before"), ("r", "retr. ›", "the next retransmission"))


def _buttons(keys):
    return "<span>" + "".join(f'<button type=button data-key="{esc(key)}" title="{esc(title)} ({esc(key)})" '
                              f'aria-label="{esc(title)}">{esc(text)}</button>'
                              for key, text, title in keys) + "</span>"


def _tools(names):
    points = "".join(f'<option value="{esc(name)}">{esc(label)}</option>' for name, label in names)
    layers = "".join(f'<label><input type=checkbox checked data-layer={kind}><i style="background:'
                     f'var(--{kind})"></i>{text}</label>' for kind, text in LAYERS)
    return f'<div class="tools"><label>point <select id=trace-point>{points}</select></label>' \
           f'<label>connection <select id=trace-flow></select></label>' \
           f'<label>as seen by the <select id=trace-end><option value=sender>sender</option>' \
           f'<option value=receiver>receiver</option></select></label>' \
           f'{_buttons(KEYS)}{_buttons(GO)}<a class="save" href="#">PNG</a></div>' \
           f'<div class="tools layers">{layers}</div>'


HELP = """<p class="status help"><span>Wheel: zoom. Drag: move. <kbd>Shift</kbd> and drag: zoom to a span.
<kbd>Shift</kbd> and wheel: zoom the sequence numbers. Double click or <kbd>0</kbd>: all. Keys:
<kbd>←</kbd> <kbd>→</kbd> <kbd>+</kbd> <kbd>−</kbd>, next <kbd>n</kbd> packet, <kbd>l</kbd> loss,
<kbd>r</kbd> retransmission; with <kbd>Shift</kbd>, or <kbd>p</kbd>, the one before.</span></p>"""


def diagrams(packed, apart, wrong):
    """The section. `packed`: [(name, label, base64)] in this page; `apart`: [(name, label, link)] in pages
    beside it; `wrong`: sentences about series that could not be read."""
    said = "".join(f'<p class="none">{esc(why)}</p>' for why in wrong)
    if apart:
        said += f"<p>Too much for one page ({report_series.INLINE_BYTES >> 20} MiB of series): " + ", ".join(
            f'<a href="{esc(link)}" title="{esc(label)}">point {esc(name)}</a>'
            for name, label, link in apart) + " have pages of their own.</p>"
    if not packed:
        if not apart and not wrong:
            said = '<p class="none">No series were kept. <code>rig lab ... --series</code> keeps them for ' \
                   'each point that is run, <code>rig lab ... --point N --series</code> for one.</p>'
        return f'<section id="series"><h2>Packets over time</h2>{said}</section>'
    panels = "".join(f'<canvas data-panel={name} role=img aria-label="{label}"></canvas>' for name, label in (
        ("sequence", "sequence numbers by time"), ("window", "congestion window by time"),
        ("rtt", "round-trip time"), ("queue", "queue of the watched links")))
    data = "".join(f'<script type="text/plain" id="series-{esc(name)}">{text}</script>\n'
                   for name, _, text in packed)
    return f'<section id="series"><h2>Packets over time</h2>{said}<div id="trace">' \
           f'{_tools([(name, f"{name}: {label}") for name, label, _ in packed])}' \
           f'<div class="panels" tabindex=0 role=application aria-label="time-sequence diagram">{panels}' \
           f'<div class="cross" hidden></div><div class="ring" hidden></div><div class="zone" hidden></div>' \
           f'<div class="tip" hidden></div></div><p class="status"><output class="said"></output><span ' \
           f'class="cut"></span></p><output class="packet" aria-live=polite></output>{HELP}</div>' \
           f"\n{data}</section>"


# ---- one point alone -----------------------------------------------------------------------------

def _value(name, value):
    if isinstance(value, bool) or value is None or value == "":
        return {True: "yes", False: "no"}.get(value, "")
    if isinstance(value, (int, float)):
        return report_axis.number(value, report_axis.unit(name))
    if isinstance(value, dict):
        return ", ".join(f"{kind} {count}" for kind, count in sorted(value.items())) or "none"
    if isinstance(value, list):
        return f"{len(value)} values" if value else ""
    return str(value)


def _things(title, things):
    """Flows or links as a table, a column each, so that many measures fit."""
    names = [name for name in dict.fromkeys(name for one in things for name in one)
             if name != "name" and any(one.get(name) not in (None, []) for one in things)]
    head = "".join(f"<th scope=col>{esc(one.get('name', ''))}</th>" for one in things)
    rows = "".join(f"<tr><th scope=row>{esc(report_axis.name(name))}</th>" + "".join(
        f'<td title="{esc(one.get(name))}">{esc(_value(name, one.get(name)))}</td>' for one in things)
        + "</tr>" for name in names)
    return f'<section><h2>{title}</h2><div class=wide><table class=small><thead><tr><th></th>{head}</tr>' \
           f"</thead><tbody>{rows}</tbody></table></div></section>" if things else ""


def point_page(title, result, spec, section, back=""):
    """A page of one point: its verdict, flows, links and diagrams."""
    verdict = str(result.get("verdict", "unknown"))
    facts = [(name, result[name]) for name in ("name", "point", "seed", "virtual_s", "goodput_bps",
                                               "fairness", "digest") if result.get(name) not in (None, "")]
    body = f"<header><h1>{esc(title)}</h1>" \
        + (f'<p><a href="{esc(back)}">all points</a></p>' if back else "") \
        + f'<p><span class="verdict {esc(verdict)}">{esc(verdict)}</span> ' \
        + esc(result.get("reason") or "") + "</p>" \
        + "<dl>" + "".join(f"<div><dt>{esc(name.removesuffix('_s').removesuffix('_bps'))}</dt><dd>"
                           f"{esc(_fact(name, value))}</dd></div>" for name, value in facts) \
        + "</dl></header><main>" + section + _things("Flows", result.get("flows") or []) \
        + _things("Links", result.get("links") or [])
    if spec:
        body += f"<details><summary>The point as it was run</summary><pre><code>" \
                f"{esc(json.dumps(spec, indent=1))}</code></pre></details>"
    return report_html.shell(title, body + "</main>", SCRIPTS)


def _fact(name, value):
    return report_axis.number(value, report_axis.unit(name)) if name.endswith(("_s", "_bps")) else value


def beside(out, name):
    """(path, link) of a point's page beside the page at `out`."""
    folder = os.path.splitext(os.path.basename(out))[0] + ".points"
    file = f"{name}.html"
    return os.path.join(os.path.dirname(out), folder, file), f"{folder}/{file}"


def sweep(out, keep):
    """Removes pages of points that an earlier page at `out` had beside it and this one has not."""
    folder = os.path.dirname(beside(out, "0")[0])
    for file in os.listdir(folder) if os.path.isdir(folder) else ():
        path = os.path.join(folder, file)
        if path in keep or not file.endswith(".html") or not os.path.isfile(path):
            continue
        with open(path, encoding="utf-8", errors="replace") as page:
            ours = f'href="../{esc(os.path.basename(out))}"' in page.read()
        if ours:
            os.unlink(path)
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
