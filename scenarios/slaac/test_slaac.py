# SPDX-License-Identifier: BSD-2-Clause
"""Autoconfiguration by routers (RFC 4861 6.3, 4862 5.5): asked for, believed, and not believed."""

import time

import pytest
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
                                ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptMTU, ICMPv6NDOptPrefixInfo,
                                ICMPv6NDOptRDNSS, ICMPv6NDOptSrcLLAddr, IPv6)
from scapy.packet import Raw

from rig.six import ALL_NODES, TESTER_LL

pytestmark = [pytest.mark.dut(start=False), pytest.mark.six("slaac")]
PREFIX = "2001:db8:5::"


def advertisement(six, *options, src=TESTER_LL, hlim=255, **fields):
    packet = (six.ip(ALL_NODES, src, hlim=hlim)
              / ICMPv6ND_RA(**{"routerlifetime": 1800, "chlim": 55, **fields})
              / ICMPv6NDOptSrcLLAddr(lladdr=six.tester.mac))
    for option in options:
        packet = packet / option
    return packet


def prefix(prefix=PREFIX, **fields):
    return ICMPv6NDOptPrefixInfo(**{"prefix": prefix, "prefixlen": 64, "L": 1, "A": 1,
                                    "validlifetime": 3600, "preferredlifetime": 1800, **fields})


def ask_everybody(six, number):
    """All nodes are pinged from an address of the prefix: the device answers from its own, if it
    has one there."""
    six.send(six.ip(ALL_NODES, f"{PREFIX}100") / ICMPv6EchoRequest(id=0x6666, seq=number))


def address(six):
    """The device's address of the prefix: it is asked until it has one."""
    number, end, at = 100, time.monotonic() + 60, len(six.tester.frames)
    while time.monotonic() < end:
        number += 1
        ask_everybody(six, number)
        until = time.monotonic() + 0.5
        while six.tester.pump(until):
            new = six.tester.frames[at:]
            at += len(new)
            for seen in new:
                if seen.way != "<" or IPv6 not in seen.packet:
                    continue
                packet = seen.packet
                if ICMPv6ND_NS in packet and packet[ICMPv6ND_NS].tgt == f"{PREFIX}100":
                    six.send(six.ip(packet[IPv6].src, f"{PREFIX}100", hlim=255)
                             / ICMPv6ND_NA(tgt=f"{PREFIX}100", S=1, O=1)
                             / Raw(bytes([2, 1]) + bytes.fromhex(six.tester.mac.replace(":", ""))))
                if ICMPv6EchoReply in packet and packet[IPv6].src.startswith(PREFIX[:-1]):
                    return packet
    return None


@pytest.mark.duts("phantom")  # the bench's kernel nodes ask for no routers
@pytest.mark.rfc("4861:6.3.7-1", "4861:4.1-1")
def test_routers_are_asked_for(six):
    asked = six.tester.expect(IPv6(dst="ff02::2", hlim=255) / ICMPv6ND_RS(code=0), skip=True)
    assert asked[IPv6].src.startswith("fe80:") or asked[IPv6].src == "::"


@pytest.mark.rfc("4862:5.5-1", "4861:6.3.4-5")
def test_a_prefix_makes_an_address_and_the_hop_limit_is_the_routers(six):
    six.send(advertisement(six, prefix(), ICMPv6NDOptMTU(mtu=1400)))
    reply = address(six)
    assert reply is not None, six.tester.log()
    assert reply[IPv6].hlim == 55


@pytest.mark.rfc("4861:6.1.2-1", "4861:6.1.2-2", "4862:5.5.3-1", "4862:5.5.3-2", "4862:5.5.3-3",
                 "4862:5.5.3-4", "RA prefix abuse", "RA kill")
def test_what_is_not_in_order_makes_none(six):
    for packet in (advertisement(six, prefix(), src="fd00::9"),
                   advertisement(six, prefix(), hlim=64),
                   advertisement(six, prefix(), code=1),
                   advertisement(six, prefix(A=0)),
                   advertisement(six, prefix(preferredlifetime=3601)),
                   advertisement(six, prefix(prefixlen=63)),
                   advertisement(six, prefix(validlifetime=0, preferredlifetime=0)),
                   advertisement(six, prefix("fe80::")),
                   advertisement(six, prefix(), Raw(bytes([3, 0]))),
                   advertisement(six, prefix(), Raw(bytes([3, 4]) + bytes(8)))):
        six.send(packet)
    start = len(six.tester.frames)
    ask_everybody(six, 1)
    six.tester.mark()
    assert not [seen for seen in six.tester.received(start)
                if IPv6 in seen.packet and seen.packet[IPv6].src.startswith(PREFIX[:-1])]


@pytest.mark.rfc("CVE-2013-3183", "CVE-2020-16898", "8106:5.1-2", "8106:5.3.1-1", "CVE-2010-0239",
                 "CVE-2022-27881")
def test_options_of_every_length_are_survived(six):
    for kind in (1, 3, 5, 24, 25, 31):
        for length in range(256):
            six.send(advertisement(six, Raw(bytes([kind, length]) + bytes(46)), routerlifetime=0))
    six.send(advertisement(six, ICMPv6NDOptRDNSS(dns=["2001:db8::53"], len=2), routerlifetime=0))
    six.tester.mark()


@pytest.mark.rfc("CVE-2010-4669", "CVE-2014-2309")
def test_a_flood_of_prefixes_and_routers_is_bounded(six):
    for number in range(1500):
        six.send(advertisement(six, prefix(f"2001:db8:{number:x}:1::"), src=f"fe80::1:{number:x}"))
    six.tester.mark()
    if six.dut.name == "phantom":
        addrs = [a for a in six.dut.ask(cmd="addrs", dev="tap0")["addrs"] if ":" in a["addr"]]
        assert 2 <= len(addrs) <= 17
        assert len(six.dut.ask(cmd="routes")["routes"]) <= 80
        assert six.dut.ask(cmd="usage")["usage"]["neighbours"] <= 1024


@pytest.mark.duts("phantom")
@pytest.mark.rfc("8106:1.2-1", "8106:5.1-1")
def test_name_servers_are_kept_and_shown(six):
    six.send(advertisement(six, ICMPv6NDOptRDNSS(dns=["2001:db8::53"], lifetime=600)))
    six.tester.mark()
    assert six.dut.ask(cmd="dns")["dns"][0]["nameserver"] == "2001:db8::53"
    six.send(advertisement(six, ICMPv6NDOptRDNSS(dns=["2001:db8::53"], lifetime=0)))
    six.tester.mark()
    assert not six.dut.ask(cmd="dns")["dns"]
