# SPDX-License-Identifier: BSD-2-Clause
"""rig report's page in a browser: its plots and table are there, sorting and choosing work, packets can be
zoomed to, moved over and read, by pointer and by keys, and the console has nothing to say.
"""

import json
import subprocess

import browser
import pytest
from labs import FILE, Labs

from rig.session import find_program


def rig(*words):
    done = subprocess.run([find_program("rig"), *map(str, words)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A small lab that was run: eight points, one of them with its series; its directory."""
    browser.program()  # skips before anything is run
    path = tmp_path_factory.mktemp("report")
    labs = Labs(path, real=True).file(FILE.replace("rtt =", 'rate = ["3mbit"]\nqueue = [20]\nrtt ='))
    labs.run("-j2")
    labs.run("--point", "5", "--series")
    rig("report", labs.out)
    return labs.out


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser.Browser(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture
def page(lab, chromium):
    chromium.errors.clear()
    chromium.open(lab / "report.html")
    chromium.until("document.getElementById('trace').dataset.ready === '5/f1'")
    yield chromium
    assert chromium.errors == []


@pytest.fixture(scope="module")
def packets(lab):
    """The segments of the series, as rig sim wrote them."""
    lines = map(json.loads, (lab / "points/0005/series.jsonl").read_text().splitlines())
    return [one for one in lines if one["ev"] == "pkt"]


def figure(page, name):
    return page.eval(f"document.getElementById('trace').dataset.{name}")


def span(page):
    """(t0, t1) of the time axis, after what was asked for is drawn."""
    page.eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(figure(page, "t0")), float(figure(page, "t1"))


def middle(page):
    return page.place("#trace canvas[data-panel=sequence]")


def test_every_value_of_the_table_is_a_dot_of_its_plot(page, lab):
    rows = (lab / "results.csv").read_text().splitlines()
    assert len(rows) == 9
    plots = page.eval("""Array.from(document.querySelectorAll("#plots figure"), (f) => ({
        measure: f.dataset.measure, marks: Number(f.dataset.marks), seen: f.offsetHeight > 50,
        dots: f.querySelectorAll(".pt circle").length,
        inside: Array.from(f.querySelectorAll(".pt circle")).every((c) => c.cx.baseVal.value > 0
            && c.cy.baseVal.value > 0 && c.cx.baseVal.value < f.querySelector("svg").viewBox.baseVal.width
            && c.cy.baseVal.value < f.querySelector("svg").viewBox.baseVal.height) }))""")
    shown = [one for one in plots if one["seen"]]
    assert "goodput_bps" in [one["measure"] for one in shown]
    assert all(one["dots"] == one["marks"] and one["inside"] for one in plots)
    assert next(one for one in shown if one["measure"] == "goodput_bps")["dots"] == 8
    assert page.eval("document.querySelectorAll('#points tbody tr').length") == 8


def test_another_x_axis_shows_other_plots(page):
    page.eval("""(() => { const s = document.getElementById("choose-x"); s.value = "loss";
        s.dispatchEvent(new Event("change", { bubbles: true })); })()""")
    shown = page.eval("""Array.from(document.querySelectorAll("#plots figure"))
        .filter((f) => f.offsetHeight > 0).map((f) => f.dataset.x)""")
    assert shown and set(shown) == {"loss"}


def test_the_table_is_sorted_by_the_head_that_is_clicked(page):
    numbers = """Array.from(document.querySelectorAll("#points tbody tr"), (r) => Number(
        Array.from(r.cells).find((c, i) => document.querySelectorAll("#points th[scope=col]")[i].title
            === "goodput_bps").dataset.v))"""
    page.click('#points th[title="goodput_bps"] button')
    up = page.eval(numbers)
    page.click('#points th[title="goodput_bps"] button')
    assert up == sorted(up) and len(set(up)) > 1 and page.eval(numbers) == up[::-1]


def test_a_row_says_how_it_is_run_again(page, lab):
    page.click("#row-5 td")
    assert f"--out {lab} --point 5" in page.eval("document.querySelector('tr.more').textContent")


def test_the_filter_leaves_rows_with_all_words(page):
    page.eval("""(() => { const f = document.getElementById("filter"); f.value = "1% 40ms";
        f.dispatchEvent(new Event("input")); })()""")
    rows = "Array.from(document.querySelectorAll('#points tbody tr:not([hidden])'), (r) => r.id)"
    assert page.eval(rows) == ["row-6", "row-7"]


def test_all_packets_of_the_series_are_in_the_whole_view(page, packets):
    assert int(figure(page, "packets")) == len(packets) > 100
    t0, t1 = span(page)
    assert t0 < packets[0]["t"] and packets[-1]["t"] < t1


def test_the_page_unpacks_what_the_series_has(page, packets):
    got = page.eval("""(async () => { const all = await rigSeries.unpack(
        document.getElementById("series-5").textContent); const c = all.connections[0];
        const plain = (values) => Array.from(values, (v) => Number.isNaN(v) ? null : v);
        return { t: plain(c.sent), arrive: plain(c.arrived), seq: plain(c.seq), ack: plain(c.ack),
            len: plain(c.len), win: plain(c.win), rtx: Array.from(c.rtx, Boolean), text: c.text,
            fate: c.fate.map((n) => c.fates[n]), sack: c.text.map((_, i) => c.sack[i] || []) }; })()""")
    for name, values in got.items():
        assert values == [one[name] for one in packets], name


def test_the_wheel_zooms_to_where_the_pointer_is(page):
    x, y = middle(page)
    t0, t1 = span(page)
    page.wheel(x, y, -400)
    page.until(f"Number(document.getElementById('trace').dataset.t0) > {t0}")
    u0, u1 = span(page)
    assert t0 < u0 < u1 < t1 and (u1 - u0) < 0.5 * (t1 - t0)
    page.wheel(x, y, 400)
    page.until(f"Number(document.getElementById('trace').dataset.t0) < {u0}")
    assert span(page) == pytest.approx((t0, t1), abs=1e-6)


def test_dragging_moves_and_with_shift_zooms_to_the_span(page):
    x, y = middle(page)
    page.wheel(x, y, -400)
    page.until("(({ t0, t1 }) => t1 - t0 < 0.6)(document.getElementById('trace').dataset)")
    t0, t1 = span(page)
    page.drag(x, y, x - 100, y)
    u0, u1 = span(page)
    assert u0 > t0 and u1 - u0 == pytest.approx(t1 - t0)
    page.drag(x, y, x + 200, y, modifiers=8)
    v0, v1 = span(page)
    assert u0 < v0 and v1 < u1 and v1 - v0 < 0.5 * (u1 - u0)


def test_a_packet_under_the_pointer_is_said_in_drills_notation(page, packets):
    x, y = middle(page)
    page.wheel(x, y, -300)
    t0, t1 = span(page)
    low, high = float(figure(page, "low")), float(figure(page, "high"))
    left, top, wide, tall = page.eval("""(() => { const r = document.querySelector(
        "#trace canvas[data-panel=sequence]").getBoundingClientRect();
        return [r.x + 78, r.y + 10, r.width - 92, r.height - 18]; })()""")

    def far(one, x, y):
        """Pixels from a place to a segment's mark, as the sender sees it."""
        data = one["dir"] == "data"
        t = one["t"] if data or one["arrive"] is None else one["arrive"]
        ends = (one["seq"], one["seq"] + one["len"]) if data else (one["ack"], one["ack"])
        bottom, upper = (top + tall - (end - low) / (high - low) * tall for end in ends)
        return ((left + (t - t0) / (t1 - t0) * wide - x) ** 2 + max(upper - y, y - bottom, 0) ** 2) ** 0.5

    heard = [one for one in packets if t0 + 0.1 * (t1 - t0) < one["t"] < t1 - 0.1 * (t1 - t0)]
    for n, one in enumerate(heard[::max(1, len(heard) // 12)]):
        t = one["t"] if one["dir"] == "data" else one["arrive"]
        at = one["seq"] + one["len"] / 2 if one["dir"] == "data" else one["ack"]
        place = (round(left + (t - t0) / (t1 - t0) * wide) + n % 5 - 2,
                 round(top + tall - (at - low) / (high - low) * tall) + n % 3 - 1)
        page.mouse("mouseMoved", *place)
        said = page.eval("Array.from(document.querySelector('.tip').children, (e) => e.textContent)")
        found = [p for p in packets if p["text"] == said[1]]
        assert found and said[1][:2] in ("> ", "< "), said
        nearest = min(far(p, *place) for p in packets)
        assert min(far(p, *place) for p in found) <= nearest + 0.05, (said, nearest)


def test_keys_go_to_each_loss_and_each_retransmission(page, packets):
    page.eval("document.querySelector('.panels').focus()")
    for key, want in (("l", [p for p in packets if p["fate"] not in ("delivered", "flight")]),
                      ("r", [p for p in packets if p["rtx"]])):
        page.key("Home")
        seen = []
        for _ in want:
            page.key(key)
            seen.append(figure(page, "packet"))
        assert want and sorted(seen) == sorted(p["text"] for p in want), key


def test_the_receiver_sees_data_when_it_arrives(page):
    page.eval("document.querySelector('.panels').focus()")
    page.key("Home")
    page.key("n")
    sent = page.eval("document.querySelector('.ring').style.left")
    page.eval("""(() => { const s = document.getElementById("trace-end"); s.value = "receiver";
        s.dispatchEvent(new Event("change", { bubbles: true })); })()""")
    span(page)
    assert float(page.eval("document.querySelector('.ring').style.left")[:-2]) > float(sent[:-2])


def test_panels_are_drawn_light_and_dark(page):
    ink = """(() => { const out = {}; for (const c of document.querySelectorAll(".panels canvas")) {
        const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let n = 0;
        for (let i = 3; i < d.length; i += 4) n += d[i] > 0;
        out[c.dataset.panel] = n; } return out; })()"""
    light = page.eval(ink)
    assert set(light) == {"sequence", "window", "rtt", "queue"} and min(light.values()) > 1000
    page.media(prefers_color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.eval(paper)
    page.media(prefers_color_scheme="light")
    assert dark != page.eval(paper)


def test_on_paper_there_is_what_can_be_read_and_nothing_to_press(page):
    shown = "(name) => getComputedStyle(document.querySelector(name)).display !== 'none'"
    seen = f"['.tools', '#plots figure', '#trace .panels', '#points', 'nav'].map({shown})"
    assert page.eval(seen) == [True] * 5
    page.media(media="print")
    paper = page.eval(seen)
    page.media()
    assert paper == [False, True, True, True, False]


def test_one_point_of_rig_sim_has_a_page_of_its_own(lab, chromium, tmp_path):
    rig("report", "--point", lab / "points/0005", "--out", tmp_path / "one.html")
    chromium.errors.clear()
    chromium.open(tmp_path / "one.html")
    chromium.until("document.getElementById('trace').dataset.ready")
    text = chromium.eval("document.body.textContent")
    assert "digest" in text and "b.e0 in" in text and chromium.errors == []
