# SPDX-License-Identifier: BSD-2-Clause
"""rig report: what of the table is on the page and in the plots, and results that make no sense."""

import csv
import io
import json
import re
import subprocess
import types
import xml.etree.ElementTree as ET

import pytest

from rig import report_chart, report_html, report_plots, report_read, report_stats
from rig.session import find_program

COLUMNS = ["point", "key", "name", "engine", "version", "cc", "loss", "seed", "verdict", "reason",
           "goodput_bps", "rtt_mean_s", "fairness", "digest", "captures"]


class Results:
    """A directory as rig lab leaves it: two algorithms, three losses, so many seeds."""

    def __init__(self, path, seeds=3):
        self.path = path
        self.rows = [[str(n), f"k{n}", "mine", "virtual", "0.1", cc, loss, str(seed), "pass", "",
                      f"{1e6 * (n + 1)}", "0.05", "", "d", ""]
                     for n, (cc, loss, seed) in enumerate(
                         (cc, loss, seed) for cc in ("reno", "bbr") for loss in ("0%", "0.1%", "1%")
                         for seed in range(1, seeds + 1))]
        self.write()

    def write(self):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([COLUMNS, *self.rows])
        (self.path / "results.csv").write_text(out.getvalue())
        return self

    def set(self, point, **cells):
        for name, value in cells.items():
            self.rows[point][COLUMNS.index(name)] = value
        return self.write()

    def run(self, *words, status=0):
        done = subprocess.run([find_program("rig"), "report", str(self.path), *map(str, words)],
                              capture_output=True, text=True, check=False)
        assert done.returncode == status, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def page(self, *words):
        self.run(*words)
        return (self.path / "report.html").read_text()


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path)


def figures(page):
    """{(measure, x): the SVG} of the page."""
    found = re.findall(r'<figure [^>]*data-x="(\w+)" data-measure="(\w+)".*?(<svg.*?</svg>)', page, re.S)
    return {(measure, x): ET.fromstring(svg) for x, measure, svg in found}


def of_class(svg, kind):
    return [one for one in svg.iter() if kind in (one.get("class") or "").split()]


def dots(svg):
    return [one for one in svg.iter() if one.get("data-point") is not None]


def test_a_dot_for_every_value_and_a_mark_for_every_median(results):
    plots = figures(results.page())
    assert set(plots) == {("goodput_bps", "loss"), ("goodput_bps", "cc")}
    svg = plots["goodput_bps", "loss"]
    assert sorted(int(one.get("data-point")) for one in dots(svg)) == list(range(18))
    assert len(of_class(svg, "mk")) == 6 + 2, "two lines of three, and the legend's"
    titles = [one.findtext("{http://www.w3.org/2000/svg}title") for one in of_class(svg, "mk")]
    assert "loss 0.1%, cc reno: 5 Mbit/s (4 Mbit/s to 6 Mbit/s, 3 seeds)" in titles


def test_a_value_that_is_missing_is_not_drawn_and_is_said(results):
    results.set(4, goodput_bps="", verdict="error", reason="it fell over")
    page = results.set(5, verdict="fail", reason="not what was sent").set(9, goodput_bps="").page()
    svg = figures(page)["goodput_bps", "loss"]
    assert {int(one.get("data-point")) for one in dots(svg)} == set(range(18)) - {4, 5, 9}
    assert "2 points did not pass and are not drawn; 1 point is without a value" in page
    assert "Not measured at any: Jain" in page


def test_failures_stand_first_with_their_reason_and_the_command(results):
    (results.path / "lab.json").write_text(json.dumps({"name": "mine", "engine": "virtual"}))
    page = results.set(7, verdict="fail", reason="octet 5 <never> sent").page()
    first = page.index("octet 5 &lt;never&gt; sent")
    assert first < page.index('id="plots"')
    assert f"rig lab {results.path}/lab.toml --engine virtual --out {results.path} --point 7" in page
    assert re.findall(r'<tr id="row-(\d+)"', page)[:2] == ["7", "0"]
    assert "<b>17</b> pass" in page and "<b>1</b> fail" in page


def test_what_results_say_is_text_never_markup(results):
    evil = "</script><script>alert(1)</script>"
    (results.path / "lab.json").write_text(json.dumps({"name": evil, "about": evil, "engine": evil,
                                                       "fixed": {evil: evil}}))
    page = results.set(0, verdict="fail", reason=evil, loss=evil).set(1, loss=evil, cc='"><i>').page()
    assert evil not in page and "<i>" not in page and page.count("<script") == page.count("</script>")


def test_the_page_asks_for_nothing_and_is_the_same_each_time(results):
    first = results.page()
    assert not re.search(r'(?:src|href)="(?!#|data:)|@import|url\(', first)
    assert results.page() == first


def test_plots_are_files_too(results):
    results.run("--plots", results.path / "plots", "--measures", "goodput_bps")
    assert [one.name for one in (results.path / "plots").iterdir()] == ["goodput_bps.svg"]
    svg = ET.parse(results.path / "plots" / "goodput_bps.svg").getroot()
    assert len(dots(svg)) == 18 and "smallest to largest of 3 seeds" in "".join(svg.itertext())


def test_axes_that_would_make_the_page_too_large_are_named(results, monkeypatch):
    table = report_read.read([str(results.path)])
    opts = types.SimpleNamespace(x=None, by=None, measures=None)
    monkeypatch.setattr(report_plots, "MARKS_MAX", 2 * 18)
    assert {f.x for f in report_plots.figures(table, opts)} == {"loss", "cc"}
    monkeypatch.setattr(report_plots, "MARKS_MAX", 2 * 18 - 1)
    drawn = report_plots.figures(table, opts)
    assert {f.x for f in drawn} == {"loss"}
    page = report_html.page(table, [(f, "<svg></svg>") for f in drawn], "", {}, "", ())
    assert "Against cc: rig report --x" in page and drawn[0].marks == 18
    monkeypatch.setattr(report_plots, "MARKS_MAX", 17)
    drawn = report_plots.figures(table, opts)
    svg = ET.fromstring(report_chart.draw(drawn[0]))
    assert not dots(svg) and len(of_class(svg, "mk")) == 8 and "too many to be drawn" in drawn[0].about()


def test_rows_the_page_has_no_room_for_are_counted(results, monkeypatch):
    monkeypatch.setattr(report_html, "CELLS_MAX", 10 * 6)  # two factors, three facts, one measure
    table = report_read.read([str(results.set(17, verdict="fail").path)])
    page = report_html.page(table, [], "", {}, "", ())
    rows = re.findall(r'<tr id="row-(\d+)"', page)
    assert len(rows) == 10 and rows[0] == "17" and "8 rows are not on the page" in page


def test_a_model_is_drawn_where_it_applies(results):
    (results.path / "m.json").write_text(json.dumps([
        {"name": "theory", "measure": "goodput_bps", "x": "loss", "points": [["0.1%", 2e6], [0.01, 1e6]],
         "where": {}}]))
    plots = figures(results.page("--model", results.path / "m.json"))
    assert len(of_class(plots["goodput_bps", "loss"], "model")) == 2
    assert not of_class(plots["goodput_bps", "cc"], "model")


@pytest.mark.parametrize("text, said", [
    ("[", "is not JSON"), ("{}", "a list of models"), ('[{"name": "a"}]', "model 0 has the keys"),
    ('[{"name": "a", "measure": "goodput_bps", "x": "rtt", "points": []}]', "rtt is neither a factor"),
    ('[{"name": "a", "measure": "speed", "x": "loss", "points": []}]', "speed is neither"),
    ('[{"name": "a", "measure": "goodput_bps", "x": "loss", "points": [["much", 1]]}]', "is not [x, y]"),
])
def test_a_model_that_makes_no_sense_is_a_sentence(results, text, said):
    (results.path / "m.json").write_text(text)
    assert said in results.run("--model", results.path / "m.json", status=2).stderr


def test_more_lines_than_can_be_told_apart_are_refused(tmp_path):
    results = Results(tmp_path)
    for n in range(18):
        results.set(n, cc=f"algorithm{n}")
    assert "--by cc: 18 lines cannot be told apart, 8 can" in results.run("--by", "cc", status=2).stderr
    assert {x for _, x in figures(results.page())} == {"cc", "loss"}


def test_a_measure_over_decades_has_a_logarithmic_axis_that_says_so(results):
    results.run("--plots", results.path / "plots", "--measures", "goodput_bps")
    assert "Goodput by loss" in (results.path / "plots/goodput_bps.svg").read_text()
    results.set(0, goodput_bps="1000").run("--plots", results.path / "plots", "--measures", "goodput_bps")
    svg = ET.parse(results.path / "plots/goodput_bps.svg").getroot()
    assert "Goodput (logarithmic) by loss" in "".join(svg.itertext())
    # Equal ratios are equal ways: 1 kbit/s, and 1 and 2 and 4 Mbit/s.
    y = {int(one.get("data-point")): float(one.get("cy")) for one in dots(svg)}
    assert y[1] - y[3] == pytest.approx(y[3] - y[7], abs=0.2) and y[0] - y[1] > 5 * (y[1] - y[3])


def test_where_leaves_the_points_it_names(results):
    page = results.page("--where", "cc=bbr")
    assert len(dots(figures(page)["goodput_bps", "loss"])) == 9 and 'id="row-3"' not in page


def test_two_results_are_told_apart_by_what_differs(results, tmp_path):
    (tmp_path / "wire").mkdir()
    wire = Results(tmp_path / "wire")
    for n in range(len(wire.rows)):
        wire.set(n, engine="wire")
    results.run(tmp_path / "wire")
    plots = figures((results.path / "report.html").read_text())
    assert len(dots(plots["goodput_bps", "loss"])) == 36 and ("goodput_bps", "engine") in plots


def test_a_lab_that_says_nothing_of_anothers_factor_has_what_it_ran_with(results, tmp_path):
    def about(path, **more):
        said = {"name": "mine", "factors": {"cc": ["reno", "bbr"]}, **more}
        (path / "lab.json").write_text(json.dumps(said))

    (tmp_path / "wire").mkdir()
    wire = Results(tmp_path / "wire")
    for row in wire.rows:
        row[COLUMNS.index("loss")] = "2%"
    wire.write()
    header = (wire.path / "results.csv").read_text().replace("loss", "device").replace("2%", "linux")
    (wire.path / "results.csv").write_text(header)
    about(results.path, engine="virtual")
    about(wire.path, engine="wire", fixed={"loss": "3%"})
    table = report_read.read([str(results.path), str(wire.path)])
    assert {p.factors["device"] for p in table.points if p.factors["engine"] == "virtual"} == {"phantom"}
    assert {p.factors["loss"] for p in table.points if p.factors["engine"] == "wire"} == {"3%"}


def test_several_flows_have_a_line_each(results):
    for n in range(18):
        path = results.path / "points" / f"{n:04d}"
        path.mkdir(parents=True)
        (path / "result.json").write_text(json.dumps({"verdict": "pass", "flows": [
            {"name": name, "goodput_bps": speed * (n + 1)}
            for name, speed in (("slow.1", 1e5), ("slow.2", 2e5), ("fast", 4e5))]}))
    results.run("--plots", results.path / "plots")
    svg = ET.parse(results.path / "plots/flow-goodput_bps.svg").getroot()
    assert len(dots(svg)) == 18 * 3 and len(of_class(svg, "mk")) == 2 * 6 + 2
    titles = [one.findtext("{http://www.w3.org/2000/svg}title") or "" for one in of_class(svg, "mk")]
    # Three seeds of two copies: 100 200 200 300 400 600 kbit/s; and what a median of those may be.
    assert "loss 0%, flow slow: 250 kbit/s (150 kbit/s to 500 kbit/s, 6 values)" in titles
    assert "loss 0%, flow fast: 800 kbit/s (400 kbit/s to 1.2 Mbit/s, 3 values)" in titles


@pytest.mark.parametrize("spoil, words, said", [
    (lambda p: (p / "results.csv").unlink(), [], "results.csv is not there"),
    (lambda p: (p / "results.csv").write_text("a,b\n1,2\n"), [], "no table of rig lab"),
    (lambda p: (p / "results.csv").write_bytes(b"\xff\xfe"), [], "not CSV"),
    (lambda p: (p / "results.csv").write_text(",".join(COLUMNS) + "\n"), [], "nothing was run"),
    (lambda p: (p / "results.csv").write_text(",".join(COLUMNS) + "\n1,2\n"), [],
     "results.csv:2: a row of 2"),
    (lambda p: (p / "lab.json").write_text("{"), [], "lab.json is not the JSON"),
    (lambda p: None, ["--x", "rtt"], "--x rtt: no such factor; there are cc, loss"),
    (lambda p: None, ["--where", "cc=vegas"], "cc is never vegas; it is reno, bbr"),
    (lambda p: None, ["--measures", "speed"], "--measures speed: not in the table"),
])
def test_what_makes_no_sense_is_a_sentence_and_nothing_is_written(results, spoil, words, said):
    spoil(results.path)
    assert said in results.run(*words, status=2).stderr
    assert not (results.path / "report.html").exists()


def test_bands_are_what_they_are_said_to_be():
    assert report_stats.median([3, 1, 2]) == 2 and report_stats.median([4, 1, 2, 3]) == 2.5
    assert report_stats.band([5, 1, 3]) == (1, 5)
    low, high = report_stats.band(list(range(100)))
    # The median's standard error over 0..99 is about 5: the interval is 1.96 of them either way.
    assert 36 <= low <= 43 and 56 <= high <= 63
    assert "range" not in report_stats.words({7}) and "95 %" in report_stats.words({7})
    assert "95 %" not in report_stats.words({3}) and "smallest to largest" in report_stats.words({3})


def test_the_interval_holds_the_median_as_often_as_it_says():
    import random
    draw = random.Random(7)
    held = 0
    for _ in range(400):
        low, high = report_stats.band([draw.gauss(0, 1) for _ in range(12)])
        held += low <= 0 <= high
    assert 360 <= held <= 396  # 90 to 99 %: the bootstrap of a median is not exact at twelve
