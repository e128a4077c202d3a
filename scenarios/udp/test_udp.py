# SPDX-License-Identifier: BSD-2-Clause
"""UDP (RFC 768, 1122 4.1, 862-864, 867): echo of every shape, checksums, lengths, closed ports."""

import re

import pytest
from scapy.layers.inet import ICMP, IP, UDP, fragment
from scapy.packet import Raw

from rig.match import payload
from rig.net import checksum, pattern
from rig.tester import BROADCAST

ECHO, DISCARD, DAYTIME, CHARGEN = 7, 9, 13, 19


def datagram(tester, data, dport=ECHO, sport=4000, **fields):
    return tester.ip4() / UDP(sport=sport, dport=dport, **fields) / Raw(data)


def udp_checksum_holds(packet):
    """The sum over pseudo-header, header and data comes to zero, or was not used."""
    ip = packet[IP]
    raw = bytes(ip)[ip.ihl * 4:ip.len]
    pseudo = bytes(map(int, ip.src.split("."))) + bytes(map(int, ip.dst.split(".")))
    return checksum(pseudo + bytes([0, 17]) + raw[4:6] + raw) == 0


@pytest.mark.rfc("768:1", "768:3", "768:5", "1122:4.1.3.4-1", "1122:4.1.3.6-2")
@pytest.mark.parametrize("size", [0, 1, 2, 3, 17, 18, 100, 511, 512, 1471, 1472])
def test_echo_returns_the_datagram(dut, tester, size):
    tester.inject(datagram(tester, pattern(size)))
    reply = tester.expect(IP(src=dut.ip, dst=tester.ip, proto=17, ttl=64)
                          / UDP(sport=ECHO, dport=4000, len=8 + size), where=udp_checksum_holds)
    assert payload(reply) == pattern(size)


@pytest.mark.rfc("768:3", "1122:4.1.3.4-3")
def test_datagram_without_checksum_is_taken(dut, tester):
    tester.inject(datagram(tester, b"trust me", chksum=0))
    tester.expect(UDP(sport=ECHO) / Raw(b"trust me"))


@pytest.mark.rfc("768:3", "6935:5-1")
def test_checksum_that_comes_to_zero_is_sent_as_ones(dut, tester):
    # Of 65,536 last words one makes the reply's sum zero: it is found by looking at a reply.
    tester.inject(datagram(tester, bytes(10)))
    reply = tester.expect(UDP(sport=ECHO))
    last = reply[UDP].chksum
    tester.inject(datagram(tester, bytes(8) + last.to_bytes(2, "big")))
    reply = tester.expect(UDP(sport=ECHO), where=udp_checksum_holds)
    assert reply[UDP].chksum == 0xFFFF


@pytest.mark.rfc("1122:4.1.3.4-2")
def test_wrong_checksum_is_dropped(dut, tester):
    expected = {"PhantomDropUDP_CSUM": 1} if dut.name == "phantom" else {}
    with dut.counting(UdpInCsumErrors=1, UdpInErrors=1, **expected):
        tester.inject(datagram(tester, b"wrong", chksum=0x1234))
        tester.nothing(but="no echo of a wrong checksum")


def test_each_wrong_bit_is_dropped(dut, tester):
    whole = bytes(datagram(tester, b"abcdefgh"))
    # Ports aside: those would make it another socket's. A zero checksum would be none.
    rows = [at for at in range(38, len(whole)) if at not in (38, 39)]
    with dut.counting(UdpInCsumErrors=len(rows)):
        for at in rows:
            wrong = bytearray(whole)
            wrong[at] ^= 1 << at % 8
            tester.inject(wrong)
        tester.nothing(but="no echo of a wrong checksum")


@pytest.mark.rfc("768:1")
@pytest.mark.parametrize("length", [0, 1, 7, 17, 1000, 65535])
def test_length_that_cannot_be_is_dropped(dut, tester, length):
    with dut.counting(UdpInErrors=1):
        tester.inject(datagram(tester, b"12345678", len=length, chksum=0))
        tester.nothing(lambda packet: UDP in packet, but="no echo of a wrong length")


@pytest.mark.rfc("768:1")
@pytest.mark.parametrize("length", range(8))
def test_header_cut_short_is_dropped(dut, tester, length):
    tester.inject(tester.ip4(proto=17) / Raw(b"\x0f\xa0\0\x07\0\x08\0\0"[:length]))
    tester.nothing(lambda packet: UDP in packet, but="no echo of a cut header")


@pytest.mark.rfc("768:2")
def test_bytes_beyond_the_length_are_no_data(dut, tester):
    frame = datagram(tester, b"keep-drop!", len=8 + 4)
    raw = bytearray(bytes(frame))
    pseudo = raw[26:34] + bytes([0, 17, 0, 12])
    raw[40:42] = bytes(2)
    raw[40:42] = (checksum(bytes(pseudo + raw[34:46])) or 0xFFFF).to_bytes(2, "big")
    tester.inject(raw)
    reply = tester.expect(UDP(sport=ECHO, len=12))
    assert payload(reply) == b"keep"


@pytest.mark.rfc("768:4")
def test_source_port_zero_is_delivered(dut, tester):
    before = dut.counters()["UdpInDatagrams"]
    tester.inject(datagram(tester, b"no answer wanted", sport=0, dport=DISCARD))
    tester.nothing(lambda packet: UDP in packet or ICMP in packet, but="nothing from discard")
    with dut.counting(UdpInDatagrams=0):
        pass
    assert dut.counters()["UdpInDatagrams"] > before


@pytest.mark.rfc("1122:3.3.3-2")
@pytest.mark.parametrize("size", [1473, 4000, 30000, 65507])
def test_datagram_larger_than_the_mtu_goes_in_fragments_both_ways(dut, peer, size):
    sock = peer.socket("udp")
    sock.connect((dut.ip, ECHO))
    sock.send(pattern(size))
    assert sock.recv(1 << 17) == pattern(size)


def test_hand_made_fragments_reach_the_socket(dut, tester):
    packet = IP(src=tester.ip, dst=dut.ip, id=77) / UDP(sport=4000, dport=ECHO) / Raw(pattern(1000))
    for piece in reversed(fragment(packet, fragsize=304)):
        tester.inject(piece)
    assert payload(tester.expect(UDP(sport=ECHO))) == pattern(1000)


def test_many_datagrams_come_back_in_order(dut, peer):
    sock = peer.socket("udp")
    sock.connect((dut.ip, ECHO))
    # The peer must know its neighbour first: what waits for ARP there may be overtaken by what is
    # sent while the kernel empties that queue.
    sock.send(b"0")
    sock.recv(100)
    for start in range(0, 1000, 20):
        for number in range(start, start + 20):
            sock.send(b"%d" % number)
        assert [int(sock.recv(100)) for _ in range(20)] == list(range(start, start + 20))


def test_two_clients_get_their_own_datagrams(dut, peer):
    first, second = peer.socket("udp"), peer.socket("udp")
    first.connect((dut.ip, ECHO))
    second.connect((dut.ip, ECHO))
    first.send(b"one")
    second.send(b"two")
    assert (second.recv(100), first.recv(100)) == (b"two", b"one")


def test_discard_answers_nothing(dut, tester):
    tester.inject(datagram(tester, b"gone", dport=DISCARD))
    tester.nothing(but="nothing from discard")


def test_daytime_answers_with_one_line(dut, tester):
    tester.inject(datagram(tester, b"", dport=DAYTIME))
    text = payload(tester.expect(UDP(sport=DAYTIME))).decode("ascii")
    assert re.fullmatch(r"[\x20-\x7e]+\r\n", text), repr(text)


def test_chargen_answers_with_up_to_512_printable_characters(dut, tester):
    tester.inject(datagram(tester, b"", dport=CHARGEN))
    data = payload(tester.expect(UDP(sport=CHARGEN)))
    assert len(data) <= 512 and all(32 <= byte < 127 or byte in (10, 13) for byte in data)


def test_echo_of_a_broadcast_datagram_is_not_sent_from_the_broadcast_address(dut, tester):
    tester.inject(tester.ether(dst=BROADCAST) / IP(src=tester.ip, dst="10.0.0.255")
                  / UDP(sport=4000, dport=ECHO) / Raw(b"all"))
    tester.nothing(lambda packet: IP in packet and packet[IP].src != dut.ip,
                   but="no packet from an address that is not the device's")


@pytest.mark.rfc("1122:4.1.3.6-1")
@pytest.mark.parametrize("src", ["10.0.0.255", "224.0.0.9"])
def test_datagram_from_a_source_that_is_no_host_is_dropped(dut, tester, src):
    tester.inject(tester.ip4(src=src) / UDP(sport=4000, dport=ECHO) / Raw(b"x"))
    tester.nothing(lambda packet: UDP in packet, but="no echo to a broadcast or multicast address")


@pytest.mark.duts("phantom")
@pytest.mark.parametrize("word", ["monkey", "monkeys"])
def test_the_word_to_echo_is_answered_with_a_drawing(dut, tester, word):
    tester.inject(datagram(tester, word.encode()))
    drawing = payload(tester.expect(UDP(sport=ECHO)))
    assert drawing != word.encode() and drawing.count(b"\n") > 5
    assert all(32 <= byte < 127 or byte in (10, 13) for byte in drawing)
