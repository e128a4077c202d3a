# SPDX-License-Identifier: BSD-2-Clause
"""A point's series.jsonl as the page's diagrams want it: columns for each connection and link, times
in nanoseconds, differences instead of values where those are shorter; packed, it is a tenth.

What is left out is said: a series of more than PACKETS_MAX packets is cut, and `cut` is the time.
docs/lab-format.md has the lines; report/trace.js unpacks. Called by report.py and report_trace.py.
"""

import base64
import json
import os
import zlib

PACKETS_MAX = 400_000  # of one point: about 40 s of 100 Mbit/s
STATES_MAX = 400_000
INLINE_BYTES = 6 << 20  # of packed series in one page; points beyond have pages beside it
LEVEL = 6
NS = 10**9


class SeriesError(Exception):
    """What was wrong with a series, in a sentence."""


def _ns(t):
    return round(t * NS)


class Connection:
    """The packets and states of one connection, as columns."""

    def __init__(self, name, number):
        self.name, self.number = name, number
        self.columns = {key: [] for key in ("t", "seq", "len", "ack", "win", "flags", "fate", "arr")}
        self.dirs, self.rtx, self.sack, self.text = [], [], {}, []
        self.words = {"flags": {}, "fate": {}}
        self.states = {key: [] for key in ("t", "cwnd", "ssthresh", "srtt", "rto", "inflight", "pacing",
                                           "cc")}

    def _word(self, kind, word):
        return self.words[kind].setdefault(word, len(self.words[kind]))

    def packet(self, one):
        at, columns = len(self.dirs), self.columns
        t = _ns(one["t"])
        for key, value in (("t", t), ("seq", one["seq"]), ("len", one["len"]), ("ack", one["ack"]),
                           ("win", one["win"]), ("flags", self._word("flags", one["flags"])),
                           ("fate", self._word("fate", one["fate"])),
                           ("arr", None if one["arrive"] is None else _ns(one["arrive"]) - t)):
            columns[key].append(value)
        self.dirs.append("d" if one["dir"] == "data" else "a")
        self.text.append(one["text"].replace("\n", " "))
        if one["rtx"]:
            self.rtx.append(at)
        if one["sack"]:
            self.sack[at] = one["sack"]

    def state(self, one):
        for key, values in self.states.items():
            values.append(_ns(one["t"]) if key == "t" else one[key])

    def packed(self):
        columns = dict(self.columns)
        for key in ("t", "seq", "ack"):
            columns[key] = _differences(columns[key], None if key == "t" else self.dirs)
        states = dict(self.states, t=_differences(self.states["t"]))
        return {"name": self.name, "conn": self.number, "dirs": "".join(self.dirs), **columns,
                "flagset": list(self.words["flags"]), "fates": list(self.words["fate"]),
                "rtx": _differences(self.rtx), "sack": self.sack, "text": "\n".join(self.text),
                "states": states}


def _differences(values, kinds=None):
    """Each value less the one before of its kind; what is None stays, and is not counted."""
    last, out = {}, []
    for n, value in enumerate(values):
        kind = kinds[n] if kinds else None
        out.append(None if value is None else value - last.get(kind, 0))
        if value is not None:
            last[kind] = value
    return out


class Series:
    """What a series.jsonl has: connections, queues, and where it was cut."""

    def __init__(self):
        self.connections, self.links, self.cut = {}, {}, None
        self.packets = self.states = 0

    def add(self, one):
        kind = one["ev"]
        if kind == "queue":
            link = self.links.setdefault(one["link"], {"t": [], "packets": [], "bytes": []})
            link["t"].append(_ns(one["t"]))
            link["packets"].append(one["packets"])
            link["bytes"].append(one["bytes"])
            return
        key = one["flow"], one.get("conn")
        if key not in self.connections:
            self.connections[key] = Connection(*key)
        if kind == "pkt":
            self.connections[key].packet(one)
            self.packets += 1
        elif kind == "state":
            self.connections[key].state(one)
            self.states += 1

    def full(self):
        return self.packets >= PACKETS_MAX or self.states >= STATES_MAX

    def packed(self):
        """For the page: text of base64."""
        links = [{"name": name, **link, "t": _differences(link["t"])} for name, link in self.links.items()]
        whole = {"cut": self.cut, "connections": [c.packed() for c in self.connections.values()],
                 "links": links}
        text = json.dumps(whole, separators=(",", ":"), ensure_ascii=True)
        return base64.b64encode(zlib.compress(text.encode("ascii"), LEVEL)).decode("ascii")


def path_of(directory):
    """series.jsonl of a point's directory, or None."""
    path = os.path.join(directory, "series.jsonl") if directory else ""
    return path if os.path.isfile(path) else None


def read(path):
    """The Series in a file."""
    series, number = Series(), 0
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                one = json.loads(line)
                if series.full():
                    series.cut = one["t"]
                    break
                series.add(one)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"it has no {error}" if isinstance(error, KeyError) else "it is not whole"
        raise SeriesError(f"{path}:{number}: not a line of a series (docs/lab-format.md): {what}") from None
    return series
