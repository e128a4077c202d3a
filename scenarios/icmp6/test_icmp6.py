# SPDX-License-Identifier: BSD-2-Clause
"""ICMPv6 (RFC 4443): echo, unreachable ports, who is not answered, paths that are narrow."""

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest,
                                ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6Unknown, IPv6,
                                IPv6ExtHdrFragment)
from scapy.packet import Raw

from rig.net import pattern
from rig.six import ALL_NODES, TESTER, TESTER_LL, US

pytestmark = pytest.mark.dut(start=False)


@pytest.mark.rfc("4443:4.2-1", "4443:2.2-1", "4443:4.1-1")
@pytest.mark.parametrize("size", [0, 1, 2, 3, 57, 1000, 1451, 1452])
def test_echo_is_returned_entire(six, size):
    six.introduce()
    reply = six.ping(pattern(size), number=size)
    assert (reply[IPv6].src, reply[IPv6].dst, reply[IPv6].hlim) == (US, TESTER, 64)
    sum_sent = reply[ICMPv6EchoReply].cksum
    again = reply[IPv6].copy()
    del again[ICMPv6EchoReply].cksum
    assert IPv6(bytes(again))[ICMPv6EchoReply].cksum == sum_sent


@pytest.mark.rfc("4443:4.2-2", "4443:2.2-2")
def test_echo_to_all_nodes_is_answered_from_an_address_of_its_own(six):
    six.introduce(TESTER_LL)
    six.send(six.echo(number=7, dst=ALL_NODES, src=TESTER_LL))
    reply = six.tester.expect(ICMPv6EchoReply(id=0x6666, seq=7), skip=True)
    assert reply[IPv6].src.startswith("fe80:")


@pytest.mark.rfc("4443:2.3-1")
def test_a_wrong_checksum_gets_no_answer(six):
    six.introduce()
    start = len(six.tester.frames)
    packet = six.echo(number=8)
    packet[ICMPv6EchoRequest].cksum = 0x1234
    six.send(packet)
    assert [p[ICMPv6EchoReply].seq for p in six.answered(start, ICMPv6EchoReply)] == [0x7fff]


@pytest.mark.rfc("4443:3.1-1", "4443:2.4-3", "CVE-2020-22283")
def test_a_port_that_nobody_has_is_unreachable(six):
    six.introduce()
    sent = six.ip() / UDP(sport=1234, dport=4444) / Raw(pattern(1300))
    six.send(sent)
    error = six.tester.expect(ICMPv6DestUnreach(code=4))
    assert len(error[IPv6]) == 1280
    quote = bytes(error[ICMPv6DestUnreach])[8:]
    assert quote == bytes(sent[IPv6])[:len(quote)] and len(quote) == 1232


@pytest.mark.rfc("4443:2.4-5", "4443:2.4-6", "4443:2.4-7", "4443:2.4-9", "4443:2.4-2")
@pytest.mark.parametrize("what", ["error", "group", "nobody", "unknown"])
def test_what_must_not_be_answered_is_not(six, what):
    six.introduce()
    start = len(six.tester.frames)
    bad = Raw(bytes([58, 0, 0x9e, 4, 0, 0, 0, 0]))
    if what == "error":
        six.send(six.ip(nh=60) / bad / ICMPv6DestUnreach(code=0) / Raw(bytes(48)))
    elif what == "group":
        six.send(six.ip(ALL_NODES) / UDP(sport=1234, dport=4444))
    elif what == "nobody":
        six.send(six.ip(src="::", nh=60) / bad / Raw(bytes(8)))
    else:
        six.send(six.ip() / ICMPv6Unknown(type=200) / Raw(bytes(8)))
    assert not six.answered(start, ICMPv6ParamProblem)
    assert not six.answered(start, ICMPv6DestUnreach)


@pytest.mark.rfc("4443:2.4-10", "ICMP error storm")
@pytest.mark.duts("phantom")
def test_errors_are_limited_to_a_rate(six):
    six.introduce()
    six.dut.sysctl("net.ipv4.icmp_msgs_per_sec", 1)
    start = len(six.tester.frames)
    for _ in range(500):
        six.send(six.ip() / UDP(sport=1234, dport=4444))
    assert 1 <= len(six.answered(start, ICMPv6DestUnreach)) < 500


@pytest.mark.rfc("8201:4-2", "8200:5-1", "8201:4-4", "CVE-2024-53259")
def test_a_narrow_path_is_heeded_and_one_too_narrow_is_not(six):
    six.introduce()
    data = pattern(1440)
    assert IPv6ExtHdrFragment not in six.ping(data, number=1)
    reply = IPv6(src=US, dst=TESTER) / ICMPv6EchoReply(id=0x6666, seq=1, data=data)
    for mtu in (1000, 1300):
        six.send(six.ip(src="fd00::fe") / ICMPv6PacketTooBig(mtu=mtu) / Raw(bytes(reply)[:1200]))
        start = len(six.tester.frames)
        six.send(six.echo(data, number=mtu))
        six.ping(number=mtu + 1)
        sizes = [len(seen.packet[IPv6]) for seen in six.tester.received(start)
                 if IPv6ExtHdrFragment in seen.packet]
        assert bool(sizes) == (mtu == 1300), f"after an mtu of {mtu}: fragments of {sizes}"
        assert all(size <= 1300 for size in sizes)
