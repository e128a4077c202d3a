# SPDX-License-Identifier: BSD-2-Clause
"""IPv6 headers behind IPv6's own (RFC 8200 4): walked, skipped, refused with a pointer; fragments."""

import pytest
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ParamProblem,
                                ICMPv6TimeExceeded, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                                IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, fragment6)
from scapy.packet import Raw

from rig.net import pattern
from rig.six import ALL_NODES, TESTER, US

pytestmark = pytest.mark.dut(start=False)

ECHO = 58


def options(next_header, data, header=IPv6ExtHdrDestOpt):
    """An options header of these bytes, which make it whole units."""
    assert (len(data) + 2) % 8 == 0
    return Raw(bytes([next_header, (len(data) + 2) // 8 - 1]) + data)


def behind(six, number, data, dst=US, kind=60):
    """An echo request behind an options header made by hand."""
    echo = bytes(six.echo(number=number, dst=dst)[ICMPv6EchoRequest])
    return six.ip(dst, nh=kind) / options(ECHO, data) / Raw(echo)


@pytest.mark.rfc("8200:4.2-1", "8200:4.2-5", "8200:4.1-1", "8200:4-2")
@pytest.mark.parametrize("kind", [0, 60], ids=["hop-by-hop", "destination"])
def test_options_to_be_skipped_are_skipped(six, kind):
    six.introduce()
    for number, data in enumerate([b"\x01\x04\0\0\0\0", b"\0\0\0\0\0\0", b"\x1e\x04abcd"], 1):
        six.send(behind(six, number, data, kind=kind))
        six.tester.expect(ICMPv6EchoReply(id=0x6666, seq=number), skip=True)


@pytest.mark.rfc("8200:4.2-2", "8200:4.2-3", "8200:4.2-4", "4443:3.4-1",
                 "Unknown option/next header amplification", "CVE-2008-0352")
@pytest.mark.parametrize("option,dst,told", [
    (0x5e, US, False), (0x9e, US, True), (0xde, US, True),
    (0x5e, ALL_NODES, False), (0x9e, ALL_NODES, True), (0xde, ALL_NODES, False)])
def test_an_unknown_option_ends_it_as_its_bits_say(six, option, dst, told):
    six.introduce()
    start = len(six.tester.frames)
    six.send(behind(six, 1, bytes([option, 4]) + b"abcd", dst))
    if told:
        six.tester.expect(IPv6(dst=TESTER) / ICMPv6ParamProblem(code=2, ptr=42))
    assert len(six.answered(start, ICMPv6ParamProblem)) == told


@pytest.mark.rfc("8200:4-3", "8200:4-1")
@pytest.mark.parametrize("first,second,pointer", [(200, None, 6), (60, 0, 40), (60, 200, 40)])
def test_a_header_that_may_not_be_there_is_pointed_at(six, first, second, pointer):
    six.introduce()
    packet = six.ip(nh=first)
    if second is not None:
        packet = packet / options(second, b"\x01\x04\0\0\0\0")
    six.send(packet / Raw(bytes(24)))
    six.tester.expect(ICMPv6ParamProblem(code=1, ptr=pointer))


@pytest.mark.rfc("8200:4.4-1", "8200:4.4-2")
@pytest.mark.parametrize("kind", [0, 200])
def test_a_route_is_ignored_at_its_end_and_refused_before(six, kind):
    six.introduce()
    for left in (0, 1):
        echo = bytes(six.echo(number=9)[ICMPv6EchoRequest])
        six.send(six.ip(nh=43) / IPv6ExtHdrRouting(nh=ECHO, len=2, type=kind, segleft=left,
                                                    addresses=["fd00::9"]) / Raw(echo))
        if left:
            six.tester.expect(ICMPv6ParamProblem(code=0, ptr=42))
        else:
            six.tester.expect(ICMPv6EchoReply(id=0x6666, seq=9))


@pytest.mark.rfc("8200:4.2-6", "CVE-2020-17445")
def test_no_option_that_lies_about_its_length_is_believed(six):
    six.introduce()
    start = len(six.tester.frames)
    for length in (5, 6, 7, 100, 255):
        six.send(behind(six, length, bytes([0x1e, length]) + b"abcd"))
    for cut in range(1, 8):
        six.send(six.ip(nh=60, plen=cut) / Raw(bytes([ECHO, 0, 1, 4, 0, 0, 0, 0])[:cut]))
    assert not [packet for packet in six.answered(start, ICMPv6EchoReply)
                if packet[ICMPv6EchoReply].seq != 0x7fff]


@pytest.mark.rfc("8200:4.5-11", "8504:5-2", "CVE-2020-17469", "CVE-2007-1365")
@pytest.mark.parametrize("order", ["in order", "backwards", "shuffled"])
@pytest.mark.parametrize("size", [1400, 20000])
def test_a_fragmented_ping_is_answered_whole(six, size, order):
    six.introduce()
    data = pattern(size)
    whole = IPv6(src=TESTER, dst=US) / IPv6ExtHdrFragment(id=size) / ICMPv6EchoRequest(
        id=0x6666, seq=3, data=data)
    pieces = fragment6(whole, 600)
    if order == "backwards":
        pieces.reverse()
    elif order == "shuffled":
        pieces = pieces[1::2] + pieces[::2]
    for piece in pieces:
        six.send(six.ether() / piece)
    assert gather(six, size + 8)[8:] == data


def gather(six, length):
    """The payload of an answer, fragments put together by us."""
    got, have = bytearray(length), 0
    while have < length:
        packet = six.tester.expect(IPv6(src=US, dst=TESTER), where=lambda p: ICMPv6EchoReply in p
                                   or IPv6ExtHdrFragment in p or False, skip=True)
        if IPv6ExtHdrFragment in packet:
            part, at = bytes(packet[IPv6ExtHdrFragment].payload), packet[IPv6ExtHdrFragment].offset
        else:
            part, at = bytes(packet[IPv6].payload), 0
        got[at * 8:at * 8 + len(part)] = part
        have += len(part)
    return bytes(got)


def piece(six, number, offset, data, more=1):
    return (six.ip(nh=44) / IPv6ExtHdrFragment(nh=ECHO, offset=offset // 8, m=more, id=number)
            / Raw(data))


@pytest.mark.rfc("5722:4-2", "8200:4.5-10", "RFC 5722 overlap", "CVE-2021-33304",
                 "IP ID poisoning of reassembly")
def test_fragments_that_overlap_end_the_datagram_and_nobody_is_told(six):
    six.introduce()
    start = len(six.tester.frames)
    echo = bytes(six.echo(b"x" * 40, number=5)[ICMPv6EchoRequest])
    for offset, end, more in ((0, 24, 1), (16, 40, 1), (40, 48, 0), (24, 40, 1)):
        six.send(piece(six, 5, offset, echo[offset:end], more))
    replies = six.answered(start, ICMPv6EchoReply)
    assert [reply[ICMPv6EchoReply].seq for reply in replies] == [0x7fff]
    assert not six.answered(start, ICMPv6TimeExceeded)


@pytest.mark.rfc("6946:3-1", "6946:3-2", "8200:4.5-12", "CVE-2016-10142")
def test_an_atomic_fragment_is_a_datagram_of_its_own(six):
    six.introduce()
    echo = bytes(six.echo(b"x" * 40, number=5)[ICMPv6EchoRequest])
    six.send(piece(six, 5, 0, echo[:24]))
    six.send(piece(six, 5, 0, bytes(six.echo(number=6)[ICMPv6EchoRequest]), more=0))
    six.tester.expect(ICMPv6EchoReply(id=0x6666, seq=6))
    six.send(piece(six, 5, 24, echo[24:], more=0))
    six.tester.expect(ICMPv6EchoReply(id=0x6666, seq=5))


@pytest.mark.rfc("8200:4.5-7", "8200:4.5-8", "8200:4.5-9", "CVE-2023-3107")
@pytest.mark.parametrize("offset,length,more,next_header,code,pointer", [
    (0, 20, 1, ECHO, 0, 4), (65528, 16, 0, ECHO, 0, 42), (0, 8, 1, 60, 3, 0)])
def test_a_fragment_that_no_sender_makes_is_told_of(six, offset, length, more, next_header, code,
                                                    pointer):
    six.introduce()
    start = bytes([ECHO, 1, 1, 4]) if next_header == 60 else bytes([128, 0, 0, 0])
    packet = piece(six, 9, offset, start + bytes(length - 4), more)
    packet[IPv6ExtHdrFragment].nh = next_header
    six.send(packet)
    six.tester.expect(ICMPv6ParamProblem(code=code, ptr=pointer))


@pytest.mark.rfc("CVE-2018-5391", "CVE-2018-6922")
def test_a_flood_of_fragments_leaves_room_for_others(six):
    six.introduce()
    for number in range(2000):
        six.send(piece(six, number, 8 * (number % 100), bytes(800)))
        if number % 200 == 0:
            six.ping(number=number)
    six.ping(pattern(1000), number=4000)
