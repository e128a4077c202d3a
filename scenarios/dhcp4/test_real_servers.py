# SPDX-License-Identifier: BSD-2-Clause
"""A lease from the DHCP servers that people run: got, used, asked for again, given back."""

import json
import shutil

import pytest
from scapy.layers.dhcp import BOOTP, DHCP, DHCPTypes
from scapy.layers.inet import IP

from rig.host import Node

pytestmark = [pytest.mark.dut(start=False), pytest.mark.duts("phantom")]

FIRST, LAST = 100, 120
QUICK = ("--dhcp-wait", "1", "--hostname", "ghost")


class Dnsmasq:
    def __init__(self, peer, directory):
        self.process = peer.run(
            "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=eth0",
            "--bind-interfaces", f"--dhcp-range=10.0.0.{FIRST},10.0.0.{LAST},255.255.255.0,1h",
            "--dhcp-option=option:router,10.0.0.1", "--dhcp-option=option:dns-server,10.0.0.1",
            "--dhcp-option=option:ntp-server,10.0.0.1", "--dhcp-option=option:domain-name,example.test",
            "--dhcp-option=option:mtu,1400", "--dhcp-authoritative", "--log-dhcp",
            f"--dhcp-leasefile={directory}/leases", "--user=root", "--log-facility=-", name="server")

    def log(self):
        return self.process.errors() + self.process.output()

    def ready(self):
        return "DHCP, IP range" in self.log()

    def told(self, word):
        return f"DHCP{word}(" in self.log()


class Udhcpd:
    def __init__(self, peer, directory):
        conf = f"{directory}/udhcpd.conf"
        with open(conf, "w", encoding="utf-8") as file:
            file.write(f"start 10.0.0.{FIRST}\nend 10.0.0.{LAST}\ninterface eth0\n"
                       f"lease_file {directory}/leases\npidfile {directory}/udhcpd.pid\n"
                       "option subnet 255.255.255.0\noption router 10.0.0.1\n"
                       "option dns 10.0.0.1\noption ntpsrv 10.0.0.1\n"
                       "option domain example.test\noption mtu 1400\noption lease 3600\n")
        open(f"{directory}/leases", "w", encoding="utf-8").close()
        self.process = peer.run("udhcpd", "-f", conf, name="server")

    def log(self):
        return self.process.errors() + self.process.output()

    def ready(self):
        return "started" in self.log()

    def told(self, _):
        """It says nothing of releases."""
        return None


SERVERS = {"dnsmasq": (Dnsmasq, "dnsmasq-base"), "udhcpd": (Udhcpd, "udhcpd")}


@pytest.fixture(params=SERVERS)
def server(request, dut, lan, eventually):
    kind, package = SERVERS[request.param]
    if not shutil.which(request.param, path="/usr/sbin:/sbin:/usr/bin:/bin"):
        pytest.skip(f"no {request.param}: apt-get install {package}")
    server = kind(lan.peer, lan.session.dir)
    eventually(server.ready, 120, f"{request.param} being ready")
    return server


def option(packet, name):
    return next((o[1] for o in packet[DHCP].options if o[0] == name), None)


def kind(packet):
    """discover, offer, request ...; None: no DHCP."""
    return DHCPTypes.get(option(packet, "message-type")) if DHCP in packet else None


def lease(dut):
    return dut.ask(cmd="lease")["lease"][0]


def bound(dut, eventually):
    eventually(lambda: lease(dut)["state"] == "BOUND", 120, "a lease")
    return lease(dut)


@pytest.mark.rfc("2131:3.1-1", "2131:4.1-1", "2131:3.1-2", "4361:6.1-1")
def test_a_lease_is_got_and_its_address_answers(dut, server, lan, eventually):
    dut.start(address=("--addr", "dhcp"), args=QUICK)
    got = bound(dut, eventually)
    assert FIRST <= int(got["ip"].rsplit(".", 1)[1]) <= LAST and got["prefix"] == 24
    assert got["server"] == "10.0.0.1" and got["routers"] == ["10.0.0.1"]
    assert got["dns"] == ["10.0.0.1"] and got["ntp"] == ["10.0.0.1"]
    assert got["domain"] == "example.test" and got["mtu"] == 1400
    assert 3400 < got["expires"] <= 3600 and got["renew"] <= 1800 and got["rebind"] <= 3150
    assert got["messages"]["bad"] == 0
    assert "1 received" in lan.peer.exec("ping", "-c", "1", "-w", "60", got["ip"]).stdout
    assert {r["via"] for r in dut.ask(cmd="routes")["routes"] if r["prefix"] == 0} == {"10.0.0.1"}
    assert dut.ask(cmd="links", dev="tap0")["links"][0]["mtu"] == 1500  # nobody said that the server may


@pytest.mark.rfc("2131:4.4.6-1", "2131:3.1-6")
def test_a_lease_is_given_back_at_the_end(dut, server, capture, eventually):
    dut.start(address=("--addr", "dhcp"), args=QUICK)
    got = bound(dut, eventually)
    dut.stop()
    said = [p for p in capture.packets() if kind(p) in ("request", "release")]
    assert [kind(p) for p in said][-1] == "release"
    request, release = said[0], said[-1]
    assert (release[IP].src, release[IP].dst) == (got["ip"], "10.0.0.1")
    assert release[BOOTP].ciaddr == got["ip"] and option(release, "server_id") == "10.0.0.1"
    assert option(release, "client_id") == option(request, "client_id")
    assert server.told("RELEASE") is not False


@pytest.mark.rfc("2131:3.2-1", "4361:6.1-3")
def test_the_same_address_is_asked_for_after_a_restart(dut, server, capture, lan, eventually):
    file = f"{lan.session.dir}/lease.json"
    dut.start(address=("--addr", "dhcp"), args=(*QUICK, "--lease", file))
    first = bound(dut, eventually)
    with open(file, encoding="utf-8") as stream:
        kept = json.load(stream)
    assert kept["ip"] == first["ip"] and kept["expires"] > 1_700_000_000 and len(kept["duid"]) == 36
    dut.stop()
    assert not server.told("RELEASE")
    dut.process = None
    again = type(dut)(lan.session)
    again.node = Node(lan.session, "dut", dut.ip, dut.tap)
    again.start(address=("--addr", "dhcp"), args=(*QUICK, "--lease", file))
    assert bound(again, eventually)["ip"] == first["ip"]
    again.stop()
    sent = [p for p in capture.packets() if kind(p) in ("discover", "request")]
    assert {kind(p) for p in sent if p[BOOTP].xid == sent[-1][BOOTP].xid} == {"request"}  # and no DISCOVER


@pytest.mark.rfc("2132:5.1-1")
def test_the_servers_mtu_is_taken_when_it_may_be(dut, server, eventually):
    dut.start(address=("--addr", "dhcp"), args=(*QUICK, "--dhcp-mtu"))
    bound(dut, eventually)
    assert dut.ask(cmd="links", dev="tap0")["links"][0]["mtu"] == 1400


@pytest.mark.rfc("4436:2.1-1")
def test_a_carrier_that_is_back_has_the_lease_asked_about(dut, server, lan, eventually):
    dut.start(address=("--addr", "dhcp"), args=QUICK)
    got = bound(dut, eventually)
    sent = got["messages"]["sent"]
    lan.session.do("down dut.tap0")
    eventually(lambda: "NO-CARRIER" in dut.ask(cmd="links", dev="tap0")["links"][0]["flags"], 30,
               "the carrier being gone")
    lan.session.do("up dut.tap0")
    eventually(lambda: lease(dut)["messages"]["sent"] > sent, 60, "the server being asked")
    again = bound(dut, eventually)
    assert again["ip"] == got["ip"]
    assert "1 received" in lan.peer.exec("ping", "-c", "1", "-w", "60", got["ip"]).stdout


def test_a_link_turned_off_and_on_has_its_leases_routes_again(dut, server, eventually):
    def ways():
        return {r["via"] for r in dut.ask(cmd="routes")["routes"] if r["prefix"] == 0}

    dut.start(address=("--addr", "dhcp"), args=QUICK)
    bound(dut, eventually)
    assert ways() == {"10.0.0.1"}
    dut.ask(cmd="link_set", name="tap0", state="down")
    assert ways() == set()
    dut.ask(cmd="link_set", name="tap0", state="up")
    eventually(lambda: ways() == {"10.0.0.1"}, 30, "the lease's router")
