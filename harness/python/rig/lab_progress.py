# SPDX-License-Identifier: BSD-2-Clause
"""What a person sees while a lab runs: on a terminal one line that changes, with the time left;
elsewhere a line a point. Called by lab.py.
"""

import shutil
import sys
import time


def span(seconds):
    """About how long, in words."""
    seconds = max(0, round(seconds))
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def rate(bps):
    if bps is None:
        return ""
    for unit, size in (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)):
        if bps >= size:
            return f"{bps / size:.2f} {unit}"
    return f"{bps:.0f} bit/s"


class Progress:
    """total: how many points are to be run now."""

    def __init__(self, total, jobs, out=None, live=None):
        self.total, self.jobs = total, jobs
        self.out = out or sys.stderr
        self.live = self.out.isatty() if live is None else live
        self.done, self.spent, self.began = 0, 0.0, time.monotonic()
        self.running = 0

    def left(self):
        """Seconds to go: the mean of those done, spread over the jobs; None before the first."""
        if not self.done or not self.spent:
            return None
        return self.spent / self.done * (self.total - self.done) / max(1, min(self.jobs, self.total))

    def ended(self, row, label, lasted):
        self.done += 1
        self.spent += lasted
        verdict = row["verdict"] + (f": {row['reason']}" if row["reason"] else "")
        if not self.live:
            words = [f"{self.done}/{self.total}", f"point {row['point']}", label, verdict,
                     rate(row.get("goodput_bps")), f"({lasted:.1f} s)"]
            self._say("  ".join(word for word in words if word))
        elif row["verdict"] != "pass":
            self._clear()
            self._say(f"point {row['point']}  {label}  {verdict}")
        self.tick(self.running)

    def tick(self, running):
        self.running = running
        if not self.live:
            return
        left = self.left()
        text = (f"{self.done} of {self.total} points, {running} running, "
                + (f"about {span(left)} left" if left is not None
                   else f"{span(time.monotonic() - self.began)} so far"))
        width = shutil.get_terminal_size().columns
        bar = "#" * (self.done * 20 // max(1, self.total))
        self.out.write(f"\r\033[K[{bar:<20}] {text}"[:width + 4])
        self.out.flush()

    def note(self, text):
        self._clear()
        self._say(text)

    def end(self):
        self._clear()

    def _clear(self):
        if self.live:
            self.out.write("\r\033[K")
            self.out.flush()

    def _say(self, text):
        self.out.write(text + "\n")
        self.out.flush()
