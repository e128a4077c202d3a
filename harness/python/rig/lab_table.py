# SPDX-License-Identifier: BSD-2-Clause
"""The results table: a row a point, its factors and measures as columns, in CSV and in SQLite.

A row is made of the point, its result.json and its run.json alone, so the table can be made again
from the directories at any time, gives equal bytes for equal results, and is merged by being made.
Called by lab.py.
"""

import csv
import io
import math
import os
import sqlite3

from . import lab_store, lab_values

FACTS = ("point", "key", "name", "engine", "version")
VERDICT = ("verdict", "reason")
SUMS = ("bytes", "transfers", "segments", "retransmitted", "timeouts", "fast_recoveries",
        "connections", "failed")
MEANS = ("rtt_mean_s", "rtt_p95_s", "rtt_inflation", "cwnd_mean")
LINK = ("queue_mean_packets", "queue_p95_packets", "queue_max_packets", "queue_mean_s", "utilisation",
        "marked", "dropped", "frames")
MEASURES = ("goodput_bps", "fairness", "converge_s", "completion_mean_s", "completion_p50_s",
            "completion_p95_s", "completion_p99_s", "retransmitted_share", "rtt_min_s", *MEANS, *SUMS,
            *LINK)
LAST = ("digest", "captures")


TAKEN = {name.lower() for name in (*FACTS, *VERDICT, *MEASURES, *LAST, "seed")}


def check(lab):
    """Columns must have names of their own, and those asked for must be measured."""
    seen = set()
    for name in lab.factors:
        if name.lower() in TAKEN or name.lower() in seen:
            raise lab.error(["factors", name], f"a factor cannot be called {name}: the table has a "
                            f"column of that name")
        seen.add(name.lower())
    for name in lab.measures.get("columns", []):
        if name not in MEASURES:
            raise lab.error(["measures", "columns"], f"there is no measure {name!r}; there are "
                            f"{', '.join(MEASURES)}")


# ---- a row ---------------------------------------------------------------------------------------

def _known(flows, name):
    return [flow[name] for flow in flows if flow.get(name) is not None]


def _nearest_rank(values, share):
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _completions(flows):
    times = [one for flow in flows for one in flow.get("completion_s") or []]
    if not times:
        return {}
    return {"completion_mean_s": math.fsum(times) / len(times),
            **{f"completion_p{p}_s": _nearest_rank(times, p / 100) for p in (50, 95, 99)}}


def measures(result):
    """What a point measured, over its flows and its first watched link."""
    flows, links = result.get("flows") or [], result.get("links") or []
    out = {name: result.get(name) for name in ("goodput_bps", "fairness", "converge_s")}
    out.update(_completions(flows))
    for name in SUMS:
        known = _known(flows, name)
        out[name] = sum(known) if known else None
    for name in MEANS:
        known = _known(flows, name)
        out[name] = math.fsum(known) / len(known) if known else None
    known = _known(flows, "rtt_min_s")
    out["rtt_min_s"] = min(known) if known else None
    if out["segments"]:
        out["retransmitted_share"] = out["retransmitted"] / out["segments"]
    if links:
        out.update({name: links[0].get(name) for name in LINK})
        out["dropped"] = sum((links[0].get("dropped") or {}).values())
    return out


def row(point, engine, version, result, run):
    """The columns of a point. Without a result the verdict is an error, or pending, or a skip."""
    out = {"point": point.number, "key": point.key, "name": point.spec["name"], "engine": engine,
           "version": version, **{name: lab_values.words(v) for name, v in point.factors.items()}}
    if result:
        out.update(verdict=result["verdict"], reason=result.get("reason") or "", **measures(result),
                   digest=result.get("digest"))
    elif point.skip:
        out.update(verdict="skip", reason=point.skip)
    elif run:
        out.update(verdict="error", reason=run["error"])
    else:
        out.update(verdict="pending", reason="not run yet")
    captures = (run or {}).get("captures")
    out["captures"] = " ".join(f"{name}:{digest}" for name, digest in captures.items()) if captures else None
    return out


# ---- the table -----------------------------------------------------------------------------------

class Table:
    """All rows of a lab, in memory and in its two files."""

    def __init__(self, directory, lab, engine, version, points):
        self.engine, self.version = engine, version
        self.points = {point.number: point for point in points}
        self.rows, self.results = {}, {}
        self.factors = [*lab.factors, "seed"]
        self.columns = [*FACTS, *self.factors, *VERDICT, *lab.measures.get("columns", MEASURES), *LAST]
        self.csv = os.path.join(directory, "results.csv")
        self.sqlite = os.path.join(directory, "results.sqlite")
        for point in points:
            self.rows[point.number] = row(point, engine, version, None, None)

    def put(self, number, result, run):
        self.rows[number] = row(self.points[number], self.engine, self.version, result, run)
        self.results[number] = result
        return self.rows[number]

    def count(self, verdict):
        return sum(one["verdict"] == verdict for one in self.rows.values())

    def write_csv(self):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        for number in sorted(self.rows):
            one = self.rows[number]
            writer.writerow([_cell(one.get(name)) for name in self.columns])
        lab_store.write(self.csv, out.getvalue())

    # ---- SQLite ------------------------------------------------------------------------------

    def write_sqlite(self, numbers=None):
        """Puts the rows of these points (all, if None) in; the file is made new when its columns are
        others. One transaction: whoever reads sees it before or after."""
        for attempt in (1, 2):
            db = sqlite3.connect(self.sqlite, timeout=30)
            try:
                with db:
                    self._tables(db)
                    for number in sorted(self.rows if numbers is None else numbers):
                        self._insert(db, number)
                    if numbers is None:
                        self._drop_others(db)
                return
            except sqlite3.DatabaseError as error:
                if attempt == 2 or isinstance(error, sqlite3.OperationalError) \
                        and "no column" not in str(error):
                    raise OSError(f"{self.sqlite}: {error}") from None
            finally:
                db.close()
            os.unlink(self.sqlite)  # of another form, or broken: the directories have all of it
            numbers = None

    def _drop_others(self, db):
        marks = ",".join("?" * min(len(self.rows), 900))
        if len(self.rows) <= 900:
            for table in ("points", "flows", "links"):
                db.execute(f"DELETE FROM {table} WHERE point NOT IN ({marks})", sorted(self.rows))
            return
        for table in ("points", "flows", "links"):
            db.execute(f"DELETE FROM {table} WHERE point > ?", [max(self.rows)])

    def _tables(self, db):
        names = ", ".join(f'"{name}"' for name in self.columns[1:])
        db.execute(f"CREATE TABLE IF NOT EXISTS points (point INTEGER PRIMARY KEY, {names})")
        flow = ", ".join(f'"{name}"' for name in FLOW_COLUMNS)
        db.execute(f"CREATE TABLE IF NOT EXISTS flows (point INTEGER, {flow}, PRIMARY KEY (point, name))")
        link = ", ".join(f'"{name}"' for name in LINK_COLUMNS)
        db.execute(f"CREATE TABLE IF NOT EXISTS links (point INTEGER, {link}, PRIMARY KEY (point, name))")

    def _insert(self, db, number):
        one = self.rows[number]
        names = ", ".join(f'"{name}"' for name in self.columns)
        db.execute(f"INSERT OR REPLACE INTO points ({names}) VALUES ({_marks(self.columns)})",
                   [one.get(name) for name in self.columns])
        result = self.results.get(number) or {}
        for table, columns, things in (("flows", FLOW_COLUMNS, result.get("flows") or []),
                                       ("links", LINK_COLUMNS, result.get("links") or [])):
            db.execute(f"DELETE FROM {table} WHERE point = ?", [number])
            for thing in things:
                db.execute(f"INSERT INTO {table} VALUES (?, {_marks(columns)})",
                           [number, *(_plain(thing.get(name)) for name in columns)])


FLOW_COLUMNS = ("name", "kind", "bytes", "goodput_bps", "transfers", "completion_mean_s",
                "completion_p50_s", "completion_p95_s", "completion_p99_s", "segments", "retransmitted",
                "retransmitted_share", "rtt_min_s", "rtt_mean_s", "rtt_p95_s", "rtt_inflation",
                "cwnd_mean", "timeouts", "fast_recoveries", "connections", "failed")
LINK_COLUMNS = ("name", "frames", "bytes", "dropped", "marked", "queue_mean_packets",
                "queue_p95_packets", "queue_max_packets", "queue_mean_s", "utilisation")


def _marks(columns):
    return ", ".join("?" * len(columns))


def _plain(value):
    if isinstance(value, dict):
        return " ".join(f"{name}:{count}" for name, count in sorted(value.items()))
    return value


def _cell(value):
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)
