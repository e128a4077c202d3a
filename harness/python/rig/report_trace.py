# SPDX-License-Identifier: BSD-2-Clause
"""A connection's packets over time as an SVG file: what the page shows of it, as its sender sees it, the
whole run or a span of it. Marks that would lie on each other are drawn once. Called by report.py
for --plots.
"""

import bisect

from . import report_axis
from .report_chart import INK, SOFT, Drawing, esc, f, wide
from .report_series import NS

WIDTH, LEFT, RIGHT = 960, 84, 16
PANELS = (("sequence", 60, 340), ("window", 424, 120), ("rtt", 568, 80), ("queue", 672, 80))
HEIGHT = 782
DATA, ACK, WIN, SACK, RTX, LOST = "#34404f", "#009e73", "#b58900", "#8250c4", "#d55e00", "#c8102e"
LINES = ("#0072b2", "#009e73", "#d55e00", "#cc79a7")
DELIVERED = ("delivered", "flight", "unknown")
KEY = (("data", DATA), ("retransmission", RTX), ("lost at the link", LOST), ("acknowledged", ACK),
       ("window's edge", WIN), ("SACK", SACK))


class Panel:
    """A place with time from left to right and a value upward."""

    def __init__(self, drawing, which, span, low, high):
        _, self.top, tall = which
        self.bottom = self.top + tall
        self.drawing, self.span, self.low = drawing, span, low
        self.high = high if high > low else low + 1

    def x(self, t):
        t0, t1 = self.span
        return LEFT + (t - t0) / (t1 - t0) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        y = self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)
        return min(max(y, self.top - 2), self.bottom + 2)

    def grid(self, title, of, last=False):
        for value in report_axis.steps(self.low, self.high, max(2, (self.bottom - self.top) // 45)):
            y = self.y(value)
            self.drawing.line(LEFT, y, WIDTH - RIGHT, y)
            self.drawing.text(LEFT - 7, y + 4, report_axis.number(value, of, 4), "tx", "end")
        for t in report_axis.steps(*self.span, 8):
            self.drawing.line(self.x(t), self.top, self.x(t), self.bottom)
            if last:
                self.drawing.text(self.x(t), self.bottom + 18, f"{t:.9g} s")
        self.drawing.text(LEFT + 6, self.top + 12, title, "tx soft", "start", SOFT)

    def staircase(self, times, values, colour, stroke=1.5, dash=""):
        """Values that hold until the next; None: there is none."""
        t0, t1 = self.span
        parts, column, last, seen = [], None, None, None
        for t, value in zip(times, values):
            if t > t1:
                break
            if t < t0:
                seen = value
                continue
            if seen is not None and last is None and not parts:
                last = self.y(seen)
                parts.append(f"M{f(self.x(t0))} {f(last)}")
            x = round(self.x(t) * 2) / 2  # half a pixel
            if value is None:
                parts += [f"H{f(x)}"] if last is not None else []
                last = None
                continue
            y = self.y(value)
            if last is None:
                parts.append(f"M{f(x)} {f(y)}")
            elif x != column or abs(y - last) > 0.4:
                parts.append(f"H{f(x)}V{f(y)}")
            else:
                continue
            column, last = x, y
        if last is not None:
            parts.append(f"H{f(self.x(min(t1, max(times[-1], t0))))}")
        if parts:
            dash = f' stroke-dasharray="{dash}"' if dash else ""
            self.drawing.add(f'<path d="{"".join(parts)}" fill="none" stroke="{colour}" '
                             f'stroke-width="{stroke}"{dash}/>')

    def names(self, items):
        x = WIDTH - RIGHT
        for text, colour, dash in reversed(items):
            self.drawing.text(x, self.top + 12, text, "tx", "end")
            x -= wide(text) + 8
            self.drawing.add(f'<path d="M{f(x - 22)} {self.top + 8}h22" stroke="{colour}" stroke-width="2"'
                             + (f' stroke-dasharray="{dash}"' if dash else "") + "/>")
            x -= 36


# ---- what is seen --------------------------------------------------------------------------------

class Seen:
    """The packets of a connection as its sender sees them, in the span."""

    def __init__(self, connection, span):
        c = connection.columns
        fates, flags = list(connection.words["fate"]), list(connection.words["flags"])
        again = set(connection.rtx)
        self.data, self.acks = [], []
        for i, way in enumerate(connection.dirs):
            lost = fates[c["fate"][i]] not in DELIVERED
            if way == "d":
                t = c["t"][i] / NS
                word = flags[c["flags"][i]]
                high = c["seq"][i] + c["len"][i] + ("S" in word) + ("F" in word)
                if span[0] <= t <= span[1]:
                    self.data.append((t, c["seq"][i], high, i in again, lost))
            else:
                t = (c["t"][i] + (c["arr"][i] or 0)) / NS
                self.acks.append((t, c["ack"][i], c["win"][i], connection.sack.get(i, ()), lost))
        self.acks.sort(key=lambda ack: ack[0])
        self.una = running((t, ack) for t, ack, _, _, lost in self.acks if not lost and ack is not None)
        self.edge = running((t, ack + win) for t, ack, win, _, lost in self.acks
                            if not lost and ack is not None)
        self.span = span

    def range(self):
        """The sequence numbers in view."""
        times, values = self.una
        a, b = bisect.bisect_left(times, self.span[0]), bisect.bisect_right(times, self.span[1])
        found = [v for _, low, high, _, _ in self.data for v in (low, high)] + values[max(0, a - 1):b]
        if not found:
            return 0, 1
        margin = (max(found) - min(found)) * 0.06 or 10
        return max(min(found) - margin, -margin / 2), max(found) + margin


def running(pairs):
    """(times, greatest so far) where it changes."""
    times, values = [], []
    for t, value in pairs:
        if not values or value > values[-1]:
            times.append(t)
            values.append(value)
    return times, values


def _sequence(drawing, seen, span):
    panel = Panel(drawing, PANELS[0], span, *seen.range())
    panel.grid("sequence number", "B")
    panel.staircase(*seen.edge, WIN)
    panel.staircase(*seen.una, ACK)
    marks, crosses = {DATA: set(), RTX: set(), SACK: set()}, set()
    for t, ack, _, sack, lost in seen.acks:
        if span[0] <= t <= span[1]:
            for low, high in sack:
                marks[SACK].add((f(panel.x(t)), f(panel.y(high)), f(max(1.5, panel.y(low) - panel.y(high)))))
            if lost and ack is not None:
                crosses.add((round(panel.x(t)), round(panel.y(ack))))
    for t, low, high, again, lost in seen.data:
        x, top, bottom = panel.x(t), panel.y(high), panel.y(low)
        marks[RTX if again else DATA].add((f(x), f(top), f(max(1.5, bottom - top))))
        if lost:
            crosses.add((round(x), round((top + bottom) / 2)))
    for colour, stroke in ((SACK, 1.5), (DATA, 1.5), (RTX, 2.4)):
        way = "".join(f"M{x} {y}v{tall}" for x, y, tall in sorted(marks[colour]))
        if way:
            drawing.add(f'<path d="{way}" stroke="{colour}" stroke-width="{stroke}"/>')
    way = "".join(f"M{x - 4} {y - 4}l8 8m0 -8l-8 8" for x, y in sorted(crosses))
    if way:
        drawing.add(f'<path d="{way}" stroke="{LOST}" stroke-width="1.8" fill="none"/>')


def _under(drawing, which, span, title, of, lines, last=False):
    """A panel of lines: (name, times, values, dash, counts for the range)."""
    high = 0
    for _, times, values, _, counts in lines:
        a, b = bisect.bisect_left(times, span[0]), bisect.bisect_right(times, span[1])
        high = max([high, *(v for v in values[max(0, a - 1):b] if v is not None and counts)])
    panel = Panel(drawing, which, span, 0, high * 1.25 or 1)
    panel.grid(title, of, last)
    items = []
    for n, (name, times, values, dash, counts) in enumerate(lines):
        if times and (counts or any(v is not None and v <= panel.high for v in values)):
            panel.staircase(times, values, LINES[n % 4], 1.6, dash)
            items.append((name, LINES[n % 4], dash))
    panel.names(items)


def draw(series, connection, title, span=None):
    """The SVG of one connection; None when it has no packets in the span."""
    states = connection.states
    times = [t / NS for t in states["t"]]
    ends = [t / NS for t in connection.columns["t"]] + times
    if not ends:
        return None
    span = span or (min(ends), max(ends) if max(ends) > min(ends) else min(ends) + 1)
    seen = Seen(connection, span)
    if not seen.data and not any(span[0] <= t <= span[1] for t in seen.una[0]):
        return None
    drawing = Drawing()
    drawing.text(LEFT, 22, title, "tx title", "start", more=' font-size="15" font-weight="600"')
    x = LEFT
    for text, colour in KEY:
        drawing.add(f'<path d="M{x} 40h16" stroke="{colour}" stroke-width="3"/>')
        drawing.text(x + 22, 44, text, "tx", "start")
        x += 44 + round(wide(text))
    _sequence(drawing, seen, span)
    _under(drawing, PANELS[1], span, "window", "B", [
        ("cwnd", times, states["cwnd"], "", True), ("in flight", times, states["inflight"], "", True),
        ("ssthresh", times, states["ssthresh"], "6 3", False)])
    _under(drawing, PANELS[2], span, "round trip", "s", [
        ("srtt", times, states["srtt"], "", True), ("RTO", times, states["rto"], "6 3", False)])
    _under(drawing, PANELS[3], span, "queue", "packets", [
        (name, [t / NS for t in link["t"]], link["packets"], "6 3" if n % 2 else "", True)
        for n, (name, link) in enumerate(list(series.links.items())[:4])], True)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" ' \
           f'height="{HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="{INK}" role="img" ' \
           f'aria-label="{esc(title)}"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n' \
        + "\n".join(drawing.parts) + "\n</svg>\n"
