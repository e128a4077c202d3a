# SPDX-License-Identifier: BSD-2-Clause
"""Which plots a report has: a measure by a factor, a line for each value of another factor, a panel
for each combination of the rest. Drawn by report_chart.py; called by report.py.

The x axis is the factor with the most numbers unless --x says otherwise, lines are the first factor
of words with at most BY_MAX values unless --by does.
"""

import itertools
import json
from dataclasses import dataclass, field

from . import lab_values, report_stats
from .report_read import ReportError

BY_MAX = 8  # lines of a panel that can be told apart
PANELS_MAX = 36  # of one figure; the rest is said to be left out
MARKS_MAX = 60_000  # dots in one page: axes that would take more are left to --x, then the dots are


def file_name(text):
    """A text as a name in a directory, whatever it has."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in text)


def _points(count):
    return "point" if count == 1 else "points"


def _are(count):
    return "is" if count == 1 else "are"


@dataclass
class Group:
    """Points alike but for the seed."""

    x: int
    values: list  # (value, Point)
    median: float = 0
    low: float = 0
    high: float = 0


@dataclass
class Series:
    """A line: `index` chooses its colour, mark and dashes."""

    label: str
    index: int
    groups: list


@dataclass
class Panel:
    """One combination of the factors that are neither x nor lines."""

    factors: dict
    series: list
    models: list = field(default_factory=list)  # (label, [(x, y)])

    @property
    def title(self):
        return ", ".join(f"{name} {value}" for name, value in self.factors.items())


@dataclass
class Figure:
    """One measure by one factor."""

    measure: str
    x: str
    xs: list  # (text, number or None)
    by: str
    panels: list
    left_out: int
    missing: int
    bad: int
    default: bool
    dots: bool = True  # each value is drawn; else medians and bands alone
    kind: str = ""  # "flow": a line is a flow, not a value of a factor
    copies: bool = False  # several flows are one line

    @property
    def counts(self):
        return {len(g.values) for p in self.panels for s in p.series for g in s.groups}

    @property
    def marks(self):
        """How many values are drawn as dots."""
        return self.dots and sum(len(g.values) for p in self.panels for s in p.series for g in s.groups)

    @property
    def file(self):
        name = self.measure if self.default else f"{self.measure}-by-{self.x}"
        name = f"{self.kind}-{name}" if self.kind else name
        return file_name(name) + ".svg"

    def about(self):
        """The sentence under it."""
        said = [report_stats.words(self.counts, "flows and seeds" if self.copies else "seeds",
                                   self.xs[0][1] is not None)]
        if not self.dots:
            said.append("single values are too many to be drawn")
        if self.bad:
            said.append(f"{self.bad} {_points(self.bad)} did not pass and {_are(self.bad)} not drawn")
        if self.missing and self.kind:
            said.append("flows that have no such measure are left out")
        elif self.missing:
            said.append(f"{self.missing} {_points(self.missing)} {_are(self.missing)} without a value")
        if self.left_out:
            said.append(f"{self.left_out} more combinations are not drawn (--where chooses)")
        return "; ".join(said) + "."


# ---- factors -------------------------------------------------------------------------------------

def numbers(values):
    """The values as numbers, or None when one is none or their kinds differ."""
    if values and all(value.endswith("bdp") for value in values):
        values = [value.removesuffix("bdp") for value in values]
    found = [lab_values.read(value) for value in values]
    if None in found or len({q.dim for q in found}) != 1:
        return None
    return [float(q.value) for q in found]


def several(results):
    """Factors with more than one value; the seed counts when there is no other."""
    found = [name for name, values in results.factors.items() if len(values) > 1]
    if not found and len(results.seeds) > 1:
        results.factors["seed"] = results.seeds
        for point in results.points:
            point.factors["seed"] = point.seed
        found = ["seed"]
    return found


def choose_x(results, names):
    """The factor of the x axis: the one with the most numbers, of words if there are none."""
    rank = [(numbers(results.factors[name]) is not None, len(results.factors[name]), -n)
            for n, name in enumerate(names)]
    return names[rank.index(max(rank))] if names else None


def choose_by(results, names, x):
    rest = [name for name in names if name != x and len(results.factors[name]) <= BY_MAX]
    words = [name for name in rest if numbers(results.factors[name]) is None]
    return (words or rest or [None])[0]


def named(results, option, name):
    if name is not None and option == "--by" and len(results.factors.get(name, ())) > BY_MAX:
        raise ReportError(f"--by {name}: {len(results.factors[name])} lines cannot be told apart, {BY_MAX} "
                          f"can; --where {name}=... chooses")
    if name is not None and name not in results.factors:
        raise ReportError(f"{option} {name}: no such factor; there are "
                          f"{', '.join(results.factors) or 'none'}")
    return name


# ---- figures -------------------------------------------------------------------------------------

def measures(results, wanted=None):
    """Measures with something to see: those named, or those that are not everywhere the same."""
    for name in wanted or []:
        if name not in results.measures:
            raise ReportError(f"--measures {name}: not in the table; it has {', '.join(results.measures)}")
    return wanted or [name for name in results.measures if len(
        {p.measures.get(name) for p in results.points if p.verdict == "pass"} - {None}) > 1]


def figures(results, opts, models=()):
    """All figures, those with the chosen x axis first and marked so."""
    names = several(results)
    x = named(results, "--x", opts.x) or choose_x(results, names)
    if x is None:
        return []
    wanted = measures(results, opts.measures)
    each = len(results.points) * len(wanted)
    room = max(0, MARKS_MAX // max(1, each) - 1)
    xs = [x] + ([] if opts.x else [name for name in names if name != x][:room])
    out = []
    for axis in xs:
        by = named(results, "--by", opts.by) if opts.by and opts.by != axis else \
            choose_by(results, names, axis)
        out += [figure(results, measure, axis, by, axis == x, models) for measure in wanted]
    for one in out if each > MARKS_MAX else []:
        one.dots = False
    return out


def _sorted_values(results, name):
    """A factor's values with their numbers, by size where they are numbers."""
    values = results.factors[name]
    found = numbers(values)
    if found is None:
        return [(value, None) for value in values]
    return [(value, n) for n, value in sorted(zip(found, values), key=lambda pair: pair[0])]


def figure(results, measure, x, by, default, models=()):
    xs = _sorted_values(results, x)
    lines = [value for value, _ in _sorted_values(results, by)] if by else [""]
    rest = [name for name in several(results) if name not in (x, by)]
    place = {value: n for n, (value, _) in enumerate(xs)}
    cells, missing, bad = {}, 0, 0
    for point in results.points:
        value = point.measures.get(measure)
        if value is None or point.verdict != "pass":
            bad += point.verdict not in ("pass", "skip")
            missing += point.verdict == "pass"
            continue
        key = tuple(point.factors[name] for name in rest)
        line = point.factors[by] if by else ""
        cells.setdefault(key, {}).setdefault(line, {}).setdefault(place[point.factors[x]], []).append(
            (value, point))
    order = [key for key in itertools.product(*(
        [value for value, _ in _sorted_values(results, name)] for name in rest)) if key in cells]
    panels = [_panel(dict(zip(rest, key)), cells[key], lines, measure, models, (x, by))
              for key in order[:PANELS_MAX]]
    return Figure(measure, x, xs, by, panels, max(0, len(order) - PANELS_MAX), missing, bad, default)


def _panel(factors, cell, lines, measure, models, axes):
    series = []
    for index, line in enumerate(lines):
        groups = []
        for n, values in sorted(cell.get(line, {}).items()):
            only = [value for value, _ in values]
            groups.append(Group(n, values, report_stats.median(only), *report_stats.band(only)))
        if groups:
            series.append(Series(line, index, groups))
    fits = [(model["name"], model["points"]) for model in models
            if model["measure"] == measure and model["x"] == axes[0]
            and all(factors.get(name, value) == value for name, value in model["where"].items())]
    return Panel(factors, series, fits)


# ---- models --------------------------------------------------------------------------------------

def read_models(path, results):
    """Curves to compare with, from a JSON file: a list of {"name", "measure", "x", "where", "points"}, where
    points are [x, y] with x as the factor's values are written, or a number of seconds or bits."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except ValueError as error:
        raise ReportError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, list):
        raise ReportError(f"{path}: a list of models is wanted (docs/report.md)")
    models = [_model(path, n, one) for n, one in enumerate(found)]
    for n, model in enumerate(models):
        unknown = {model["x"], *model["where"]} - set(results.factors)
        if model["measure"] not in results.measures or unknown:
            what = (sorted(unknown) or [model["measure"]])[0]
            raise ReportError(f"{path}: model {n} ({model['name']}): {what} is neither a factor nor a "
                              f"measure of these results")
    return models


def _model(path, n, one):
    keys = {"name", "measure", "x", "points"}
    if not isinstance(one, dict) or not keys <= set(one) <= keys | {"where"}:
        raise ReportError(f"{path}: model {n} has the keys name, measure, x, points and where it applies: "
                          f"where")
    if not isinstance(one["points"], list) or not isinstance(one.get("where", {}), dict):
        raise ReportError(f"{path}: model {n}: points is a list of [x, y], where an object")
    points = []
    for pair in one["points"]:
        q = lab_values.read(pair[0]) if isinstance(pair, list) and len(pair) == 2 else None
        if q is None or not isinstance(pair[1], (int, float)):
            raise ReportError(f"{path}: model {n} ({one['name']}): {pair} is not [x, y] of two numbers")
        points.append((float(q.value), float(pair[1])))
    return {"where": {}, **one, "points": sorted(points)}
