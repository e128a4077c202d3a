# SPDX-License-Identifier: BSD-2-Clause
"""A host with several links: answers leave by the right one, one dies and the other goes on (RFC 1122
3.3.4, 3.3.1.5)."""

import pytest

pytestmark = [pytest.mark.dut(start=False), pytest.mark.duts("phantom")]

SIDE = ("bridge side", "veth peer.eth1 side", "addr peer.eth1 10.1.0.1/24", "tap dut.tap1 side")
FAR = "192.0.2.1"  # an address of the peer's that no link of the host is on
BOTH = ("--addr", "10.0.0.2/24", "--gateway", "10.0.0.1")
SECOND = ("--tap", "tap1", "--offload", "off", "--addr", "10.1.0.2/24", "--gateway", "10.1.0.1")


def link(dut, name):
    return dut.ask(cmd="links", dev=name)["links"][0]


def sent(dut):
    return {name: link(dut, name)["stats64"]["tx_packets"] for name in ("tap0", "tap1")}


def ping(lan, to, source=None, count=1):
    done = lan.peer.exec("ping", "-c", str(count), "-W", "10", *(("-I", source) if source else ()), to)
    return f"{count} received" in done.stdout


def answered(arping):
    """Of either program of that name."""
    return "Received 1 response" in arping.stdout or "1 packets received" in arping.stdout


def running(dut, name):
    return "LOWER_UP" in link(dut, name)["flags"]


@pytest.fixture
def two(dut, lan):
    for line in SIDE:
        lan.session.do(line)
    lan.session.do("sysctl peer net.ipv4.conf.all.rp_filter=0")
    lan.session.do(f"addr peer.eth1 {FAR}/32")
    return dut


@pytest.fixture
def started(two, lan):
    two.start(address=BOTH, args=SECOND)
    assert ping(lan, "10.0.0.2") and ping(lan, "10.1.0.2")
    return two


def test_each_link_answers_its_own_network_by_itself(started, lan):
    before = sent(started)
    assert ping(lan, "10.1.0.2", count=3)
    after = sent(started)
    assert after["tap1"] - before["tap1"] >= 3 and after["tap0"] - before["tap0"] < 3
    assert lan.peer.connect("10.1.0.2", 7)


@pytest.mark.rfc("1122:3.3.1.6-1")
def test_the_default_route_with_the_least_metric_is_taken(started, lan):
    routes = [r for r in started.ask(cmd="routes")["routes"] if r["prefix"] == 0]
    assert [(r["via"], r["dev"], r["metric"]) for r in routes] == [("10.0.0.1", "tap0", 0),
                                                                  ("10.1.0.1", "tap1", 100)]
    before = sent(started)
    assert ping(lan, "10.1.0.2", source=FAR, count=3)  # came by tap1, is answered by tap0
    after = sent(started)
    assert after["tap0"] - before["tap0"] >= 3


def test_an_address_of_the_other_link_is_answered_unless_arp_ignore_says_no(started, lan):
    """The weak host (RFC 1122 3.3.4.2), as Linux: every address is the host's on every link."""
    asked = ("arping", "-c", "1", "-w", "3", "-I", "eth1", "10.0.0.2")
    assert answered(lan.peer.exec(*asked))
    started.ask(cmd="sysctl", name="net.ipv4.conf.tap1.arp_ignore", value="1")
    assert not answered(lan.peer.exec(*asked, check=False))


def test_one_link_dies_and_the_other_goes_on(two, lan, eventually):
    two.start(address=BOTH, args=SECOND,
              sysctl={"net.ipv4.conf.default.ignore_routes_with_linkdown": "1"})
    assert ping(lan, "10.1.0.2", source=FAR)
    lan.session.do("down dut.tap0")
    eventually(lambda: not running(two, "tap0"), 30, "the link being found dead")
    assert [n for n in two.ask(cmd="neighs", dev="tap0")["neighs"]] == []
    assert ["linkdown"] == next(r for r in two.ask(cmd="routes")["routes"] if r["dev"] == "tap0")["flags"]
    before = sent(two)
    assert ping(lan, "10.1.0.2", source=FAR, count=3)
    assert sent(two)["tap1"] - before["tap1"] >= 3
    lan.session.do("up dut.tap0")
    eventually(lambda: running(two, "tap0"), 30, "the link being found again")
    eventually(lambda: ping(lan, "10.0.0.2"), 60, "an answer by the first link")
    before = sent(two)
    assert ping(lan, "10.1.0.2", source=FAR, count=3)
    assert sent(two)["tap0"] - before["tap0"] >= 3


@pytest.mark.rfc("1122:3.3.1.2-2", "1122:3.3.1.4-1")
def test_a_router_that_is_silent_is_passed_over(started, lan, eventually):
    """The link is there and its router is not: found out by ARP, then the next default route."""
    lan.session.do("down peer.eth0")
    eventually(lambda: ping(lan, "10.1.0.2", source=FAR), 90, "an answer by the other router")


def test_a_reverse_path_that_differs_is_refused_where_it_is_asked_for(two, lan):
    two.start(address=BOTH, args=SECOND, sysctl={"net.ipv4.conf.default.rp_filter": "1"})
    with two.counting(TcpExtIPReversePathFilter=1):
        done = lan.peer.exec("ping", "-c", "1", "-W", "1", "-I", FAR, "10.1.0.2", check=False)
    assert "0 received" in done.stdout
    assert ping(lan, "10.1.0.2") and ping(lan, "10.0.0.2", source=None)


def test_connections_outlive_a_carrier_that_comes_back(started, lan, eventually):
    client = lan.peer.connect("10.0.0.2", 7)
    client.sendall(b"before")
    assert client.recv(100) == b"before"
    lan.session.do("down dut.tap0")
    eventually(lambda: not running(started, "tap0"), 30, "the carrier being gone")
    client.sendall(b"meanwhile")
    lan.session.do("up dut.tap0")
    eventually(lambda: running(started, "tap0"), 30, "the carrier being back")
    client.settimeout(120)
    assert client.recv(100) == b"meanwhile"


def test_a_link_is_turned_off_and_on_by_hand(started, lan, eventually):
    started.ask(cmd="link_set", name="tap1", state="down")
    assert "UP" not in link(started, "tap1")["flags"]
    assert not [r for r in started.ask(cmd="routes")["routes"] if r["dev"] == "tap1"]
    done = lan.peer.exec("ping", "-c", "1", "-W", "1", "10.1.0.2", check=False)
    assert "0 received" in done.stdout
    started.ask(cmd="link_set", name="tap1", state="up")
    eventually(lambda: ping(lan, "10.1.0.2"), 60, "an answer")


def test_a_device_comes_and_goes_while_the_host_runs(two, lan):
    two.start(address=BOTH)
    two.ask(cmd="link_add", name="tap1", type="tap", address="02:00:00:00:01:02")
    two.ask(cmd="addr_add", addr="10.1.0.2/24", dev="tap1")
    assert ping(lan, "10.1.0.2") and ping(lan, "10.0.0.2")
    index = link(two, "tap1")["index"]
    two.ask(cmd="link_del", name="tap1")
    assert "tap1" not in {one["name"] for one in two.ask(cmd="links")["links"]}
    two.ask(cmd="link_add", name="tap1", type="tap", address="02:00:00:00:01:03")
    assert link(two, "tap1")["index"] != index  # who was bound to the other does not hear this one
    two.ask(cmd="addr_add", addr="10.1.0.2/24", dev="tap1")
    lan.peer.exec("ip", "neigh", "flush", "dev", "eth1")
    assert ping(lan, "10.1.0.2")


@pytest.mark.rfc("4861:6.3.7-1")
def test_a_carrier_that_is_back_has_addresses_and_routers_asked_about(dut, lan, eventually):
    """It may be another network: duplicates of the link-local address and routers are asked for anew."""
    dut.start(address=("--addr", "10.0.0.2/24", "--ipv6", "slaac"))

    def asked():
        now = dut.counters()
        return now["Icmp6OutNeighborSolicits"], now["Icmp6OutRouterSolicits"]

    eventually(lambda: all(asked()), 30, "the first questions")
    lan.session.do("down dut.tap0")
    eventually(lambda: not running(dut, "tap0"), 30, "the carrier being gone")
    before = asked()
    lan.session.do("up dut.tap0")
    eventually(lambda: all(now > then for now, then in zip(asked(), before)), 60, "the second questions")
    addr = [a for a in dut.ask(cmd="addrs", dev="tap0")["addrs"] if a["addr"].startswith("fe80")]
    assert len(addr) == 1 and "dadfailed" not in addr[0]["flags"]
