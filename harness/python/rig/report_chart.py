# SPDX-License-Identifier: BSD-2-Clause
"""A figure as SVG: panels beside each other on equal axes, a line of medians with its band, and each
point's value as a dot.

Colours stand in the attributes, for light paper; in the page, report/report.css overrides them by
class. Lines differ by colour (a palette for the colour-blind), by mark and by dashes. Called by
report.py for the page and for --plots.
"""

import html
import textwrap

from . import report_axis

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#3b3b3b", "#56b4e9", "#e69f00")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "", "7 3", "2 3", "9 3 2 3")
INK, SOFT, GRID = "#1c2430", "#5b6675", "#e3e7ec"
TOP, LEFT, RIGHT, BOTTOM, GAP, HEAD = 56, 74, 16, 52, 22, 24


def esc(text):
    return html.escape(str(text), quote=True)


def f(value):
    return f"{value:.1f}".removesuffix(".0")


def wide(text):
    """A text's width at 12 pixels, about."""
    return sum(3.8 if c in "iljtfr .,:;'|()" else 10.2 if c in "mwMW%" else 7.1 for c in text)


class Drawing:
    """Collects elements."""

    def __init__(self):
        self.parts = []

    def add(self, text):
        self.parts.append(text)

    def line(self, x1, y1, x2, y2, kind="grid", stroke=GRID):
        self.add(f'<line class="{kind}" x1="{f(x1)}" y1="{f(y1)}" x2="{f(x2)}" y2="{f(y2)}" '
                 f'stroke="{stroke}"/>')

    def text(self, x, y, text, kind="tx", anchor="middle", fill=INK, more=""):
        self.add(f'<text class="{kind}" x="{f(x)}" y="{f(y)}" text-anchor="{anchor}" fill="{fill}"{more}>'
                 f'{esc(text)}</text>')


def mark(index, x, y, r=4.0):
    """The path of a line's mark."""
    shape = index % 5
    if shape == 0:
        return f"M{f(x - r)} {f(y)}a{r} {r} 0 1 0 {f(2 * r)} 0a{r} {r} 0 1 0 {f(-2 * r)} 0z"
    if shape == 1:
        return f"M{f(x - r)} {f(y - r)}h{f(2 * r)}v{f(2 * r)}h{f(-2 * r)}z"
    if shape == 2:
        return f"M{f(x)} {f(y - r * 1.2)}L{f(x + r * 1.1)} {f(y + r * .8)}H{f(x - r * 1.1)}z"
    if shape == 3:
        r *= 1.3
        return f"M{f(x)} {f(y - r)}L{f(x + r)} {f(y)}L{f(x)} {f(y + r)}L{f(x - r)} {f(y)}z"
    return f"M{f(x)} {f(y + r * 1.2)}L{f(x + r * 1.1)} {f(y - r * .8)}H{f(x - r * 1.1)}z"


# ---- layout --------------------------------------------------------------------------------------

class Layout:
    """Where panels are: columns by how many there are, or as the last factor's values go."""

    def __init__(self, figure):
        panels = figure.panels
        names = list(panels[0].factors) if panels else []
        last = len({p.factors[names[-1]] for p in panels}) if len(names) > 1 else 0
        if 1 < last <= 4 and len(panels) % last == 0:
            self.columns = last
        else:
            self.columns = 1 if len(panels) == 1 else 2 if len(panels) in (2, 4) else 3
        self.rows = -(-len(panels) // self.columns)
        self.height = 250 if self.columns == 1 else 200 if self.columns == 2 else 165
        self.width = 1080 if self.columns > 1 else 580
        self.panel = (self.width - LEFT - RIGHT - GAP * (self.columns - 1)) / self.columns
        words = figure.xs[0][1] is None
        self.labels = [folded(text, self.panel / len(figure.xs)) if words else [text]
                       for text, _ in figure.xs]
        self.below = 13 * (max(map(len, self.labels)) - 1)

    def of(self, n):
        """(left, right, top, bottom) of panel n."""
        left = LEFT + n % self.columns * (self.panel + GAP)
        top = TOP + n // self.columns * (self.height + HEAD + 26 + self.below) + HEAD
        return left, left + self.panel, top, top + self.height

    def lowest(self, n, count):
        return n + self.columns >= count


def folded(text, room):
    """Rows of a label over words, at most three, so that it stands beside its neighbours."""
    if wide(text) + 6 <= room:
        return [text]
    rows = [""]
    for word in text.split():
        if rows[-1] and (wide(f"{rows[-1]} {word}") + 6 > room and len(rows) < 3):
            rows.append(word)
        else:
            rows[-1] = f"{rows[-1]} {word}".strip()
    return rows


def legend(drawing, figure, width):
    """Names of the lines under the title; returns how many rows it took."""
    series = {s.index: s for p in figure.panels for s in p.series}
    models = list(dict.fromkeys(label for p in figure.panels for label, _ in p.models))
    x, row = LEFT, 0
    items = [(s.index, s.label) for _, s in sorted(series.items())] if figure.by else []
    items += [(-1 - n, label) for n, label in enumerate(models)]
    if figure.by:
        drawing.text(x, 42, f"{figure.by}:", "tx soft", "start", SOFT)
        x += wide(figure.by) + 14
    for index, label in items:
        room = 34 + wide(label) + 14
        if x + room > width and x > LEFT:
            x, row = LEFT, row + 1
        y = 38 + 18 * row
        if index >= 0:
            drawing.add(f'<path class="ln s{index}" d="M{f(x)} {y}h26" stroke="{PALETTE[index]}" '
                        f'stroke-width="2" stroke-dasharray="{DASHES[index]}" fill="none"/>')
            drawing.add(f'<path class="mk s{index}" d="{mark(index, x + 13, y)}" fill="{PALETTE[index]}"/>')
        else:
            drawing.add(f'<path class="model" d="M{f(x)} {y}h26" stroke="{SOFT}" stroke-width="1.6" '
                        f'stroke-dasharray="{MODEL[(-1 - index) % 3]}" fill="none"/>')
        drawing.text(x + 32, y + 4, label, "tx", "start")
        x += room
    return row


MODEL = ("5 3", "1.5 2.5", "8 2 1.5 2")


# ---- a panel -------------------------------------------------------------------------------------

class Axes:
    """The scales that all panels of a figure share, for one panel's place."""

    def __init__(self, figure, box, values):
        left, right, top, bottom = box
        self.figure, self.box = figure, box
        self.numeric = figure.xs[0][1] is not None
        if self.numeric:
            room = min(18, (right - left) * 0.06)
            self.x = report_axis.of_factor([n for _, n in figure.xs], left + room, right - room)
        self.y = report_axis.of_measure(values, bottom, top)

    def place(self, n):
        if self.numeric:
            return self.x.at(self.figure.xs[n][1])
        left, right, _, _ = self.box
        return left + (right - left) * (n + 0.5) / len(self.figure.xs)

    def shift(self, index, count):
        """Lines over words stand beside each other."""
        return 0 if self.numeric or count < 2 else (index - (count - 1) / 2) * min(14, 60 / count)

    def draw(self, drawing, first_column, lowest, layout):
        left, right, top, bottom = self.box
        of = report_axis.unit(self.figure.measure)
        for value in self.y.ticks(5):
            y = self.y.at(value)
            drawing.line(left, y, right, y)
            if first_column:
                drawing.text(left - 7, y + 4, report_axis.number(value, of), "tx", "end")
        at, ends = 0, -1e9
        for n, rows in enumerate(layout.labels):
            at = self.place(n)
            half = max(map(wide, rows)) / 2 + 3
            if at - half > ends:  # labels that would lie on each other are left out, not their ticks
                for row, text in enumerate(rows):
                    drawing.text(at, bottom + 17 + 13 * row, text)
                ends = at + half
            drawing.line(at, bottom, at, bottom + 4, "axis", SOFT)
        if self.numeric and self.x.kind == "zero":
            x = self.x.start + (self.x.end - self.x.start) * 0.06
            drawing.add(f'<path class="axis" d="M{f(x - 3)} {f(bottom + 4)}l3 -8m1 8l3 -8" '
                        f'stroke="{SOFT}" fill="none"/>')
        drawing.line(left, bottom, right, bottom, "axis", SOFT)
        if lowest:
            scale = " (logarithmic)" if self.numeric and self.x.kind != "lin" else ""
            y = bottom + 36 + layout.below
            drawing.text((left + right) / 2, y, self.figure.x + scale, "tx soft", fill=SOFT)


def _band(drawing, axes, series, dx):
    """Over numbers an area, over words a bar for each."""
    groups = [g for g in series.groups if len(g.values) > 1]
    colour, index = PALETTE[series.index], series.index
    if axes.numeric and len(groups) > 1:
        top = [f"{f(axes.place(g.x) + dx)} {f(axes.y.at(g.high))}" for g in groups]
        low = [f"{f(axes.place(g.x) + dx)} {f(axes.y.at(g.low))}" for g in reversed(groups)]
        drawing.add(f'<path class="band s{index}" d="M{"L".join(top + low)}z" fill="{colour}" '
                    f'fill-opacity="0.16"/>')
        return
    for g in groups:
        x, low, high = axes.place(g.x) + dx, axes.y.at(g.low), axes.y.at(g.high)
        ends = f"M{f(x - 3)} {f(low)}h6M{f(x - 3)} {f(high)}h6"
        drawing.add(f'<path class="bar s{index}" d="M{f(x)} {f(low)}V{f(high)}{ends}" stroke="{colour}" '
                    f'stroke-width="1.4" fill="none"/>')


def _series(drawing, axes, series, count):
    figure, index = axes.figure, series.index
    colour, of = PALETTE[index], report_axis.unit(figure.measure)
    dx = axes.shift(index, count)
    _band(drawing, axes, series, dx)
    at = [(axes.place(g.x) + dx, axes.y.at(g.median)) for g in series.groups]
    if axes.numeric and len(at) > 1:
        drawing.add(f'<path class="ln s{index}" d="M{"L".join(f"{f(x)} {f(y)}" for x, y in at)}" fill="none" '
                    f'stroke="{colour}" stroke-width="2" stroke-dasharray="{DASHES[index]}"/>')
    dots = "".join(f'<circle cx="{f(axes.place(g.x) + dx)}" cy="{f(axes.y.at(value))}" r="2" '
                   f'data-point="{esc(point.name)}"/>' for g in series.groups for value, point in g.values)
    if figure.dots:
        drawing.add(f'<g class="pt s{index}" fill="{colour}" fill-opacity="0.45">{dots}</g>')
    for (x, y), g in zip(at, series.groups):
        what = f"{figure.x} {figure.xs[g.x][0]}" + (f", {figure.by} {series.label}" if figure.by else "")
        many = f" ({report_axis.number(g.low, of)} to {report_axis.number(g.high, of)}, {len(g.values)} " \
               f"{'values' if figure.kind else 'seeds'})" if len(g.values) > 1 else ""
        drawing.add(f'<path class="mk s{index}" d="{mark(index, x, y)}" fill="{colour}"><title>{esc(what)}: '
                    f'{esc(report_axis.number(g.median, of))}{esc(many)}</title></path>')


def _models(drawing, axes, panel, names):
    if not axes.numeric:
        return
    left, right, top, bottom = axes.box
    for label, points in panel.models:
        seen = [(axes.x.at(x), axes.y.at(y)) for x, y in points
                if (axes.x.kind == "lin" or x > 0) and (axes.y.kind == "lin" or y > 0)]
        seen = [(x, min(max(y, top - 4), bottom + 4)) for x, y in seen if left <= x <= right]
        if seen:
            way = "L".join(f"{f(x)} {f(y)}" for x, y in seen)
            drawing.add(f'<path class="model" d="M{way}" stroke="{SOFT}" stroke-width="1.6" fill="none" '
                        f'stroke-dasharray="{MODEL[names.index(label) % 3]}"><title>{esc(label)}</title>'
                        f'</path>')


def _panels(drawing, figure, layout, values):
    models = list(dict.fromkeys(label for p in figure.panels for label, _ in p.models))
    lines = 1 + max((s.index for p in figure.panels for s in p.series), default=0)
    for n, panel in enumerate(figure.panels):
        box = layout.of(n)
        axes = Axes(figure, box, values)
        if panel.title:
            title = panel.title
            while wide(title) * 1.05 > box[1] - box[0]:
                title = title.removesuffix("…")[:-1] + "…"
            drawing.text(box[0], box[2] - 8, title,
                         "tx", "start", SOFT, ' font-weight="600"')
        axes.draw(drawing, n % layout.columns == 0, layout.lowest(n, len(figure.panels)), layout)
        _models(drawing, axes, panel, models)
        for series in panel.series:
            _series(drawing, axes, series, lines)


def draw(figure, title="", alone=False):
    """The SVG; `alone`: a file of its own, with paper under it. None when there is nothing to draw."""
    groups = [g for p in figure.panels for s in p.series for g in s.groups]
    if not groups:
        return None
    values = [value for g in groups for value in (g.low, g.median, g.high)]
    values += [value for g in groups for value, _ in g.values] if figure.dots else []
    drawing, layout = Drawing(), Layout(figure)
    name = report_axis.name(figure.measure)
    log = " (logarithmic)" if report_axis.of_measure(values, 1, 0).kind == "log" else ""
    head = f"{name}{' of each flow' if figure.kind and figure.by else ''}{log} by {figure.x}"
    head = head[0].upper() + head[1:] + (f" – {title}" if title else "")
    room = layout.width - LEFT - RIGHT
    left = LEFT if 1.5 * wide(head) < room else RIGHT  # a long one begins further left, and is smaller
    size = max(9, min(15, 12 * (layout.width - left - RIGHT) / (1.25 * wide(head))))
    drawing.text(left, 18, head, "tx title", "start", more=f' font-size="{f(size)}" font-weight="600"')
    rows = legend(drawing, figure, layout.width - RIGHT)
    drawing.add(f'<g transform="translate(0 {18 * rows})">')
    _panels(drawing, figure, layout, values)
    drawing.add("</g>")
    height = layout.of(len(figure.panels) - 1)[3] + BOTTOM + layout.below + 18 * rows
    if layout.rows > 1:  # the last row may be shorter than the one above
        height = layout.of((layout.rows - 1) * layout.columns)[3] + BOTTOM + layout.below + 18 * rows
    under = ""
    if alone:
        for row in textwrap.wrap(figure.about(), int((layout.width - LEFT - RIGHT) / 5.6)):
            drawing.text(LEFT, height, row, "tx soft", "start", SOFT, ' font-size="11"')
            height += 15
        under = f'<rect width="{layout.width}" height="{f(height)}" fill="#fff"/>'
    size = f'viewBox="0 0 {layout.width} {f(height)}" width="{layout.width}" height="{f(height)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" {size} ' \
           f'font-family="system-ui, sans-serif" font-size="12" ' \
           f'role="img" aria-label="{esc(name)} by {esc(figure.x)}">{under}\n' + "\n".join(drawing.parts) \
           + "\n</svg>\n"
