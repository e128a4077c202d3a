# SPDX-License-Identifier: BSD-2-Clause
"""IPv4 options (RFC 791 3.1, 1122 3.2.1.8): answered in an echo, refused by their octet, gated."""

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.packet import Raw

from rig.net import checksum


def address(text):
    return bytes(map(int, text.split(".")))


def ping(tester, options):
    """An echo request with these octets of options, a multiple of 4."""
    message = bytes(ICMP(type=8, id=7, seq=7) / Raw(b"with options"))
    head = bytearray(bytes(tester.ip4(id=1) / Raw(message))[14:34])
    head[0] = 0x45 + len(options) // 4
    head[2:4] = (20 + len(options) + len(message)).to_bytes(2, "big")
    head[9] = 1
    head[10:12] = bytes(2)
    head += options
    head[10:12] = checksum(bytes(head)).to_bytes(2, "big")
    return bytes(tester.ether(type=0x0800)) + bytes(head) + message


def options_of(packet):
    raw = bytes(packet[IP])
    return raw[20:4 * packet[IP].ihl]


def errors(packet):
    return ICMP in packet and packet[ICMP].type in (0, 3, 11, 12)


@pytest.mark.rfc("1122:3.2.2.6-5", "791:3.1-10")
def test_a_recorded_route_comes_back_with_the_host_in_it(dut, tester):
    tester.inject(ping(tester, bytes([7, 15, 4]) + bytes(12) + b"\0"))
    options = options_of(tester.expect(ICMP(type=0, id=7, seq=7)))
    assert options[:2] == bytes([7, 15])
    assert options[3:7] == address(dut.ip), options
    assert options[2] >= 8


@pytest.mark.rfc("1122:3.2.2.6-5")
def test_a_full_record_comes_back_whole(dut, tester):
    full = bytes([7, 7, 8, 192, 0, 2, 1, 0])
    tester.inject(ping(tester, full))
    assert options_of(tester.expect(ICMP(type=0, id=7))) == full


@pytest.mark.rfc("1122:3.2.2.6-5")
def test_time_stamps_come_back_with_the_host_in_them(dut, tester):
    tester.inject(ping(tester, bytes([68, 20, 5, 1]) + bytes(16)))
    options = options_of(tester.expect(ICMP(type=0, id=7)))
    assert options[4:8] == address(dut.ip), options
    assert int.from_bytes(options[8:12], "big") & 0x7FFFFFFF < 24 * 3600 * 1000


@pytest.mark.rfc("1122:3.2.1.8-1", "1122:3.2.1.8-3")
@pytest.mark.parametrize("kind", [0x9E, 136, 25])
def test_what_is_not_understood_is_ignored(dut, tester, kind):
    tester.inject(ping(tester, bytes([kind, 4, 0, 1])))
    assert options_of(tester.expect(ICMP(type=0, id=7))) == b""


@pytest.mark.rfc("791:3.1-9", "792:par-1")
@pytest.mark.parametrize("options, at", [
    (b"\x07\x00\x00\x00", 20),
    (b"\x01\x07\x01\x00", 21),
    (b"\x07\x05\x04\x00", 20),
    (b"\x01\x01\x01\x07", 23),
    (b"\x07\x07\x03" + bytes(5), 22),
    (b"\x44\x08\x04\x00" + bytes(4), 22),
])
def test_a_wrong_option_is_told_of_by_its_octet(dut, tester, options, at):
    sent = ping(tester, options)
    with dut.counting(IpInHdrErrors=1):
        tester.inject(sent)
        reply = tester.expect(ICMP(type=12, code=0))
        assert bytes(reply[ICMP])[4] == at
        assert bytes(reply[ICMP])[8:8 + 20 + len(options)] == sent[14:34 + len(options)]


@pytest.mark.rfc("1122:3.2.1.8-5")
@pytest.mark.parametrize("kind", [131, 137])
def test_a_source_route_is_dropped_without_a_word(dut, tester, kind):
    """attack: CVE-2021-24074"""
    tester.inject(ping(tester, bytes([kind, 7, 4]) + address("10.0.0.99") + b"\0"))
    tester.nothing(errors, but="no answer to a source route")


@pytest.mark.rfc("1122:3.2.2.8-1", "792:ts-1")
def test_a_time_stamp_request_is_answered(dut, tester):
    tester.inject(tester.ip4() / ICMP(type=13, id=3, seq=4, ts_ori=1234, ts_rx=0, ts_tx=0))
    reply = tester.expect(ICMP(type=14, id=3, seq=4, ts_ori=1234))[ICMP]
    assert reply.ts_rx == reply.ts_tx
    assert reply.ts_rx & 0x80000000 or reply.ts_rx < 24 * 3600 * 1000


@pytest.mark.rfc("1122:3.2.2.7-1")
@pytest.mark.parametrize("kind", [15, 17])
def test_other_questions_are_not_answered(dut, tester, kind):
    tester.inject(tester.ip4() / ICMP(type=kind) / Raw(bytes(8)))
    tester.nothing(lambda packet: ICMP in packet and packet[ICMP].type in (16, 18, 12),
                   but="no answer")
