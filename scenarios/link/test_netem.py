# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's netem behind `backend netem`: each word is taken as asked, and does what it says.

Where the kernel has no sch_netem these are skips, but for the one that reads the refusal; `make
check-netem` runs them under User-Mode Linux there. One process and few programs: that kernel makes
each 10 to 30 times slower. Bounds are lower ones, or counts.
"""

import contextlib
import json
import select
import socket
import time

import pytest

from rig.host import Node
from rig.net import WITHIN, eventually, unhurried
from rig.session import RigError
from rig.wire import NoBackend

A, B, PORT = "10.9.0.1", "10.9.0.2", 9000
MAC_A, MAC_B = "02:00:00:00:09:01", "02:00:00:00:09:02"
END = b"the last one"

# The words as the rig prints them, and where tc's JSON has the value, in its units.
WORDS = {
    "delay 12345us": ("delay.delay", 0.012345),
    "delay 1234567ns": ("delay.delay", 0.001234567),
    "delay 20ms jitter 3ms": ("delay.jitter", 0.003),
    "loss 12.5%": ("loss-random.loss", 0.125),
    "loss 100%": ("loss-random.loss", 1),
    "loss 0.0000001%": ("loss-random.loss", 1e-9),
    "delay 20ms reorder 25%": ("reorder.reorder", 0.25),
    "dup 5%": ("duplicate.duplicate", 0.05),
    "corrupt 0.3%": ("corrupt.corrupt", 0.003),
    "rate 100mbit": ("rate.rate", 12.5e6),
    "rate 40gbit": ("rate.rate", 5e9),
    "queue 77": ("limit", 77),
    "delay 20ms jitter 3ms 25%": ("delay.correlation", 0.25),
    "loss 5% 30%": ("loss-random.correlation", 0.3),
    "loss state 1% 90% 5% 50% 0.1%": ("loss-state.p23", 0.5),
    "loss state 2% 98% 0% 100% 0%": ("loss-state.p13", 0.02),
    "loss gemodel 1% 10% 70% 0.1%": ("loss-gemodel.1-h", 0.7),
    "loss 5% ecn": ("ecn", True),
    "delay 20ms reorder 25% 50% gap 5": ("gap", 5),
    "dup 5% 20%": ("duplicate.correlation", 0.2),
    "corrupt 5% 20%": ("corrupt.correlation", 0.2),
    "rate 100mbit 14 48 5": ("rate.cellsize", 48),
    "rate 1mbit -20": ("rate.packetoverhead", -20),
    "slot 1ms 2ms packets 10 bytes 15000": ("slot.max-delay", 0.002),
    "slot 800us": ("slot.min-delay", 0.0008),
    "delay 30ms jitter 1ms loss 1% reorder 0.5% dup 0.1% corrupt 0.01% rate 10mbit queue 100":
        ("delay.delay", 0.03),
}


@contextlib.contextmanager
def netem_or_skip():
    """The case is a skip where the kernel has no netem."""
    try:
        yield
    except (RigError, NoBackend) as error:
        if "has no sch_netem" not in str(error):
            raise
        pytest.skip("this kernel has no sch_netem; make check-netem brings one that has")


class Ends:
    """Two kernel hosts joined by a direct pair, a.x and b.x, that know each other's MAC address."""

    def __init__(self, session):
        self.session = session
        for line in ("node a", "node b", "veth a.x b.x", f"mac a.x {MAC_A}", f"mac b.x {MAC_B}",
                     f"addr a.x {A}/24", f"addr b.x {B}/24", f"neigh a.x {B} {MAC_B}",
                     f"neigh b.x {A} {MAC_A}"):
            session.do(line)
        self.a, self.b = Node(session, "a", A, "x"), Node(session, "b", B, "x")
        self.from_a, self.from_b = self.a.udp(PORT), self.b.udp(PORT)
        for sock in (self.from_a, self.from_b):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)

    def link(self, words):
        """Impairs a's end: `in` is from b."""
        with netem_or_skip():
            self.session.do(f"link a.x {words} backend netem")

    def stats(self, way):
        return self.session.do("link a.x stats")[way]

    def tc(self, node):
        """What tc reads of the queue at x in a node: (kind, options)."""
        root = json.loads(node.exec("tc", "-s", "-j", "qdisc", "show", "dev", "x").stdout)[0]
        return root["kind"], root.get("options", {})

    def send(self, number, size=100):
        """Numbered datagrams from a to b."""
        for at in range(number):
            self.from_a.sendto(datagram(at, size), (B, PORT))

    def came(self, number, sock=None):
        """Their numbers as they come out at b: `number` of them."""
        got = []
        while len(got) < number:
            got.append(int.from_bytes(self._next(sock or self.from_b, got)[:4], "big"))
        return got

    def came_before_the_end(self):
        """What reached b, in full, before a last datagram that goes over the clear link."""
        self.link("both delay 0ms jitter 0ms loss 0% dup 0% corrupt 0% reorder 0% queue 1000")
        self.from_a.sendto(END, (B, PORT))
        got = []
        while True:
            data = self._next(self.from_b, got)
            if data == END:
                return got
            got.append(data)

    def _next(self, sock, got):
        ready, _, _ = select.select([sock], [], [], WITHIN)
        assert ready, f"after {len(got)} datagrams no more came within {WITHIN:g} s"
        return sock.recv(1 << 16)

    def ping(self, *args, check=True):
        """ping from a to b: its report."""
        return self.a.exec("ping", "-n", "-i", "0.01", *args, B, check=check)


def datagram(number, size=100):
    return number.to_bytes(4, "big") * (size // 4)


@pytest.fixture
def ends(world):
    ends = Ends(world)
    yield ends
    ends.a.close()
    ends.b.close()


@pytest.fixture
def netem(ends):
    """Two hosts whose pair netem can impair; it does nothing yet."""
    ends.link("delay 0ms")
    return ends


# ---- every word, there and back -----------------------------------------------------------------

@pytest.mark.parametrize("words", WORDS)
def test_the_kernel_and_tc_read_each_word_back_as_it_was_set(netem, words):
    netem.link(words)
    where, value = WORDS[words]
    for way, node in (("in", netem.b), ("out", netem.a)):
        stats = netem.stats(way)
        assert without_seed(stats["kernel"]) == words, way
        kind, options = netem.tc(node)
        assert kind == "netem"
        for key in where.split("."):
            options = options[key]
        # tc reads shares as doubles of parts of 2^32-1, and prints few digits of them.
        assert options == pytest.approx(value, rel=1e-2, abs=3e-10), way


def without_seed(words):
    return words.partition(" seed ")[0]


@pytest.mark.parametrize("way", ["in", "out", "both"])
def test_a_direction_is_impaired_and_the_other_is_not(netem, way):
    netem.link(f"{way} delay 5ms loss 3%")
    for name, node in (("in", netem.b), ("out", netem.a)):
        wanted = "delay 5ms loss 3%" if way in (name, "both") else ""
        assert without_seed(netem.stats(name)["kernel"]) == wanted, name
        assert ("delay" in netem.tc(node)[1]) == bool(wanted), name


def test_a_later_line_changes_what_it_names_and_leaves_the_rest(netem):
    netem.link("delay 5ms loss 3% rate 40gbit")
    netem.link("out loss 4% rate 1gbit")
    assert without_seed(netem.stats("in")["kernel"]) == "delay 5ms loss 3% rate 40gbit"
    assert without_seed(netem.stats("out")["kernel"]) == "delay 5ms loss 4% rate 1gbit"


def test_clear_gives_the_device_its_own_queue_back(netem):
    netem.link("delay 5ms")
    netem.session.do("link a.x clear")
    for node in (netem.a, netem.b):
        assert netem.tc(node)[0] != "netem"
    with pytest.raises(RigError, match="no impairment"):
        netem.stats("in")


# ---- every word at work -------------------------------------------------------------------------

def test_delay_is_waited_for_in_both_directions(netem):
    netem.link("both delay 40ms")
    report = netem.ping("-c", "3").stdout
    least = float(report.rpartition("rtt")[2].partition("= ")[2].split("/")[0])
    assert least >= 80, report


@pytest.mark.parametrize("way", ["in", "out"])
def test_delay_of_one_direction_is_waited_for_once(netem, way):
    netem.link(f"{way} delay 40ms")
    report = netem.ping("-c", "3").stdout
    least = float(report.rpartition("rtt")[2].partition("= ")[2].split("/")[0])
    assert least >= 40, report


def test_jitter_spreads_frames_so_that_some_overtake(netem):
    netem.link("out delay 200ms jitter 200ms")
    netem.send(100)
    got = netem.came(100)
    assert sorted(got) == list(range(100)), "jitter lost or repeated some"
    assert got != sorted(got), "none has overtaken another"


def test_reordered_frames_overtake_the_delayed_ones(netem):
    netem.link("out delay 500ms reorder 50%")
    netem.send(60)
    got = netem.came(60)
    assert sorted(got) == list(range(60)), "reordering lost or repeated some"
    assert got != sorted(got), "none has overtaken another"


def test_loss_of_one_direction_takes_all_of_it_and_none_of_the_other(netem):
    netem.link("out loss 100%")
    for at in range(50):
        netem.from_b.sendto(datagram(at), (A, PORT))
    assert netem.came(50, netem.from_a) == list(range(50))
    netem.send(50)
    eventually(lambda: netem.stats("out")["dropped"] == 50, what="netem having dropped all 50")
    assert netem.stats("in")["dropped"] == 0
    assert not netem.came_before_the_end()


def test_loss_takes_about_the_share_asked_for(netem):
    # 120 of 300 expected with a standard deviation of 8.5: ten of them either way. All 300 fit into
    # the receiver's buffer.
    netem.link("out loss 40%")
    netem.send(300)
    lost = 300 - len(netem.came_before_the_end())
    assert 35 <= lost <= 205


def test_every_frame_is_doubled(netem):
    netem.link("out dup 100%")
    netem.send(30)
    assert netem.came_before_the_end() == [datagram(at) for at in range(30) for _ in range(2)]
    netem.link("out dup 100%")
    # With -c 1 ping goes at the first reply and sees no second.
    assert "DUP!" in netem.ping("-c", "3").stdout


def test_corruption_of_every_frame_fails_checksums_and_delivers_no_changed_byte(netem):
    before = netem.b.counters()
    netem.link("out corrupt 100%")
    netem.send(60, 1200)
    got = netem.came_before_the_end()
    after = netem.b.counters()
    # One bit of 1242 bytes: 34 in 1000 hit the frame's header or IP's, which UDP's sum does not see.
    assert after["UdpInCsumErrors"] - before["UdpInCsumErrors"] >= 30
    assert set(got) <= {datagram(at, 1200) for at in range(60)}, "changed bytes passed the checksum"


def test_rate_takes_its_time(netem):
    number, size = 100, 1000
    netem.link("out rate 1mbit")
    start = time.monotonic()
    netem.send(number, size)
    assert netem.came(number) == list(range(number))
    assert time.monotonic() - start >= number * size * 8 / 1e6


def test_queue_holds_as_many_frames_as_asked_and_drops_the_rest(netem):
    netem.link("out delay 3600s queue 10")
    netem.send(50)
    eventually(lambda: netem.stats("out")["dropped"] == 40, what="netem having dropped 40 of 50")
    assert netem.stats("out")["held"] == 10


def test_seed_repeats_what_is_lost_where_the_kernel_has_seeds(netem):
    if not netem.session.do("link a.x stats")["seeded"]:
        pytest.skip("this kernel's netem has no seed; Linux 6.6 and later has")
    fates = []
    for seed in (7, 7, 8):
        netem.link(f"out loss 50% seed {seed}")
        netem.send(200)
        fates.append(netem.came_before_the_end())
    assert fates[0] == fates[1], "the same seed and frames met another fate"
    assert fates[0] != fates[2], "another seed changed nothing"


@pytest.mark.dut(serve=("tcp-echo:7",))
def test_the_device_echoes_every_byte_through_netem_on_its_port(dut, peer, wire):
    with netem_or_skip():
        wire.set("delay 5ms loss 10% dup 5%", backend="netem")
    sock = peer.connect(dut.ip, 7, within=120)
    sent = bytes(range(256)) * 100
    sock.sendall(sent)
    sock.shutdown(socket.SHUT_WR)
    got = b""
    while part := sock.recv(1 << 16):
        got += part
    assert got == sent
    stats = wire.stats()
    for way in ("in", "out"):
        assert without_seed(stats[way]["kernel"]) == "delay 5ms loss 10% dup 5%"
        assert stats[way]["delivered"] >= 20, "netem was not on the way"


# ---- tables, queues, shapers -------------------------------------------------------------------

def spread(netem, words, number=300):
    """How late each of a stream of datagrams came, in ms, sorted; what the way itself took aside."""
    netem.link(words)
    netem.from_b.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sent, came = {}, {}
    for at in range(number):
        sent[at] = time.monotonic()
        netem.from_a.sendto(datagram(at), (B, PORT))
        while select.select([netem.from_b], [], [], 0.002)[0]:
            data = netem.from_b.recv(1 << 16)
            came[int.from_bytes(data[:4], "big")] = time.monotonic()
    while len(came) < number:
        ready, _, _ = select.select([netem.from_b], [], [], WITHIN)
        assert ready, f"{len(came)} of {number} came"
        came[int.from_bytes(netem.from_b.recv(1 << 16)[:4], "big")] = time.monotonic()
    return sorted(1e3 * (came[at] - sent[at]) for at in sent)


def test_a_table_shapes_the_delays_and_is_gone_with_its_word(netem):
    # Pareto's least is two thirds of the deviation below the mean: 200 ms; uniform goes down to 150.
    late = unhurried(lambda: spread(netem, "out delay 250ms jitter 75ms distribution pareto"),
                     lambda late: late[len(late) // 2] < 260)
    assert late[0] >= 199
    assert late[len(late) // 2] < 260, "half of Pareto's are well below the mean"
    late = spread(netem, "out delay 250ms jitter 100ms distribution uniform")
    assert 149 <= late[0] < 195, "the table of before still shapes the delays"


@pytest.mark.parametrize("words,kinds", {
    "rate 10mbit queue codel backend netem": ["netem", "tbf", "codel"],
    "rate 10mbit queue fq_codel limit 50 flows 16 noecn backend netem": ["netem", "tbf", "fq_codel"],
    "rate 10mbit queue droptail 20 packets backend netem tbf burst 5000": ["netem", "tbf", "pfifo"],
    "rate 6gbit queue droptail 30000 bytes backend netem htb": ["netem", "htb", "bfifo"],
    "delay 5ms rate 10mbit queue 30 backend netem htb burst 3000": ["netem", "htb", "pfifo"],
}.items())
def test_a_queue_with_a_discipline_stands_behind_netem(ends, words, kinds):
    with netem_or_skip():
        ends.session.do(f"link a.x {words}")
    shown = json.loads(ends.a.exec("tc", "-j", "qdisc", "show", "dev", "x").stdout)
    assert [queue["kind"] for queue in shown] == kinds
    ends.send(10)
    assert ends.came(10) == list(range(10)), "what waits behind netem does not come through"
    with netem_or_skip():
        ends.session.do("link a.x rate 0 queue 1000 backend netem")
    shown = json.loads(ends.a.exec("tc", "-j", "qdisc", "show", "dev", "x").stdout)
    assert [queue["kind"] for queue in shown] == ["netem"], "the queue stayed"


def test_a_shaper_keeps_its_rate_and_its_queue_its_limit(netem):
    netem.session.do("link a.x out rate 1mbit queue droptail 10 packets backend netem tbf burst 1600")
    start = time.monotonic()
    netem.send(100, 1000)
    stats = netem.stats("out")
    assert stats["queued_packets"] <= 10
    # What left meanwhile, what the queue holds, what the shaper lets go at once, and the one on the line.
    most = (time.monotonic() - start) * 1e6 / 8000 + 10 + 2 + 1
    got = len(netem.came_before_the_end())
    assert got <= most and got * 1000 * 8 / 1e6 <= time.monotonic() - start + 1600 * 8 / 1e6


# ---- what is refused ----------------------------------------------------------------------------

def test_a_kernel_without_netem_is_refused_with_what_does_the_same_and_how_to_get_it(ends):
    try:
        ends.session.do("link a.x delay 1ms backend netem")
    except RigError as error:
        for part in ("has no sch_netem", '"backend wire" does the same',
                     "linux-modules-extra-", "user-mode-linux"):
            assert part in str(error), error
    else:
        pytest.skip("this kernel has sch_netem")
    with pytest.raises(RigError, match="no impairment"):
        ends.stats("in")
    ends.session.do("link a.x delay 1ms backend wire")
    ends.send(3)
    assert ends.came(3) == [0, 1, 2], "what was refused left the link unusable"


@pytest.mark.parametrize("words", ["in script drop data 3", "mtu 1000", "down"])
def test_netem_refuses_what_it_cannot_and_names_who_can(ends, words):
    with pytest.raises(RigError, match='"backend wire" has them'):
        ends.session.do(f"link a.x {words} backend netem")


def test_a_shaper_without_a_rate_is_refused(ends):
    with pytest.raises(RigError, match="tbf behind netem needs a rate"):
        ends.session.do("link a.x delay 1ms backend netem tbf")
    with pytest.raises(RigError, match="burst: write a number of bytes from 1514"):
        ends.session.do("link a.x rate 1mbit backend netem tbf burst 100")
