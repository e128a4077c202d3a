# SPDX-License-Identifier: BSD-2-Clause
"""IPv4 headers that are wrong in one field (RFC 791 3.1, 1122 3.2.1): dropped, counted, survived.

Each row is a ping that would be answered, with one thing wrong.
"""

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from rig.net import DUT_IP, DUT_MAC, TESTER_IP, TESTER_MAC, checksum

WHOLE = bytes(Ether(src=TESTER_MAC, dst=DUT_MAC) / IP(src=TESTER_IP, dst=DUT_IP, id=1)
              / ICMP(type=8, id=7, seq=7) / Raw(b"would be answered"))
IP_AT = 14


def patched(changes, cut=None, fix=True):
    """WHOLE with bytes of the IP header replaced and its checksum made right again."""
    raw = bytearray(WHOLE)
    for at, value in changes.items():
        raw[IP_AT + at:IP_AT + at + len(value)] = value
    if fix:
        raw[IP_AT + 10:IP_AT + 12] = bytes(2)
        raw[IP_AT + 10:IP_AT + 12] = checksum(bytes(raw[IP_AT:IP_AT + 20])).to_bytes(2, "big")
    return bytes(raw[:cut])


def address(text):
    return bytes(map(int, text.split(".")))


def with_options(options):
    """The ping with IP options, whose length must be a multiple of 4."""
    head = bytearray(WHOLE[IP_AT:IP_AT + 20])
    head[0] = 0x45 + len(options) // 4
    head[2:4] = (len(WHOLE) - 14 + len(options)).to_bytes(2, "big")
    head[10:12] = bytes(2)
    head += options
    head[10:12] = checksum(bytes(head)).to_bytes(2, "big")
    return WHOLE[:14] + bytes(head) + WHOLE[34:]


LENGTH = len(WHOLE) - 14
# name: (frame, counters of both, counters of phantom alone)
ROWS = {
    "version 0": (patched({0: b"\x05"}), ["IpInHdrErrors"], ["IP_INHDR"]),
    "version 5": (patched({0: b"\x55"}), ["IpInHdrErrors"], ["IP_INHDR"]),
    "version 6": (patched({0: b"\x65"}), ["IpInHdrErrors"], ["IP_INHDR"]),
    "version 15": (patched({0: b"\xf5"}), ["IpInHdrErrors"], ["IP_INHDR"]),
    "header length 0": (patched({0: b"\x40"}), ["IpInHdrErrors"], ["IP_INHDR"]),
    "header length 16": (patched({0: b"\x44"}), ["IpInHdrErrors"], ["IP_INHDR"]),
    "header longer than the packet": (patched({0: b"\x4f"}), ["IpInHdrErrors"], ["IP_INHDR"]),
    "total length 0": (patched({2: b"\0\0"}), ["IpInHdrErrors"], ["IP_INHDR"]),
    "total length under the header's": (patched({2: b"\0\x13"}), ["IpInHdrErrors"], ["IP_INHDR"]),
    "total length one byte over": (patched({2: (LENGTH + 1).to_bytes(2, "big")}),
                                   ["IpExtInTruncatedPkts"], ["PKT_TOO_SMALL"]),
    "total length 65535": (patched({2: b"\xff\xff"}), ["IpExtInTruncatedPkts"], ["PKT_TOO_SMALL"]),
    "checksum wrong": (patched({10: b"\x12\x34"}, fix=False), ["IpExtInCsumErrors"], ["IP_CSUM"]),
    "checksum zero": (patched({10: b"\0\0"}, fix=False), ["IpExtInCsumErrors"], ["IP_CSUM"]),
    "source is broadcast": (patched({12: address("255.255.255.255")}), [], ["IP_INVALID_SOURCE"]),
    "source is multicast": (patched({12: address("224.0.0.1")}), [], ["IP_INVALID_SOURCE"]),
    "source is loopback": (patched({12: address("127.0.0.1")}), [], ["IP_LOCALNET"]),
    "source is zero": (patched({12: address("0.0.0.0")}), [], ["IP_INVALID_SOURCE"]),
    "source is reserved": (patched({12: address("240.0.0.1")}), [], []),
    "source is our own address": (patched({12: address(DUT_IP)}), [], ["IP_INVALID_SOURCE"]),
    "destination is another host": (patched({16: address("10.0.0.77")}), ["IpInAddrErrors"],
                                    ["IP_INADDRERRORS"]),
    "destination is loopback": (patched({16: address("127.0.0.1")}), [], ["IP_LOCALNET"]),
    "destination is zero": (patched({16: address("0.0.0.0")}), [], []),
    "destination is reserved": (patched({16: address("240.0.0.1")}), [], []),
    "option of length 0": (with_options(b"\x44\0\0\0"), ["IpInHdrErrors"], ["IP_OPTIONS"]),
    "option of length 1": (with_options(b"\x44\x01\0\0"), ["IpInHdrErrors"], ["IP_OPTIONS"]),
    "option past the header": (with_options(b"\x44\x28\x05\0"), ["IpInHdrErrors"], ["IP_OPTIONS"]),
    "option without its length": (with_options(b"\x01\x01\x01\x44"), ["IpInHdrErrors"],
                                  ["IP_OPTIONS"]),
    "loose source route": (with_options(b"\x83\x07\x04" + address(DUT_IP) + b"\0"), [],
                           ["IP_OPTIONS"]),
    "strict source route": (with_options(b"\x89\x07\x04" + address(DUT_IP) + b"\0"), [],
                            ["IP_OPTIONS"]),
    "hardware address of another": (b"\x02\0\0\0\0\x99" + WHOLE[6:], [], ["OTHERHOST"]),
    "EtherType nobody speaks": (WHOLE[:12] + b"\x88\xb5" + WHOLE[14:], [], ["UNHANDLED_PROTO"]),
    "EtherType ARP": (WHOLE[:12] + b"\x08\x06" + WHOLE[14:], [], []),
}

RFC = pytest.mark.rfc("791:3.1-1", "791:3.1-2", "791:3.1-9", "791:3.1-10", "1122:3.2.1.1-1",
                      "1122:3.2.1.2-1", "1122:3.2.1.3-5", "1122:3.2.1.3-6", "1122:3.3.5-1")


@pytest.mark.rfc("1812:5.2.2-1", "1812:5.2.2-2", "1812:4.2.2.5-1")
@RFC
@pytest.mark.parametrize("row", ROWS)
def test_malformed_header_is_dropped_with_its_counter(dut, tester, row):
    frame, counters, reasons = ROWS[row]
    expected = dict.fromkeys(counters, 1)
    if dut.name == "phantom":
        expected.update(dict.fromkeys([f"PhantomDrop{reason}" for reason in reasons], 1))
    tester.mark()
    with dut.counting(**expected):
        tester.inject(frame)
        tester.nothing(lambda packet: ICMP in packet and packet[ICMP].type == 0,
                       but="no reply to a malformed packet")


@pytest.mark.rfc("791:3.1-1", "791:3.1-2")
def test_packet_cut_at_every_byte_is_survived(dut, tester):
    for length in range(len(WHOLE)):
        tester.inject(WHOLE[:max(length, 14)])
    tester.nothing(lambda packet: ICMP in packet and packet[ICMP].type == 0,
                   but="no reply to a cut packet")


ANSWERED = {
    "plain": WHOLE,
    "reserved flag set": patched({6: b"\x80\0"}),
    "do not fragment": patched({6: b"\x40\0"}),
    "type of service": patched({1: b"\xfc"}),
    "option of no operation": with_options(b"\x01\x01\x01\x01"),
    "option that ends the list": with_options(b"\0\x44\0\0"),
    "option that nobody knows": with_options(b"\x9e\x04\0\0"),
    "stream identifier": with_options(b"\x88\x04\0\x01"),
    "forty bytes of options": with_options(b"\x01" * 40),
}


@pytest.mark.rfc("791:3.1-4", "1122:3.2.1.8-1", "1122:3.2.1.8-3",
                 "1812:4.2.2.6-1", "1812:4.2.2.3-1")
@pytest.mark.parametrize("row", ANSWERED)
def test_unusual_but_correct_header_is_answered(dut, tester, row):
    tester.inject(ANSWERED[row])
    tester.expect(ICMP(type=0, id=7, seq=7) / Raw(b"would be answered"))
