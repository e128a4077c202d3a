# SPDX-License-Identifier: BSD-2-Clause
"""Axes and numbers of the report: which scale, where its ticks are, and how values are written.

Called by report_chart.py, report_trace.py and report_html.py.
"""

import math

DECADES = 0.99  # a factor that spans this many is drawn by its logarithm
Y_DECADES = 2.0

_SI = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))

NAMES = {
    "goodput_bps": "goodput", "fairness": "Jain's index of fairness", "converge_s": "time to converge",
    "completion_mean_s": "mean completion time", "completion_p50_s": "median completion time",
    "completion_p95_s": "completion time, 95th percentile",
    "completion_p99_s": "completion time, 99th percentile",
    "retransmitted_share": "segments retransmitted", "rtt_min_s": "least RTT", "rtt_mean_s": "mean RTT",
    "rtt_p95_s": "RTT, 95th percentile", "rtt_inflation": "mean RTT over least RTT",
    "cwnd_mean": "mean congestion window", "bytes": "octets delivered", "transfers": "transfers ended",
    "segments": "data segments sent", "retransmitted": "retransmissions", "timeouts": "timeouts",
    "fast_recoveries": "fast recoveries", "connections": "connections", "failed": "connections failed",
    "queue_mean_packets": "mean queue", "queue_p95_packets": "queue, 95th percentile",
    "queue_max_packets": "longest queue", "queue_mean_s": "mean time in the queue",
    "queue_p95_s": "time in the queue, 95th percentile", "utilisation": "link's utilisation",
    "marked": "frames marked CE", "dropped": "frames dropped", "frames": "frames given to the link"}


def unit(measure):
    """What a measure's numbers are of; FLOW.MEASURE is a flow's."""
    measure = measure.rpartition(".")[2]
    if measure.endswith("_bps"):
        return "bit/s"
    if measure.endswith("_s"):
        return "s"
    if measure in ("retransmitted_share", "utilisation"):
        return "%"
    if measure in ("cwnd_mean", "bytes"):
        return "B"
    return "packets" if measure.endswith("_packets") else ""


def name(measure):
    """In words; FLOW.MEASURE is a flow's."""
    flow, _, measure = measure.rpartition(".")
    if flow:
        return f"{name(measure)} of {flow}"
    return NAMES.get(measure, measure.replace("_", " "))


def _digits(value, digits):
    return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"


def number(value, of="", digits=3):
    """A value with its unit: 9.11 Mbit/s, 40.1 ms, 0.092 %."""
    if value is None:
        return ""
    if not value and of != "packets":
        return f"0 {of}".strip() if of == "%" else "0"
    if of == "%":
        return f"{_digits(value * 100, digits)} %"
    if of in ("bit/s", "s", "B") and value:
        size, prefix = next(((s, p) for s, p in _SI if abs(value) >= s * 0.9995), _SI[-1])
        if of == "s" and size > 1 or of != "s" and size < 1:
            size, prefix = 1, ""
        return f"{_digits(value / size, digits)} {prefix}{of}"
    if of in ("", "packets"):
        return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else _digits(value, digits)
    return f"{_digits(value, digits)} {of}"


class Scale:
    """Values to pixels. Kinds: lin, log, and zero (log, with a place of its own for 0)."""

    def __init__(self, kind, low, high, start, end):
        self.kind, self.low, self.high, self.start, self.end = kind, low, high, start, end

    def at(self, value):
        start, end = self.start, self.end
        if self.kind == "zero":
            start += (end - start) * 0.12
            if value <= 0:
                return self.start
        if self.kind in ("log", "zero"):
            share = (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        else:
            share = (value - self.low) / (self.high - self.low)
        return start + (end - start) * share

    def ticks(self, most=6):
        """Values to label, in order."""
        if self.kind == "lin":
            return steps(self.low, self.high, most)
        out = [0.0] if self.kind == "zero" else []
        low, high = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        every = max(1, math.ceil((high - low) / most))
        parts = (1, 2, 5) if high - low <= 2 else (1,)
        out += [m * 10.0**e for e in range(low, high + 1, every) for m in parts
                if self.low * 0.999 <= m * 10.0**e <= self.high * 1.001]
        return out


def steps(low, high, most=6):
    """Round numbers from low to high."""
    if high <= low:
        return [low]
    raw = (high - low) / most
    base = 10.0**math.floor(math.log10(raw))
    step = next(m * base for m in (1, 2, 2.5, 5, 10) if m * base >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def of_factor(values, start, end):
    """The scale of a factor's numbers."""
    positive = [v for v in values if v > 0]
    wide = positive and min(values) >= 0 and math.log10(max(positive) / min(positive)) >= DECADES
    if wide:
        return Scale("zero" if min(values) == 0 else "log", min(positive), max(positive), start, end)
    low, high = min(values), max(values)
    return Scale("lin", low, high if high > low else low + (abs(low) or 1), start, end)


def _rounded_up(high):
    """To a whole step of the axis, when that is not far."""
    if high <= 0:
        return 0.0
    step = steps(0, high)[1]
    full = math.ceil(high / step - 0.05) * step
    return full if full < high * 1.12 else high * 1.06


def of_measure(values, start, end):
    """The scale of a measure: from zero unless it spans decades."""
    low, high = min(values), max(values)
    if low > 0 and math.log10(high / low) >= Y_DECADES:
        return Scale("log", low / 1.2, high * 1.2, start, end)
    if low >= 0:
        return Scale("lin", 0.0, _rounded_up(high) or 1.0, start, end)
    room = (high - low) * 0.06 or 1.0
    return Scale("lin", low - room, high + room, start, end)
