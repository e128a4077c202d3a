# SPDX-License-Identifier: BSD-2-Clause
"""Neighbour discovery (RFC 4861 7): answered, checked, learned; duplicates defended (RFC 4862 5.4)."""

import time

import pytest
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrFragment)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from rig.net import eventually
from rig.six import ALL_NODES, SOLICITED, TESTER, US

pytestmark = pytest.mark.dut(start=False)
OTHER_MAC = "02:00:0a:00:00:65"


@pytest.mark.rfc("4861:7.2.4-1", "4861:4.4-2", "4861:7.2.4-2")
@pytest.mark.parametrize("dst", [SOLICITED, US], ids=["group", "unicast"])
def test_a_solicitation_is_answered_with_every_field_right(six, dst):
    six.send(six.solicit(dst=dst))
    answer = six.tester.expect(Ether(src=six.dut.mac, dst=six.tester.mac)
                               / IPv6(src=US, dst=TESTER, hlim=255)
                               / ICMPv6ND_NA(tgt=US, R=0, S=1))
    given = ICMPv6NDOptDstLLAddr in answer
    assert given or dst == US  # to one who knows it, the hardware address may be left out
    assert answer[ICMPv6ND_NA].O == given
    assert not given or answer[ICMPv6NDOptDstLLAddr].lladdr == six.dut.mac


@pytest.mark.rfc("4862:5.4.3-1", "4861:7.2.4-1")
def test_who_probes_for_our_address_hears_that_it_is_taken(six):
    six.send(six.ip(SOLICITED, "::", hlim=255) / ICMPv6ND_NS(tgt=US))
    six.tester.expect(IPv6(src=US, dst=ALL_NODES, hlim=255) / ICMPv6ND_NA(tgt=US, S=0, O=1))


def wrong(six):
    good = six.solicit()
    two = Raw(bytes([1, 0]) + bytes(6))
    return {
        "hop limit": six.solicit(hlim=254),
        "code": six.solicit(code=1),
        "target is a group": six.solicit("ff02::1"),
        "short": six.ip(SOLICITED, hlim=255, plen=20) / Raw(bytes(good[ICMPv6ND_NS])[:20]),
        "option of length 0": six.ip(SOLICITED, hlim=255) / ICMPv6ND_NS(tgt=US) / two,
        "probe with an address": six.solicit(src="::"),
        "probe to one": six.ip(US, "::", hlim=255) / ICMPv6ND_NS(tgt=US),
        "of another": six.solicit("fd00::77", dst="ff02::1"),
    }


@pytest.mark.rfc("4861:7.1.1-1", "4861:4.6-1", "4861:9-1", "CVE-2016-1409", "CVE-2024-23911")
@pytest.mark.parametrize("what", ["hop limit", "code", "target is a group", "short",
                                  "option of length 0", "probe with an address", "probe to one",
                                  "of another"])
def test_a_solicitation_that_is_not_in_order_is_not_answered(six, what):
    start = len(six.tester.frames)
    six.send(wrong(six)[what])
    six.introduce()
    answers = [seen for seen in six.tester.received(start) if ICMPv6ND_NA in seen.packet]
    assert len(answers) == 1, six.tester.log()


@pytest.mark.rfc("6980:5-2", "CVE-2011-2395")
@pytest.mark.parametrize("more", [0, 1], ids=["atomic", "two fragments"])
def test_a_solicitation_in_fragments_is_not_answered(six, more):
    start = len(six.tester.frames)
    message = bytes(six.solicit()[ICMPv6ND_NS])
    parts = [(0, message[:24], 1), (24, message[24:], 0)] if more else [(0, message, 0)]
    for offset, data, m in parts:
        six.send(six.ip(SOLICITED, hlim=255, nh=44)
                 / IPv6ExtHdrFragment(nh=58, offset=offset // 8, m=m, id=3) / Raw(data))
    six.introduce()
    answers = [seen for seen in six.tester.received(start) if ICMPv6ND_NA in seen.packet]
    assert len(answers) == 1, six.tester.log()


@pytest.mark.rfc("4861:7.2.2-1", "4861:7.2.2-3", "4861:4.3-1", "4861:7.2.5-1")
def test_a_neighbour_is_asked_for_before_it_is_spoken_to(six):
    six.send(six.echo(number=1))
    asked = six.tester.expect(IPv6(src=US, dst="ff02::1:ff00:100", hlim=255)
                              / ICMPv6ND_NS(tgt=TESTER))
    assert asked[ICMPv6NDOptSrcLLAddr].lladdr == six.dut.mac
    six.send(six.ip(hlim=255) / ICMPv6ND_NA(tgt=TESTER, S=1, O=1)
             / ICMPv6NDOptDstLLAddr(lladdr=six.tester.mac))
    six.tester.expect(ICMPv6EchoReply(id=0x6666, seq=1), skip=True)


@pytest.mark.rfc("4861:7.2.5-2", "4861:7.2.5-3")
@pytest.mark.parametrize("override", [0, 1])
def test_another_hardware_address_is_taken_with_override_alone(six, override):
    six.introduce()
    six.ping()
    six.send(six.ip(hlim=255) / ICMPv6ND_NA(tgt=TESTER, S=1, O=override)
             / ICMPv6NDOptDstLLAddr(lladdr=OTHER_MAC))
    six.send(six.echo(number=2))
    want = OTHER_MAC if override else six.tester.mac

    def came():
        six.tester.pump(time.monotonic() + 0.1)
        return [seen for seen in six.tester.frames
                if seen.way == "<" and ICMPv6EchoReply in seen.packet
                and seen.packet[ICMPv6EchoReply].seq == 2]
    assert eventually(came)[0].packet[Ether].dst == want


@pytest.mark.rfc("9131:6.1.1-1", "4861:7.2.5-5")
def test_an_unasked_advertisement_makes_no_entry(six):
    six.send(six.ip(ALL_NODES, hlim=255) / ICMPv6ND_NA(tgt=TESTER, S=0, O=1)
             / ICMPv6NDOptDstLLAddr(lladdr=OTHER_MAC))
    six.send(six.echo(number=3))
    six.tester.expect(ICMPv6ND_NS(tgt=TESTER), skip=True)


@pytest.mark.rfc("ND cache exhaustion", "CVE-2023-31129")
@pytest.mark.duts("phantom")
def test_a_flood_of_solicitations_leaves_room_for_others(six):
    for number in range(3000):
        six.send(six.solicit(src=f"fd00::1:{number:x}"))
    six.introduce(behind_a_flood=True)
    six.ping()
