# SPDX-License-Identifier: BSD-2-Clause
"""rig report RESULTS: one page of an experiment that opens without a server, and its plots as files.

docs/report.md is the user's page. Exit status: 0 written, 2 the results or the command make no
sense (nothing is written), 1 what was to be written could not be.
"""

import argparse
import os
import sys

from . import lab_store, report_chart, report_html, report_plots, report_read
from .report_read import ReportError

OK, FAILED, BAD = 0, 1, 2


def options(argv):
    p = argparse.ArgumentParser(
        prog="rig report", description="Makes a page of the results of rig lab: summary, plots, "
        "time-sequence diagrams. One file, no network.")
    p.add_argument("results", nargs="*", metavar="RESULTS", help="what rig lab left (--out); several are "
                   "compared")
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
    p.add_argument("--title", help="of the page and its plots")
    opts = p.parse_args(argv)
    if not opts.results:
        p.error("RESULTS is missing: a directory that rig lab made")
    return opts


def report(opts):
    results = report_read.read(opts.results)
    report_read.choose(results, opts.where)
    models = report_plots.read_models(opts.model) if opts.model else []
    figures = report_plots.figures(results, opts, models)
    title = opts.title or ""
    out = opts.out or os.path.join(results.labs[0].directory or os.path.dirname(opts.results[0]) or ".",
                                   "report.html")
    drawn = [(figure, report_chart.draw(figure, title)) for figure in figures]
    lab_store.write(out, report_html.page(results, [one for one in drawn if one[1]], title))
    print(out)
    if opts.plots:
        os.makedirs(opts.plots, exist_ok=True)
        for figure in figures:
            if not figure.default:
                continue
            svg = report_chart.draw(figure, title, alone=True)
            if svg:
                path = os.path.join(opts.plots, figure.file)
                lab_store.write(path, svg)
                print(path)
    return OK


def main(argv):
    opts = options(argv)
    try:
        return report(opts)
    except ReportError as error:
        print(f"rig report: {error}", file=sys.stderr)
        return BAD
    except OSError as error:
        print(f"rig report: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
