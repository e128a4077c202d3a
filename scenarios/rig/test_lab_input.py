# SPDX-License-Identifier: BSD-2-Clause
"""A lab file that makes no sense is refused in one sentence with its line, before anything starts;
one that does becomes the points it says."""

import json

import pytest
from labs import FILE, Labs

from rig import lab_topo, lab_values

# What is replaced, by what, the line that is named, and a part of the sentence.
BAD = [
    ("[lab]", "[lab", 1, "Expected"),
    ('name = "small"', 'name = "small', 2, "Illegal character"),
    ('name = "small"', "name = 7", 2, "name must be a text"),
    ('duration = "1s"', 'duration = "1s"\ncolour = 3', 4, "[lab] knows no key colour; there are name"),
    ('duration = "1s"', 'durations = "1s"', 3, "did you mean duration"),
    ('duration = "1s"', "", 1, "[lab] needs duration"),
    ('duration = "1s"', 'duration = "10mbit"', 3, "'10mbit' is not a time"),
    ('duration = "1s"', 'duration = "1s"\nsettle = 1', 4, "settle (1 s) must be below duration"),
    ("seeds = [1, 2]", "seeds = []", 4, "seeds must be different whole numbers"),
    ("seeds = [1, 2]", 'seeds = "5..1"', 4, "seeds must be different whole numbers"),
    ('name = "pair"', 'name = "pear"', 7, "no topology pear; did you mean pair"),
    ("[factors]\n", '[factors]\nfamily = ["ipv4", "ipx"]\n', 10, "no family 'ipx'; write ipv4 or ipv6"),
    ('name = "pair"', 'lines = ["node a", "node b", "veth a.e b.e", "addr a.e 10.0.0.1/24"]\n'
     'link = "a.e in"\n[fixed]\nfamily = "ipv6"', 18,
     "a has no IPv6 address; write one, as addr a.DEV fd00::1/64"),
    ('name = "pair"', 'name = "pair"\nhops = 3', 8, "hops sizes another topology"),
    ('name = "pair"', 'name = "pair"\nlines = ["node a"]', 6, "exactly one of name, file and lines"),
    ('name = "pair"', 'file = "nowhere.topo"', 7, "no topology file nowhere.topo"),
    ('name = "pair"', 'name = "pair"\nlink = "neck in"', 8, "no link neck; there are wire, b.e0, a.e0"),
    ('name = "pair"', 'name = "pair"\nlinks = ["a.e0 rate {rat}"]', 8, "no factor rat; there are"),
    ('name = "pair"', 'lines = ["node a", "node b", "veth a.e0 b.e0", "addr a.e0 10.0.0.1/24", '
     '"addr b.e0 10.0.0.2/24"]', 10, "loss has no link to go to"),
    ('loss = ["0%", "1%"]', "loss = []", 10, "factor loss has no values"),
    ('loss = ["0%", "1%"]', 'loss = "1%"', 10, "must be a list"),
    ('loss = ["0%", "1%"]', 'loss = ["1%", "1%"]', 10, "has a value twice"),
    ('loss = ["0%", "1%"]', 'flaws = ["1%"]', 10, "flaws is used nowhere"),
    ('loss = ["0%", "1%"]', "net.ipv4.tcp_sack = [0, 1]", 10, "stands in quotes"),
    ('loss = ["0%", "1%"]', 'buffer = ["1bdp"]', 10, "needs rate"),
    ('loss = ["0%", "1%"]', 'device = ["windows"]', 10, "no device windows"),
    ('loss = ["0%", "1%"]', 'verdict = [1, 2]', 10, "the table has a column of that name"),
    ('rtt = ["10ms", "40ms"]', 'rtt = ["10ms", "40"]\n[fixed]\nloss = "2%"', 10, "in [factors] and in"),
    ('rtt = ["10ms", "40ms"]', 'rtt = ["fast"]', 11, "{rtt/2}: rtt is 'fast'"),
    ("[factors]", "[factor]", 9, "no table [factor]; did you mean factors"),
    ('kind = "bulk"', 'kind = "bulky"', 14, "needs a kind: one of bulk, request"),
    ('kind = "bulk"', 'kind = "bulk"\nthink = 1', 15, "traffic of kind bulk knows no key think"),
    ('kind = "bulk"', 'kind = "request"\nrequest = 10', 13, "kind request needs response"),
    ('kind = "bulk"', 'kind = "bulk"\nbytes = "10s"', 15, "'10s' is not a size"),
    ('kind = "bulk"', 'kind = "bulk"\ncopies = 0', 15, "0 is not a count"),
    ('to = "b"', 'to = "c"', 16, "no host c; there are a, b"),
    ('to = "b"', 'to = "a"', 16, "f1 goes from a to itself"),
    ('to = "b"', "", 13, "[[traffic]] needs to"),
    ('to = "b"', 'to = "b"\n[[exclude]]\nlos = "1%"', 18, "no factor los; did you mean loss"),
    ('to = "b"', 'to = "b"\n[[exclude]]\nloss = "2%"', 18, "factor loss has no value '2%'"),
    ('to = "b"', 'to = "b"\n[[keep]]\nloss = "1%"\n[[exclude]]\nloss = "1%"', 17, "the rules leave no point"),
    ('to = "b"', 'to = "b"\n[measures]\ncolumns = ["speed"]', 18, "no measure 'speed'"),
    ('to = "b"', 'to = "b"\n[measures]\nwatch = ["wire"]', 18, "watch has directions"),
    ('to = "b"', 'to = "b"\n[devices]\nc = "linux"', 18, "no host c; there are a, b"),
    ('to = "b"', 'to = "b"\n[sysctls.c]\nx = 1', 17, "no host c; there are a, b"),
]


@pytest.mark.parametrize("old, new, line, sentence", BAD, ids=[f"{n}-{b[3][:40]}" for n, b in enumerate(BAD)])
def test_a_bad_file_is_one_sentence_with_its_line_and_nothing_starts(tmp_path, old, new, line, sentence):
    assert old in FILE
    labs = Labs(tmp_path).file(FILE.replace(old, new, 1))
    said = labs.run(status=2).stderr
    assert said.startswith(f"rig lab: {tmp_path}/x.toml:{line}: "), said
    assert sentence in said and said.count("\n") == 1, said
    assert not labs.out.exists() and not labs.runs()


def test_a_file_that_is_not_there_is_named(tmp_path):
    labs = Labs(tmp_path)
    (tmp_path / "x.toml").unlink()
    assert "x.toml: No such file" in labs.run(status=2).stderr


FULL = """
[lab]
name = "full"   # with everything a file can have
about = '''
Lines that look like keys:
loss = ["9%"]
'''
duration = "20s"
settle = 2
seeds = "1..2"

[topology]
name = "dumbbell"
pairs = "{flows}"
links = ["neck rate {rate} queue {packets(2*rate*rtt)} in loss {loss}", "s1.e0 delay {rtt/2}"]

[fixed]
rate = "10mbit"

[factors]
flows = [1, 3]
rtt = ["20ms", "1s"]
loss = ["0%", "0.5%"]
"net.ipv4.tcp_sack" = [0, 1]
congestion = ["reno", "cubic"]

[sysctls]
"net.ipv4.tcp_ecn" = 1
[sysctls.s1]
"net.ipv4.tcp_ecn" = 0

[[exclude]]
rtt = "1s"
loss = ["0.5%"]

[[traffic]]
kind = "bulk"
each = "{flows}"
from = "s{i}"
to = "r{i}"
bytes = "1MiB"
start = "{rtt*2}"

[[traffic]]
name = "ask"
kind = "request"
from = "s1"
to = "r1"
request = 100
response = {dist = "pareto", shape = 1.2, min = "1kB", max = "1MB"}
think = {dist = "exponential", mean = "500ms"}
options = {nodelay = true, rcvbuf = "64KiB"}

[measures]
watch = ["neck in", "neck out"]
columns = ["goodput_bps", "fairness"]
"""


def points(tmp_path, text):
    labs = Labs(tmp_path).file(text)
    return json.loads(labs.run("--list", "--json").stdout)


def test_a_point_has_everything_decided(tmp_path):
    found = points(tmp_path, FULL)
    assert len(found) == 2 * 3 * 2 * 2 * 2
    assert [p["factors"]["seed"] for p in found[:4]] == [1, 2, 1, 2]
    spec = found[-1]["spec"]
    assert found[-1]["factors"] == {"flows": 3, "rtt": "1s", "loss": "0%", "net.ipv4.tcp_sack": 1,
                                    "congestion": "cubic", "seed": 2}
    # 20 Mbit in flight twice over, in frames of 1514 octets: 20e6 / 12112, rounded up.
    assert "link right.neck rate 10mbit queue 1652 in loss 0%" in spec["topology"]
    assert "link s1.e0 delay 500ms" in spec["topology"]
    assert "forward left on" in spec["topology"]
    assert spec["devices"] == {n: "phantom" for n in ("s1", "r1", "s2", "r2", "s3", "r3")}
    assert spec["sysctls"]["s1"] == {"net.ipv4.tcp_sack": 1, "net.ipv4.tcp_ecn": 0,
                                     "net.ipv4.tcp_congestion_control": "cubic"}
    assert spec["sysctls"]["r3"]["net.ipv4.tcp_ecn"] == 1
    assert [(f["name"], f["from"], f["to"]) for f in spec["flows"]] == [
        ("f1", "s1", "r1"), ("f2", "s2", "r2"), ("f3", "s3", "r3"), ("ask", "s1", "r1")]
    assert spec["flows"][1]["bytes"] == 1048576 and spec["flows"][1]["start"] == 2.0
    assert spec["flows"][3]["response"] == {"dist": "pareto", "shape": 1.2, "min": 1000, "max": 1000000}
    assert spec["flows"][3]["think"] == {"dist": "exponential", "mean": 0.5}
    assert spec["flows"][3]["options"] == {"nodelay": True, "rcvbuf": 65536}
    assert spec["watch"] == ["right.neck in", "right.neck out"]
    assert (spec["duration"], spec["settle"], spec["seed"]) == (20.0, 2.0, 2)


def test_keys_tell_points_apart_and_know_nothing_of_numbers_and_names(tmp_path):
    first = points(tmp_path, FULL)
    assert len({p["key"] for p in first}) == len(first)
    other = points(tmp_path, FULL.replace('"full"', '"other"').replace("[1, 3]", "[2, 3]"))
    same = {p["key"] for p in first} & {p["key"] for p in other}
    assert same == {p["key"] for p in first if p["factors"]["flows"] == 3}
    longer = points(tmp_path, FULL.replace('"20s"', '"21s"'))
    assert not {p["key"] for p in first} & {p["key"] for p in longer}


def test_a_topology_file_is_flattened(tmp_path):
    (tmp_path / "two.topo").write_text(
        'node a\nnode b\nif $wide == yes\n\tnode c\nelse\n\tif $wide != no\n\t\tnode d\n\tend\nend\n'
        'set net=10.9\nveth a.e0 b.e0   # one cable\naddr a.e0 10.0.0.1/24\naddr b.e0 10.0.0.2/24\n')
    text = FILE.replace('name = "pair"', 'file = "two.topo"\nlink = "b.e0 in"\nset = {wide = "yes"}')
    spec = points(tmp_path, text)[0]["spec"]
    assert spec["topology"] == ["node a", "node b", "node c", "veth a.e0 b.e0", "addr a.e0 10.0.0.1/24",
                                "addr b.e0 10.0.0.2/24", "link a.e0 delay 5ms out loss 0%"]


def test_a_cable_has_one_link_whichever_end_names_it(tmp_path):
    text = FILE.replace('name = "pair"', 'name = "pair"\nlinks = ["a.e0 rate 1mbit in ecn"]')
    spec = points(tmp_path, text)[0]["spec"]
    assert spec["topology"][-1] == "link b.e0 rate 1mbit loss 0% delay 5ms out ecn"


def test_a_buffer_is_frames_by_count_by_size_and_by_what_the_path_holds(tmp_path):
    text = FILE.replace("[factors]", '[fixed]\nrate = "10mbit"\n[factors]\nbuffer = [7, "9kB", "0.5bdp"]')
    found = [p["spec"]["topology"][-1] for p in points(tmp_path, text)[2::8]]
    assert found == [f"link b.e0 rate 10mbit queue droptail {n} packets loss 0% delay 20ms"
                     for n in (7, 6, 17)]


def test_a_file_of_a_link_is_known_by_what_is_in_it(tmp_path):
    text = FILE.replace('name = "pair"', 'name = "pair"\nlinks = ["wire trace cell.txt"]')
    (tmp_path / "cell.txt").write_text("1\n2\n3\n")
    first = points(tmp_path, text)
    assert f"trace {tmp_path}/cell.txt" in first[0]["spec"]["topology"][-1]
    other = tmp_path / "other"
    other.mkdir()
    (other / "cell.txt").write_text("1\n2\n3\n")
    assert [p["key"] for p in points(other, text)] == [p["key"] for p in first]
    (tmp_path / "cell.txt").write_text("1\n2\n4\n")
    assert not {p["key"] for p in points(tmp_path, text)} & {p["key"] for p in first}


# As above, for what only the simulator knows.
UNKNOWN = [
    ('loss = ["0%", "1%"]', 'rate = ["9furlong"]', 10, "'9furlong'"),
    ('loss = ["0%", "1%"]', 'queue = ["7 8"]', 10, "'8' is no word of a link"),
    ('loss = ["0%", "1%"]', '"net.ipv4.tcp_magic" = [1]', 10, "no sysctl net.ipv4.tcp_magic"),
    ('name = "pair"', 'name = "pair"\nlinks = ["wire colour red"]', 8, "'colour' is no word of a link"),
    ('to = "b"', 'to = "b"\ncongestion = "hope"', 17, "hope"),
    ("[factors]\n", '[factors]\ncongestion = ["bbrr"]\n', 10, 'cannot be "bbrr"; write one of: cubic'),
    ("[factors]\n", '[factors]\n"net.ipv4.tcp_sack" = [7]\n', 10, "write a number of 0 to 1"),
]


@pytest.mark.parametrize("old, new, line, sentence", UNKNOWN)
def test_what_no_link_or_stack_knows_is_refused_before_anything_starts(tmp_path, old, new, line, sentence):
    labs = Labs(tmp_path, real=True).file(FILE.replace(old, new, 1))
    said = labs.run(status=2).stderr
    assert said.startswith(f"rig lab: {tmp_path}/x.toml:{line}: point 0 "), said
    assert sentence in said and said.count("\n") == 1, said
    assert not labs.out.exists()


@pytest.mark.parametrize("name", lab_topo.NAMED)
def test_every_host_of_a_named_topology_has_a_cable_an_address_and_a_way(name):
    topo = lab_topo.named(name, 3 if lab_topo.NAMED[name][1] else None)
    assert len(set(topo.nodes)) == len(topo.nodes)
    addresses = [w for line in topo.lines if line.startswith("addr ") for w in line.split()[2:]]
    assert len(set(addresses)) == len(addresses)
    for node in topo.ends:
        assert any(device.startswith(f"{node}.") for device in topo.devices) and node in topo.address
    for device in topo.links.values():
        assert device in topo.devices


@pytest.mark.parametrize("text, seconds", [("20ms", 0.02), ("1.5s", 1.5), (3, 3.0), ("10us", 1e-5)])
def test_times_are_seconds(text, seconds):
    assert lab_values.seconds(text) == seconds


@pytest.mark.parametrize("expression, out", [
    ("{rtt}", "40ms"), ("{rtt/2}", "20ms"), ("{rtt/3}", "13333333ns"), ("x{loss*2}", "x1%"),
    ("{rate*0.5}", "5mbit"), ("{packets(rate*rtt)}", "34"), ("{packets(1*rate*(rtt-rtt))}", "1"),
    ("{max(rtt, 2*rtt)}", "80ms"), ("{n+1}", "5"), ("{n}", 4), ("{ceil(n/3)} of", "2 of"),
    ("{rate*rtt}", "50000")])
def test_an_expression_is_computed_exactly_with_its_unit(expression, out):
    names = {"rtt": "40ms", "loss": "0.5%", "rate": "10mbit", "n": 4}
    assert lab_values.fill(expression, names) == out


@pytest.mark.parametrize("expression, why", [
    ("{rtt+rate}", "+ joins a time with a rate"), ("{rtt/(n-n)}", "divides by zero"),
    ("{exec(n)}", "no function exec"), ("{n**2}", "other than + - * /"), ("{rtt", "without its other half"),
    ("{packets(rtt)}", "takes a size"), ("{rtt*rtt}", "dimension"), ("{a.b}", "not an expression"),
    ("{word*2}", "not a number to calculate with")])
def test_an_expression_that_makes_no_sense_is_refused(expression, why):
    names = {"rtt": "40ms", "rate": "10mbit", "n": 4, "word": "cubic"}
    with pytest.raises(lab_values.BadValue, match=why.replace("+", r"\+").replace("*", r"\*")):
        lab_values.fill(expression, names)
