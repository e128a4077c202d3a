# SPDX-License-Identifier: BSD-2-Clause
"""A DHCP server made by hand: what a server may say is taken, what none may say is not, and an
address that another host has is not used."""

import random

import pytest
from scapy.layers.dhcp import BOOTP, DHCP, DHCPTypes
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from rig.net import DUT_MAC

pytestmark = [pytest.mark.dut(start=False), pytest.mark.duts("phantom"), pytest.mark.silent_tester]
OURS, OFFER = "10.0.0.100", "10.0.0.150"
ALL = "255.255.255.255"


def said(packet):
    return next((DHCPTypes.get(o[1]) for o in packet[DHCP].options if o[0] == "message-type"), None)


class Server:
    """The tester as a server: expect("discover"), then say("offer")."""

    def __init__(self, dut, tester):
        self.dut, self.tester, self.last = dut, tester, None

    def start(self, *args):
        self.dut.start(address=("--addr", "dhcp"), args=("--dhcp-wait", "1", *args))
        return self.expect("discover")

    def expect(self, kind, within=120):
        packet = self.tester.expect(Ether() / IP() / UDP(sport=68, dport=67), within=within, skip=True,
                                    where=lambda p: DHCP in p and said(p) == kind)
        self.last = packet
        return packet

    def say(self, kind, *options, to=OFFER, mac=DUT_MAC, plain=(), **fields):
        base = {"op": 2, "xid": self.last[BOOTP].xid, "yiaddr": OFFER,
                "chaddr": bytes.fromhex(DUT_MAC.replace(":", ""))}
        words = list(plain) or [("message-type", kind), ("server_id", OURS), ("lease_time", 3600),
                                ("subnet_mask", "255.255.255.0"), ("router", OURS)]
        packet = (Ether(src=self.tester.mac, dst=mac) / IP(src=OURS, dst=to) / UDP(sport=67, dport=68)
                  / BOOTP(**{**base, **fields}) / DHCP(options=[*words, *options, "end"]))
        short = 300 - len(packet[BOOTP])
        self.tester.inject(packet / Raw(bytes(short)) if short > 0 else packet)

    def lease(self):
        return self.dut.ask(cmd="lease")["lease"][0]

    def to_request(self, *args):
        self.start(*args)
        self.say("offer")
        return self.expect("request")


@pytest.fixture
def server(dut, tester):
    return Server(dut, tester)


@pytest.mark.rfc("2131:4.1-1", "2131:4.1-4", "2131:2-1", "2131:3.1-1", "1542:3.1.1-1", "1542:3.1.2-1")
def test_an_offer_at_our_hardware_address_is_taken(server):
    discover = server.start()
    assert discover[BOOTP].flags == 0 and discover[IP].src == "0.0.0.0" and discover[IP].dst == ALL
    server.say("offer", flags=0x7fff)
    request = server.expect("request")
    options = dict(o for o in request[DHCP].options if isinstance(o, tuple) and len(o) == 2)
    assert options["server_id"] == OURS and options["requested_addr"] == OFFER
    assert request[BOOTP].ciaddr == "0.0.0.0"


BAD = {
    "of another transaction": lambda s: s.say("offer", xid=s.last[BOOTP].xid ^ 1),
    "for another host": lambda s: s.say("offer", chaddr=b"\x02\0\0\0\0\x77"),
    "of another client": lambda s: s.say("offer", ("client_id", b"\xff\0\0\0\1other")),
    "that is a request": lambda s: s.say("offer", op=1),
    "of no server": lambda s: s.say("offer", plain=[("message-type", "offer"), ("lease_time", 3600)]),
    "of no type": lambda s: s.say("offer", plain=[("server_id", OURS), ("lease_time", 3600)]),
    "of multicast": lambda s: s.say("offer", yiaddr="224.0.0.9"),
    "of loopback": lambda s: s.say("offer", yiaddr="127.0.0.9"),
    "of nothing": lambda s: s.say("offer", yiaddr="0.0.0.0"),
    "of broadcast": lambda s: s.say("offer", yiaddr=ALL),
    "without the cookie": lambda s: s.tester.inject(
        Ether(src=s.tester.mac, dst=DUT_MAC) / IP(src=OURS, dst=OFFER) / UDP(sport=67, dport=68)
        / Raw(bytes(300))),
    "too short": lambda s: s.tester.inject(
        Ether(src=s.tester.mac, dst=DUT_MAC) / IP(src=OURS, dst=OFFER) / UDP(sport=67, dport=68)
        / BOOTP(op=2, xid=s.last[BOOTP].xid, yiaddr=OFFER, chaddr=bytes.fromhex(DUT_MAC.replace(":", "")))
        / Raw(b"\x63\x82\x53\x63")),  # the cookie, and no option behind it
}


@pytest.mark.rfc("2131:4.1-3", "2131:4.4.1-3", "6842:3-1", "1542:2.1-1", "2131:3-1", "2132:9.7-1",
                 "2132:9.6-1", "CVE-2019-12264", "CVE-2019-13939")
@pytest.mark.parametrize("name", BAD)
def test_an_offer_that_is_none_is_not_answered(name, server):
    server.start()
    before = len(server.tester.frames)
    BAD[name](server)
    server.say("offer")  # the good one, behind it
    request = server.expect("request")
    assert dict(o for o in request[DHCP].options if isinstance(o, tuple))["requested_addr"] == OFFER
    # It may have asked again who is there, while nobody answered; it asked once to have an address.
    asked = [f for f in server.tester.received(before) if DHCP in f.packet and said(f.packet) == "request"]
    assert len(asked) == 1


@pytest.mark.rfc("2131:3.1-3", "2131:3.1-2")
def test_an_address_that_another_has_is_declined(server):
    server.to_request()
    server.say("ack")
    probe = server.tester.expect(Ether() / ARP(op=1, pdst=OFFER), within=120, skip=True)
    assert probe[ARP].psrc == "0.0.0.0"
    server.tester.inject(Ether(src="02:00:00:00:00:77", dst=DUT_MAC)
                         / ARP(op=2, hwsrc="02:00:00:00:00:77", psrc=OFFER, hwdst=DUT_MAC,
                               pdst="0.0.0.0"))
    decline = server.expect("decline")
    options = dict(o for o in decline[DHCP].options if isinstance(o, tuple) and len(o) == 2)
    assert options["requested_addr"] == OFFER and options["server_id"] == OURS
    assert server.dut.ask(cmd="addrs", dev="tap0")["addrs"] == []


@pytest.mark.rfc("2131:3.1-4")
def test_a_refusal_begins_anew(server):
    server.to_request()
    server.say("nak", yiaddr="0.0.0.0", to=ALL, mac="ff:ff:ff:ff:ff:ff")
    server.expect("discover")
    assert server.lease()["messages"]["naks"] == 1


@pytest.mark.rfc("CVE-2024-3661")
@pytest.mark.parametrize("wanted", [False, True])
def test_classless_routes_are_taken_only_when_asked_for(wanted, server, eventually):
    server.to_request(*(["--dhcp-routes"] if wanted else []))
    server.say("ack", (121, bytes([1, 0, 10, 0, 0, 100, 1, 128, 10, 0, 0, 100])))
    eventually(lambda: server.lease()["state"] == "BOUND", 120, "a lease")
    routes = {(r["dst"], r["prefix"]) for r in server.dut.ask(cmd="routes")["routes"]}
    assert (("0.0.0.0", 1) in routes) == (("128.0.0.0", 1) in routes) == wanted
    assert (("0.0.0.0", 0) in routes) != wanted


@pytest.mark.rfc("CVE-2011-2716", "CVE-2026-16445")
def test_names_with_a_shells_characters_are_none(server, eventually):
    server.to_request()
    server.say("ack", ("hostname", b"a;reboot"), ("domain", b"x\ny"))
    eventually(lambda: server.lease()["state"] == "BOUND", 120, "a lease")
    assert "hostname" not in server.lease() and "domain" not in server.lease()


@pytest.mark.rfc("CVE-2016-2147", "CVE-2016-2148", "CVE-2020-11903")
def test_options_that_a_client_does_not_know_are_passed_over(server, eventually):
    server.to_request()
    server.say("ack", (119, b"\xc0\0\x3f" + b"a" * 30 + b"\xc0\x03"), (119, b"\xc0\xff"),
               (212, b"\x20"), (212, bytes(200)), (212, b""), (43, b"\xff\xff"), (15, b"lab"))
    eventually(lambda: server.lease()["state"] == "BOUND", 120, "a lease")
    assert server.lease()["domain"] == "lab"


def test_a_flood_of_answers_leaves_lease_and_service(server, lan, eventually):
    server.to_request()
    server.say("ack")
    eventually(lambda: server.lease()["state"] == "BOUND", 120, "a lease")
    dice = random.Random(7)
    memory = server.dut.ask(cmd="usage")["usage"]["bytes"]
    for i in range(2000):
        server.say(("offer", "ack", "nak")[i % 3], xid=dice.getrandbits(32))
        if i % 200 == 199:  # no more at once than the queue toward the device holds
            eventually(lambda seen=i: server.lease()["messages"]["foreign"] >= 0.95 * seen)
    assert "1 received" in lan.peer.exec("ping", "-c", "1", "-w", "60", OFFER).stdout
    assert server.lease()["state"] == "BOUND" and server.lease()["ip"] == OFFER
    eventually(lambda: server.dut.ask(cmd="usage")["usage"]["bytes"] < memory + 200000)
    assert server.lease()["messages"]["foreign"] >= 1900


@pytest.mark.rfc("3927:1.9-2", "3927:2.2.1-1", "3927:2.1-1")
def test_silence_gives_a_link_local_address(dut, tester, eventually):
    dut.start(address=("--addr", "auto"), args=("--dhcp-wait", "1"))
    eventually(lambda: dut.ask(cmd="addrs", dev="tap0")["addrs"], 120, "an address")
    got = dut.ask(cmd="addrs", dev="tap0")["addrs"][0]
    assert got["addr"].startswith("169.254.") and got["prefix"] == 16
    tester.expect(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, psrc=got["addr"], pdst=got["addr"]),
                  within=120, skip=True)
    assert f"phantom: address {got['addr']}/16" in dut.process.errors()
