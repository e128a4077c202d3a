# SPDX-License-Identifier: BSD-2-Clause
"""ICMPv4 echo (RFC 792, 1122 3.2.2.6): every size, every field, and what gets no answer."""

import re
import select
import struct

import pytest
from scapy.layers.inet import ICMP, IP, fragment
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from rig.match import payload
from rig.net import DUT_IP, WITHIN, checksum, pattern
from rig.tester import BROADCAST

MTU = 1500
LARGEST = MTU - 20 - 8


def echo(data=b"", number=1, **fields):
    return ICMP(type=8, id=0x1234, seq=number, **fields) / Raw(data)


@pytest.mark.rfc("792:echo-1", "792:gen-3", "1122:3.2.2.6-1", "1122:3.2.2.6-3", "1122:3.2.1.7-3",
                 "894:1", "1122:2.3.3-1")
def test_echo_is_returned_with_every_field_right(dut, tester):
    tester.inject(tester.ip4(id=0x4242, ttl=9) / echo(b"abcdefgh", number=77))
    reply = tester.expect(Ether(src=dut.mac, dst=tester.mac, type=0x0800)
                          / IP(version=4, ihl=5, tos=0, len=36, frag=0, ttl=64, proto=1, src=dut.ip,
                               dst=tester.ip)
                          / ICMP(type=0, code=0, id=0x1234, seq=77) / Raw(b"abcdefgh"))
    raw = bytes(reply[IP])
    assert checksum(raw[:20]) == 0, "the IP header's checksum is wrong"
    assert checksum(raw[20:36]) == 0, "the ICMP checksum is wrong"
    assert not int(reply[IP].flags) & 4, "the reserved flag is set"


def raw_echo(tester, number):
    """A whole frame, made by hand: there are 1,473 of them."""
    data = pattern(number)
    icmp = struct.pack("!BBHHH", 8, 0, 0, 0x5151, number) + data
    icmp = icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), number, 0, 64, 1, 0,
                       bytes(map(int, tester.ip.split("."))), bytes(map(int, DUT_IP.split("."))))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    macs = bytes.fromhex((tester.dst_mac + tester.mac).replace(":", ""))
    return macs + b"\x08\x00" + head + icmp


@pytest.mark.rfc("792:echo-1", "1122:3.2.2.6-4")
def test_every_size_to_the_mtu_is_answered(dut, tester):
    tester.mark()  # the device knows us from here
    for number in range(LARGEST + 1):
        tester.sock.send(raw_echo(tester, number))
        while True:
            ready, _, _ = select.select([tester.sock], [], [], WITHIN)
            assert ready, f"no reply to a ping of {number} bytes"
            raw = tester.sock.recv(1 << 16)
            if raw[12:14] == b"\x08\x00" and raw[34] == 0 and raw[38:40] == b"QQ":
                break
        length = int.from_bytes(raw[16:18], "big")
        assert length == 28 + number, f"{number} bytes: the reply's IP length is {length}"
        assert int.from_bytes(raw[40:42], "big") == number
        assert raw[42:14 + length] == pattern(number), f"{number} bytes came back changed"
        assert checksum(raw[34:14 + length]) == 0, f"{number} bytes: ICMP checksum wrong"


@pytest.mark.rfc("791:3.1-3", "791:3.2-1", "791:3.2-2", "1122:3.3.2-1", "1122:3.3.2-2",
                 "1122:3.2.2.6-4", "815:1", "815:3", "791:3.1-7", "1122:3.3.3-2")
@pytest.mark.parametrize("order", ["in order", "backwards", "shuffled"])
@pytest.mark.parametrize("size", [548, 4000, 20000])
def test_fragmented_ping_is_answered_whole(dut, tester, size, order):
    data = pattern(size)
    pieces = fragment(IP(src=tester.ip, dst=dut.ip, id=size) / echo(data), fragsize=400)
    if order == "backwards":
        pieces.reverse()
    elif order == "shuffled":
        pieces = pieces[1::2] + pieces[::2]
    for piece in pieces:
        tester.inject(piece)
    assert reassembled(tester, size + 8)[8:] == data


def reassembled(tester, length):
    """The ICMP message that came, whole or in fragments, as bytes; its checksum is checked."""
    parts, total = {}, None
    while total is None or sum(map(len, parts.values())) < total:
        ip = tester.expect(IP(src=DUT_IP, proto=1))[IP]
        body = bytes(ip)[ip.ihl * 4:ip.len]
        assert ip.len <= MTU, f"a packet of {ip.len} bytes on a link of {MTU}"
        parts[ip.frag * 8] = body
        if not int(ip.flags) & 1:
            total = ip.frag * 8 + len(body)
        else:
            assert len(body) % 8 == 0, "a fragment that is not the last has a length not of 8"
    message = b"".join(parts[at] for at in sorted(parts))
    assert len(message) == length and message[0] == 0
    assert checksum(message) == 0, "the ICMP checksum of the reassembled reply is wrong"
    return message


@pytest.mark.rfc("791:3.2-1", "815:5")
def test_fragments_of_different_datagrams_do_not_mix(dut, tester):
    first, second = (
        fragment(IP(src=tester.ip, dst=dut.ip, id=number) / echo(data, number=number), fragsize=200)
        for number, data in ((1, b"A" * 400), (2, b"B" * 400)))
    for a, b in zip(first, second):
        tester.inject(a)
        tester.inject(b)
    tester.expect(ICMP(type=0, seq=1) / Raw(b"A" * 400))
    tester.expect(ICMP(type=0, seq=2) / Raw(b"B" * 400))


@pytest.mark.rfc("792:tex-1")
def test_incomplete_datagram_gets_no_reply(dut, tester):
    pieces = fragment(IP(src=tester.ip, dst=dut.ip, id=3) / echo(b"C" * 400), fragsize=200)
    for piece in pieces[:-1]:
        tester.inject(piece)
    tester.nothing(lambda packet: IP in packet, but="no reply to an incomplete ping")


@pytest.mark.rfc("792:gen-3")
def test_wrong_icmp_checksum_is_dropped(dut, tester):
    with dut.counting(IcmpInCsumErrors=1):
        tester.inject(tester.ip4() / echo(b"x", chksum=0x1234))
        tester.nothing(but="no reply to a wrong checksum")


def test_each_wrong_bit_of_an_icmp_message_is_dropped(dut, tester):
    message = bytes(tester.ip4() / echo(b"abcdefgh"))
    rows = range(34, len(message))
    with dut.counting(IcmpInCsumErrors=len(rows)):
        for at in rows:
            wrong = bytearray(message)
            wrong[at] ^= 1 << at % 8
            tester.inject(wrong)
        tester.nothing(but="no reply to a wrong checksum")


@pytest.mark.rfc("1122:3.2.2.6-2")
@pytest.mark.parametrize("dst", ["10.0.0.255", "255.255.255.255"])
def test_broadcast_ping_is_ignored_by_default(dut, tester, dst):
    tester.inject(tester.ether(dst=BROADCAST) / IP(src=tester.ip, dst=dst) / echo(b"all"))
    tester.nothing(but="no reply to a broadcast ping")


@pytest.mark.dut(sysctl={"net.ipv4.icmp_echo_ignore_broadcasts": 0})
@pytest.mark.rfc("1122:3.2.1.3-2", "1122:3.3.6-1")
def test_broadcast_ping_is_answered_from_our_own_address_when_asked_for(dut, tester):
    tester.inject(tester.ether(dst=BROADCAST) / IP(src=tester.ip, dst="10.0.0.255") / echo(b"all"))
    tester.expect(IP(src=dut.ip, dst=tester.ip) / ICMP(type=0) / Raw(b"all"))


@pytest.mark.dut(sysctl={"net.ipv4.icmp_echo_ignore_all": 1})
def test_ping_is_ignored_when_the_sysctl_says_so(dut, tester):
    tester.inject(tester.ip4() / echo(b"x"))
    dut.sysctl("net.ipv4.icmp_echo_ignore_all", 0)
    tester.nothing(but="no reply while icmp_echo_ignore_all is set")


@pytest.mark.rfc("1122:3.2.1.7-2", "1812:4.2.2.9-1")
@pytest.mark.parametrize("ttl", [1, 0])
def test_ping_to_us_with_a_small_ttl_is_answered(dut, tester, ttl):
    tester.inject(tester.ip4(ttl=ttl) / echo(b"near"))
    tester.expect(ICMP(type=0) / Raw(b"near"))


@pytest.mark.rfc("792:gen-2", "1122:3.2.2-1", "1122:3.2.2.7-1")
@pytest.mark.parametrize("kind", [0, 1, 2, 4, 6, 7, 9, 14, 15, 16, 18, 19, 41, 44, 127, 255])
def test_message_that_asks_nothing_of_us_is_dropped_silently(dut, tester, kind):
    tester.inject(tester.ip4() / ICMP(type=kind, code=0) / Raw(bytes(28)))
    tester.nothing(but=f"no reply to ICMP type {kind}")


@pytest.mark.rfc("792:len-1")
@pytest.mark.parametrize("length", range(8))
def test_message_shorter_than_its_header_is_dropped(dut, tester, length):
    whole = bytes(echo())[:length]
    if length >= 4:
        whole = whole[:2] + bytes(2) + whole[4:]
        whole = whole[:2] + checksum(whole).to_bytes(2, "big") + whole[4:]
    tester.inject(tester.ip4(proto=1) / Raw(whole))
    tester.nothing(but="no reply to a truncated message")


@pytest.mark.rfc("894:3")
def test_ping_padded_by_the_link_returns_only_its_data(dut, tester):
    tester.inject(bytes(tester.ip4() / echo(b"abc")) + b"padding!" * 3)
    reply = tester.expect(ICMP(type=0) / Raw(b"abc"))
    assert payload(reply) == b"abc" and reply[IP].len == 31


def test_linux_ping_program_gets_its_replies(dut, peer, eventually):
    before = dut.counters()
    # With -w it asks until three are answered; without, it waits for the last for two round trips at most.
    result = peer.exec("ping", "-c", "3", "-i", "0.2", "-w", "60", "-s", "1000", dut.ip, within=90)
    assert "3 received" in result.stdout and "errors" not in result.stdout, result.stdout
    sent = int(re.search(r"(\d+) packets transmitted", result.stdout)[1])

    def each_is_answered():
        now = dut.counters()
        return all(now[name] - before[name] == sent for name in ("IcmpInEchos", "IcmpOutEchoReps"))

    eventually(each_is_answered)
