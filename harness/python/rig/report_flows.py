# SPDX-License-Identifier: BSD-2-Clause
"""Measures flow by flow: where a lab has several flows, each is a line of plots of its own.

Copies of a flow (NAME.1, NAME.2 ...) are one line over all of them. Read from each point's result.json, so
a CSV file alone has none. Called by report.py.
"""

import dataclasses
import os
import re

from . import lab_store, report_plots
from .report_read import Results

FACTOR = "flow"
MEASURES = ("goodput_bps", "completion_mean_s", "completion_p95_s", "retransmitted_share", "rtt_mean_s",
            "cwnd_mean", "timeouts")


def _name(flow):
    return re.sub(r"\.\d+$", "", str(flow.get("name", "")))


def _measures(flow):
    return {name: flow[name] for name in MEASURES
            if isinstance(flow.get(name), (int, float)) and not isinstance(flow.get(name), bool)}


def expand(results):
    """Results with a point for each flow of each point, and the flow as a factor; None when there are not
    several flows, or more than can be told apart."""
    if FACTOR in results.factors:
        return None
    points, names, copies = [], {}, False
    for point in results.points:
        path = os.path.join(point.directory, "result.json") if point.directory else ""
        found = (lab_store.read_json(path) or {}) if point.verdict == "pass" and path else {}
        flows = found.get("flows") or []
        copies = copies or len({_name(flow) for flow in flows}) < len(flows)
        for flow in flows:
            names[_name(flow)] = True
            points.append(dataclasses.replace(point, factors={**point.factors, FACTOR: _name(flow)},
                                              measures=_measures(flow)))
    if not 1 < len(names) <= report_plots.BY_MAX:
        return None
    factors = {**results.factors, FACTOR: list(names)}
    return Results(results.labs, factors, points, list(MEASURES)), copies


def add(figures, results):
    """The figures, and after each that of its measure flow by flow: a line a flow against the same axis,
    or the flows beside each other where no factor varies."""
    found, copies = expand(results) or (None, False)
    if found is None:
        return figures
    x = figures[0].x if figures else None
    mine = {measure: dataclasses.replace(
        report_plots.figure(found, measure, x or FACTOR, FACTOR if x else None, True),
        kind=FACTOR, copies=copies)
        for measure in report_plots.measures(found)}
    out = []
    for one in figures:
        out.append(one)
        if one.default and one.measure in mine:
            out.append(mine.pop(one.measure))
    return out + list(mine.values())
