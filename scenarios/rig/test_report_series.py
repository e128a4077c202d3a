# SPDX-License-Identifier: BSD-2-Clause
"""rig report: what becomes of a series: packed so that it reads back equal, drawn in files, too long for one
page, damaged, or from a wire where the fate of a packet is not known.
"""

import base64
import itertools
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ET
import zlib

import pytest
from test_report import Results

from rig import report_series
from rig.session import find_program


def packet(t, **more):
    """A line of a data segment; `more` changes it."""
    return {"t": t, "flow": "f1", "ev": "pkt", "dir": "data", "seq": 1, "len": 1000, "ack": 1, "sack": [],
            "win": 64000, "flags": ".", "rtx": False, "fate": "delivered", "arrive": t + 0.01,
            "text": "> . 1:1001(1000) ack 1 win 500 <nop>", **more}


def state(t, **more):
    return {"t": t, "flow": "f1", "ev": "state", "cwnd": 14480, "ssthresh": None, "srtt": 0.02, "rto": 0.22,
            "inflight": 1000, "pacing": None, "cc": "open", **more}


LINES = [
    {"t": 0.0, "link": "b.e0 in", "ev": "queue", "packets": 0, "bytes": 0},
    packet(0.1), state(0.100000001),
    packet(0.1000072, seq=1001, fate="loss", arrive=None),
    packet(0.11, dir="ack", seq=1, len=0, ack=1001, flags=".", text="< . 1:1(0) ack 1001", arrive=0.12),
    packet(0.12, dir="ack", seq=1, len=0, ack=1001, sack=[[2001, 3001]], text="< . 1:1(0) ack 1001 <sack>"),
    packet(0.13, seq=1001, rtx=True), state(0.13, cwnd=7240, ssthresh=7240, cc="recovery", pacing=1000),
    {"t": 0.14, "link": "b.e0 in", "ev": "queue", "packets": 3, "bytes": 3000},
    packet(0.2, flow="r1", conn=2, seq=0, len=0, ack=None, flags="S", text="> S 0:0(0)", fate="flight",
           arrive=None),
]


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path)


def series(results, point, lines):
    path = results.path / "points" / f"{point:04d}"
    path.mkdir(parents=True, exist_ok=True)
    (path / "series.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    (path / "result.json").write_text(json.dumps({"verdict": "pass", "point": point, "seed": 1, "flows": [
        {"name": "f1", "goodput_bps": 1e6}], "links": []}))
    return path


def unpacked(page):
    """{point: the object} of a page, as report/series.js reads it."""
    return {name: json.loads(zlib.decompress(base64.b64decode(text))) for name, text in re.findall(
        r'<script type="text/plain" id="series-([^"]+)">([^<]+)</script>', page)}


def sums(values, kinds=itertools.repeat(None)):
    last, out = {}, []
    for value, kind in zip(values, kinds):
        if value is not None:
            last[kind] = last.get(kind, 0) + value
        out.append(None if value is None else last[kind])
    return out


def test_a_series_reads_back_equal(results):
    series(results, 4, LINES)
    whole = unpacked(results.page())["4"]
    f1, r1 = whole["connections"]
    mine = [one for one in LINES if one.get("flow") == "f1" and one["ev"] == "pkt"]
    times = sums(f1["t"])
    assert [t / 1e9 for t in times] == [one["t"] for one in mine]
    assert [None if a is None else (t + a) / 1e9 for t, a in zip(times, f1["arr"])] == [
        one["arrive"] for one in mine]
    for key in ("seq", "ack"):
        assert sums(f1[key], f1["dirs"]) == [one[key] for one in mine]
    assert [f1["fates"][n] for n in f1["fate"]] == [one["fate"] for one in mine]
    assert f1["text"].split("\n") == [one["text"] for one in mine]
    assert sums(f1["rtx"]) == [4] and f1["sack"] == {"3": [[2001, 3001]]}
    assert f1["states"]["ssthresh"] == [None, 7240] and f1["states"]["cc"] == ["open", "recovery"]
    assert (r1["name"], r1["conn"], r1["ack"]) == ("r1", 2, [None])
    assert whole["links"] == [{"name": "b.e0 in", "t": [0, 140000000], "packets": [0, 3], "bytes": [0, 3000]}]
    assert whole["cut"] is None


def test_diagrams_are_files_too(results):
    series(results, 4, LINES)
    results.run("--plots", results.path / "plots")
    svg = ET.parse(results.path / "plots/point-4-f1.svg").getroot()
    ways = {one.get("stroke"): one.get("d") for one in svg.iter() if one.get("d") and one.get("stroke")}
    # Data once and once again, one loss, one block of SACK, two stairs of acknowledgments.
    assert ways["#d55e00"] and "M" in ways["#34404f"] and ways["#c8102e"].count("M") == 1
    assert ways["#8250c4"].count("M") == 1
    assert (results.path / "plots/point-4-r1-2.svg").exists()


def test_a_flow_is_never_a_path(results):
    series(results, 4, [packet(0.1, flow="../../f"), packet(0.2, flow="../../f")])
    results.run("--plots", results.path / "plots")
    assert "point-4-.._.._f.svg" in os.listdir(results.path / "plots")


def test_a_span_of_time_shows_what_is_in_it(results):
    series(results, 4, LINES)
    results.run("--plots", results.path / "plots", "--time", "0.125,0.15")
    svg = (results.path / "plots/point-4-f1.svg").read_text()
    assert '#c8102e" stroke-width="1.8"' not in svg, "the loss was before"
    assert not (results.path / "plots/point-4-r1-2.svg").exists()
    assert "FROM before TO" in results.run("--time", "2,1", status=2).stderr


def test_what_a_page_has_no_room_for_has_a_page_beside_it(results):
    noise = [packet(n / 1000, text=f"> . {os.urandom(1000).hex()}") for n in range(3000)]
    for point in range(4):
        series(results, point, noise)
    page = results.page()
    assert len(page) < report_series.INLINE_BYTES + 500_000
    here = set(unpacked(page))
    apart = set(re.findall(r'href="report\.points/(\d)\.html"', page))
    assert here and apart and here | apart == set("0123") and not here & apart
    for name in apart:
        beside = (results.path / f"report.points/{name}.html").read_text()
        assert set(unpacked(beside)) == {name} and 'href="../report.html"' in beside
    (results.path / "report.points/mine.html").write_text("no page of a point")
    for point in range(4):
        series(results, point, LINES)
    assert set(unpacked(results.page())) == set("0123")
    assert os.listdir(results.path / "report.points") == ["mine.html"], "pages of an earlier report stayed"


def test_a_series_that_is_too_long_is_cut_and_says_so(results, monkeypatch):
    path = series(results, 0, [packet(n / 10) for n in range(9)])
    monkeypatch.setattr(report_series, "PACKETS_MAX", 5)
    found = report_series.read(path / "series.jsonl")
    assert found.packets == 5 and found.cut == 0.5


@pytest.mark.parametrize("last, said", [
    ('{"t":0.3,"flow":"f1","ev"', "series.jsonl:2: not a line of a series"),
    ('{"t":0.3,"flow":"f1","ev":"pkt"}', "it has no 'seq'"),
    ("[]", "series.jsonl:2"),
])
def test_a_damaged_series_costs_its_diagram_and_is_said(results, last, said):
    path = series(results, 0, LINES[1:2])
    with open(path / "series.jsonl", "a", encoding="ascii") as file:
        file.write(last + "\n")
    series(results, 1, LINES)
    done = results.run(status=1)
    page = (results.path / "report.html").read_text()
    assert said in done.stderr and "series.jsonl:2" in page and set(unpacked(page)) == {"1"}


def test_a_series_of_a_wire_does_not_know_fates(results):
    series(results, 0, [packet(0.1, fate="unknown", arrive=None), packet(
        0.12, dir="ack", ack=1001, fate="unknown", arrive=None, len=0)])
    results.run("--plots", results.path / "plots")
    svg = (results.path / "plots/point-0-f1.svg").read_text()
    assert '#c8102e" stroke-width="1.8"' not in svg and '#34404f" stroke-width="1.5"' in svg


def test_a_point_by_itself_has_to_be_one(tmp_path):
    done = subprocess.run([find_program("rig"), "report", "--point", tmp_path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 2 and "result.json is not there" in done.stderr
