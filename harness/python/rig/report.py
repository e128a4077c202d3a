# SPDX-License-Identifier: BSD-2-Clause
"""rig report RESULTS: one page of an experiment that opens without a server, and its plots as files.

docs/report.md is the user's page. Exit status: 0 written, 2 the results or the command make no
sense (nothing is written), 1 something could not be read or written: what could be is there.
"""

import argparse
import os
import sys

from . import lab_store, report_chart, report_flows, report_html, report_plots, report_read, \
    report_series, report_trace, report_view
from .report_read import ReportError

OK, FAILED, BAD = 0, 1, 2
FILES_MAX = 16  # diagrams of one point in --plots


def _span(word):
    try:
        low, high = map(float, word.split(","))
    except ValueError:
        low, high = 1, 0
    if not 0 <= low < high < float("inf"):
        raise argparse.ArgumentTypeError(f"{word}: FROM,TO in seconds, as 1.5,2, FROM before TO")
    return low, high


def options(argv):
    p = argparse.ArgumentParser(
        prog="rig report", description="Makes a page of the results of rig lab: summary, plots, "
        "time-sequence diagrams. One file, no network.")
    p.add_argument("results", nargs="*", metavar="RESULTS", help="what rig lab left (--out); several are "
                   "compared")
    p.add_argument("--point", metavar="DIR", help="instead: one point, as rig sim --point --out left it")
    p.add_argument("--out", metavar="FILE.html", help="the page (default: report.html in the first RESULTS)")
    p.add_argument("--plots", metavar="DIR", help="write each plot as an SVG file too")
    p.add_argument("--x", metavar="FACTOR", help="the x axis (default: the factor with the most numbers)")
    p.add_argument("--by", metavar="FACTOR",
                   help="a line for each value (default: the first factor of words)")
    p.add_argument("--measures", type=lambda s: s.split(","), metavar="A,B",
                   help="plot these (default: all that are not the same everywhere)")
    p.add_argument("--where", action="append", default=[], metavar="NAME=VALUE[,VALUE]",
                   help="only points with these values of a factor")
    p.add_argument("--model", metavar="FILE.json", help="curves to draw beside the measures")
    p.add_argument("--time", metavar="FROM,TO", type=_span,
                   help="seconds of a run that diagrams in --plots show (default: all)")
    p.add_argument("--title", default="", help="of the page and its plots")
    opts = p.parse_args(argv)
    if bool(opts.results) == bool(opts.point):
        p.error("either RESULTS, a directory that rig lab made, or --point DIR, which rig sim --point made")
    if opts.point and (opts.x or opts.by or opts.measures or opts.where or opts.model):
        p.error("--x, --by, --measures, --where and --model choose among points; --point has one")
    return opts


class Report:
    """One call: what is written, and what could not be."""

    def __init__(self, opts):
        self.opts = opts
        self.wrong = []

    def write(self, path, text):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        lab_store.write(path, text)
        print(path)

    def series(self, directory):
        """The Series of a point's directory; None without one, and said when it cannot be read."""
        path = report_series.path_of(directory)
        try:
            return report_series.read(path) if path else None
        except report_series.SeriesError as error:
            self.wrong.append(str(error))
            print(f"rig report: {error}", file=sys.stderr)
            return None

    # ---- a lab -------------------------------------------------------------------------------

    def lab(self):
        opts = self.opts
        results = report_read.read(opts.results)
        report_read.choose(results, opts.where)
        models = report_plots.read_models(opts.model, results) if opts.model else []
        figures = report_plots.figures(results, opts, models)
        if not opts.measures:
            figures = report_flows.add(figures, results)
        out = opts.out or os.path.join(results.labs[0].directory or os.path.dirname(opts.results[0]) or ".",
                                       "report.html")
        drawn = [(figure, report_chart.draw(figure, opts.title)) for figure in figures]
        links, section = self.traces(results, out)
        drawn = [one for one in drawn if one[1]]
        self.write(out, report_html.page(results, drawn, opts.title, links, section, report_view.SCRIPTS))
        if opts.plots:
            self.plots([figure for figure in figures if figure.default])
        return FAILED if self.wrong else OK

    def traces(self, results, out):
        """(links by point, the section): series in the page while there is room, the rest beside it."""
        packed, apart, links, room = [], [], {}, report_series.INLINE_BYTES
        written = set()
        for point in results.bad() + [p for p in results.points if p.verdict == "pass"]:
            series = self.series(point.directory)
            if series is None:
                continue
            self.diagrams(series, point.name, point.label)
            text = series.packed()
            if len(text) <= room:
                room -= len(text)
                packed.append((point.name, point.label, text))
                links[point.name] = f"#series-{point.name}"
                continue
            path, link = report_view.beside(out, point.name)
            written.add(path)
            section = report_view.diagrams([(point.name, point.label, text)], [], [])
            self.write(path, report_view.point_page(
                f"point {point.name}: {point.label}",
                lab_store.read_json(os.path.join(point.directory, "result.json")) or {},
                lab_store.read_json(os.path.join(point.directory, "point.json")), section,
                f"../{os.path.basename(out)}"))
            apart.append((point.name, point.label, link))
            links[point.name] = link
        report_view.sweep(out, written)
        return links, report_view.diagrams(packed, apart, self.wrong)

    def diagrams(self, series, name, label):
        """The connections of a series as files, for --plots."""
        for connection in list(series.connections.values())[:FILES_MAX] if self.opts.plots else []:
            number = "" if connection.number is None else f"-{connection.number}"
            title = f"{connection.name}{number.replace('-', ' #')}: {label}"
            svg = report_trace.draw(series, connection, title, self.opts.time)
            file = report_plots.file_name(f"point-{name}-{connection.name}{number}") + ".svg"
            if svg:
                self.write(os.path.join(self.opts.plots, file), svg)

    def plots(self, figures):
        for figure in figures:
            svg = report_chart.draw(figure, self.opts.title, alone=True)
            if svg:
                self.write(os.path.join(self.opts.plots, figure.file), svg)

    # ---- a point -----------------------------------------------------------------------------

    def point(self):
        directory = self.opts.point
        result = lab_store.read_json(os.path.join(directory, "result.json"))
        if not isinstance(result, dict) or "verdict" not in result:
            raise ReportError(f"{os.path.join(directory, 'result.json')} is not there or is no result: "
                              f"--point wants what `rig sim --point FILE --out DIR --series` left in DIR")
        series = self.series(directory)
        name = str(result.get("point", 0))
        packed = [(name, f"seed {result.get('seed', '')}", series.packed())] if series else []
        title = self.opts.title or f"{result.get('name') or 'point'} {name}"
        if series:
            self.diagrams(series, name, f"{title}, seed {result.get('seed', '')}")
        self.write(self.opts.out or os.path.join(directory, "report.html"), report_view.point_page(
            title, result, lab_store.read_json(os.path.join(directory, "point.json")),
            report_view.diagrams(packed, [], self.wrong)))
        return FAILED if self.wrong else OK


def main(argv):
    opts = options(argv)
    try:
        report = Report(opts)
        return report.point() if opts.point else report.lab()
    except ReportError as error:
        print(f"rig report: {error}", file=sys.stderr)
        return BAD
    except OSError as error:
        print(f"rig report: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
