# SPDX-License-Identifier: BSD-2-Clause
"""rig lab with real runs: in virtual time exact to the bit, on a wire the same measures of phantom and of
the kernel, and of both what the link lets through."""

import collections
import contextlib
import gzip
import json
import os
import shutil
import signal

import pytest
from labs import WIRE, Labs, real_world

from rig import lab_again, lab_capture
from rig.net import eventually
from rig.session import find_program

VIRTUAL = """
[lab]
name = "real"
duration = "3s"
settle = "1s"
seeds = [1, 2]

[topology]
name = "dumbbell"

[fixed]
rate = "10mbit"
rtt = "20ms"
buffer = "2bdp"

[factors]
congestion = ["reno", "cubic"]
loss = ["0%", "1%"]

[[traffic]]
name = "big"
kind = "bulk"
from = "s1"
to = "r1"

[[traffic]]
name = "ask"
kind = "request"
from = "r2"
to = "s2"
request = 100
response = {dist = "uniform", min = "1kB", max = "50kB"}
think = "100ms"
"""


def test_virtual_time_gives_the_same_bytes_whoever_runs_it(tmp_path):
    labs = Labs(tmp_path, real=True).file(VIRTUAL)
    labs.run("-j1")
    first, rows = (labs.out / "results.csv").read_bytes(), labs.rows()
    results = [(labs.out / f"points/{n:04d}/result.json").read_bytes() for n in range(8)]
    assert {r["verdict"] for r in rows} == {"pass"} and len({r["digest"] for r in rows}) > 4
    assert all(9e6 < float(r["goodput_bps"]) < 10e6 for r in rows if r["loss"] == "0%")
    assert all(int(r["retransmitted"]) > 0 for r in rows if r["loss"] == "1%")
    assert labs.sql("SELECT name, transfers > 5 FROM flows WHERE point = 0 ORDER BY 1") == [
        ("ask", 1), ("big", 0)]
    shutil.rmtree(labs.out)
    labs.run("-j2")
    assert (labs.out / "results.csv").read_bytes() == first
    assert [(labs.out / f"points/{n:04d}/result.json").read_bytes() for n in range(8)] == results
    done = labs.run("--point", "7", "--series", "--capture")
    assert f"bit for bit the run of the table: digest {rows[7]['digest']}" in done.stdout
    series = (labs.out / "points/0007/series.jsonl").read_text().splitlines()
    assert {json.loads(line)["ev"] for line in series} == {"state", "pkt", "queue"}
    assert (labs.out / "points/0007/right.neck.pcapng").stat().st_size > 1000


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("name, size, flows", [
    ("pair", "", [("a", "b", 1), ("b", "a", 1)]),
    ("dumbbell", "pairs = 3", [("s{i}", "r{i}", 3), ("r1", "s3", 1)]),
    ("parking-lot", "hops = 3", [("a", "b", 1), ("c{i}", "d{i}", 3), ("d1", "c3", 1)]),
    ("incast", "senders = 5", [("s{i}", "r", 5), ("s1", "s5", 1)])])
def test_every_named_topology_carries_what_its_hosts_send(tmp_path, name, size, flows, family):
    text = f'[lab]\nname = "t"\nduration = 4\n[topology]\nname = "{name}"\n{size}\n[fixed]\nrate = "20mbit"\n'
    text += f'family = "{family}"\n' if family != "ipv4" else ""
    for number, (source, to, each) in enumerate(flows):
        text += (f'[[traffic]]\nname = "t{number}x"\nkind = "bulk"\nbytes = 20000\neach = {each}\n'
                 f'from = "{source}"\nto = "{to}"\n')
    labs = Labs(tmp_path, real=True).file(text)
    labs.run()
    found = labs.sql("SELECT bytes, transfers FROM flows")
    assert found == [(20000, 1)] * sum(each for _, _, each in flows)
    assert int(labs.rows()[0]["frames"]) > 0, "the watched link has none of it"


def test_the_shipped_first_example_and_the_page_agree(tmp_path):
    tree = os.path.join(os.path.dirname(__file__), "../..")
    with open(f"{tree}/scenarios/experiments/first.toml", encoding="utf-8") as file:
        example = file.read().split("\n", 1)[1]
    with open(f"{tree}/docs/lab.md", encoding="utf-8") as file:
        assert example in file.read()
    done = Labs(tmp_path, real=True).file(example).run("--dry-run")
    assert "27 points, 27 to run" in done.stdout


@pytest.fixture
def world(tmp_path):
    return real_world(tmp_path)


# ---- on a wire -----------------------------------------------------------------------------------

def test_a_wire_measures_phantom_and_the_kernel_by_the_same_names(world):
    def enough():
        return all(r["cwnd_mean"] and r["rtt_min_s"] and float(r["goodput_bps"] or 0) > 0 and
                   (r["loss"] == "0%" or int(r["dropped"]) * int(r["retransmitted"])) for r in world.rows())

    lasted = world.on_a_wire(WIRE, enough)
    rows = world.rows()
    assert [(r["device"], r["loss"], r["verdict"]) for r in rows] == [
        (device, loss, "pass") for device in ("phantom", "linux") for loss in ("0%", "2%")]
    for r in rows:
        # What the link lets through bounds it from above; a slow machine only takes from it.
        assert float(r["goodput_bps"]) > 0 and 0 < int(r["bytes"]) * 8 < 5e6 * lasted, r
        assert float(r["rtt_min_s"]) >= 0.020 and float(r["rtt_mean_s"]) >= float(r["rtt_min_s"])
        assert float(r["cwnd_mean"]) > 1448 and int(r["segments"]) > 0 and r["connections"] == "1"
        assert int(r["frames"]) > 0 and float(r["utilisation"]) > 0
        assert int(r["queue_max_packets"]) <= 31  # and the one on the line
    for r in rows:
        if r["loss"] == "2%":
            assert int(r["dropped"]) > 0 and int(r["retransmitted"]) > 0
    assert not world.runs()


def test_a_point_of_a_wire_is_replayed_verdict_for_verdict(world):
    path = world.out / "points/0000"

    def again():
        """The run made again; the data that was lost in it."""
        done = world.run("--engine", "wire", "--point", "0", "--series")
        assert "verdict for verdict the run of the table" in done.stdout
        return [json.loads(line) for line in (path / "series.jsonl").read_text().splitlines()
                if '"fate": "loss"' in line]

    lost = []

    def enough():
        lost[:] = again()
        return lost and int(world.rows()[0]["dropped"])

    world.on_a_wire(WIRE.replace('"phantom", "linux"', '"linux"').replace('"0%", "2%"', '"2%"'), enough)
    assert lost and all(one["dir"] == "data" and one["arrive"] is None for one in lost)
    fates = lab_again.fates(path / "b.e0.verdicts.gz")
    # The link carries on until the run is taken down: the counters hold up to the frame they name.
    said = json.loads((path / "result.json").read_text())["links"][0]
    told = collections.Counter(fate for fate in fates["in"][:said["frames"]] if fate)
    queue = said["dropped"].pop("queue full", 0)  # which decides again, and is not in the file
    assert told == {f"drop {why}": n for why, n in said["dropped"].items()}
    assert told["drop loss"] > 0 and sum(told.values()) + queue == int(world.rows()[0]["dropped"])
    # Held against another list the same run is told to differ, with the frame.
    shutil.copytree(path, world.path / "other")
    text = gzip.decompress((path / "b.e0.verdicts.gz").read_bytes()).decode()
    lost = text.index("drop loss")
    (world.path / "other" / "b.e0.verdicts.gz").write_bytes(gzip.compress(
        (text[:lost] + "at 10000000" + text[lost + len("drop loss"):]).encode()))
    differs, _ = lab_again.verdicts(str(world.path / "other"), str(path))
    assert f"frame {fates['in'].index('drop loss') + 1}: drop loss, the table's is delivered" in differs


def test_frame_n_meets_the_same_chance_in_virtual_time_and_on_a_wire(world):
    lost = {}
    for engine in ("virtual", "wire"):
        for seed in (1, 2):
            record = world.path / f"{engine}{seed}.record"
            world.file(WIRE.replace('"phantom", "linux"', '"phantom"').replace('"0%", "2%"', '"10%"')
                       .replace('link = "wire in"', f'link = "wire in"\nlinks = ["wire record {record}"]')
                       .replace("[lab]", f"[lab]\nseeds = [{seed}]"))
            shutil.rmtree(world.out, ignore_errors=True)
            world.run("--engine", engine)
            lost[engine, seed] = [int(line.split()[1]) for line in record.read_text().splitlines()
                                  if line.startswith("in ") and line.endswith("drop loss")]
    for seed in (1, 2):
        both = min(len(lost["virtual", seed]), len(lost["wire", seed]))
        assert both >= 3 and lost["virtual", seed][:both] == lost["wire", seed][:both], lost
    assert lost["wire", 1][:3] != lost["wire", 2][:3], "the point's seed does not reach the wire"


KINDS = """
[lab]
name = "kinds"
duration = "3s"

[topology]
name = "dumbbell"
links = ["neck rate 20mbit delay 2ms"]

[devices]
s1 = "linux"

[[traffic]]
name = "ask"
kind = "request"
from = "r1"
to = "s1"
request = 10
response = 20000
think = 0.01
count = 5

[[traffic]]
name = "page"
kind = "web"
from = "r2"
to = "s2"
objects = {dist = "uniform", min = 2, max = 5}
size = "5kB"
think = 0.01
count = 3

[[traffic]]
name = "short"
kind = "arrivals"
from = "s1"
to = "r2"
size = "10kB"
gap = {dist = "exponential", mean = "200ms"}

[[traffic]]
name = "talk"
kind = "onoff"
from = "s2"
to = "r1"
on = 0.2
off = 0.2
rate = "1mbit"

[[traffic]]
name = "round"
kind = "incast"
from = ["s1", "s2"]
to = "r2"
bytes = "8kB"
count = 4

[[traffic]]
name = "two"
kind = "bulk"
from = "s1"
to = "r1"
bytes = "50kB"
copies = 2
"""


def test_every_kind_of_traffic_runs_on_a_wire_between_phantom_and_the_kernel(world):
    counted = {"ask": 5, "page": 3, "round": 4, "two.1": 1, "two.2": 1}

    def flows_of():
        return {name: (transfers, size, connections) for name, transfers, size, connections in
                world.sql("SELECT name, transfers, bytes, connections FROM flows")}

    def enough():
        flows = flows_of()
        return (all(flows[name][0] == count for name, count in counted.items())
                and flows["short"][0] and flows["talk"][1])

    lasted = world.on_a_wire(KINDS, enough, "--series")
    flows = flows_of()
    assert flows["ask"] == (5, 100000, 1)
    assert flows["page"][0] == 3 and flows["page"][1] % 5000 == 0 and flows["page"][2] >= 6
    assert flows["round"] == (4, 4 * 2 * 8000, 2)
    assert flows["two.1"][:2] == flows["two.2"][:2] == (1, 50000)
    assert flows["short"][0] >= 1 and flows["short"][1] >= 10000
    assert 0 < flows["talk"][1] <= 1e6 / 8 * lasted
    lines = [json.loads(line) for line in
             (world.out / "points/0000/series.jsonl").read_text().splitlines()]
    assert {line["ev"] for line in lines} == {"state", "pkt", "queue"}
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    sent = [line for line in lines if line["ev"] == "pkt" and line["flow"] == "two.1"
            and line["dir"] == "data" and not line["rtx"]]
    assert sum(line["len"] for line in sent) == 50000 and sent[0]["text"].startswith("> S ")
    assert all(line["fate"] == "delivered" and line["arrive"] >= line["t"] for line in sent)


def test_flows_over_ipv6_are_measured_on_a_wire_as_over_ipv4(world):
    text = WIRE.replace('loss = ["0%", "2%"]', 'family = ["ipv4", "ipv6"]')
    assert text != WIRE

    def enough():
        return all(r["rtt_min_s"] and int(r["segments"] or 0) > 0 for r in world.rows())

    world.on_a_wire(text, enough, "--series")
    for number, row in enumerate(world.rows()):
        assert row["verdict"] == "pass" and float(row["rtt_min_s"]) >= 0.020, row
        packets = [json.loads(line) for line in
                   (world.out / f"points/{number:04d}/series.jsonl").read_text().splitlines()]
        fates = collections.Counter(one["fate"] for one in packets if one["ev"] == "pkt")
        assert fates["delivered"] > 10, (row["device"], row["family"], fates)
        point = json.loads((world.out / f"points/{number:04d}/point.json").read_text())
        assert point["flows"][0]["family"] == row["family"]


def test_a_device_that_has_no_such_algorithm_is_an_error_of_the_point(world):
    world.file(WIRE.replace('"phantom", "linux"', '"linux"').replace(
        'loss = ["0%", "2%"]', 'congestion = ["cubic", "nonesuch"]'))
    done = world.run("--engine", "wire", status=1)
    rows = world.rows()
    assert [r["verdict"] for r in rows] == ["pass", "error"], done.stdout
    assert "nonesuch" in rows[1]["reason"], rows


def below(pid):
    """{pid: command} of all processes that pid has begun."""
    parent, command = {}, {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                parent[int(entry)] = int(file.read().rpartition(")")[2].split()[1])
            with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as file:
                command[int(entry)] = file.read().replace("\0", " ")

    def ours(one):
        while one not in (pid, 0, None):
            one = parent.get(one)
        return one == pid

    return {one: words for one, words in command.items() if one != pid and ours(one)}


def test_a_device_that_is_killed_is_an_error_with_its_signal_and_is_tried_again(world):
    one = WIRE.replace('"phantom", "linux"', '"phantom"').replace('loss = ["0%", "2%"]', 'loss = ["0%"]')
    world.file(one)
    lab = world.start("--engine", "wire")
    phantoms = eventually(lambda: [pid for pid, words in below(lab.pid).items() if "phantom --tap" in words],
                          what="a phantom of the point")
    os.kill(phantoms[0], signal.SIGKILL)
    said, _ = lab.communicate()
    assert lab.returncode == 1, said
    row, = world.rows()
    assert row["verdict"] == "error" and "SIGKILL" in row["reason"], row
    assert "error" in world.run("--engine", "wire", "--list").stdout
    world.run("--engine", "wire")
    assert [row["verdict"] for row in world.rows()] == ["pass"], "it was not tried again"


# ---- what a capture says -------------------------------------------------------------------------

def segment(t, flags, seq, length, data=True, ack=0):
    a, b = (b"\n\0\0\1", 40000), (b"\n\0\0\2", 5001)
    (src, sport), (dst, dport) = (a, b) if data else (b, a)
    return lab_capture.Segment(t, src, sport, dst, dport, seq % 2**32, ack % 2**32, flags, 100,
                               length, b"")


def test_a_capture_tells_retransmissions_and_round_trips_across_the_wrap_of_numbers():
    flows, base = lab_capture.Flows({5001: ("f", False)}, settle=0), 2**32 - 1500
    for one in (segment(0, lab_capture.SYN, base, 0),
                segment(1.0, lab_capture.ACK, base + 1, 1000),
                segment(1.1, lab_capture.ACK, base + 1001, 1000),
                segment(1.2, lab_capture.ACK, base + 2001, 1000),
                segment(1.5, lab_capture.ACK, 0, 0, False, base + 1001),     # 0.5 s
                segment(1.6, lab_capture.ACK, base + 1001, 1000),            # again
                segment(2.0, lab_capture.ACK, 0, 0, False, base + 3001)):    # 0.8 s, of the newest
        flows.take(one)
    found = lab_capture.figures([flows], "f")
    assert (found["segments"], found["retransmitted"]) == (4, 1)
    assert found["rtt_min_s"] == pytest.approx(0.5) and found["rtt_mean_s"] == pytest.approx(0.65)


def test_the_programs_that_decide_a_wire_are_in_its_version(tmp_path):
    from rig import lab_run
    virtual, wire = lab_run.version("virtual"), lab_run.version("wire")
    assert virtual != wire and os.uname().release in wire and find_program("phantom")
