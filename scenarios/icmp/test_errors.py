# SPDX-License-Identifier: BSD-2-Clause
"""ICMPv4 errors (RFC 792, 1122 3.2.2): when one is sent, what it quotes, when none may be sent."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.packet import Raw

from rig.net import checksum
from rig.tester import BROADCAST

CLOSED = 9999


def closed_port(tester, data=b"nobody", **fields):
    return tester.ip4(id=0x77, **fields) / UDP(sport=4000, dport=CLOSED) / Raw(data)


def quoted(reply):
    """The bytes an ICMP error quotes."""
    ip = reply[IP]
    return bytes(ip)[ip.ihl * 4 + 8:ip.len]


@pytest.mark.rfc("1122:3.2.2.1-2", "1122:4.1.3.1-1", "1122:3.2.2-2", "792:gen-2", "1122:3.3.8-1")
def test_closed_port_is_reported_with_the_header_and_eight_bytes(dut, tester):
    sent = closed_port(tester)
    tester.inject(sent)
    reply = tester.expect(IP(src=dut.ip, dst=tester.ip, ttl=64)
                          / ICMP(type=3, code=3, reserved=0, length=0, nexthopmtu=0))
    original = bytes(sent)[14:]
    assert len(quoted(reply)) >= 28
    assert quoted(reply) == original[:len(quoted(reply))], "the quote differs from what was sent"
    assert checksum(bytes(reply[IP])[20:reply[IP].len]) == 0


@pytest.mark.rfc("1122:3.2.2.1-1", "1122:3.3.8-1")
def test_unknown_protocol_is_reported(dut, tester):
    with dut.counting(IpInUnknownProtos=1):
        tester.inject(tester.ip4(proto=253) / Raw(b"what is this"))
        reply = tester.expect(ICMP(type=3, code=2))
        assert quoted(reply)[9] == 253


def errors(packet):
    return ICMP in packet and packet[ICMP].type in (3, 4, 5, 11, 12)


@pytest.mark.rfc("792:gen-1", "1122:3.2.2-6", "1812:4.3.2.7-1")
@pytest.mark.parametrize("kind", [3, 4, 5, 11, 12])
def test_no_error_about_an_error(dut, tester, kind):
    about = bytes(IP(src=dut.ip, dst=tester.ip, id=5) / UDP(sport=CLOSED, dport=CLOSED))
    tester.inject(tester.ip4() / ICMP(type=kind, code=0) / Raw(about))
    tester.nothing(errors, but="no error about an error")


@pytest.mark.rfc("1122:3.2.2-7", "1122:3.2.2-8", "1812:4.3.2.7-1", "1112:7.2-1")
@pytest.mark.parametrize("dst", ["10.0.0.255", "255.255.255.255", "224.0.0.1"])
def test_no_error_about_broadcast_and_multicast(dut, tester, dst):
    mac = "01:00:5e:00:00:01" if dst.startswith("224") else BROADCAST
    tester.inject(tester.ether(dst=mac) / IP(src=tester.ip, dst=dst)
                  / UDP(sport=4000, dport=CLOSED) / Raw(b"x"))
    tester.nothing(errors, but="no error about a broadcast")


@pytest.mark.rfc("1122:3.2.2-8", "1122:3.3.6-3")
def test_no_error_about_a_broadcast_frame_with_our_address(dut, tester):
    tester.inject(tester.ether(dst=BROADCAST) / IP(src=tester.ip, dst=dut.ip)
                  / UDP(sport=4000, dport=CLOSED) / Raw(b"x"))
    tester.nothing(errors, but="no error about a link-layer broadcast")


@pytest.mark.rfc("1122:3.2.2-9", "792:gen-1", "1812:4.3.2.7-1")
def test_no_error_about_a_later_fragment(dut, tester):
    whole = IP(src=tester.ip, dst=dut.ip, id=9, proto=253) / Raw(bytes(400))
    pieces = fragment(whole, fragsize=200)
    for piece in pieces[1:]:
        tester.inject(piece)
    tester.nothing(errors, but="no error about a later fragment")


@pytest.mark.rfc("1122:3.2.2-10", "1812:4.3.2.7-1")
@pytest.mark.parametrize("src", ["0.0.0.0", "127.0.0.1", "255.255.255.255", "224.0.0.1",
                                 "240.0.0.1"])
def test_no_error_to_a_source_that_is_no_host(dut, tester, src):
    tester.inject(closed_port(tester, src=src))
    tester.nothing(lambda packet: IP in packet, but=f"no packet to {src}")


@pytest.mark.rfc("1812:4.3.2.8-1")
def test_errors_are_limited_in_rate(dut, tester):
    if dut.name == "phantom":
        dut.sysctl("net.ipv4.icmp_msgs_burst", 10)
        dut.sysctl("net.ipv4.icmp_msgs_per_sec", 1)
    start = len(tester.frames)
    for number in range(200):
        tester.inject(closed_port(tester, data=number.to_bytes(2, "big")))
    tester.mark()
    sent = [seen for seen in tester.received(start) if errors(seen.packet)]
    assert 1 <= len(sent) <= 100, f"{len(sent)} errors for 200 datagrams"


@pytest.mark.rfc("1122:3.2.2.1-4")
def test_port_unreachable_reaches_the_peers_socket(dut, peer):
    sock = peer.socket("udp")
    sock.connect((dut.ip, CLOSED))
    sock.send(b"anyone?")
    with pytest.raises(ConnectionRefusedError):
        sock.recv(100)


def test_error_about_a_connection_that_is_not_ours_changes_nothing(dut, tester):
    about = bytes(IP(src=dut.ip, dst=tester.ip) / TCP(sport=7, dport=60000, seq=1, flags="A"))[:28]
    tester.inject(tester.ip4() / ICMP(type=3, code=3) / Raw(about))
    tester.nothing(but="nothing about a connection that is not there")
