# SPDX-License-Identifier: BSD-2-Clause
"""Results of rig lab as the report wants them: points with factors, measures as numbers, and where
their series are.

    Results     one or more labs: factors (name -> values in the file's order), points, measures
    Point       a row of the table

Read from DIR/results.csv and, where it is there, DIR/lab.json; a CSV file alone will do. What is not
there is None or "", never a guess. Called by report.py.
"""

import csv
import json
import os
from dataclasses import dataclass, field

from . import lab_table, lab_values

BAD = ("error", "fail", "pending", "skip")  # in the order of how much they want to be seen


class ReportError(Exception):
    """What was wrong with the results, in a sentence."""


@dataclass
class Point:
    """One row: measures are floats, factors texts."""

    lab: "Lab"
    number: int
    verdict: str
    reason: str
    seed: str
    factors: dict
    measures: dict
    digest: str = ""

    @property
    def name(self):
        """Of its own in the report."""
        return f"{self.lab.mark}{self.number}"

    @property
    def directory(self):
        return os.path.join(self.lab.directory, "points", f"{self.number:04d}") if self.lab.directory \
            else None

    @property
    def label(self):
        words = [f"{name} {value}" for name, value in self.factors.items() if value != ""]
        return ", ".join([*words, f"seed {self.seed}" if self.seed else ""]).strip(", ")

    def replay(self):
        """The command that runs it again."""
        if not self.lab.directory or self.lab.engine == "":
            return ""
        return f"rig lab {_quoted(os.path.join(self.lab.given, 'lab.toml'))} --engine " \
               f"{_quoted(self.lab.engine)} " \
               f"--out {_quoted(self.lab.given)} --point {self.number}"


@dataclass
class Lab:
    """One directory of results."""

    given: str
    directory: str
    csv: str
    name: str = ""
    about: str = ""
    engine: str = ""
    version: str = ""
    mark: str = ""
    fixed: dict = field(default_factory=dict)
    factors: dict = field(default_factory=dict)
    points: list = field(default_factory=list)


@dataclass
class Results:
    """What a report is about."""

    labs: list
    factors: dict
    points: list
    measures: list

    def count(self, verdict):
        return sum(point.verdict == verdict for point in self.points)

    @property
    def seeds(self):
        return sorted({point.seed for point in self.points}, key=lambda s: (len(s), s))

    def bad(self):
        """Points that did not pass, the worst first."""
        rank = {name: n for n, name in enumerate(BAD)}
        return sorted((p for p in self.points if p.verdict != "pass"),
                      key=lambda p: (rank.get(p.verdict, 0), self.labs.index(p.lab), p.number))


def _quoted(word):
    return word if all(c.isalnum() or c in "/._-+=:,@%" for c in word) and word else \
        "'" + word.replace("'", "'\\''") + "'"


# ---- a lab ---------------------------------------------------------------------------------------

def _number(text):
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value - value == 0 else None  # neither infinite nor none


def _header(path, names):
    """(names of factors, names of measures) by where they stand in the table."""
    missing = [name for name in ("point", "version", "verdict", "reason") if name not in names]
    if missing or len(set(names)) != len(names) or names.index("version") > names.index("verdict"):
        why = f"it has no column {missing[0]!r}" if missing else "its columns are not a lab's"
        raise ReportError(f"{path} is no table of rig lab: {why}")
    factors = names[names.index("version") + 1:names.index("verdict")]
    after = names[names.index("reason") + 1:]
    return [f for f in factors if f != "seed"], [m for m in after if m not in lab_table.LAST]


def _read_csv(lab):
    with open(lab.csv, encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        names = next(reader, [])
        factors, measures = _header(lab.csv, names)
        for row in reader:
            if len(row) != len(names) or not row[names.index("point")].isdigit():
                raise ReportError(f"{lab.csv}:{reader.line_num}: a row of {len(row)} cells that does not "
                                  f"fit the {len(names)} columns of the table")
            _add_row(lab, dict(zip(names, row)), factors, measures)
    lab.factors = {name: lab.factors.get(name) or
                   list(dict.fromkeys(p.factors[name] for p in lab.points)) for name in factors}
    return measures


def _add_row(lab, row, factors, measures):
    lab.name = lab.name or row.get("name", "")
    lab.engine = lab.engine or row.get("engine", "")
    lab.version = lab.version or row["version"]
    lab.points.append(Point(lab, int(row["point"]), row["verdict"], row["reason"], row.get("seed", ""),
                            {name: row[name] for name in factors},
                            {name: _number(row[name]) for name in measures}, row.get("digest", "")))


def _read_json(lab):
    path = os.path.join(lab.directory or "", "lab.json")
    if not lab.directory or not os.path.exists(path):
        return
    try:
        with open(path, encoding="utf-8") as file:
            about = json.load(file)
    except ValueError as error:
        raise ReportError(f"{path} is not the JSON that rig lab writes: {error}") from None
    lab.name, lab.about = str(about.get("name", "")), str(about.get("about", ""))
    lab.engine, lab.version = str(about.get("engine", "")), str(about.get("version", ""))
    lab.fixed = {name: lab_values.words(value) for name, value in (about.get("fixed") or {}).items()}
    lab.factors = {name: [lab_values.words(value) for value in values]
                   for name, values in (about.get("factors") or {}).items()}


def _read_lab(given):
    directory = given if os.path.isdir(given) else None
    path = os.path.join(given, "results.csv") if directory else given
    if not os.path.exists(path):
        raise ReportError(f"{path} is not there: RESULTS is what `rig lab FILE --out DIR` left in DIR")
    lab = Lab(given, directory, path)
    try:
        _read_json(lab)
        measures = _read_csv(lab)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ReportError(f"{path} is not CSV as rig lab writes it: {error}") from None
    if not lab.points:
        raise ReportError(f"{path} has no rows: nothing was run")
    return lab, measures


# ---- all of them ---------------------------------------------------------------------------------

# What a lab has that says nothing of a factor that another one varies.
USUAL = {"device": "phantom", "family": "ipv4"}


def read(given):
    """Results of these directories (or CSV files). Of several, the engine, the build or the name that
    tells them apart is a factor like any other."""
    read_labs = [_read_lab(one) for one in given]
    labs = [lab for lab, _ in read_labs]
    if len(labs) > 1:
        _tell_apart(labs)
    factors = {}
    for lab in labs:
        for name, values in lab.factors.items():
            known = factors.setdefault(name, [])
            known += [value for value in values if value not in known]
    for lab in labs:
        usual = {**USUAL, **lab.fixed} if lab.engine else lab.fixed
        for point in lab.points:
            point.factors = {name: point.factors.get(name, usual.get(name, "")) for name in factors}
            for name, value in point.factors.items():
                if value not in factors[name]:
                    factors[name].append(value)
    factors = {name: _in_order(values) for name, values in factors.items()}
    measures = list(dict.fromkeys(name for _, names in read_labs for name in names))
    return Results(labs, factors, [point for lab in labs for point in lab.points], measures)


def _in_order(values):
    """Values of several labs: numbers by size when they are written so in each, else as they came."""
    quantities = [lab_values.read(value) if value else None for value in values]
    if None in quantities or len({q.dim for q in quantities}) != 1:
        return values
    return [value for _, value in sorted(zip((q.value for q in quantities), values))]


def _tell_apart(labs):
    for name, of in (("engine", lambda lab: lab.engine), ("results", lambda lab: lab.name),
                     ("version", lambda lab: lab.version), ("directory", lambda lab: lab.given)):
        if len({of(lab) for lab in labs}) == len(labs):
            break
    else:
        raise ReportError(f"{labs[0].given} is named twice")
    for number, lab in enumerate(labs):
        lab.mark = f"{number + 1}."
        lab.factors = {**lab.factors, name: [of(lab)]}
        for point in lab.points:
            point.factors[name] = of(lab)


def choose(results, where):
    """Leaves only points with these factor values: a list of NAME=VALUE[,VALUE...]."""
    for word in where:
        name, equals, values = word.partition("=")
        if not equals or name not in results.factors:
            raise ReportError(f"--where {word}: NAME=VALUE with a factor of these results, which are "
                              f"{', '.join(results.factors) or 'none'}")
        wanted = values.split(",")
        unknown = [value for value in wanted if value not in results.factors[name]]
        if unknown:
            raise ReportError(f"--where {word}: {name} is never {unknown[0]}; it is "
                              f"{', '.join(results.factors[name])}")
        results.factors[name] = [value for value in results.factors[name] if value in wanted]
        results.points = [point for point in results.points if point.factors[name] in wanted]
    if not results.points:
        raise ReportError("no point is left by --where")
