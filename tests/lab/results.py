# SPDX-License-Identifier: BSD-2-Clause
"""Results of an experiment as its expectation and its table want them: points by their factors,
seeds together. Called by run; what is read from the table is read by rig.report_read.
"""

import os

from rig import lab_store, report_axis, report_read, report_stats


SHARES = ("lost",)  # measures of ours that are written as a per cent


class Broken(Exception):
    """An expectation that does not hold, or results that are not there; a sentence."""


class Results:
    """The points of one run that passed. Measures of flow NAME are NAME.MEASURE."""

    def __init__(self, directory, extra=None):
        self.all = report_read.read([directory])
        bad = [p for p in self.all.points if p.verdict not in ("pass", "skip")]
        if bad:
            raise Broken(f"point {bad[0].number} ({bad[0].label}): {bad[0].verdict}: {bad[0].reason}")
        self.points = [p for p in self.all.points if p.verdict == "pass"]
        for point in self.points:
            self._flows(point)
            if extra:
                point.measures.update(extra(point))
        self.all.measures = list(dict.fromkeys(name for p in self.points for name in p.measures))
        self.held = []  # sentences of expectations that hold

    @staticmethod
    def _flows(point):
        result = lab_store.read_json(os.path.join(point.directory, "result.json")) or {}
        for flow in result.get("flows", []):
            for name, value in flow.items():
                if isinstance(value, (int, float)):
                    point.measures[f"{flow['name']}.{name}"] = value

    def values(self, name):
        """A factor's values that were run, in the file's order."""
        seen = {p.factors.get(name) for p in self.points}
        return [value for value in self.all.factors.get(name, []) if value in seen]

    def select(self, where):
        return [p for p in self.points if all(p.factors[name] == str(v) for name, v in where.items())]

    def median(self, measure, **where):
        """Over seeds; factors with dots are written with two underscores: net__ipv4."""
        return report_stats.median(self.list(measure, **where))

    def list(self, measure, **where):
        """A value of each seed."""
        where = {name.replace("__", "."): value for name, value in where.items()}
        found = [p.measures.get(measure) for p in self.select(where)]
        found = [value for value in found if value is not None]
        if not found:
            raise Broken(f"{measure} has no value at {where}")
        return found

    # ---- expectations ------------------------------------------------------------------------

    def between(self, what, value, low, high):
        """`what` is from low to high."""
        said = f"{what}: {value:.3g}, expected {low:.3g} to {high:.3g}"
        if not low <= value <= high:
            raise Broken(said)
        self.held.append(said)

    def less(self, what, value, than, limit):
        """`what` is less than what `than` names."""
        said = f"{what}: {value:.3g}, expected less than {limit:.3g}, {than}"
        if not value < limit:
            raise Broken(said)
        self.held.append(said)

    # ---- tables ------------------------------------------------------------------------------

    def table(self, columns):
        """Markdown: a row for each combination of factors, the medians over seeds of the columns, which are
        (heading, measure) or (heading, function of a list of points)."""
        names = [name for name in self.all.factors if len(self.values(name)) > 1]
        rows = []
        for point in self.points:
            key = tuple(point.factors[name] for name in names)
            if key not in (row[0] for row in rows):
                rows.append((key, self.select(dict(zip(names, key)))))
        out = ["| " + " | ".join([*(f"`{n}`" for n in names), *(head for head, _ in columns)]) + " |",
               "|" + "---|" * len(names) + "---:|" * len(columns)]
        for key, points in rows:
            out.append("| " + " | ".join([*key, *(self._cell(of, points) for _, of in columns)]) + " |")
        return "\n".join(out)

    @staticmethod
    def _cell(of, points):
        if callable(of):
            return of(points)
        found = [p.measures[of] for p in points if p.measures.get(of) is not None]
        if not found:
            return ""
        unit = "%" if of in SHARES else report_axis.unit(of.rpartition(".")[2])
        return report_axis.number(report_stats.median(found), unit)
